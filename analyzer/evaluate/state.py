# SPDX-License-Identifier: GPL-2.0-only
"""What one run of a helper leaves behind: choices taken, events seen, the call stack."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ..model import Location
from .memory import Table, Variable
from .values import Unjudged, Value

NOWHERE: Final = Location("", 0)
MAX_CHOICES: Final = 20
MORE_CHOICES: Final = 60  # where paths that come to the same are one
MAX_STEPS: Final = 60_000
MAX_DEPTH: Final = 60
LOCAL_STEP: Final = 0x1000  # between the addresses of local variables
_CHANGES = re.compile(r"\w\(|\*|->")  # calls and loads may answer differently in each round
SHARED_ROUND: Final = 2  # from here on the rounds of a loop take the same ways


class Frame(NamedTuple):  # as choices are: made in a third of the time of a dataclass
    """A function on the call stack: where it is defined, where it was called from."""

    function: str
    defined: Location
    called: Location
    has_mm: bool = False


class Choice(NamedTuple):
    """A condition that nobody can decide, and the way this run took."""

    key: str
    taken: int
    ways: int
    location: Location
    function: str


class Event(NamedTuple):  # a huge page of hugetlb may be a thousand stores
    """A store to a page table or a call of a hook.

    kind 'store': `old` and `new` are raw contents of entry `index`. kind 'set'/'clear': `value`
    is what the hook was given, `old` what the slot held (set only), `nr` the number of entries.
    """

    kind: str
    level: str
    name: str
    location: Location
    stack: tuple[Frame, ...]
    table: Table | None = None
    index: int = -1  # type: ignore[assignment]  # nobody asks a tuple's method
    offset: int = 0
    old: int = 0
    new: int = 0
    nr: int = 1
    mm: Value | None = None
    address: Value | None = None
    arity: tuple[int, int] | None = None  # (given, declared) where they differ
    held: tuple[int, ...] = ()  # what the `nr` slots of a set hook held


@dataclass(slots=True)
class Run:
    """The state of one run; a new one for each path."""

    prefix: tuple[int, ...] = ()
    choices: list[Choice] = field(default_factory=list)
    memo: dict[str, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    stack: list[Frame] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    globals: dict[str, Variable] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)  # globals
    steps: int = 0
    stores: int = 0
    next_local: int = 0
    addressed: dict[int, Variable] = field(default_factory=dict)  # locals by number of address
    most: int = MAX_CHOICES
    brief: bool = False  # what is not known is tried both ways in the first round of a loop only
    steady: bool = False  # what is not known answers alike in all rounds of a loop
    round: int = 0  # of the innermost loop; its later rounds share their choices
    decided: int = 0  # how often a choice was asked for
    location: Location = NOWHERE
    asked: set[tuple[str, str, str]] = field(default_factory=set)  # see Core.questions
    log: list[str] = field(default_factory=list)  # every choice asked for, in order
    touched: int = 0  # how often something was used that a call's arguments do not say
    deepest: int = 0  # calls on the stack, at most, since somebody began to count
    past: list[Any] | None = None  # the calls of this run in order, where they are kept
    earlier: Any = None  # the run that this one follows for a while (see `journal`)
    entered: list[Any] = field(default_factory=list)  # calls that chose (see `resume`)
    writes: list[tuple[Table, int, int]] = field(default_factory=list)  # to entries, in order
    lost: int = 0  # how often choices were forgotten
    left: list[Value] = field(default_factory=list)  # what was stored where others may find it

    def frames(self) -> tuple[Frame, ...]:
        """The call stack; events one after the other that have the same one share it."""
        stack = tuple(self.stack)
        last = self.events[-1].stack if self.events else ()
        return last if last == stack else stack

    def choose(self, key: str, ways: int = 2) -> int:
        """Takes the way that the prefix prescribes, else the first; the same key, the same way."""
        self.decided += 1
        anew = (
            self.round > 0
            and not self.steady
            and _CHANGES.search(key) is not None
            and not key.startswith(("static key", "asm goto"))
        )
        if anew:
            key = f"{key} in round {min(self.round, SHARED_ROUND) + 1}"
        self.asked.add(("world", key, ""))
        self.log.append(key)
        known = self.memo.get(key)
        if known is not None:
            return known
        position = len(self.choices)
        if position >= self.most:
            raise Unjudged(f"more than {self.most} undecidable conditions on one path")
        if anew and self.brief:
            ways = 1
        taken = self.prefix[position] if position < len(self.prefix) else 0
        function = self.stack[-1].function if self.stack else ""
        self.choices.append(Choice(key, taken, ways, self.location, function))
        self.memo[key] = taken
        return taken


def alternatives(run: Run) -> list[tuple[int, ...]]:
    """The prefixes of the paths that this run did not take, after its own prefix."""
    taken = [choice.taken for choice in run.choices]
    return [
        (*taken[:position], other)
        for position in range(len(run.prefix), len(taken))
        for other in range(1, run.choices[position].ways)
    ]
