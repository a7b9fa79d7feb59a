# SPDX-License-Identifier: GPL-2.0-only
"""Page table entries made by the tree's own constructors, and the tree's own tests of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from ..evaluate.memory import Table
from ..evaluate.values import Int, Opaque, PathEnds, Pointer, Unjudged, Value
from ..frontend import Unit
from ..kconfig import Variant
from .asking import MM, Asking
from .noted import Said
from .probes import APPLY, CALL, CLASS, CLEAR, TEST, EntryClass, entry_classes
from .sharing import plain_key

VMA: Final = Opaque("vma", nonnull=True)
TABLE_BASE: Final = {64: 0x7F00_0000_0000, 32: 0x7000_0000}
ADDRESS: Final = {64: 0x12_3400_0000, 32: 0x2000_0000}
LOWER_TABLE: Final = {64: 0x7E00_0000_0000, 32: 0x6000_0000}
AHEAD: Final = 64  # entries before that of a helper: where it lies in its table nobody says
LEAST_ENTRIES: Final = 256  # of a table, where more of its memory is used for something else


@dataclass(frozen=True, slots=True)
class Entry:
    """A raw entry made by the tree's own constructors: class name, frame, raw value."""

    name: str
    pfn: int
    raw: int
    kind: EntryClass | None = None


