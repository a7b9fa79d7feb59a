# SPDX-License-Identifier: GPL-2.0-only
"""Calls that an earlier run of the same case has made.

The paths of a case are run one after another, each from the beginning. Up to the choice where a
path parts from the one before, both do the same, call by call, in the same order: a call that had
returned by then needs no second run. What it left in the run is known; it is left there again.

A call is left out of that where it could have changed more than a run's lists and page tables:
local variables of its callers, globals, choices that are forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from .memory import Table, Variable
from .state import LOCAL_STEP, Run
from .values import FuncRef, Int, Opaque, Partly, Pointer, Struct, Text, Value


class Done(NamedTuple):
    """A call that has returned: where the run was before (`begun`, in steps) and after it."""

    name: str
    begun: int
    result: Value
    calls: int
    steps: int
    stores: int
    decided: int
    touched: int
    log: int
    choices: int
    events: int
    writes: int
    globals: int
    opened: tuple[int, int]  # returns that the run has to tell of what follows
    table: int = -1  # the number of the one that the result points into


@dataclass(frozen=True, slots=True)
class Earlier:
    """A run that is at its end, and the choice where the next one parts from it."""

    run: Run
    opened: list[Any]  # see `merge.Meeting`
    parting: int
    world: Mapping[str, int]


Begun = tuple[int, int, int]


def begun(run: Run) -> Begun:
    """What a call finds, and must not change."""
    return run.next_local, run.lost, len(run.tables)


def is_kept(before: Begun, run: Run) -> bool:
    """Whether a call left alone what nobody could leave there again: globals, and locals of its
    callers that functions which are not followed may write."""
    return not (run.written or run.left) and before == (run.next_local, run.lost, len(run.tables))


def leads_to_locals(values: list[Value], run: Run, base: int) -> bool:
    """Whether a local variable can be reached from arguments; `base` is where those lie."""
    high = base + LOCAL_STEP * (run.next_local + 1) if run.next_local else base
    for value in values:  # noqa: SIM110  (asked at every call: no generator)
        if _to_local(value, base, high):
            return True
    return False


def _to_local(value: Any, low: int, high: int) -> bool:
    kind = value.__class__
    if kind is int:
        return bool(low <= value < high)
    if kind is Opaque or kind is Partly or kind is FuncRef or kind is Text:
        return False
    if kind is Pointer:
        obj = value.obj
        return obj.__class__ is Variable and not obj.is_global
    if kind is Struct:
        return any(_to_local(payload, low, high) for _, payload in value.cells.values())
    if isinstance(value, Int):
        return low <= value.raw < high
    return not isinstance(value, FuncRef)


def is_portable(value: Value) -> bool:
    """Whether a result means the same in another run."""
    kind = value.__class__
    if kind is Struct:
        assert isinstance(value, Struct)
        return all(isinstance(payload, (int, Opaque, Int)) for _, payload in value.cells.values())
    return kind is not Pointer or isinstance(value.obj, Table)  # type: ignore[union-attr]


def table_of(result: Value, run: Run) -> int:
    """The number of the page table that a result points into, -1 where it points to none."""
    if isinstance(result, Pointer) and isinstance(result.obj, Table):
        return run.tables.index(result.obj)
    return -1


def repeat(done: Done, earlier: Earlier, run: Run, opened: list[Any]) -> Value | None:
    """Leaves in a run what a call left in an earlier one; None where that cannot be done."""
    before = earlier.run
    if done.globals > len(run.globals):
        names = list(before.globals)[len(run.globals) : done.globals]
        if any(before.globals[name].name in before.written or name in run.globals
               for name in names):  # fmt: skip
            return None
        for name in names:
            run.globals[name] = copied(before.globals[name])
    run.steps, run.stores, run.decided, run.touched = (
        done.steps, done.stores, done.decided, done.touched,
    )  # fmt: skip
    run.log += before.log[len(run.log) : done.log]
    for choice in before.choices[len(run.choices) : done.choices]:
        run.choices.append(choice)
        run.memo[choice.key] = choice.taken
    assert run.past is not None
    assert before.past is not None
    run.past += before.past[len(run.past) : done.calls]
    tables = before.tables
    for event in before.events[len(run.events) : done.events]:
        if event.table is not None:
            event = event._replace(table=run.tables[tables.index(event.table)])
        run.events.append(event)
    for table, index, raw in before.writes[len(run.writes) : done.writes]:
        own = run.tables[tables.index(table)]
        own.entries[index] = raw
        run.writes.append((own, index, raw))
    opened += earlier.opened[done.opened[0] : done.opened[1]]
    result = done.result
    if done.table >= 0:
        assert isinstance(result, Pointer)
        return Pointer(run.tables[done.table], result.offset, result.target)
    return result


def copied(var: Variable) -> Variable:
    """A global variable as another run finds it."""
    copy = Variable(var.name, var.ctype, base=var.base, fill=var.fill, is_global=True)
    copy.cells.update(var.cells)
    copy.guessed = var.guessed
    return copy
