# SPDX-License-Identifier: GPL-2.0-only
"""Calls that were made before: predicates and constructors are asked the same thing many times.

A call is remembered with everything that its result depends on, or that it left in the run: the
arguments, the choices that it asked for and their answers, what it asked of the unit, its steps.
It is not remembered where it looked at more than that (a page table, a local variable of a
caller, a global that this run wrote) or left more than a value behind.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from .ctype import Node
from .state import LOCAL_STEP, MAX_CHOICES, MAX_DEPTH, SHARED_ROUND, Choice, Run
from .values import FuncRef, Int, Opaque, SlotInt, SlotPart, Struct, Text, Value, known_bits

Question = tuple[str, str, str]
NEAR_TOP: Final = 2  # frames; below that no function asks how deep it is
MAX_TRIES: Final = 3  # calls of a function of which none could be remembered
MAX_WAYS: Final = 8  # of one call, by other choices


@dataclass(frozen=True, slots=True)
class Remembered:
    """One call: its result, and what it did to the run."""

    result: Value
    arguments: tuple[Value, ...]  # kept, so that what is known by its address stays itself
    steps: int
    depth: int
    log: tuple[str, ...]
    taken: tuple[tuple[str, int], ...]
    made: dict[str, Choice]  # of those taken, the ones that nobody had taken before
    questions: frozenset[Question]
    types: frozenset[Question]

    def again(self, run: Run, max_steps: int) -> list[Choice] | None:
        """The choices that the call would make in this run; None where it would go another way,
        or reach a bound."""
        if run.steps + self.steps > max_steps or len(run.stack) + self.depth > MAX_DEPTH:
            return None
        memo, prefix = run.memo, run.prefix
        made: list[Choice] = []
        for key, way in self.taken:
            known = memo.get(key)
            if known is None:
                choice = self.made.get(key)
                position = len(run.choices) + len(made)
                if choice is None or position >= MAX_CHOICES:
                    return None
                known = prefix[position] if position < len(prefix) else 0
                made.append(choice)
            if known != way:
                return None
        return made

    def repeat(self, run: Run, made: list[Choice]) -> None:
        """Leaves in a run what the call would have left there."""
        run.steps += self.steps
        run.decided += len(self.log)
        run.log += self.log
        run.deepest = max(run.deepest, len(run.stack) + self.depth)
        for choice in made:
            run.choices.append(choice)
            run.memo[choice.key] = choice.taken


@dataclass(frozen=True, slots=True)
class Before:
    """The state of a run at the beginning of a call."""

    key: Hashable
    touched: int
    events: int
    locals: int
    steps: int
    log: int
    choices: int
    deepest: int

    @classmethod
    def of(cls, run: Run, key: Hashable) -> Before:
        """The state now; the depth is counted anew."""
        before = cls(
            key, run.touched, len(run.events), run.next_local, run.steps, len(run.log),
            len(run.choices), run.deepest,
        )  # fmt: skip
        run.deepest = len(run.stack)
        return before

    def left_nothing(self, run: Run) -> bool:
        """Whether the call made of its arguments alone a value, and nothing else."""
        return len(run.events) == self.events and self.left_but_events(run)

    def left_but_events(self, run: Run) -> bool:
        """The same, stores to entries and hooks aside."""
        return run.touched == self.touched and run.next_local == self.locals and not run.written


class Recall:
    """The calls of one machine."""

    def __init__(self) -> None:
        self._known: dict[Hashable, list[Remembered]] = {}
        self._tries: dict[Node, int] = {}

    def clear(self) -> None:
        """Forget all: the state of the processor is another one."""
        self._known.clear()

    def worth(self, function: Node) -> bool:
        """Whether a call of a function could be remembered, as far as was seen."""
        return self._tries.get(function, 0) < MAX_TRIES

    def find(self, key: Hashable, run: Run, max_steps: int) -> Remembered | None:
        """A call that went before as this one would; the run is left as by the call."""
        for known in self._known.get(key, ()):
            made = known.again(run, max_steps)
            if made is not None:
                known.repeat(run, made)
                return known
        return None

    def keep(
        self,
        function: Node,
        before: Before,
        run: Run,
        arguments: list[Value],
        result: Value,
        questions: set[Question],
        types: set[Question],
    ) -> None:
        """Remember a call that has returned, if it can be."""
        known = None
        if before.left_nothing(run) and is_plain(result):
            known = remembered(before, run, arguments, result, questions, types)
        if known is None:
            self._tries[function] = self._tries.get(function, 0) + 1
            return
        self._tries[function] = -1 << 30
        ways = self._known.setdefault(before.key, [])
        if len(ways) < MAX_WAYS:
            ways.append(known)


def remembered(
    before: Before,
    run: Run,
    arguments: list[Value],
    result: Value,
    questions: set[Question],
    types: set[Question],
) -> Remembered | None:
    """A call that has returned; None where it forgot choices, or went as deep as calls may."""
    log = run.log[before.log :]
    if not all(key in run.memo for key in log) or run.deepest >= MAX_DEPTH:
        return None
    return Remembered(
        result,
        tuple(arguments),
        run.steps - before.steps,
        run.deepest - len(run.stack),
        tuple(log),
        tuple([(key, run.memo[key]) for key in dict.fromkeys(log)]),
        {choice.key: choice for choice in run.choices[before.choices :]},
        frozenset(questions),
        frozenset(types),
    )


def call_key(
    function: Node, values: list[Value], run: Run, locals_: int, deciding: bool
) -> Hashable | None:
    """What a call is made with; None where an argument leads to memory.

    `locals_` is the address of the first local variable that has one.
    """
    parts: list[Hashable] = [
        function, min(len(run.stack), NEAR_TOP), min(run.round, SHARED_ROUND), deciding, run.brief,
    ]  # fmt: skip
    held: list[tuple[int, int]] = []
    for table in run.tables:
        assert table.base is not None
        held.append((table.base, table.base + table.span))
    parts += held
    if run.next_local:
        held.append((locals_, locals_ + LOCAL_STEP * (run.next_local + 1)))
    for value in values:
        if not _add(parts, value, held):
            return None
    return tuple(parts)


def _add(parts: list[Hashable], value: Value, held: list[tuple[int, int]]) -> bool:
    kind = value.__class__
    if kind is Int or kind is SlotInt or kind is SlotPart:
        assert isinstance(value, Int)
        if value.bits >= 32 and _leads(value.raw, held):
            return False
        parts.extend((kind.__name__, value.value, value.bits, value.signed))
        return True
    if isinstance(value, Struct):
        parts += (Struct, id(value.ctype), len(value.cells))
        for at, (size, payload) in value.cells.items():
            parts += (at, size)
            if isinstance(payload, int):
                if _leads(payload, held):
                    return False
                parts.append(payload)
            elif not _add(parts, payload, held):
                return False
        return True
    if isinstance(value, Opaque):
        parts += (Opaque, value.name, value.nonnull, value.slot, *known_bits(value))
        return value.default is None or _add(parts, value.default, held)
    if isinstance(value, FuncRef):
        parts += (FuncRef, value.name, value.home)
        return True
    if isinstance(value, Text):
        parts += (Text, value.text)
        return True
    return False


def plain_parts(value: Value) -> Hashable | None:
    """A value by its contents; None where it is more than numbers and names."""
    parts: list[Hashable] = []
    return tuple(parts) if _add(parts, value, []) else None


def _leads(number: int, held: list[tuple[int, int]]) -> bool:
    """Whether a number is the address of something in memory."""
    for low, high in held:  # noqa: SIM110  (asked for every number: no generator)
        if low <= number < high:
            return True
    return False


def is_plain(value: Value) -> bool:
    """Whether a value points to nothing that belongs to a run."""
    if isinstance(value, Struct):
        return all(isinstance(p, int) or is_plain(p) for _, p in value.cells.values())
    return isinstance(value, (Int, Opaque, FuncRef, Text))
