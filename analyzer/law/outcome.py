# SPDX-License-Identifier: GPL-2.0-only
"""What is asked of a helper and what came out: cases, outcomes, all runs of a helper."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count, takewhile
from typing import Final

from ..evaluate.state import Choice, Event
from ..helpers.contracts import Contract
from ..helpers.interface import Signature
from ..helpers.session import Entry

INDEX: Final = 2048  # the entry of the table that a helper is given

SECOND: Final = 64  # from there on: a second entry, for helpers that move or copy

Delta = dict[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class Case:
    """One question: the entry in the slot before, the entry given, the batch size.

    `neighbours` stand behind the slot, `ahead` before it (the next one first); else nothing does.
    """

    old: Entry
    new: Entry | None
    nr: int
    neighbours: tuple[Entry, ...] = ()
    ahead: tuple[Entry, ...] = ()

    @property
    def around(self) -> dict[int, int]:
        """What is beside the slot: raw entries by their distance from it."""
        found = {at: entry.raw for at, entry in enumerate(self.neighbours, 1)}
        return found | {-at: entry.raw for at, entry in enumerate(self.ahead, 1)}


@dataclass(frozen=True, slots=True)
class Trace:
    """What one path of one case did, before anybody counts: `left` is the entry at the end.

    `status` is 'ends' or 'unknown', with a reason, where the path did not come to its end.
    `misused`: a hook is wrong in itself, whatever it counts. `net`: it stands for all paths that
    come to the same, stores on the way aside.
    """

    case: Case
    choices: tuple[Choice, ...]
    events: tuple[Event, ...]
    left: int
    misused: bool
    status: str = ""
    reason: str = ""
    net: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """One path of one case. `status` is balanced, neutral, broken, unknown or ends."""

    status: str
    case: Case
    choices: tuple[Choice, ...]
    events: tuple[Event, ...]
    expected: Delta = field(default_factory=dict)
    got: Delta = field(default_factory=dict)
    left: int = 0
    reason: str = ""
    index: int = INDEX

    @property
    def hooks(self) -> tuple[Event, ...]:
        return tuple(e for e in self.events if e.kind in ("set", "clear"))

    @property
    def stores(self) -> tuple[Event, ...]:
        return tuple(e for e in self.events if e.kind == "store")


@dataclass(frozen=True, slots=True)
class HelperRuns:
    """Everything that was run for one helper."""

    signature: Signature
    contract: Contract
    outcomes: tuple[Outcome, ...]
    vacuous: bool  # no counted entry took part: nothing was proved
    reason: str = ""
    as_kept: tuple[Outcome, ...] = ()  # hugetlb: of the slots as they are, where read otherwise
    remark: str = ""  # what a reader should know of it although the law holds


def filled(trace: Trace) -> tuple[int, ...]:
    """What a path leaves in the slot, and in those behind it as far as it stores to them."""
    stores = [event for event in trace.events if event.kind == "store"]
    stored = {event.index: event.new for event in stores if event.table is stores[0].table}
    behind = takewhile(stored.__contains__, count(INDEX + 1))
    return (trace.left, *(stored[index] for index in behind))