class Entries(Asking):
    """Evaluates constructors, modifiers and tests of one variant."""

    def __init__(
        self, unit: Unit, variant: Variant, world: Mapping[str, int] | None = None
    ) -> None:
        super().__init__(unit, variant, world)
        self._entries: dict[tuple[str, str, int], Entry | str] = {}
        self.refused: set[tuple[str, str]] = set()  # classes that the tree refuses to make
        self._makers: dict[tuple[str, str], int] = {}

    def entry(self, level: str, kind: EntryClass, pfn: int) -> Entry | str:
        """An entry of a class that maps `pfn`, or why the tree cannot make one."""
        key = (level, kind.name, pfn)
        if key not in self._entries:
            first = self._makers.get((level, kind.name), 0)
            numbers, reason = self.noted(
                f"make {level} {pfn} {first} {kind.name}",
                lambda: self._make(level, kind, pfn, first),
            )
            if numbers[0]:
                self.refused.add((level, kind.name))
            if len(numbers) > 1:
                self._makers[(level, kind.name)] = numbers[2]
                self._entries[key] = Entry(kind.name, pfn, numbers[1], kind)
            else:
                self._entries[key] = reason
        return self._entries[key]

    def _make(self, level: str, kind: EntryClass, pfn: int, first: int) -> Said:
        """Whether a constructor refuses, the raw entry, which constructor makes it; or the first
        of these, and why none does."""
        reason = "no constructor"
        refused = 0
        for index in range(first, len(kind.makers)):
            name = f"{CLASS}{level}_{kind.name.replace('-', '_')}_{index}"
            try:
                value = self.evaluate(name, Int(pfn, self.bits, False))
                raw = self.raw(level, value)
            except (Unjudged, PathEnds) as problem:
                refused |= isinstance(problem, PathEnds)
                reason = str(problem)
                continue
            return (refused, raw, index), ""
        return (refused,), reason

    def none(self, level: str) -> Entry | str:
        """The empty entry, as the tree's own clearing primitive writes it."""
        key = (level, "none", 0)
        if key not in self._entries:
            self._entries[key] = self._stored(
                level, "none", lambda: self._by_store(level, "none", f"{CLEAR}{level}", ())
            )
        return self._entries[key]

    def table(self, level: str) -> Entry | str:
        """An entry that points to a lower table; only pmd and pud have one."""
        key = (level, "table", 0)
        if key not in self._entries:
            if level == "pte":
                self._entries[key] = "a pte points to no table"
            else:
                self._entries[key] = self._stored(level, "table", lambda: self._populated(level))
        return self._entries[key]

    def _populated(self, level: str) -> Entry | str:
        lower = Int(LOWER_TABLE[self.bits], self.bits, False)
        found: Entry | str = "nothing makes one"
        for name in (f"{level}_populate_kernel", f"{level}_populate"):
            found = self._by_store(level, "table", f"{CALL}{name}", (MM,), (lower,))
            if isinstance(found, Entry) and found.raw != self._raw_none(level):
                break
        return found

    def _stored(self, level: str, name: str, ask: Callable[[], Entry | str]) -> Entry | str:
        def said() -> Said:
            found = ask()
            return ((found.raw,), "") if isinstance(found, Entry) else ((), found)

        numbers, reason = self.noted(f"{name} {level}", said)
        return Entry(name, 0, numbers[0]) if numbers else reason

    def _raw_none(self, level: str) -> int:
        empty = self.none(level)
        return empty.raw if isinstance(empty, Entry) else 0

    def _by_store(
        self,
        level: str,
        name: str,
        function: str,
        before: tuple[Value, ...],
        after: tuple[Value, ...] = (),
    ) -> Entry | str:
        saved = self.machine.run

        def ask() -> int:
            run = self.fresh()
            table = self.new_table(level, 8, 0)
            slot = Pointer(table, 0, self.machine.entry_type(level))
            self.machine.call(function, [*before, slot, *after])
            return run.tables[0].entries[0]

        try:
            given = (*(plain_key(v) for v in before), *(plain_key(v) for v in after))
            return Entry(name, 0, self.told(("store", level, function, given), ask))
        except RecursionError:
            return "nested too deep"
        except (Unjudged, PathEnds) as problem:
            return str(problem)
        finally:
            self.machine.run = saved

    def new_table(self, level: str, count: int, raw: int) -> Table:
        """A page table of the current run, filled with one raw value."""
        table = Table(level, self.width(level), TABLE_BASE[self.bits], [raw] * count)
        limit = self.constant(f"PTRS_PER_{level.upper()}") or 0
        if LEAST_ENTRIES <= limit <= count // 2:  # the entry of a helper is in the middle
            start = count // 2 // limit * limit
            table.window = range(start - AHEAD, start + limit)
        self.machine.run.tables.append(table)
        return table

    def classes(self, level: str) -> tuple[Entry, ...]:
        """Every class of entry the tree can make at a level, mapping the first frame."""
        made = [self.none(level), self.table(level)]
        made += [self.entry(level, kind, self.frames[0]) for kind in entry_classes(level)]
        return tuple(entry for entry in made if isinstance(entry, Entry))

    def folded(self, level: str) -> bool:
        """Whether the variant has no such level: one entry a table, nothing to map."""
        return level != "pte" and self.constant(f"PTRS_PER_{level.upper()}") == 1

    def with_frame(self, level: str, entry: Entry, pfn: int) -> Entry:
        """The same class of entry for another frame."""
        if entry.kind is None:
            return entry
        other = self.entry(level, entry.kind, pfn)
        return other if isinstance(other, Entry) else entry

    def apply(self, level: str, change: str, raw: int) -> int | None:
        """An entry changed by one of the tree's modifiers; None when it has no such modifier."""
        ask = partial(self._applied, level, change, raw)
        numbers, _ = self.noted(f"apply {level} {raw} {change}", ask)
        return numbers[0] if numbers else None

    def _applied(self, level: str, change: str, raw: int) -> Said:
        for name in (
            f"{APPLY}{level}_{change}",
            *(f"{APPLY}{level}_{change}_{i}" for i in range(4)),
        ):
            if not self.machine.code.has_function(name):
                continue
            try:
                return (self.raw(level, self.evaluate(name, self.wrap(level, raw))),), ""
            except (Unjudged, PathEnds):
                continue
        return (), ""

    def asked_again(self, key: str) -> None:
        """Ask what was noted under a key once more. Raises ValueError, KeyError for what is no
        key; what the evaluation raises."""
        word, level, *rest = key.split(" ")
        if word == "make":
            kinds = {kind.name: kind for kind in entry_classes(level)}
            pfn, first, kind = int(rest[0]), int(rest[1]), kinds[" ".join(rest[2:])]
            self.noted(key, lambda: self._make(level, kind, pfn, first))
        elif word in ("none", "table"):
            ask = {"none": self.none, "table": self.table}[word]
            ask(level)
        elif word in ("apply", "test"):
            again = {"apply": self.apply, "test": self.test}[word]
            again(level, " ".join(rest[1:]), int(rest[0]))
        else:
            raise KeyError(word)

    def huge(self, entry: Entry) -> Entry:
        """The entry as hugetlb would make it; others as they are."""
        if entry.kind is None or not entry.kind.present:
            return entry
        raw = self.apply("pte", self.page_of_hugetlb()[1], entry.raw)
        return entry if raw is None else Entry(entry.name, entry.pfn, raw, entry.kind)

    def test(self, level: str, name: str, raw: int) -> int | None:
        """`pte_present(x)` and its like as a number; None when the tree cannot say."""
        ask = partial(self._tested, level, name, raw)
        numbers, _ = self.noted(f"test {level} {raw} {name}", ask)
        return numbers[0] if numbers else None

    def _tested(self, level: str, name: str, raw: int) -> Said:
        try:
            value = self.machine.number(
                self.evaluate(f"{TEST}{level}_{name}", self.wrap(level, raw))
            )
        except (Unjudged, PathEnds):
            return (), ""
        return ((), "") if isinstance(value, Opaque) else ((value.value,), "")
