# SPDX-License-Identifier: GPL-2.0-only
"""From what ftrace prints of the hooks to events: kprobe events, or function tracing with args.

docs/event-log.md says how to record one. A line that is about none of the hooks is passed over; a
line that is, and does not say all that the event needs, is an error with its number.

A set hook un-counts what its slots hold by calling the clear hook. Where the compiler has not put
that in line, such calls are in the trace; they are no events of their own, and say what was there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from .log import LogError
from .trace_lines import BadTraceError, TraceLine, closes_at, cpu_of, read_line
from .values import Event, Op, PageKind

_HOOK: Final = re.compile(
    r"\b_*page_table_check_(?:(?P<range>pte_clear_range)|(?P<level>pte|pmd|pud)s?_(?P<kind>set|clear)"
    r"|(?P<pages>zero|alloc|free))\b"
)
_PAGE: Final = re.compile(
    r"\b(?:(?P<anon>folio_add_new_anon_rmap|page_add_new_anon_rmap|hugepage_add_new_anon_rmap"
    r"|hugetlb_add_new_anon_rmap|__folio_set_anon|__page_set_anon_rmap)"
    r"|(?P<moved>folio_migrate_flags|migrate_page_states)"
    r"|(?P<pool>free_huge_folio|free_huge_page))\b"
)
_OURS: Final = re.compile(r"_*page_table_check_")
_LOST: Final = re.compile(r"\[LOST (\d+) EVENTS\]")
_SLOT_WIDTH: Final = 8
MAX_ORDER: Final = 20


@dataclass(frozen=True, slots=True)
class Memory:
    """Where the struct pages are: needed for the hooks that are given a page.

    `vmemmap`: the address of the struct page of frame 0. `init_mm`: the address of init_mm.
    """

    vmemmap: int | None = None
    struct_page: int = 64
    init_mm: int | None = None
    entry_width: int = _SLOT_WIDTH


@dataclass(slots=True)
class _Running:
    """A set hook, or pte_clear_range, that runs on a CPU: what it has un-counted so far."""

    event: Event | None  # None: the range of a table of which nothing but that is known
    number: int
    depth: int | None
    old: list[int] = field(default_factory=list)


class Converter:
    """Makes events of the lines of a trace; each mm gets a small number."""

    def __init__(self, name: str, memory: Memory, spans: dict[str, int]) -> None:
        """`spans`: bytes that an entry of each level stands for."""
        self._name = name
        self._memory = memory
        self._spans = spans
        self._mms: dict[int, int] = {}
        self._naming = ""
        self._number = 0
        self._running: dict[str, _Running] = {}  # by CPU
        self._orders: dict[int, int] = {}  # of pages that were allocated together, by the first
        self._anonymous: set[int] = set()

    def events(self, lines: Iterable[str]) -> Iterator[Event]:
        """The events of a trace, `number` being the line. Raises LogError."""
        for number, line in enumerate(lines, 1):
            self._number = number
            try:
                yield from self._line(line)
            except BadTraceError as bad:
                raise self._bad(str(bad)) from None
        for cpu in list(self._running):
            yield from self._done(cpu)

    def _line(self, line: str) -> Iterator[Event]:
        lost = _LOST.search(line)
        if lost is not None:
            raise BadTraceError(f"{lost[1]} events are lost here; record with a larger buffer")
        if line.startswith("#"):
            return
        end = closes_at(line)
        if end is not None:
            yield from self._closed(cpu_of(line), end)
        if _HOOK.search(line) is None and _PAGE.search(line) is None:
            return
        call = read_line(line)
        if call is None:
            return
        hook, page = _HOOK.fullmatch(call.symbol), _PAGE.fullmatch(call.symbol)
        if hook is not None and hook["kind"] == "clear" and self._within(call):
            yield from self._uncounted(call, hook["level"])
            return
        if hook is None and page is None:
            return
        yield from self._done(call.cpu)
        if hook is not None and not hook["pages"]:
            yield from self._begun(call, hook)
        elif hook is not None:
            pfn, order = self._page(call)
            self._set_order(pfn, order)
            yield Event(self._zero(hook["pages"], call), pfn=pfn, order=order, number=self._number)
        elif page is not None:
            yield from self._kind(call, page)

    def _bad(self, message: str, number: int | None = None) -> LogError:
        return LogError(f"{self._name}:{number or self._number}: {message}")

    # -- hooks -------------------------------------------------------------------------------

    def _within(self, call: TraceLine) -> bool:
        """Whether a clear hook was called by another hook."""
        if call.depth is not None:
            running = self._running.get(call.cpu)
            return running is not None and running.depth is not None and call.depth > running.depth
        if not call.caller:
            raise BadTraceError(
                "no caller= in it: a clear that a set hook makes cannot be told from others"
            )
        return _OURS.match(call.caller) is not None

    def _uncounted(self, call: TraceLine, level: str) -> Iterator[Event]:
        running = self._running.get(call.cpu)
        value = call.one(level, "value")
        if running is None:
            return  # the trace begins within a hook
        if running.event is None:
            mm = self._mm(call.one("mm"))
            running.old.append(value)
            yield Event(Op.CLEAR, level, mm, self._slot(level, call), value, number=self._number)
            return
        running.old.append(value)
        if running.event.op is Op.SET and len(running.old) == running.event.nr:
            yield from self._done(call.cpu)

    def _begun(self, call: TraceLine, hook: re.Match[str]) -> Iterator[Event]:
        event = self._entry(call, hook)
        if event is not None and event.op is Op.CLEAR:
            yield event
            return
        depth = call.depth
        if event is not None and (event.mm == 0 or (depth is not None and not call.opens)):
            yield event  # it calls nothing
            return
        self._running[call.cpu] = _Running(event, self._number, depth)

    def _closed(self, cpu: str, depth: int) -> Iterator[Event]:
        running = self._running.get(cpu)
        if running is not None and running.depth is not None and depth <= running.depth:
            yield from self._done(cpu)

    def _done(self, cpu: str) -> Iterator[Event]:
        """What ran on a CPU has come to its end."""
        running = self._running.pop(cpu, None)
        if running is None:
            return
        event, old = running.event, tuple(running.old)
        if event is None:
            if not old:
                raise self._bad(
                    "which entries the table holds cannot be told: no hook says addr=, and it"
                    " calls no clear hook",
                    running.number,
                )
            return
        if old and (event.op is not Op.SET or len(old) == event.nr):
            event = event._replace(old=old)
        if event.op is Op.SET and event.slot is None and event.old is None:
            raise self._bad(f"neither addr= nor {event.level}p= nor old= in it", running.number)
        yield event

    def _entry(self, call: TraceLine, hook: re.Match[str]) -> Event | None:
        """The event of a hook that is given an mm; None for a table whose place is not known."""
        number = self._number
        mm = self._mm(call.one("mm"))
        old = call.values.get("old") or None
        if hook["range"]:
            if self._naming == "slot":
                return None
            slot = self._slot("pte", call)
            if slot is None:
                return None
            return Event(Op.CLEAR_RANGE, "pte", mm, slot, old=old, number=number)
        level = hook["level"]
        value = call.one(level, "value")
        slot = self._slot(level, call)
        if hook["kind"] == "clear":
            return Event(Op.CLEAR, level, mm, slot, value, number=number)
        nr = call.values.get("nr", (1,))[0]
        return Event(Op.SET, level, mm, slot, value, nr, old, number=number)

    @staticmethod
    def _zero(name: str, call: TraceLine) -> Op:
        """Compilers may make one function of page_table_check_alloc() and _free()."""
        told = "" if _OURS.match(call.caller) else call.caller
        word = f"{'' if name == 'zero' else name} {told}"
        if "alloc" in word or "prep_new" in word:
            return Op.ALLOC
        return Op.FREE if "free" in word else Op.ZERO

    # -- pages -------------------------------------------------------------------------------

    def _kind(self, call: TraceLine, what: re.Match[str]) -> Iterator[Event]:
        """What a page is from now on, where that is told."""
        pfn, order = self._page(call)
        order = order if "order" in call.values else self._orders.get(pfn, 0)
        pages = range(pfn, pfn + (1 << order))
        kind = PageKind.ANONYMOUS
        if what["moved"]:
            if self._frame(call.one("src")) not in self._anonymous:
                return
        elif what["pool"]:
            kind = PageKind.FILE
        if kind is PageKind.FILE:
            self._anonymous.difference_update(pages)
        else:
            self._anonymous.update(pages)
        yield Event(Op.PAGE, nr=len(pages), pfn=pfn, kind=kind, number=self._number)

    def _set_order(self, pfn: int, order: int) -> None:
        """Pages are allocated or freed together."""
        if order:
            self._orders[pfn] = order
            self._anonymous.difference_update(range(pfn, pfn + (1 << order)))
        else:
            self._orders.pop(pfn, None)
            self._anonymous.discard(pfn)

    def _page(self, call: TraceLine) -> tuple[int, int]:
        order = call.values.get("order", (0,))[0]
        if not 0 <= order <= MAX_ORDER:
            raise BadTraceError(f"order={order} is not from 0 to {MAX_ORDER}")
        if call.values.get("pfn"):
            return call.values["pfn"][0], order
        return self._frame(call.one("page", "folio", "pfn")), order

    def _frame(self, page: int) -> int:
        """The frame of a struct page."""
        memory = self._memory
        if memory.vmemmap is None:
            raise BadTraceError(
                "a page by its address: the address of frame 0 is needed (--vmemmap)"
            )
        pfn, rest = divmod(page - memory.vmemmap, memory.struct_page)
        if rest or pfn < 0:
            raise BadTraceError(f"{page:#x} is no struct page of {memory.struct_page} bytes there")
        return pfn

    # -- entries -----------------------------------------------------------------------------

    def _mm(self, address: int) -> int:
        if address == self._memory.init_mm:
            return 0
        return self._mms.setdefault(address, len(self._mms) + 1)

    def _slot(self, level: str, call: TraceLine) -> int | None:
        """By address where the hooks are given one, else by the place of the entry."""
        for naming, names in (("addr", ("addr", "address")), ("slot", (f"{level}p",))):
            found = next((call.values[name][0] for name in names if call.values.get(name)), None)
            if found is None:
                continue
            if self._naming and naming != self._naming:
                continue
            self._naming = naming
            return found // (self._spans[level] if naming == "addr" else self._memory.entry_width)
        return None
