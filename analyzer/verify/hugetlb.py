# SPDX-License-Identifier: GPL-2.0-only
"""The level and the form in which a tree counts pages of hugetlb: what its own helpers say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..helpers.session import Session
from ..law.hugetlb import counted_at, uncounted
from ..law.outcome import HelperRuns
from ..law.slots import HugeSlots

PTE = "pte"


@dataclass(frozen=True, slots=True)
class Reserved:
    """How pages of hugetlb are counted: at a level, what slots hold or the pte it stands for."""

    slots: HugeSlots
    level: str = PTE
    kept: bool = False

    def pte(self, raw: int) -> int:
        """What generic code reads from a slot. Raises Unjudged, PathEnds."""
        return self.slots.pte(raw)

    def counted(self, raw: int) -> int:
        """The entry that a slot is counted for. Raises Unjudged, PathEnds."""
        return raw if self.kept else self.slots.pte(raw)


def reserved(session: Session, slots: HugeSlots, found: Sequence[HelperRuns]) -> Reserved:
    """What all hooks that the helpers of hugetlb call say, by the runs of each.

    They are given a pointer to a pte, whatever the size of the page; what puts an entry in and
    what takes it out must agree on a level. The pte, where they do not, or call none. Raises
    Unjudged.
    """
    used = {
        counted_at(session, one.signature.name, outcome.events) or PTE
        for one in found
        for outcome in one.outcomes
        if any(event.kind != "store" for event in outcome.events)
    }
    level = used.pop() if len(used) == 1 else PTE
    return Reserved(slots, level, level != PTE or uncounted(found))
