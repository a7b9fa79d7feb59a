# SPDX-License-Identifier: GPL-2.0-only
"""Cases of which one run tells what another one would do.

Several helpers may be names of one function (`update_mmu_cache()` of `update_mmu_cache_range()`),
and a function may be given what it has no use for (the number of entries). Where the function that
a helper comes down to is given the same, in the same state, over the same entry, and looks at no
other entry, its runs are the same: they are taken over, with the helper's own name on the stack.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from pycparser import c_ast

from ..evaluate.memory import Table
from ..evaluate.recall import plain_parts
from ..evaluate.state import Event, Frame
from ..evaluate.values import Opaque, PathEnds, Pointer, Unjudged, Value
from ..helpers.interface import Signature, parameter_names
from ..helpers.probes import CALL
from ..helpers.session import Session
from ..helpers.sharing import Question
from ..model import Location
from .arguments import bind, given_in, is_address, is_count
from .bounds import PAIR
from .outcome import INDEX, Case, Trace
from .reuse import Setting

SOLE: Final = slice(INDEX, INDEX + 1)


class Watched(list[int]):
    """The entries of a table; it notes whether any but that of the case is looked at.

    What lies beside the table is never read (see `Memory.load_table`).
    """

    def __init__(self, entries: list[int], window: range | None) -> None:
        super().__init__(entries)
        self.beyond = False
        self._window = window

    def _touches(self, index: Any) -> bool:
        beside = isinstance(index, int) and self._window is not None and index not in self._window
        return index != INDEX and index != SOLE and not beside

    def __getitem__(self, index: Any) -> Any:
        self.beyond = self.beyond or self._touches(index)
        return super().__getitem__(index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.beyond = self.beyond or self._touches(index)
        super().__setitem__(index, value)


@dataclass(frozen=True, slots=True)
class Twin:
    """A call that a helper comes down to: what its runs depend on, and where it is made."""

    key: Hashable
    frame: Frame
    called: Location
    asked: frozenset[Question]  # by its arguments


@dataclass(frozen=True, slots=True)
class _Kept:
    traces: tuple[Trace, ...]
    asked: frozenset[Question]
    tangled: int  # functions that were not followed (see `Machine.tangled`)


class _Reached(Exception):
    """The call is about to be made."""

    def __init__(self, values: list[Value], stack: tuple[Frame, ...], called: Location) -> None:
        self.values = values
        self.stack = stack
        self.called = called


class Twins:
    """The runs of one session that may be those of other cases, too."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._signatures: tuple[Signature, ...] = ()
        self._callees: dict[str, str] | None = None
        self._kept: dict[Hashable, _Kept] = {}
        self._types: dict[int, object] = {}  # those of which a key has the id: it stays theirs
        self._watches = False
        self._beyond = False  # whether another entry was looked at

    def expect(self, signatures: Iterable[Signature]) -> None:
        """Say which helpers are going to be run."""
        self._signatures = tuple(signatures)
        self._callees = None

    def watch(self, table: Table) -> None:
        """Note what is looked at in a table from now on."""
        if self._watches:
            table.entries = Watched(table.entries, table.window)

    def looked(self, table: Table) -> None:
        """The run over a table is at its end."""
        if isinstance(table.entries, Watched) and table.entries.beyond:
            self._beyond = True

    # -- which call

    def _callee(self, name: str) -> str | None:
        """The function that a helper is another name of, if it may have a twin."""
        if self._callees is None:
            found = {one.name: self._function_of(one.name) for one in self._signatures}
            number = Counter(found.values())
            counts = {one.name for one in self._signatures if self._ignores(one, found[one.name])}
            self._callees = {
                helper: callee
                for helper, callee in found.items()
                if callee and (number[callee] > 1 or helper in counts)
            }
        return self._callees.get(name)

    def _function_of(self, name: str) -> str:
        """What our probe of a helper calls and nothing else; '' where it does more."""
        machine = self._session.machine
        node = machine.code.function_node(f"{CALL}{name}", "")
        items = (node.body.block_items or []) if node is not None else []
        call = items[0] if len(items) == 1 else None
        if not isinstance(call, c_ast.FuncCall) or not isinstance(call.name, c_ast.ID):
            return ""
        callee = str(call.name.name)
        plain = callee not in machine.overrides and not machine.is_intrinsic(callee)
        return callee if plain and self._body(callee) is not None else ""

    def _body(self, name: str) -> Any:
        return self._session.machine.code.function_node(name, "")

    def _ignores(self, signature: Signature, callee: str) -> bool:
        """Whether a helper is told of a number of entries and has no use for it."""
        given = parameter_names(signature.parameters)
        if not callee or not any(is_count(name) for name in given):
            return False
        machine, node = self._session.machine, self._body(callee)
        names = [one for one, _ in machine.shape(callee, node).parameters]
        counts = [name for name in names if is_count(name)]
        return not machine.mentions(node).intersection(counts)

    # -- twins

    def of(
        self, signature: Signature, case: Case, setting: Setting, state: Hashable
    ) -> Twin | None:
        """The call that a case comes down to; None where it cannot be compared with others."""
        callee = self._callee(signature.name)
        if callee is None:
            return None
        session, machine = self._session, self._session.machine
        outer = machine.questions.copy()
        machine.questions.clear()
        types, machine.types.asked = machine.types.asked, set()
        run = session.fresh()
        table = session.new_table(signature.level, 2 * INDEX, setting[1])
        table.entries[INDEX] = case.old.raw

        def reached(values: list[Value]) -> Value:
            raise _Reached(values, tuple(run.stack), run.location)

        machine.overrides[callee] = reached
        arguments = bind(session, signature, given_in(case, table))
        try:
            machine.call(f"{CALL}{signature.name}", arguments)
        except _Reached as call:
            asked = frozenset(session.asked())
            if run.choices or run.events or run.written or len(call.stack) != 1:
                return None
            parts = self._parts(callee, call.values, table)
            if parts is None:
                return None
            named = any(is_address(name) for name in parameter_names(signature.parameters))
            world = tuple(sorted(machine.world.items()))
            key = (callee, parts, case.old.raw, named, setting, state, world)
            return Twin(key, call.stack[0], call.called, asked)
        except (Unjudged, PathEnds, RecursionError):
            pass
        finally:
            del machine.overrides[callee]
            machine.questions.clear()
            machine.questions |= outer
            machine.types.asked = types
        return None

    def _parts(self, callee: str, values: Sequence[Value], table: Table) -> Hashable | None:
        """The arguments that the callee makes use of; None where they lead to memory."""
        machine, node = self._session.machine, self._body(callee)
        shape, mentioned = machine.shape(callee, node), machine.mentions(node)
        if len(shape.parameters) != len(values):
            return None
        parts: list[Hashable] = [any(isinstance(value, Opaque) for value in values)]
        slots = 0
        for (name, ctype), value in zip(shape.parameters, values, strict=True):
            if name not in mentioned:
                continue
            if isinstance(value, Pointer):
                if value.obj is not table:
                    return None
                slots += 1
                self._types[id(value.target)] = value.target
                parts += (name, value.offset, id(value.target))
                continue
            known = plain_parts(machine.convert(value, ctype))
            if known is None:
                return None
            parts += (name, known)
        return tuple(parts) if slots else None

    def find(self, twin: Twin, case: Case) -> tuple[Trace, ...] | None:
        """The runs of a case, if those of its twin are known."""
        kept, machine = self._kept.get(twin.key), self._session.machine
        if kept is None or kept.tangled != len(machine.tangled):
            return None
        machine.questions |= kept.asked | twin.asked
        stacks: dict[tuple[Frame, ...], tuple[Frame, ...]] = {}

        def own(event: Event) -> Event:
            stack = stacks.get(event.stack)
            if stack is None:
                inner = event.stack[1]._replace(called=twin.called)
                stack = stacks[event.stack] = (twin.frame, inner, *event.stack[2:])
            return event._replace(stack=stack)

        return tuple(
            replace(trace, case=_as_run(case, trace), events=tuple(map(own, trace.events)))
            for trace in kept.traces
        )

    @contextmanager
    def watching(self, twin: Twin) -> Iterator[Callable[[tuple[Trace, ...]], None]]:
        """Note what is asked and looked at while a case is run; gives what keeps its runs.

        Those that could not be followed are not kept: they are made again.
        """
        session, machine = self._session, self._session.machine
        before, world = session.asked(), dict(machine.world)
        machine.questions.clear()
        machine.types.asked = set()
        self._watches, self._beyond = True, False

        def keep(traces: tuple[Trace, ...]) -> None:
            alone = not self._beyond and world == machine.world
            if alone and all(_portable(trace) for trace in traces):
                asked = frozenset(session.asked_in_all())
                self._kept[twin.key] = _Kept(traces, asked, len(machine.tangled))

        try:
            yield keep
        finally:
            self._watches = False
            machine.questions |= before


def retold(case: Case, traces: tuple[Trace, ...] | None) -> tuple[Trace, ...] | None:
    """The paths of a case, by those of one that has the same raw entries; None: run it."""
    if traces is None or any(trace.status == "unknown" for trace in traces):
        return None
    return tuple(replace(trace, case=_as_run(case, trace)) for trace in traces)


def _as_run(case: Case, trace: Trace) -> Case:
    """A case as it is run where paths that come to the same are one: of a batch two entries."""
    if case.nr == 1 or not trace.net:
        return case
    return replace(case, nr=PAIR, neighbours=case.neighbours[: PAIR - 1])


def _portable(trace: Trace) -> bool:
    """Whether a path was followed, and what it did was done below the call."""
    return trace.status != "unknown" and all(len(event.stack) > 1 for event in trace.events)
