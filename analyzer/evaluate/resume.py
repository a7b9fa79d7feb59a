# SPDX-License-Identifier: GPL-2.0-only
"""A path that begins in the middle: at a call of an earlier run, in the state that it found.

Paths are told apart by choices (see `state`), and a path that parts from an earlier one does the
same as that up to the choice where they part. The functions that were being run there need not be
entered anew for it: the innermost call in which that choice was made is made again, alone, over
what the earlier run had left by then. Nearly all paths come together with an earlier one before
that call returns (see `merge`). Of those that do not, the call around it is made again, in which
this one is a call that has been made (see `journal`); and so on, up to the whole path.

What a call finds: its arguments, the choices made by then, page tables, events, its place. Where
more could matter (locals of callers whose address somebody may have, globals that were written,
choices that were forgotten), nothing is noted of the call, and the path is run from its beginning.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ..model import Location
from .journal import Earlier, copied
from .memory import Table
from .state import Frame, Run
from .values import FuncRef, Int, Opaque, Pointer, Struct, Text, Value

STILL: Final = 1 << 60  # choices of a call that has not returned: all that are made


class Found(NamedTuple):
    """Where a run is at the beginning of a call; what it has are numbers of its lists' items."""

    location: Location
    round: int
    number: int  # of the call, among all
    steps: int
    stores: int
    decided: int
    touched: int
    log: int
    choices: int
    events: int
    writes: int
    globals: int
    opened: int  # returns that the run has to tell of what follows


class Entered(NamedTuple):
    """A call during which choices were made: the first `found.choices`, and less than `last`."""

    name: str
    values: list[Value]
    home: str
    stack: tuple[Frame, ...]
    tables: list[Table]  # those that the values lead to
    found: Found
    last: int


def found_by(run: Run, number: int, opened: int) -> Found | None:
    """What a call finds that is about to be made; None where that is more than can be noted."""
    if run.written or run.lost or run.next_local:
        return None  # what is left for others lies in a global, or where choices were forgotten
    return Found(
        run.location, run.round, number, run.steps, run.stores, run.decided, run.touched,
        len(run.log), len(run.choices), len(run.events), len(run.writes), len(run.globals), opened,
    )  # fmt: skip


def note(run: Run, found: Found, name: str, values: list[Value], home: str) -> None:
    """A call is at its end that made choices: it can be made again, if its arguments can."""
    if all(_is_plain(value) for value in values):
        stack = tuple(run.stack)
        run.entered.append(Entered(name, values, home, stack, run.tables, found, len(run.choices)))


def _is_plain(value: Any) -> bool:
    """Whether a value belongs to no run, but for page tables that it points into."""
    if isinstance(value, Pointer):
        return isinstance(value.obj, Table)
    if isinstance(value, Struct):
        return all(_is_plain(payload) for _, payload in value.cells.values())
    return isinstance(value, (int, Int, Opaque, FuncRef, Text))


def innermost(earlier: Earlier) -> Entered | None:
    """The innermost call in which the choice was made where the next path parts from a run; None
    where that is the first one: the path is run from its beginning."""
    at = earlier.parting
    around = [one for one in earlier.run.entered if one.found.choices <= at < one.last]
    return _last(around)


def _last(calls: list[Entered]) -> Entered | None:
    calls = [one for one in calls if one.found.number]
    return max(calls, key=lambda one: one.found.number, default=None)


def around(run: Run, entered: Entered) -> Entered | None:
    """The call around one that was made again and has returned."""
    return _last([one for one in run.entered if one.found.number < entered.found.number])


def restore(run: Run, entered: Entered, earlier: Earlier) -> list[Any] | None:
    """Puts a new run where an earlier one was when a call began; its page tables are as at the
    beginning. Gives the returns that it has to tell of what follows, None where it cannot."""
    before, found = earlier.run, entered.found
    if len(before.tables) != len(run.tables):
        return None
    names = list(before.globals)[: found.globals]
    if any(before.globals[name].name in before.written for name in names):
        return None
    assert before.past is not None
    for name in names:
        run.globals[name] = copied(before.globals[name])
    run.location, run.round, run.stack = found.location, found.round, list(entered.stack)
    run.deepest = len(run.stack)
    run.steps, run.stores, run.decided, run.touched = (
        found.steps, found.stores, found.decided, found.touched,
    )  # fmt: skip
    run.log = before.log[: found.log]
    run.choices = before.choices[: found.choices]
    run.memo.update((choice.key, choice.taken) for choice in run.choices)
    run.past = [
        None if done is None or done.calls > found.number else done  # those around it are open
        for done in before.past[: found.number]
    ]
    run.entered = [
        one._replace(last=STILL)
        for one in before.entered
        if one.found.number < found.number and found.choices < one.last
    ]
    own = dict(zip(map(id, before.tables), run.tables, strict=True))
    for event in before.events[: found.events]:
        table = None if event.table is None else own[id(event.table)]
        run.events.append(event._replace(table=table))
    for written, index, raw in before.writes[: found.writes]:
        table = own[id(written)]
        table.entries[index] = raw
        run.writes.append((table, index, raw))
    return earlier.opened[: found.opened]


def arguments(run: Run, entered: Entered) -> list[Value]:
    """What a call is given, with the page tables of this run."""
    return [_own(run, entered, value) for value in entered.values]


def _own(run: Run, entered: Entered, value: Any) -> Any:
    if isinstance(value, Pointer):
        assert isinstance(value.obj, Table)
        return Pointer(run.tables[entered.tables.index(value.obj)], value.offset, value.target)
    if isinstance(value, Struct):
        cells = {at: (size, _own(run, entered, p)) for at, (size, p) in value.cells.items()}
        return Struct(value.ctype, cells)
    return value
