# SPDX-License-Identifier: GPL-2.0-only
"""From what ftrace prints of the hooks to events: kprobe events, or function tracing with args.

docs/event-log.md says how to record one. A line that is about none of the hooks is passed over; a
line that is, and does not say all that the event needs, is an error with its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from .log import LogError
from .values import Event, Op, PageKind

_HOOK: Final = re.compile(
    r"\b_*page_table_check_(?:(?P<range>pte_clear_range)|(?P<level>pte|pmd|pud)s?_(?P<kind>set|clear)"
    r"|(?P<pages>zero|alloc|free))\b"
)
_ANON: Final = re.compile(
    r"\b(?:folio_add_new_anon_rmap|page_add_new_anon_rmap|hugepage_add_new_anon_rmap"
    r"|hugetlb_add_new_anon_rmap|__folio_set_anon|__page_set_anon_rmap)\b"
)
_KPROBE: Final = re.compile(
    r": \w+: \((?P<symbol>[\w.]+)(?:\+0x0)?(?:/0x[0-9a-f]+)?\)(?P<rest>.*)$"
)
_CALL: Final = re.compile(
    r"(?P<symbol>\b[A-Za-z_][\w.]*)\((?P<args>.*?)\)\s*(?P<rest>(?:[;{<].*)?)$"
)
_VALUE: Final = re.compile(
    r"\b(?P<name>\w+)=(?:\(\w[\w ]*\)\[)?(?P<value>\{[^}]*\}|-?(?:0x)?[0-9a-fA-F]+\b)\]?"
)
_CALLER: Final = re.compile(r"\bcaller=\"?(\w+)|<-(\w+)")
_LOST: Final = re.compile(r"\[LOST (\d+) EVENTS\]")
_SLOT_WIDTH: Final = 8


@dataclass(frozen=True, slots=True)
class Memory:
    """Where the struct pages are: needed for the hooks that are given a page.

    `vmemmap`: the address of the struct page of frame 0. `init_mm`: the address of init_mm.
    """

    vmemmap: int | None = None
    struct_page: int = 64
    init_mm: int | None = None
    entry_width: int = _SLOT_WIDTH


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

    def events(self, lines: Iterable[str]) -> Iterator[Event]:
        """The events of a trace, `number` being the line. Raises LogError."""
        for number, line in enumerate(lines, 1):
            self._number = number
            lost = _LOST.search(line)
            if lost is not None:
                raise self._bad(f"{lost[1]} events are lost here; record with a larger buffer")
            if line.startswith("#"):
                continue
            hook, anon = _HOOK.search(line), _ANON.search(line)
            if hook is None and anon is None:
                continue
            symbol, text = self._symbol(line)
            hook, anon = _HOOK.fullmatch(symbol), _ANON.fullmatch(symbol)
            values = dict(self._values(text))
            if anon is not None:
                pfn, order = self._page(values)
                yield Event(Op.PAGE, nr=1 << order, pfn=pfn, kind=PageKind.ANONYMOUS, number=number)
            elif hook is not None:
                yield self._event(hook, values, text)

    def _bad(self, message: str) -> LogError:
        return LogError(f"{self._name}:{self._number}: {message}")

    def _symbol(self, line: str) -> tuple[str, str]:
        """The function of a line and the text with its arguments."""
        found = _KPROBE.search(line)
        if found is not None:
            return found["symbol"], found["rest"]
        found = _CALL.search(line)
        if found is not None:
            return found["symbol"], f"{found['args']} {found['rest']}"
        if "<-" in line or line.rstrip().endswith(("();", "() {")):
            return "", ""  # somebody else's line, called by a hook
        raise self._bad("a hook without its arguments (options/func-args, or kprobe events)")

    def _values(self, text: str) -> Iterator[tuple[str, list[int]]]:
        for match in _VALUE.finditer(text):
            inner = match["value"]
            parts = inner[1:-1].split(",") if inner.startswith("{") else [inner]
            try:
                yield match["name"], [_integer(part) for part in parts if part]
            except ValueError:
                raise self._bad(f"{match['name']}={inner} is no number") from None

    def _one(self, values: dict[str, list[int]], *names: str) -> int:
        for name in names:
            if values.get(name):
                return values[name][0]
        raise self._bad(f"no {' or '.join(names)}= in it")

    def _event(self, hook: re.Match[str], values: dict[str, list[int]], text: str) -> Event:
        number = self._number
        if hook["pages"]:
            pfn, order = self._page(values)
            return Event(self._zero(hook["pages"], text), pfn=pfn, order=order, number=number)
        mm = self._mm(self._one(values, "mm"))
        if hook["range"]:
            slot = self._slot("pte", values) if self._naming == "addr" else None
            if slot is None:
                raise self._bad("which entries the table holds cannot be told: no hook says addr=")
            return Event(Op.CLEAR_RANGE, "pte", mm, slot, old=_old(values), number=number)
        level = hook["level"]
        value = self._one(values, level, "value")
        if hook["kind"] == "clear":
            return Event(Op.CLEAR, level, mm, self._slot(level, values), value, number=number)
        nr = values.get("nr", [1])[0]
        slot, old = self._slot(level, values), _old(values)
        if slot is None and old is None:
            raise self._bad(f"neither addr= nor {level}p= nor old= in it")
        return Event(Op.SET, level, mm, slot, value, nr, old, number=number)

    def _zero(self, name: str, text: str) -> Op:
        caller = _CALLER.search(text)
        word = name if caller is None else f"{name} {caller[1] or caller[2]}"
        if "alloc" in word or "prep_new" in word:
            return Op.ALLOC
        return Op.FREE if "free" in word else Op.ZERO

    def _page(self, values: dict[str, list[int]]) -> tuple[int, int]:
        order = values.get("order", [0])[0]
        if not 0 <= order <= 20:
            raise self._bad(f"order={order} is not from 0 to 20")
        if values.get("pfn"):
            return values["pfn"][0], order
        page = self._one(values, "page", "folio", "pfn")
        memory = self._memory
        if memory.vmemmap is None:
            raise self._bad("a page by its address: the address of frame 0 is needed (--vmemmap)")
        pfn, rest = divmod(page - memory.vmemmap, memory.struct_page)
        if rest or pfn < 0:
            raise self._bad(f"{page:#x} is no struct page of {memory.struct_page} bytes there")
        return pfn, order

    def _mm(self, address: int) -> int:
        if address == self._memory.init_mm:
            return 0
        return self._mms.setdefault(address, len(self._mms) + 1)

    def _slot(self, level: str, values: dict[str, list[int]]) -> int | None:
        """By address where the hooks are given one, else by the place of the entry."""
        for naming, names in (("addr", ("addr", "address")), ("slot", (f"{level}p",))):
            found = next((values[name][0] for name in names if values.get(name)), None)
            if found is None:
                continue
            if self._naming and naming != self._naming:
                continue
            self._naming = naming
            return found // (self._spans[level] if naming == "addr" else self._memory.entry_width)
        return None


def _old(values: dict[str, list[int]]) -> tuple[int, ...] | None:
    return tuple(values["old"]) if values.get("old") else None


def _integer(text: str) -> int:
    value = int(text.strip(), 0 if text.strip().lstrip("-").startswith("0x") else 10)
    return value & ((1 << 64) - 1)
