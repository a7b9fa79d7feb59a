# SPDX-License-Identifier: GPL-2.0-only
"""The level at which a tree counts pages of hugetlb: what its own helpers say."""

from __future__ import annotations

from collections.abc import Iterable

from ..helpers.session import Session
from ..law.hugetlb import counted_at
from ..law.outcome import Outcome

PTE = "pte"


def counted_level(session: Session, found: Iterable[tuple[str, Iterable[Outcome]]]) -> str:
    """The level of all hooks that the helpers of hugetlb call (name and runs of each).

    They are given a pointer to a pte, whatever the size of the page; what puts an entry in and
    what takes it out must agree on a level. The pte, where they do not, or call none. Raises
    Unjudged.
    """
    used = {
        counted_at(session, name, outcome.events) or PTE
        for name, outcomes in found
        for outcome in outcomes
        if any(event.kind != "store" for event in outcome.events)
    }
    return used.pop() if len(used) == 1 else PTE
