# SPDX-License-Identifier: GPL-2.0-only
"""Pages: what kind they are, how often they are mapped, and when a count breaks a rule.

Facts: mm/page_table_check.c of the kernels from 5.17 on (the order in which things are checked).
"""

from __future__ import annotations

from typing import Final

from .decode import Decoder, Facts
from .values import LEVELS, Counters, Event, Op, PageKind, Rule, Traits

_ANON: Final = PageKind.ANONYMOUS
_FILE: Final = PageKind.FILE
_MAPPED: Final = {
    Op.ALLOC: Rule.ALLOC_MAPPED,
    Op.FREE: Rule.FREE_MAPPED,
    Op.ZERO: Rule.ZERO_MAPPED,
}
_LASTING: Final = frozenset({PageKind.NO_PAGE_EXT, PageKind.INVALID, PageKind.ZERO})


class Stop(Exception):
    """A rule is broken: where the kernel would stop."""

    def __init__(self, rule: Rule, pfn: int, before: Counters) -> None:
        super().__init__(rule.value)
        self.rule = rule
        self.pfn = pfn
        self.before = before


class PageCounts:
    """The pages of a machine with their kinds and counters; entries are counted one by one."""

    def __init__(self, decoder: Decoder, traits: Traits | None = None) -> None:
        self.decoder = decoder
        self.traits = traits or Traits()
        self._kinds: dict[int, PageKind] = {}
        self._anon: dict[int, int] = {}
        self._file: dict[int, int] = {}
        self._touched: list[range] = []  # pages by the event
        self._moved: list[tuple[bool, range, int]] = []  # by the event, until it stops
        self._pages = {level: decoder.pages(level) for level in LEVELS}

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

    # -- what pages are ----------------------------------------------------------------------

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
            raise Stop(Rule.SLAB_ALLOCATED, event.pfn, self.counters(event.pfn))
        if kind is PageKind.NO_PAGE_EXT and self.traits.has_page_ext:
            if self.traits.page_ext_required:
                raise Stop(Rule.NO_COUNTERS, event.pfn, Counters())
            return
        for pfn in range(event.pfn, event.pfn + (1 << event.order)):
            if self._anon.get(pfn, 0) or self._file.get(pfn, 0):
                raise Stop(_MAPPED[event.op], pfn, self.counters(pfn))

    def _do_free(self, event: Event) -> None:
        """A page that is free is no longer anonymous memory, nor a slab."""
        for pfn in range(event.pfn, event.pfn + (1 << event.order)):
            if self._kinds.get(pfn, _FILE) not in _LASTING:
                self._kinds.pop(pfn, None)

    # -- counting ----------------------------------------------------------------------------

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
                raise Stop(Rule.NO_COUNTERS, pfn, Counters())
            return False
        if kind is PageKind.SLAB and self.traits.slab_refused:
            raise Stop(Rule.SLAB_MAPPED, pfn, self.counters(pfn))
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
                raise Stop(rule, pfn, self.counters(pfn))
            left = mine.get(pfn, 0) - 1
            if left < 0:
                before = self.counters(pfn)
                mine[pfn] = left
                raise Stop(Rule.ANON_NEGATIVE if anon else Rule.FILE_NEGATIVE, pfn, before)
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
                    raise Stop(Rule.ANON_OVER_FILE, pfn, self.counters(pfn))
                count = self._anon.get(pfn, 0) + 1
                self._anon[pfn] = count
                if count > 1 and facts.write:
                    before = Counters(count - 1, self._file.get(pfn, 0))
                    raise Stop(Rule.ANON_SHARED_WRITABLE, pfn, before)
            self._moved.append((True, range(first, first + nr * pages), -1))
            return
        for pfn in range(first, first + nr * pages):
            if self._anon.get(pfn, 0):
                raise Stop(Rule.FILE_OVER_ANON, pfn, self.counters(pfn))
            count = self._file.get(pfn, 0) + 1
            self._file[pfn] = count
            if count < 0:
                raise Stop(Rule.FILE_NEGATIVE, pfn, Counters(0, count - 1))
        self._moved.append((False, range(first, first + nr * pages), -1))
