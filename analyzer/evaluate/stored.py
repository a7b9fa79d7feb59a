# SPDX-License-Identifier: GPL-2.0-only
"""Calls that fill many entries, made before: a huge page of hugetlb may be a thousand stores.

What such a call stores depends on its arguments, on the choices that it asks for and on those
entries that it reads before it has written them. Where all of that is as it was once, over other
entries or for another helper, the same is stored, hooked and returned; only what the entries held
until then differs, and through which calls one came here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final

from .ctype import Node
from .memory import Table
from .names import LOCAL_BASE
from .recall import Before, Recall, Remembered, call_key, is_plain, remembered
from .state import Event, Frame, Run
from .values import Int, Opaque, Pointer, Value

LONG: Final = 400  # steps of a call that is worth it
MAX_NEW: Final = 2  # choices that a call makes; what has more comes together inside of it
MAX_VAIN: Final = 32  # calls of a function that were kept, and asked for by nobody
FAILED: Final = 12  # how much one counts for that cannot be kept
MAX_WAYS: Final = 8  # of one call, by what it reads

Reads = tuple[tuple[int, int, int], ...]  # number of the table, entry, what it held


@dataclass(frozen=True, slots=True)
class Stored:
    """One call: what it read, and the stores and hooks of the run that made it."""

    call: Remembered
    reads: Reads
    events: tuple[Event, ...]
    tables: tuple[Table, ...]  # of that run
    depth: int  # of the stack that it was called on

    def holds(self, run: Run) -> bool:
        """Whether all entries that it reads hold the same in a run."""
        return all(run.tables[number].seen(index) == raw for number, index, raw in self.reads)

    def repeat(self, run: Run) -> None:
        """Stores the same in a run, over what its entries hold."""
        own = {id(old): new for old, new in zip(self.tables, run.tables, strict=True)}
        stacks: dict[int, tuple[Frame, ...]] = {}
        for event in self.events:
            stack = stacks.get(id(event.stack))
            if stack is None:
                first, *rest = event.stack[self.depth :]
                stack = (*run.stack, first._replace(called=run.location), *rest)
                stacks[id(event.stack)] = stack
            table = None if event.table is None else own[id(event.table)]
            if event.kind != "store" or table is None:
                run.events.append(event._replace(stack=stack, table=table))
                continue
            _, level, name, location, _, _, index, offset, _, new, *_ = event
            old = table.entries[index]
            table.entries[index] = new
            table.written(index)
            run.stores += 1
            run.writes.append((table, index, new))
            run.events.append(
                Event("store", level, name, location, stack, table, index, offset, old, new)
            )


class StoredCalls(Recall):
    """The calls of one machine, those that store included."""

    def __init__(self) -> None:
        super().__init__()
        self.least = LONG
        self._long: set[Node] = set()
        self._stored: dict[Hashable, list[Stored]] = {}
        self._vain: dict[Node, int] = {}

    def clear(self) -> None:
        """Forget all: the state of the processor is another one."""
        super().clear()
        self._stored.clear()

    def over_entries(
        self,
        machine: Any,
        execute: Callable[[str, Node, list[Value]], Value],
        name: str,
        node: Node,
        values: list[Value],
    ) -> Value:
        """Calls a function that is given a place, or does what it did with the same arguments."""
        run: Run = machine.run
        steps, first, events = run.steps, len(run.choices), len(run.events)
        key: Hashable = None
        if node in self._long and self._vain.get(node, 0) < MAX_VAIN:
            key = self._key(machine, node, values)
        if key is None:
            result = execute(name, node, values)
            if run.steps - steps >= self.least and len(run.choices) - first <= MAX_NEW:
                self._long.add(node)
            return result
        for known in self._stored.get(key, ()):
            made = known.call.again(run, machine.max_steps)
            if made is not None and known.holds(run):
                self._vain[node] = 0
                known.call.repeat(run, made)
                known.repeat(run)
                machine.questions |= known.call.questions
                machine.types.asked |= known.call.types
                if machine.meeting is not None and made:
                    result = known.call.result
                    machine.meeting.returned(run, first, steps, events, values, result)
                return known.call.result
        return self._recorded(machine, key, lambda: execute(name, node, values), node, values)

    @staticmethod
    def _key(machine: Any, node: Node, values: list[Value]) -> Hashable | None:
        """What a call is made with; None where an argument leads to other memory than entries."""
        run = machine.run
        slots: list[Hashable] = []
        others: list[Value] = []
        for value in values:
            if isinstance(value, Pointer) and isinstance(value.obj, Table):
                number = run.tables.index(value.obj)
                slots.append((len(others), number, value.offset, id(value.target)))
            else:
                others.append(value)
        if not slots:
            return None
        plain = call_key(node, others, run, LOCAL_BASE[machine.bits], machine.deciding)
        if plain is None:
            return None
        tables = tuple([(one.level, one.width, one.window) for one in run.tables])
        state = run.brief, run.steady, run.most, machine.opaque_entry
        return plain, tuple(slots), tables, state

    def _recorded(
        self,
        machine: Any,
        key: Hashable,
        execute: Callable[[], Value],
        node: Node,
        values: list[Value],
    ) -> Value:
        """Makes a call, and keeps it where it left nothing but stores, hooks and a value."""
        run: Run = machine.run
        before, tables = Before.of(run, None), tuple(run.tables)
        writes, lost = len(run.writes), run.lost
        read: list[dict[int, int | None]] = [{} for _ in tables]
        outer = machine.questions.copy()
        machine.questions.clear()
        types, machine.types.asked = machine.types.asked, set()
        machine.recording += 1
        for table, noted in zip(tables, read, strict=True):
            table.noted.append(noted)
        try:
            result = execute()
            self._vain[node] = self._vain.get(node, 0) + FAILED
            events = tuple(run.events[before.events :])
            if (
                run.lost == lost
                and not run.left
                and len(run.tables) == len(tables)
                and len(run.choices) - before.choices <= MAX_NEW
                and len(run.writes) - writes == sum(one.kind == "store" for one in events)
                and before.left_but_events(run)
                and is_plain(result)
                and all(_is_known_anywhere(one) for one in events)
            ):
                call = remembered(
                    before, run, values, result, machine.questions, machine.types.asked
                )
                reads = tuple(
                    (number, index, raw)
                    for number, noted in enumerate(read)
                    for index, raw in noted.items()
                    if raw is not None
                )
                ways = self._stored.setdefault(key, [])
                if call is not None and len(ways) < MAX_WAYS:
                    self._vain[node] += 1 - FAILED
                    ways.append(Stored(call, reads, events, tables, len(run.stack)))
            return result
        finally:
            for table in tables:
                table.noted.pop()
            machine.recording -= 1
            run.deepest = max(run.deepest, before.deepest)
            machine.questions |= outer
            types |= machine.types.asked
            machine.types.asked = types


def _is_known_anywhere(event: Event) -> bool:
    """Whether what a hook was given means the same in another run."""
    return all(one is None or isinstance(one, (Int, Opaque)) for one in (event.mm, event.address))


__all__ = ["StoredCalls"]
