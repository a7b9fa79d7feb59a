# SPDX-License-Identifier: GPL-2.0-only
"""The rules of page table check, executable: counters, page kinds, page tables.

Facts: Documentation/mm/page_table_check.rst (the table) and mm/page_table_check.c (the order in
which things are checked) of the kernels from 5.17 on; what differs between trees is in `Traits`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from .decode import Decoder, Facts
from .values import (
    INIT_MM,
    LEVELS,
    Counters,
    Event,
    Mapping,
    Op,
    PageKind,
    Rule,
    Traits,
    Violation,
)

_ANON: Final = PageKind.ANONYMOUS
_FILE: Final = PageKind.FILE
_MAPPED: Final = {
    Op.ALLOC: Rule.ALLOC_MAPPED,
    Op.FREE: Rule.FREE_MAPPED,
    Op.ZERO: Rule.ZERO_MAPPED,
}
_LASTING: Final = frozenset({PageKind.NO_PAGE_EXT, PageKind.INVALID, PageKind.ZERO})
_Held = tuple[int, int, int]  # raw, how many entries after the one it was written for, event


class _Stop(Exception):
    """A rule is broken: where the kernel would stop."""

    def __init__(self, rule: Rule, pfn: int, before: Counters) -> None:
        super().__init__(rule.value)
        self.rule = rule
        self.pfn = pfn
        self.before = before


class UnknownSlotError(ValueError):
    """A set whose slot holds what the events before it do not tell; its `old` is needed."""


class Model:
    """Counts mappings as the kernel does, one event at a time.

    After a violation the counters stand where the kernel's do when it stops, and the slots hold
    what they held; whoever wants to go on may.
    """

    def __init__(self, decoder: Decoder, traits: Traits | None = None) -> None:
        self.decoder = decoder
        self.traits = traits or Traits()
        self.warnings: list[Violation] = []
        self.events = 0
        self._kinds: dict[int, PageKind] = {}
        self._anon: dict[int, int] = {}
        self._file: dict[int, int] = {}
        self._slots: dict[tuple[int, str, int], _Held] = {}
        self._unsure: set[tuple[int, str, int]] = set()
        self._touched: list[range] = []  # pages by the event
        self._moved: list[tuple[bool, range, int]] = []  # by the event, until it stops
        self._pages = {level: decoder.pages(level) for level in LEVELS}

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

    def counters(self, pfn: int) -> Counters:
        """How often a page is mapped, as the hooks counted."""
        return Counters(self._anon.get(pfn, 0), self._file.get(pfn, 0))

    def kind(self, pfn: int) -> PageKind:
        """What a page is."""
        return self._kinds.get(pfn, _FILE)

    def counted_pages(self) -> dict[int, Counters]:
        """Every page whose counters are not zero."""
        pages = {pfn for counts in (self._anon, self._file) for pfn, n in counts.items() if n}
        return {pfn: self.counters(pfn) for pfn in sorted(pages)}

    def changed(self) -> list[int]:
        """The pages whose counters the last event may have moved."""
        return [pfn for span in self._touched for pfn in span]

    def mappings(self, pfn: int) -> tuple[Mapping, ...]:
        """The counted entries that map a page by the page tables, the oldest first."""
        return tuple(sorted(self._find(pfn), key=lambda found: found.number))

    def held(self, mm: int, level: str, slot: int) -> range:
        """The pages that the entry in a slot is counted for, as far as the model has seen."""
        found = self._slots.get((mm, level, slot))
        return range(0) if found is None else self._counted(mm, level, found)

    def recount(self) -> dict[int, int]:
        """How often each page is mapped by the page tables as they are, whoever counted."""
        found: dict[int, int] = {}
        for (mm, level, _), held in self._slots.items():
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
                self._slots[key] = (event.value, 0, event.number)
                self._unsure.discard(key)
            else:
                self._do_zero(event)
                self._do_free(event)
        except _Stop as stop:
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
                self._slots[key] = (event.value, index, event.number)
                self._unsure.discard(key)

    def _do_clear(self, event: Event) -> None:
        if event.mm != INIT_MM:
            self._uncount(event.level, event.value, 0)
        if event.slot is not None:
            self._slots.pop((event.mm, event.level, event.slot), None)
        elif self.decoder.facts(event.level, event.value).accessible:
            self._forget(event)

    def _do_clear_range(self, event: Event) -> None:
        assert event.slot is not None
        if event.mm == INIT_MM:
            return
        for index in range(self.decoder.entries("pte")):
            self._clear_old(event, index)
        for index in range(self.decoder.entries("pte")):
            self._slots.pop((event.mm, "pte", event.slot + index), None)

    def _do_page(self, event: Event) -> None:
        kind = event.kind or _FILE
        for pfn in range(event.pfn, event.pfn + event.nr):
            if kind is _FILE:
                self._kinds.pop(pfn, None)
            else:
                self._kinds[pfn] = kind

    def _do_zero(self, event: Event) -> None:
        kind = self._kinds.get(event.pfn, _FILE)
        if not self.traits.alloc_free_checked:
            return
        if kind is PageKind.SLAB and self.traits.slab_refused:
            raise _Stop(Rule.SLAB_ALLOCATED, event.pfn, self.counters(event.pfn))
        if kind is PageKind.NO_PAGE_EXT and self.traits.has_page_ext:
            if self.traits.page_ext_required:
                raise _Stop(Rule.NO_COUNTERS, event.pfn, Counters())
            return
        for pfn in range(event.pfn, event.pfn + (1 << event.order)):
            if self._anon.get(pfn, 0) or self._file.get(pfn, 0):
                raise _Stop(_MAPPED[event.op], pfn, self.counters(pfn))

    def _do_free(self, event: Event) -> None:
        """A page that is free is no longer anonymous memory, nor a slab."""
        for pfn in range(event.pfn, event.pfn + (1 << event.order)):
            if self._kinds.get(pfn, _FILE) not in _LASTING:
                self._kinds.pop(pfn, None)

    # -- counting ----------------------------------------------------------------------------

    def _clear_old(self, event: Event, index: int) -> None:
        """Un-counts what a slot of a set or clear-range holds."""
        if event.old is not None and index < len(event.old):
            self._uncount(event.level, event.old[index], 0)
            return
        if event.slot is None:
            raise UnknownSlotError("neither the slot nor what it held ('old') is known")
        key = (event.mm, event.level, event.slot + index)
        if key in self._unsure:
            raise UnknownSlotError("an earlier clear did not say its slot: 'old' is needed")
        held = self._slots.get(key)
        if held is not None:
            self._uncount(event.level, held[0], held[1])

    def _skipped(self, level: str, facts: Facts, kind: PageKind) -> bool:
        """Whether the framework leaves an accessible entry alone."""
        if facts.special and level in self.traits.special_skipped:
            return True
        if kind is PageKind.ZERO and level in self.traits.huge_zero_skipped:
            return True
        return kind is PageKind.INVALID

    def _checked(self, pfn: int, kind: PageKind) -> bool:
        """Whether a page has counters; refuses slab pages."""
        if kind is PageKind.NO_PAGE_EXT and self.traits.has_page_ext:
            if self.traits.page_ext_required:
                raise _Stop(Rule.NO_COUNTERS, pfn, Counters())
            return False
        if kind is PageKind.SLAB and self.traits.slab_refused:
            raise _Stop(Rule.SLAB_MAPPED, pfn, self.counters(pfn))
        return True

    def _uncount(self, level: str, raw: int, index: int) -> None:
        facts = self.decoder.facts(level, raw)
        if not facts.accessible:
            return
        pages = self._pages[level]
        first = facts.pfn + index * pages
        kind = self._kinds.get(first, _FILE)
        if self._skipped(level, facts, kind) or not self._checked(first, kind):
            return
        anon = kind is _ANON
        mine, other = (self._anon, self._file) if anon else (self._file, self._anon)
        self._touched.append(range(first, first + pages))
        for pfn in range(first, first + pages):
            if self.traits.clear_checks_other and other.get(pfn, 0):
                rule = Rule.ANON_OVER_FILE if anon else Rule.FILE_OVER_ANON
                raise _Stop(rule, pfn, self.counters(pfn))
            left = mine.get(pfn, 0) - 1
            if left < 0:
                before = self.counters(pfn)
                mine[pfn] = left
                raise _Stop(Rule.ANON_NEGATIVE if anon else Rule.FILE_NEGATIVE, pfn, before)
            if left:
                mine[pfn] = left
            else:
                mine.pop(pfn, None)
        self._moved.append((anon, range(first, first + pages), 1))

    def _count_new(self, level: str, facts: Facts, index: int, nr: int) -> None:
        pages = self._pages[level]
        first = facts.pfn + index * pages
        kind = self._kinds.get(first, _FILE)
        if self._skipped(level, facts, kind) or not self._checked(first, kind):
            return
        self._touched.append(range(first, first + nr * pages))
        if kind is _ANON:
            for pfn in range(first, first + nr * pages):
                if self._file.get(pfn, 0):
                    raise _Stop(Rule.ANON_OVER_FILE, pfn, self.counters(pfn))
                count = self._anon.get(pfn, 0) + 1
                self._anon[pfn] = count
                if count > 1 and facts.write:
                    before = Counters(count - 1, self._file.get(pfn, 0))
                    raise _Stop(Rule.ANON_SHARED_WRITABLE, pfn, before)
            self._moved.append((True, range(first, first + nr * pages), -1))
            return
        for pfn in range(first, first + nr * pages):
            if self._anon.get(pfn, 0):
                raise _Stop(Rule.FILE_OVER_ANON, pfn, self.counters(pfn))
            count = self._file.get(pfn, 0) + 1
            self._file[pfn] = count
            if count < 0:
                raise _Stop(Rule.FILE_NEGATIVE, pfn, Counters(0, count - 1))
        self._moved.append((False, range(first, first + nr * pages), -1))

    # -- page tables -------------------------------------------------------------------------

    def _counted(self, mm: int, level: str, held: _Held) -> range:
        """The pages that an entry is counted for."""
        facts = self.decoder.facts(level, held[0])
        first = facts.pfn + held[1] * self._pages[level]
        kind = self._kinds.get(first, _FILE)
        if mm == INIT_MM or not facts.accessible or self._skipped(level, facts, kind):
            return range(0)
        return range(first, first + self._pages[level])

    def _find(self, pfn: int) -> Iterator[Mapping]:
        for (mm, level, slot), held in self._slots.items():
            span = self._counted(mm, level, held)
            if pfn in span:
                facts = self.decoder.facts(level, held[0])
                yield Mapping(mm, level, slot, held[0], held[2], facts.write, span.start)

    def _forget(self, event: Event) -> None:
        """A clear that does not say its slot: finds it, or marks those it may have been."""
        first = self.decoder.facts(event.level, event.value).pfn
        candidates = [
            (key, held)
            for key, held in self._slots.items()
            if key[0] == event.mm and key[1] == event.level
            and self._counted(event.mm, event.level, held)[:1] == range(first, first + 1)
        ]  # fmt: skip
        if len(candidates) == 1:
            del self._slots[candidates[0][0]]
            return
        self._unsure.update(key for key, _ in candidates)

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

    def _violation(self, stop: _Stop, event: Event) -> Violation:
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
