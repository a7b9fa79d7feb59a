# SPDX-License-Identifier: GPL-2.0-only
"""Cases that only some helpers need: those whose code tells them from the usual ones.

A helper may treat an entry with a mark of its own (a contiguous one, a device's, one that
userfaultfd write-protects) or a batch of some length in another way. All helpers are run over the
usual entries and over one and three of them; what was called then is read for masks that test such
a mark, and for numbers that a count is compared to. Only these make further cases. They take long
and are tried in the base configuration, in the state that its processor begins with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pycparser import c_ast

from ..evaluate.arith import COMPARISONS
from ..evaluate.ctype import Node
from ..evaluate.names import Scope
from ..evaluate.values import Int, PathEnds, Unjudged
from ..helpers.contracts import Contract
from ..helpers.interface import Signature
from ..helpers.session import Entry, Session
from ..helpers.sharing import Question
from .arguments import is_count, takes_count
from .bounds import BATCH, COUNTS, LONGEST
from .cases import Cases
from .hugetlb import is_hugetlb
from .outcome import Case

MARKS: Final = ("mkcont", "mkdevmap", "mkspecial", "mkuffd_wp", "mkuffd", "mksoft_dirty")
"""Modifiers that mark an entry and leave what it maps: `pte_mkcont()` and its like."""
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
        self, signature: Signature, contract: Contract, asked: Callable[[], Iterable[Question]]
    ) -> Iterator[Case]:
        """The cases that a helper needs beside the usual ones; `asked` says what was asked for,
        once these have been run."""
        level = signature.level
        if not self._wanted or is_hugetlb(signature.name):
            return
        marked = self._marked(level)
        batch = takes_count(signature)
        if not marked and not batch:
            return
        tests = self._tested(asked())
        for entry, bits in marked:
            if bits & tests.masks:
                yield from self._cases.also(signature, contract, entry)
        if batch:
            yield from self._batches(signature, contract, tests.counts)

    def _marked(self, level: str) -> list[tuple[Entry, int]]:
        """Counted entries with a mark that no usual entry has, and the bits of that."""
        session = self._session
        entries = session.classes(level)
        usual = 0
        for entry in entries:
            usual |= entry.raw
        best = next((e for e in entries if e.name == "user-writable"), None)
        counted = None if best is None else session.counted(level, best.raw)
        if best is None or counted is None:
            return []
        found: dict[int, Entry] = {}
        for change in MARKS:
            raw = session.apply(level, change, best.raw)
            if raw is not None and raw & ~usual and session.counted(level, raw) == counted:
                found.setdefault(
                    raw & ~usual, Entry(f"{best.name}, {change}", best.pfn, raw, best.kind)
                )
        return [(entry, bits) for bits, entry in found.items()]

    def _batches(
        self, signature: Signature, contract: Contract, counts: Iterable[int]
    ) -> Iterator[Case]:
        """Batches on both sides of the numbers that a count is compared to."""
        long = sorted(n for n in counts if BATCH <= n < LONGEST)[:COUNTS]
        for length in sorted({n + more for n in long for more in (0, 1)} - {BATCH}):
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
