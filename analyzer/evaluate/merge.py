# SPDX-License-Identifier: GPL-2.0-only
"""Paths that come together again.

A function that took an undecided way often returns with nothing to show for it: the same result,
the same stores and hooks, as on another way through it. All that follows has been run then. Such
a path is given up at that return, unless what follows asks again for a choice that the two made
differently.

Paths are explored depth first, the last choice first: when a second way through a call comes to
its return, every continuation of the first way has been run, and which choices those asked for
is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final

from .memory import Table, Variable
from .names import Scope
from .state import LOCAL_STEP, NOWHERE, Choice, Event, Run
from .values import FuncRef, Int, Opaque, Pointer, Struct, Text, Value, known_bits

MAX_DEPTH: Final = 4  # pointers from one local variable to the next
MAX_EVENTS: Final = 64  # of one call; those that store more are not compared


class Merged(Exception):
    """This path goes on as another one did that has been run to its end."""


class _Unlike(Exception):
    """What a call left behind cannot be compared with what another run left."""


@dataclass(slots=True)
class _Return:
    """One way through a call: what was known at the return, what was asked after it."""

    choices: tuple[Choice, ...]
    memo: dict[str, int]
    locals: int  # how many had got an address
    after: set[str] = field(default_factory=set)
    limited: bool = False  # some continuation was given up at a bound


class Meeting:
    """The returns seen so far on the paths of one case.

    With `net` calls are alike that come to the same: the same hooks were called, and the slots
    hold the same, wherever and however often they were stored to.
    """

    def __init__(self, net: bool = False) -> None:
        self._events = _net if net else _each
        self._seen: dict[Hashable, list[_Return]] = {}
        self.opened: list[tuple[_Return, int]] = []

    def begin(self) -> None:
        """A new path."""
        self.opened = []

    def end(self, run: Run, limited: bool) -> None:
        """The path is at its end: its returns know what was asked after them."""
        for point, position in self.opened:
            point.after.update(run.log[position:])
            point.limited = point.limited or limited

    def returned(
        self, run: Run, first: int, steps: int, events: int, values: list[Value], result: Value
    ) -> None:
        """A call returned that took choices, the first of them `first`; `steps` and `events` are
        those at its beginning. Raises Merged where nothing new can follow.

        Where functions that are not followed may write locals of any caller, none is compared.
        """
        if run.left or len(run.events) - events > MAX_EVENTS:
            return
        try:
            left: Hashable = (
                steps,
                tuple([choice.taken for choice in run.choices[:first]]),
                _frozen(run, result, 0),
                tuple([_reached(run, value, 0) for value in values]),
                self._events(run, run.events[events:]),
                tuple([(n, _cells(run, run.globals[n], 0)) for n in sorted(run.written)
                       if n in run.globals]),
            )  # fmt: skip
        except _Unlike:
            return
        taken = tuple(run.choices[first:])
        known = self._seen.setdefault(left, [])
        for point in known:
            if point.choices == taken:
                self.opened.append((point, len(run.log)))
                return
        if any(self._covers(point, run) for point in known):
            raise Merged
        point = _Return(taken, dict(run.memo), run.next_local)
        known.append(point)
        self.opened.append((point, len(run.log)))

    @staticmethod
    def _covers(point: _Return, run: Run) -> bool:
        """Whether what followed another return follows this one.

        Addresses of local variables have numbers, and choices about them have those in their
        names: where the numbers differ, no choice from before the return may matter.
        """
        again = [key for key in point.after if key in point.memo]
        if point.limited or (again and point.locals != run.next_local):
            return False
        return all(run.memo.get(key) == point.memo[key] for key in again)


def state_of(run: Run, scope: Scope | None) -> Hashable:
    """All that decides how a function goes on; None where that cannot be compared."""
    held: list[Hashable] = [len(run.choices), run.stores, len(run.events), run.lost]
    try:
        while scope is not None:
            held.append(tuple([(name, _cells(run, var, 0)) for name, var in scope.names.items()]))
            scope = scope.outer
        held += [(name, _cells(run, run.globals[name], 0)) for name in sorted(run.written)
                 if name in run.globals]  # fmt: skip
    except _Unlike:
        return None
    return tuple(held)


def _frozen(run: Run, value: Value, depth: int) -> Hashable:
    """A value such that those of two runs are equal if no C can tell them apart."""
    if isinstance(value, Int):
        return type(value), value.value, value.bits, value.signed
    if isinstance(value, Opaque):
        default = None if value.default is None else _frozen(run, value.default, depth)
        return Opaque, value.name, value.nonnull, value.slot, default, *known_bits(value)
    if isinstance(value, Struct):
        cells = [
            (at, size, payload if isinstance(payload, int) else _frozen(run, payload, depth))
            for at, (size, payload) in value.cells.items()
        ]
        return Struct, id(value.ctype), tuple(cells)
    if isinstance(value, Pointer):
        return Pointer, _object(run, value, depth), value.offset, id(value.target)
    if isinstance(value, FuncRef):
        return FuncRef, value.name, value.home
    return Text, value.text


def _object(run: Run, pointer: Pointer, depth: int) -> Hashable:
    obj = pointer.obj
    if isinstance(obj, Table):
        return run.tables.index(obj)
    if isinstance(obj, Variable) and obj.is_global:
        return obj.name, obj.base
    raise _Unlike


def _reached(run: Run, value: Value, depth: int) -> Hashable:
    """What a call may have left in variables of its callers: those it was given pointers to."""
    if isinstance(value, Struct):
        return tuple([_reached(run, p, depth) for _, p in value.cells.values()
                      if not isinstance(p, int)])  # fmt: skip
    if isinstance(value, Pointer) and isinstance(value.obj, Variable):
        return None if value.obj.is_global else _cells(run, value.obj, depth)
    if isinstance(value, Int):
        for var in run.addressed.values():
            if var.base is not None and var.base <= value.raw < var.base + LOCAL_STEP:
                return _cells(run, var, depth)
    return None


def _cells(run: Run, var: Variable, depth: int) -> Hashable:
    if depth > MAX_DEPTH:
        raise _Unlike
    fill = None if var.fill is None else var.fill.name
    held: list[Hashable] = [fill]
    for at, (size, payload) in var.cells.items():
        if isinstance(payload, Pointer) and isinstance(payload.obj, Variable):
            inner = _reached(run, payload, depth + 1)
            held.append((at, size, payload.offset, id(payload.obj), inner))
        elif isinstance(payload, int):
            held.append((at, size, payload))
        else:
            held.append((at, size, _frozen(run, payload, depth)))
    return tuple(held)


def _each(run: Run, events: Sequence[Event]) -> Hashable:
    """Stores and hooks one by one."""
    return tuple([_event(run, event) for event in events])


def _net(run: Run, events: Sequence[Event]) -> Hashable:
    """Hooks in their order, and what stores have made of each slot."""
    changed: Counter[tuple[int, int, str, int]] = Counter()
    held: dict[tuple[int, int], int] = {}
    hooks = []
    for event in events:
        if event.kind != "store" or event.table is None:
            hooks.append(_event(run, event._replace(location=NOWHERE, stack=())))
            continue
        at = run.tables.index(event.table), event.index
        changed[(*at, event.level, event.new)] += 1
        changed[(*at, event.level, event.old)] -= 1
        held[at] = event.new
    moved = frozenset((key, number) for key, number in changed.items() if number)
    return tuple(hooks), moved, frozenset(held.items())


def _event(run: Run, event: Event) -> Hashable:
    table = None if event.table is None else run.tables.index(event.table)
    mm = None if event.mm is None else _frozen(run, event.mm, 0)
    address = None if event.address is None else repr(event.address)
    return (
        event.kind, event.level, event.name, event.location, event.stack, table, event.index,
        event.offset, event.old, event.new, event.nr, mm, address, event.arity, event.held,
    )  # fmt: skip


__all__ = ["Meeting", "Merged"]
