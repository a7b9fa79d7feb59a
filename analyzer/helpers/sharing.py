# SPDX-License-Identifier: GPL-2.0-only
"""Answers of the tree's own functions that hold in another variant, too.

What a constructor, a test or a clearing primitive says depends on what it asked of the unit, and
on nothing else. Where somebody remembers that (see `law.reuse`), it is not run again.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Protocol

from ..evaluate.values import (
    Int,
    Opaque,
    PathEnds,
    SlotInt,
    Struct,
    Unjudged,
    Value,
    known_bits,
)

Question = tuple[str, str, str]  # kind, name, file that asks


@dataclass(frozen=True, slots=True)
class Told:
    """What came out: a value, or why there is none."""

    value: Any
    refusal: str
    place: str
    ends: bool
    questions: frozenset[Question]

    def result(self) -> Any:
        """The value; raises what the evaluation raised."""
        if self.ends:
            raise PathEnds(self.refusal)
        if self.refusal:
            raise refused(self.refusal, self.place)
        return self.value


def refused(reason: str, place: str) -> Unjudged:
    """What an evaluation raised, to be raised again.

    Made here, so that no frame on its traceback has it in a variable: that would be a cycle
    through all callers, and the unit that they judge would outlive them.
    """
    problem = Unjudged(reason)
    problem.place = place
    return problem


class Sharing(Protocol):
    """Remembers answers by what they depend on."""

    def recall(self, key: Hashable) -> Told | None: ...
    def remember(self, key: Hashable, told: Told) -> None: ...


def plain_key(value: Value) -> Hashable | None:
    """A value by its contents; None where it is more than numbers and names."""
    if isinstance(value, Int):
        return value.value, value.bits, value.signed, value.__class__ is SlotInt
    if isinstance(value, Opaque):
        if value.slot or value.default is not None:
            return None
        return value.name, value.nonnull, *known_bits(value)
    if isinstance(value, Struct):
        cells = [(at, size, payload) for at, (size, payload) in value.cells.items()]
        if not all(isinstance(payload, int) for _, _, payload in cells):
            return None
        return value.ctype.tag, tuple(cells)
    return None
