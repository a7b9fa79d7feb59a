# SPDX-License-Identifier: GPL-2.0-only
"""The rules of page table check, executable: counters, page kinds, page tables.

Facts: Documentation/mm/page_table_check.rst (the table) and mm/page_table_check.c (the order in
which things are checked) of the kernels from 5.17 on; what differs between trees is in `Traits`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from .counting import PageCounts, Stop
from .decode import Decoder, Facts
from .tables import Held, PageTables, UnknownSlotError
from .values import (
    INIT_MM,
    Counters,
    Event,
    Mapping,
    Op,
    PageKind,
    Rule,
    Traits,
    Violation,
)

_FILE: Final = PageKind.FILE


class Model(PageCounts):
    """Counts mappings as the kernel does, one event at a time.

    After a violation the counters stand where the kernel's do when it stops, and the slots hold
    what they held; whoever wants to go on may.
    """

    def __init__(self, decoder: Decoder, traits: Traits | None = None) -> None:
        super().__init__(decoder, traits)
        self.warnings: list[Violation] = []
        self.events = 0
        self._tables = PageTables(decoder)

    # -- the operations ----------------------------------------------------------------------

    def ptes_set(
        self, mm: int, slot: int, raw: int, nr: int = 1, old: Iterable[int] | None = None
    ) -> Violation | None:
        """`nr` ptes from `slot` on are about to map the pages from `raw`'s on."""
        return self._set("pte", mm, slot, raw, nr, old)

    def pmds_set(
        self, mm: int, slot: int, raw: int, nr: int = 1, old: Iterable[int] | None = None
    ) -> Violation | None:
        """As `ptes_set`, for pmds."""
        return self._set("pmd", mm, slot, raw, nr, old)

    def puds_set(
        self, mm: int, slot: int, raw: int, nr: int = 1, old: Iterable[int] | None = None
    ) -> Violation | None:
        """As `ptes_set`, for puds."""
        return self._set("pud", mm, slot, raw, nr, old)

    def pte_clear(self, mm: int, raw: int, slot: int | None = None) -> Violation | None:
        """A pte that held `raw` was cleared."""
        return self.apply(self._event(Op.CLEAR, "pte", mm, slot, raw))

    def pmd_clear(self, mm: int, raw: int, slot: int | None = None) -> Violation | None:
        """A pmd that held `raw` was cleared."""
        return self.apply(self._event(Op.CLEAR, "pmd", mm, slot, raw))

    def pud_clear(self, mm: int, raw: int, slot: int | None = None) -> Violation | None:
        """A pud that held `raw` was cleared."""
        return self.apply(self._event(Op.CLEAR, "pud", mm, slot, raw))

    def pte_clear_range(
        self, mm: int, slot: int, old: Iterable[int] | None = None
    ) -> Violation | None:
        """The table of ptes whose first is `slot` is dropped as a whole."""
        event = self._event(Op.CLEAR_RANGE, "pte", mm, slot, 0)
        return self.apply(event if old is None else event._replace(old=tuple(old)))

    def alloc(self, pfn: int, order: int = 0) -> Violation | None:
        """2^order pages from `pfn` on leave the free list; nothing may map them."""
        return self.apply(Event(Op.ALLOC, pfn=pfn, order=order, number=self.events + 1))

    def free(self, pfn: int, order: int = 0) -> Violation | None:
        """2^order pages from `pfn` on go to the free list; nothing may map them."""
        return self.apply(Event(Op.FREE, pfn=pfn, order=order, number=self.events + 1))

    def page(self, pfn: int, kind: PageKind, nr: int = 1) -> None:
        """`nr` pages from `pfn` on are of this kind from now on."""
        self.apply(Event(Op.PAGE, pfn=pfn, nr=nr, kind=kind, number=self.events + 1))

    def store(self, mm: int, level: str, slot: int, raw: int) -> None:
        """An entry changes and no hook is called (write protection, the accessed bit)."""
        self.apply(self._event(Op.STORE, level, mm, slot, raw))

    # -- what the model knows ----------------------------------------------------------------

    def mappings(self, pfn: int) -> tuple[Mapping, ...]:
        """The counted entries that map a page by the page tables, the oldest first."""
        return tuple(sorted(self._find(pfn), key=lambda found: found.number))

    def held(self, mm: int, level: str, slot: int) -> range:
        """The pages that the entry in a slot is counted for, as far as the model has seen."""
        found = self._tables.get((mm, level, slot))
        return range(0) if found is None else self._counted(mm, level, found)

    def recount(self) -> dict[int, int]:
        """How often each page is mapped by the page tables as they are, whoever counted."""
        found: dict[int, int] = {}
        for (mm, level, _), held in self._tables.items():
            span = self._counted(mm, level, held)
            for pfn in span:
                found[pfn] = found.get(pfn, 0) + 1
        return found

    # -- one event ---------------------------------------------------------------------------

    def apply(self, event: Event) -> Violation | None:
        """Does what an event says; the rule that it breaks, if it does.

        Raises UnknownSlotError where what the slot held is not known.
        """
        self.events += 1
        self._moved.clear()
        self._touched.clear()
        try:
            if event.op is Op.SET:
                self._do_set(event)
            elif event.op is Op.CLEAR:
                self._do_clear(event)
            elif event.op is Op.CLEAR_RANGE:
                self._do_clear_range(event)
            elif event.op is Op.PAGE:
                self._do_page(event)
            elif event.op is Op.STORE:
                assert event.slot is not None
                key = (event.mm, event.level, event.slot)
                self._tables.put(key, (event.value, 0, event.number))
            else:
                self._do_zero(event)
                self._do_free(event)
        except Stop as stop:
            return self._violation(stop, event)
        return None

    def _event(self, op: Op, level: str, mm: int, slot: int | None, raw: int) -> Event:
        return Event(op, level, mm, slot, raw, number=self.events + 1)

    def _set(
        self, level: str, mm: int, slot: int, raw: int, nr: int, old: Iterable[int] | None
    ) -> Violation | None:
        held = None if old is None else tuple(old)
        return self.apply(Event(Op.SET, level, mm, slot, raw, nr, held, number=self.events + 1))

    def _do_set(self, event: Event) -> None:
        mm, level, nr = event.mm, event.level, event.nr
        facts = self.decoder.facts(level, event.value)
        if mm != INIT_MM:
            warned = facts.protected and level in self.traits.flags_checked
            if warned:
                self._warn(event, facts)
            if nr == 1 or level in self.traits.batched:
                for index in range(nr):
                    self._clear_old(event, index)
                if facts.accessible:
                    self._count_new(level, facts, 0, nr)
            else:
                for index in range(nr):
                    if warned and index:
                        self._warn(event, facts)
                    self._clear_old(event, index)
                    if facts.accessible:
                        self._count_new(level, facts, index, 1)
        if event.slot is not None:
            for index in range(nr):
                key = (mm, level, event.slot + index)
                self._tables.put(key, (event.value, index, event.number))

    def _do_clear(self, event: Event) -> None:
        if event.mm != INIT_MM:
            self._uncount(event.level, event.value, 0)
        if event.slot is not None:
            self._tables.drop((event.mm, event.level, event.slot))
        elif self.decoder.facts(event.level, event.value).accessible:
            self._tables.forget(event.mm, event.level, event.value)

    def _do_clear_range(self, event: Event) -> None:
        assert event.slot is not None
        if event.mm == INIT_MM:
            return
        for index in range(self.decoder.entries("pte")):
            self._clear_old(event, index)
        for index in range(self.decoder.entries("pte")):
            self._tables.drop((event.mm, "pte", event.slot + index))

    def _clear_old(self, event: Event, index: int) -> None:
        """Un-counts what a slot of a set or clear-range holds."""
        if event.old is not None and index < len(event.old):
            self._uncount(event.level, event.old[index], 0)
            return
        if event.slot is None:
            raise UnknownSlotError("neither the slot nor what it held ('old') is known")
        held = self._tables.known((event.mm, event.level, event.slot + index))
        if held is not None:
            self._uncount(event.level, held[0], held[1])

    # -- page tables -------------------------------------------------------------------------

    def _counted(self, mm: int, level: str, held: Held) -> range:
        """The pages that an entry is counted for."""
        facts = self.decoder.facts(level, held[0])
        first = facts.pfn + held[1] * self._pages[level]
        kind = self._kinds.get(first, _FILE)
        if mm == INIT_MM or not facts.accessible or self._skipped(level, facts, kind):
            return range(0)
        return range(first, first + self._pages[level])

    def _find(self, pfn: int) -> Iterator[Mapping]:
        for (mm, level, slot), held in self._tables.items():
            span = self._counted(mm, level, held)
            if pfn in span:
                facts = self.decoder.facts(level, held[0])
                yield Mapping(mm, level, slot, held[0], held[2], facts.write, span.start)

    # -- what went wrong ---------------------------------------------------------------------

    def _warn(self, event: Event, facts: Facts) -> None:
        counters = self.counters(facts.pfn)
        own = Mapping(
            event.mm, event.level, event.slot, event.value, event.number, facts.write, facts.pfn
        )
        self.warnings.append(
            Violation(
                Rule.WRITABLE_PROTECTED, facts.pfn, self.kind(facts.pfn), counters, counters,
                event, (own,),
            )
        )  # fmt: skip

    def _violation(self, stop: Stop, event: Event) -> Violation:
        pfn = stop.pfn
        there = self.mappings(pfn)
        own: tuple[Mapping, ...] = ()
        if event.op is Op.SET:
            facts = self.decoder.facts(event.level, event.value)
            span = range(facts.pfn, facts.pfn + event.nr * self._pages[event.level])
            if facts.accessible and pfn in span:
                own = (
                    Mapping(
                        event.mm, event.level, event.slot, event.value, event.number,
                        facts.write, facts.pfn,
                    ),
                )  # fmt: skip
        older = there[:1] if own else there
        anon, file = stop.before.anon, stop.before.file
        for is_anon, span, step in self._moved:
            if pfn in span:
                anon, file = (anon + step, file) if is_anon else (anon, file + step)
        return Violation(
            stop.rule, pfn, self.kind(pfn), Counters(anon, file), self.counters(pfn), event,
            (*older[:2], *own),
        )  # fmt: skip
