# SPDX-License-Identifier: GPL-2.0-only
"""One variant of one architecture, ready to be evaluated: unit, machine, entries, counting."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from ..evaluate.calls import Machine
from ..evaluate.ctype import IntType
from ..evaluate.memory import Table
from ..evaluate.state import Run, alternatives
from ..evaluate.values import Int, Opaque, PathEnds, Pointer, Struct, Text, Unjudged, Value
from ..frontend import Unit
from ..kconfig import Variant
from .code import UnitCode
from .interface import LEVELS
from .probes import APPLY, CALL, CLASS, CLEAR, TEST, VALUE, EntryClass, entry_classes
from .surrogate import Surrogate, counts, derive

MM: Final = Opaque("mm", nonnull=True)
VMA: Final = Opaque("vma", nonnull=True)
TABLE_BASE: Final = {64: 0x7F00_0000_0000, 32: 0x7000_0000}
FRAMES: Final = {64: (0x400_0000, 0x800_0000), 32: (0x1_0000, 0x2_0000)}
ADDRESS: Final = {64: 0x12_3400_0000, 32: 0x2000_0000}
LOWER_TABLE: Final = {64: 0x7E00_0000_0000, 32: 0x6000_0000}
MAX_ASKED: Final = 64
_COUNTER = "page_table_check_clear"
_FIXED = re.compile(r"^_\w+|^init_mm$")


IDENTITIES: Final = ("_paravirt_ident_64",)
"""Assembler functions that return their argument: x86's stand-in for an operation that does
nothing (arch/x86/kernel/paravirt*.c defines it by DEFINE_ASM_FUNC, without a C body)."""


def _no(values: list[Value]) -> Value:
    return Int(0)


def _yes(values: list[Value]) -> Value:
    return Int(1)


ORDINARY: Final = {
    **{f"is_huge_zero_{what}": _no for what in ("pmd", "pud", "page", "folio", "pfn")},
    "pfn_valid": _yes,
}
"""The entries that are judged map ordinary memory: valid frames, not the huge zero page."""


def _identity(values: list[Value]) -> Value:
    return values[0]


@dataclass(frozen=True, slots=True)
class Entry:
    """A raw entry made by the tree's own constructors: class name, frame, raw value."""

    name: str
    pfn: int
    raw: int
    kind: EntryClass | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What an entry contributes to the counters: first frame and number of base pages."""

    pfn: int
    pages: int


class Session:
    """Evaluates constructors, predicates and helpers of one variant."""

    def __init__(self, unit: Unit, variant: Variant) -> None:
        self.unit = unit
        self.variant = variant
        self.bits = variant.bits
        self.machine = Machine(UnitCode(unit), variant.bits, variant.endian)
        self.machine.canonical = {"vma->vm_mm": MM}
        self.machine.known = frozenset({MM.name})
        self.frames = FRAMES[variant.bits]
        self.machine.overrides = {
            **{name: self._huge_page_size for name in ("huge_page_size", "folio_size", "page_size")},
            **{name: _identity for name in IDENTITIES},
        }
        self._entries: dict[tuple[str, str, int], Entry | str] = {}
        self._counted: dict[tuple[str, int], Counted | None] = {}
        self._widths: dict[str, int] = {}
        self._constants: dict[str, int | None] = {}
        self._makers: dict[tuple[str, str], int] = {}
        self._surrogates: dict[str, Surrogate | None] = {}
        for level in LEVELS:
            if not self.has_predicate(level):
                call = partial(self._surrogate_call, level)
                self.machine.overrides[f"{level}_user_accessible_page"] = call

    def _huge_page_size(self, values: list[Value]) -> Value:
        """A hugetlb page is asked about at the size of a PMD."""
        size = self.constant("PMD_SIZE")
        return Opaque("huge_page_size") if size is None else Int(size, self.bits, False)

    # -- plain evaluation

    def fresh(self, prefix: tuple[int, ...] = ()) -> Run:
        """A new run; choices follow `prefix`, then take the first way."""
        self.machine.run = Run(prefix=prefix)
        return self.machine.run

    def evaluate(self, name: str, *values: Value) -> Value:
        """Calls a function in a run of its own; Unjudged if an undecidable condition matters."""
        return self._agreed(name, lambda: self.machine.call(name, list(values)))

    def _agreed(self, name: str, ask: Callable[[], Value]) -> Value:
        """The answer that every path gives; Unjudged when they differ or none returns."""
        saved = self.machine.run
        answers: dict[str, Value] = {}
        ends = "no path"
        todo: list[tuple[int, ...]] = [()]
        paths = 0
        try:
            while todo:
                paths += 1
                if paths > MAX_ASKED:
                    raise Unjudged(f"{name} has more than {MAX_ASKED} paths")
                run = self.fresh(todo.pop())
                try:
                    value = ask()
                    answers.setdefault(repr(value), value)
                except PathEnds as end:
                    ends = str(end)
                todo.extend(alternatives(run))
                if len(answers) > 1:
                    key = run.choices[0].key if run.choices else "something unknown"
                    raise Unjudged(f"{name} depends on {key}")
        except RecursionError:
            raise Unjudged(f"{name} is nested too deep") from None
        finally:
            self.machine.run = saved
        if not answers:
            raise PathEnds(ends)
        return next(iter(answers.values()))

    def constant(self, name: str) -> int | None:
        """A constant of the tree by name (PAGE_SHIFT, ...); None when it has none."""
        if name not in self._constants:
            self._constants[name] = self._read_constant(name)
        return self._constants[name]

    def _read_constant(self, name: str) -> int | None:
        node = self.machine.code.variable_node(f"{VALUE}{name}", "")
        if node is None or node.init is None:
            return None
        saved = self.machine.run
        try:
            self.fresh()
            return self.machine.constant_expression(node.init)
        except (Unjudged, PathEnds, RecursionError):
            return None
        finally:
            self.machine.run = saved

    def width(self, level: str) -> int:
        """Bytes of an entry."""
        if level not in self._widths:
            self._widths[level] = self.machine.entry_type(level).size
        return self._widths[level]

    def wrap(self, level: str, raw: int) -> Value:
        """A raw entry as a value of pte_t, pmd_t or pud_t."""
        ctype = self.machine.entry_type(level)
        if isinstance(ctype, IntType):
            return Int(raw, ctype.bits, ctype.signed)
        return self.machine.convert(Int(raw, 8 * self.width(level), False), ctype)

    def raw(self, level: str, value: Value) -> int:
        """The raw bits of an entry value; Unjudged when not known."""
        found = self.machine.memory.raw(value, self.width(level))
        if isinstance(found, Opaque):
            raise Unjudged(f"the entry is not known: {found.name}")
        return found

    # -- entries

    def entry(self, level: str, kind: EntryClass, pfn: int) -> Entry | str:
        """An entry of a class that maps `pfn`, or why the tree cannot make one."""
        key = (level, kind.name, pfn)
        if key not in self._entries:
            self._entries[key] = self._make(level, kind, pfn)
        return self._entries[key]

    def _make(self, level: str, kind: EntryClass, pfn: int) -> Entry | str:
        reason = "no constructor"
        first = self._makers.get((level, kind.name), 0)
        for index in range(first, len(kind.makers)):
            name = f"{CLASS}{level}_{kind.name.replace('-', '_')}_{index}"
            try:
                value = self.evaluate(name, Int(pfn, self.bits, False))
                raw = self.raw(level, value)
            except (Unjudged, PathEnds) as problem:
                reason = str(problem)
                continue
            self._makers[(level, kind.name)] = index
            return Entry(kind.name, pfn, raw, kind)
        return reason

    def none(self, level: str) -> Entry | str:
        """The empty entry, as the tree's own clearing primitive writes it."""
        key = (level, "none", 0)
        if key not in self._entries:
            self._entries[key] = self._by_store(level, "none", f"{CLEAR}{level}", ())
        return self._entries[key]

    def table(self, level: str) -> Entry | str:
        """An entry that points to a lower table; only pmd and pud have one."""
        key = (level, "table", 0)
        if key not in self._entries:
            if level == "pte":
                self._entries[key] = "a pte points to no table"
            else:
                lower = Int(LOWER_TABLE[self.bits], self.bits, False)
                name = f"{CALL}{'pmd_populate_kernel' if level == 'pmd' else 'pud_populate'}"
                self._entries[key] = self._by_store(level, "table", name, (MM,), (lower,))
        return self._entries[key]

    def _by_store(
        self,
        level: str,
        name: str,
        function: str,
        before: tuple[Value, ...],
        after: tuple[Value, ...] = (),
    ) -> Entry | str:
        saved = self.machine.run
        try:
            run = self.fresh()
            table = self.new_table(level, 8, 0)
            slot = Pointer(table, 0, self.machine.entry_type(level))
            self.machine.call(function, [*before, slot, *after])
            return Entry(name, 0, run.tables[0].entries[0])
        except RecursionError:
            return "nested too deep"
        except (Unjudged, PathEnds) as problem:
            return str(problem)
        finally:
            self.machine.run = saved

    def new_table(self, level: str, count: int, raw: int) -> Table:
        """A page table of the current run, filled with one raw value."""
        table = Table(level, self.width(level), TABLE_BASE[self.bits], [raw] * count)
        self.machine.run.tables.append(table)
        return table

    def classes(self, level: str) -> tuple[Entry, ...]:
        """Every class of entry the tree can make at a level, mapping the first frame."""
        found: list[Entry] = []
        for item in (self.none(level), self.table(level)):
            if isinstance(item, Entry):
                found.append(item)
        for kind in entry_classes(level):
            entry = self.entry(level, kind, self.frames[0])
            if isinstance(entry, Entry):
                found.append(entry)
        return tuple(found)

    def folded(self, level: str) -> bool:
        """Whether the variant has no such level: one entry a table, nothing to map."""
        return level != "pte" and self.constant(f"PTRS_PER_{level.upper()}") == 1

    def has_counted(self, level: str) -> bool:
        """Whether any entry of the level is counted; without one nothing can be proved."""
        return any(self.counted(level, entry.raw) is not None for entry in self.classes(level))

    def with_frame(self, level: str, entry: Entry, pfn: int) -> Entry:
        """The same class of entry for another frame."""
        if entry.kind is None:
            return entry
        other = self.entry(level, entry.kind, pfn)
        return other if isinstance(other, Entry) else entry

    def apply(self, level: str, change: str, raw: int) -> int | None:
        """An entry changed by one of the tree's modifiers; None when it has no such modifier."""
        for name in (f"{APPLY}{level}_{change}", *(f"{APPLY}{level}_{change}_{i}" for i in range(4))):
            if not self.machine.code.has_function(name):
                continue
            try:
                return self.raw(level, self.evaluate(name, self.wrap(level, raw)))
            except (Unjudged, PathEnds):
                continue
        return None

    def test(self, level: str, name: str, raw: int) -> int | None:
        """`pte_present(x)` and its like as a number; None when the tree cannot say."""
        try:
            value = self.machine.number(self.evaluate(f"{TEST}{level}_{name}", self.wrap(level, raw)))
        except (Unjudged, PathEnds):
            return None
        return None if isinstance(value, Opaque) else value.value

    # -- counting

    def has_predicate(self, level: str) -> bool:
        """Whether the variant defines the level's user accessible predicate."""
        return self.machine.code.function_node(f"{level}_user_accessible_page", "") is not None

    def surrogate(self, level: str, raw: int) -> bool:
        """The answer of a predicate derived from the tree's entries, where it has none."""
        if level not in self._surrogates:
            empty = self.none(level)
            self._surrogates[level] = derive(
                level, lambda name, pfn: self._raw_of(level, name, pfn), self.frames,
                empty.raw if isinstance(empty, Entry) else None,
            )  # fmt: skip
        found = self._surrogates[level]
        if found is None:
            raise Unjudged(f"no accessible {level} entry can be made in this configuration")
        return counts(found, raw, lambda name: self.test(level, name, raw), level)

    def _raw_of(self, level: str, name: str, pfn: int) -> int | None:
        for kind in entry_classes(level):
            if kind.name == name:
                entry = self.entry(level, kind, pfn)
                return entry.raw if isinstance(entry, Entry) else None
        return None

    def _surrogate_call(self, level: str, values: list[Value]) -> Value:
        raw = self.raw(level, values[-1] if len(values) != 2 else values[0])
        return Int(int(self.surrogate(level, raw)), 1, False)

    def predicate(self, level: str, raw: int) -> bool:
        """`pXX_user_accessible_page(x)`; Unjudged when it cannot be evaluated."""
        name = f"{level}_user_accessible_page"
        node = self.machine.code.function_node(name, "")
        if node is None:
            return self.surrogate(level, raw)
        values: list[Value] = []
        for parameter in node.decl.type.args.params:
            text = repr(parameter.type)
            if "mm_struct" in text:
                values.append(MM)
            elif f"{level}_t" in text:
                values.append(self.wrap(level, raw))
            else:
                values.append(Int(ADDRESS[self.bits], self.bits, False))
        result = self.machine.number(self.evaluate(name, *values))
        if isinstance(result, Opaque):
            raise Unjudged(f"{name} depends on {result.name}")
        return result.value != 0

    def counted(self, level: str, raw: int) -> Counted | None:
        """What an entry contributes to the counters, as the framework of the tree sees it."""
        key = (level, raw)
        if key not in self._counted:
            self._counted[key] = self._count(level, raw)
        return self._counted[key]

    def _count(self, level: str, raw: int) -> Counted | None:
        name = f"__page_table_check_{level}_clear"
        if self.machine.code.function_node(name, "") is not None:
            return self._framework_count(name, level, raw)
        if not self.predicate(level, raw):
            return None
        if level == "pte" and self.test("pte", "special", raw):
            return None
        pfn = self.test(level, "pfn", raw)
        if pfn is None:
            raise Unjudged(f"{level}_pfn cannot be evaluated")
        return Counted(pfn, self.pages(level))

    def pages(self, level: str) -> int:
        """Base pages that a leaf of the level maps."""
        if level == "pte":
            return 1
        size, page = self.constant(f"{level.upper()}_SIZE"), self.constant("PAGE_SIZE")
        if not size or not page:
            raise Unjudged(f"{level.upper()}_SIZE is not known")
        return size // page

    def _framework_count(self, name: str, level: str, raw: int) -> Counted | None:
        """Runs the tree's own clear hook down to the call that moves the counters."""
        moved: list[list[Value]] = []
        kept: list[list[Value]] = []

        def record(values: list[Value]) -> Value:
            moved.append(values)
            return Int(0)

        machine = self.machine
        node = machine.code.function_node(name, "")
        values: list[Value] = []
        for parameter in node.decl.type.args.params:
            declared = parameter.name or ""
            if declared == "mm":
                values.append(MM)
            elif declared in ("addr", "address"):
                values.append(Int(ADDRESS[self.bits], self.bits, False))
            else:
                values.append(self.wrap(level, raw))

        def ask() -> Value:
            moved.clear()
            machine.call(name, list(values))
            kept[:] = moved
            return Text(repr([self._frame_arguments(one) for one in moved]))

        saved_overrides = machine.overrides
        machine.overrides = {**saved_overrides, _COUNTER: record, **ORDINARY}
        machine.transparent = True
        try:
            self._agreed(name, ask)
        finally:
            machine.overrides = saved_overrides
            machine.transparent = False
        if not kept:
            return None
        if len(kept) > 1:
            raise Unjudged(f"{name} counts an entry in {len(kept)} parts")
        numbers = [machine.number(value) for value in self._frame_arguments(kept[0])]
        pfn, pages = numbers[0], numbers[1]
        if isinstance(pfn, Opaque) or isinstance(pages, Opaque):
            raise Unjudged(f"{name} counts a frame that is not known: {numbers[0]!r}")
        return Counted(pfn.value, pages.value)

    def _frame_arguments(self, values: list[Value]) -> list[Value]:
        """(pfn, number of pages) among the arguments of the counting function, by their names."""
        node = self.machine.code.function_node(_COUNTER, "")
        if node is None:
            return values[:2]
        names = [parameter.name or "" for parameter in node.decl.type.args.params]
        by_name = dict(zip(names, values, strict=False))
        pfn = next((by_name[n] for n in names if "pfn" in n), values[0])
        pages = next(
            (by_name[n] for n in names if "cnt" in n or n in ("nr", "pages", "nr_pages")), values[-1]
        )
        return [pfn, pages]


__all__ = ["Counted", "Entry", "Session", "Struct"]
