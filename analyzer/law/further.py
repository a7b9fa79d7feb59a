# SPDX-License-Identifier: GPL-2.0-only
"""Cases that only some helpers need: those whose code tells them from the usual ones.

A helper may treat an entry with a mark of its own (a contiguous one, a device's, one that
userfaultfd write-protects) or a batch of some length in another way. All helpers are run over the
usual entries and over one and three of them; what was called then is read for masks that test such
a mark, and for numbers that a count is compared to. Marks are what the tree's own functions and
macros make of an entry (`pte_mkcont()` and its like). A helper that empties other entries than
those that it is told of does so where nothing was at first: it is run again where something is.
Only these make further cases. They take long and are tried in the base configuration, in the state
that its processor begins with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pycparser import c_ast

from ..evaluate.arith import COMPARISONS
from ..evaluate.ctype import Node
from ..evaluate.names import Scope
from ..evaluate.values import Int, PathEnds, Unjudged
from ..helpers.contracts import Contract
from ..helpers.interface import Signature, slot_level
from ..helpers.probes import APPLY, MARKS
from ..helpers.session import Entry, Session
from ..helpers.sharing import Question
from .arguments import is_count, takes_count
from .bounds import BATCH, COUNTS, LONGEST
from .cases import Cases
from .hugetlb import is_hugetlb
from .outcome import INDEX, SECOND, Case, Outcome, Trace

BASE: Final = "base"
FEW: Final = 8  # bits of a mask that tests marks; one of more bits takes an entry apart
_COUNTED: Final = frozenset({*COMPARISONS, "&", "%"})


@dataclass(frozen=True, slots=True)
class Tests:
    """What a function tests: single bits by masks, a count by numbers."""

    masks: int = 0
    counts: frozenset[int] = frozenset()


class Further:
    """Finds out which further cases helpers need."""

    def __init__(self, session: Session, cases: Cases) -> None:
        self._session = session
        self._cases = cases
        self._tests: dict[Node, Tests] = {}
        self._wanted = session.variant.name == BASE and not session.changed

    def of(
        self,
        signature: Signature,
        contract: Contract,
        traces: Sequence[Trace | Outcome],
        asked: Callable[[], Iterable[Question]],
    ) -> Iterator[Case]:
        """The cases that a helper needs beside the usual ones; `traces` are the runs of these, and
        `asked` says what was asked for, once they have been run."""
        level = signature.level
        if not self._wanted or is_hugetlb(signature.name):
            return
        yield from self._emptied(signature, traces)
        tests = self._tested(asked())
        for entry, bits in self._marked(level, tests.masks):
            if bits & tests.masks:
                yield from self._cases.also(signature, contract, entry)
        if takes_count(signature):
            yield from self._batches(signature, contract, tests.counts)

    def _emptied(self, signature: Signature, traces: Iterable[Trace | Outcome]) -> Iterator[Case]:
        """A case in which something is in the entries beside its own that a helper empties, and
        does nothing else to: what it puts there is judged in the usual cases."""
        session, level = self._session, signature.level
        none = session.none(level)
        slots = sum(slot_level((one,)) == level for one in signature.parameters)
        if not isinstance(none, Entry):
            return
        found: dict[int, Case] = {}
        filled: set[int] = set()
        for trace in traces:
            own = range(max(trace.case.nr, 1 + len(trace.case.neighbours)))
            for event in trace.events:
                place = event.index - INDEX
                given = slots > 1 and abs(place - SECOND) < len(own)
                if event.kind != "store" or place in own or given:
                    continue
                if event.new != none.raw:
                    filled.add(place)
                elif event.old == none.raw:
                    found.setdefault(place, trace.case)
        found = {place: case for place, case in found.items() if place not in filled}
        counted = self._counted(level) if found else None
        if counted is None:
            return
        other = session.with_frame(level, counted, session.frames[1])
        case = next(iter(found.values()))
        batch = (*case.neighbours, *[none] * (case.nr - 1 - len(case.neighbours)))
        behind = (other,) * (max(found) - len(batch))
        yield replace(case, neighbours=batch + behind, ahead=(other,) * -min(found))

    def _counted(self, level: str) -> Entry | None:
        """An ordinary entry of a user, if it is counted."""
        session = self._session
        best = next((e for e in session.classes(level) if e.name == "user-writable"), None)
        return best if best is not None and session.counted(level, best.raw) is not None else None

    def _marked(self, level: str, tested: int) -> list[tuple[Entry, int]]:
        """Counted entries with a mark that no usual entry has, and the bits of that."""
        session = self._session
        usual = 0
        for entry in session.classes(level):
            usual |= entry.raw
        best = self._counted(level) if tested & ~usual else None
        if best is None:
            return []
        name, counted = f"{MARKS}{level}", session.counted(level, best.raw)
        session.machine.questions.add(("function", name, ""))
        found: dict[int, Entry] = {}
        for one in sorted(session.machine.code.callees(name)):
            change = one.removeprefix(f"{APPLY}{level}_")
            raw = session.apply(level, change, best.raw) if change != one else None
            if raw is not None and raw & ~usual and session.counted(level, raw) == counted:
                found.setdefault(
                    raw & ~usual, Entry(f"{best.name}, {change}", best.pfn, raw, best.kind)
                )
        return [(entry, bits) for bits, entry in found.items()]

    def _batches(
        self, signature: Signature, contract: Contract, counts: Iterable[int]
    ) -> Iterator[Case]:
        """Batches on both sides of the numbers that a count is compared to."""
        table = self._session.constant(f"PTRS_PER_{signature.level.upper()}") or LONGEST
        most = min(table, LONGEST)  # entries of several tables are no batch
        long = sorted(n for n in counts if BATCH <= n <= most)[:COUNTS]
        for length in sorted({min(n + more, most) for n in long for more in (0, 1)} - {BATCH}):
            yield from self._cases.batch(signature, contract, length)

    def _tested(self, asked: Iterable[Question]) -> Tests:
        """What all functions that were called test."""
        code = self._session.machine.code
        masks = 0
        counts: set[int] = set()
        for kind, name, near in asked:
            node = code.function_node(name, near) if kind == "function" else None
            if node is not None:
                tests = self._tests.get(node)
                if tests is None:
                    tests = self._tests[node] = self._read(node)
                masks |= tests.masks
                counts |= tests.counts
        return Tests(masks, frozenset(counts))

    def _read(self, function: Node) -> Tests:
        masks = 0
        counts: set[int] = set()
        todo = [function.body]
        while todo:
            node = todo.pop()
            if isinstance(node, c_ast.BinaryOp) and node.op in _COUNTED:
                for side, other in ((node.left, node.right), (node.right, node.left)):
                    counting = isinstance(side, c_ast.ID) and is_count(side.name)
                    if not counting and node.op != "&":
                        continue
                    number = self._constant(other)
                    if number is None:
                        continue
                    if counting:
                        counts.add(number)
                    if node.op == "&" and number.bit_count() <= FEW:
                        masks |= number
            todo.extend(child for _, child in node.children())
        return Tests(masks, frozenset(counts))

    def _constant(self, node: Node) -> int | None:
        """The value of an expression that is made of numbers; None for others."""
        todo = [node]
        while todo:
            item = todo.pop()
            if isinstance(item, (c_ast.ID, c_ast.FuncCall, c_ast.Compound, c_ast.StructRef)):
                return None
            if not isinstance(item, c_ast.Typename):
                todo.extend(child for _, child in item.children())
        try:
            value = self._session.machine.fold(node, Scope())
        except (Unjudged, PathEnds):
            return None
        return value.raw if isinstance(value, Int) else None
