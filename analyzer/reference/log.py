# SPDX-License-Identifier: GPL-2.0-only
"""The event log: JSON lines, one schema (docs/event-log.md, docs/event-log.schema.json)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

from ..errors import UsageError
from .decode import Decoder
from .values import INIT_MM, LEVELS, Event, Op, PageKind

VERSION: Final = 1
MARK: Final = "ptcheck-log"
MAX_LINE: Final = 64 * 1024  # bytes
MAX_PAGES: Final = 1 << 20  # that one event may speak of
MAX_NUMBER: Final = 1 << 64
MAX_OLD: Final = 1 << 16

_OPS: Final = {op.value: op for op in Op}
_KINDS: Final = {kind.value: kind for kind in PageKind}
_ENTRY: Final = frozenset({"op", "level", "mm", "slot", "addr", "value", "at"})
_PAGES: Final = frozenset({"op", "pfn", "order", "at"})
_MEMBERS: Final[dict[Op, frozenset[str]]] = {
    Op.SET: _ENTRY | {"nr", "old"},
    Op.CLEAR: _ENTRY,
    Op.STORE: _ENTRY,
    Op.CLEAR_RANGE: frozenset({"op", "level", "mm", "slot", "addr", "old", "at"}),
    Op.ALLOC: _PAGES,
    Op.FREE: _PAGES,
    Op.ZERO: _PAGES,
    Op.PAGE: frozenset({"op", "pfn", "nr", "kind", "at"}),
}


class LogError(UsageError):
    """A line of a log that is not what the schema says; the message begins with its place."""


class _BadLine(ValueError):
    pass


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: whose entries these are. Empty where it does not say."""

    arch: str = ""
    variant: str = ""


def read_header(name: str, line: bytes) -> Header:
    """The header from the first line of a log. Raises LogError."""
    try:
        found = _object(line)
        version = found.pop(MARK, None)
        if version is None:
            raise _BadLine(f'the first line must be {{"{MARK}": {VERSION}, ...}}')
        if version != VERSION or isinstance(version, bool):
            raise _BadLine(f"version {version!r} of the log is not known, {VERSION} is")
        strange = sorted(found.keys() - {"arch", "variant", "note"})
        if strange:
            raise _BadLine(f"unknown member {strange[0]!r}")
        for key, value in found.items():
            if not isinstance(value, str):
                raise _BadLine(f"{key} is no string")
        return Header(found.get("arch", ""), found.get("variant", ""))
    except _BadLine as bad:
        raise LogError(f"{name}:1: {bad}") from None


class LogReader:
    """Reads the events of one log; the same log again gives the same events."""

    def __init__(self, name: str, stream: IO[bytes], decoder: Decoder) -> None:
        """`stream` stands behind the header."""
        self._name = name
        self._stream = stream
        self._decoder = decoder
        self._naming = ""
        self._spans: dict[str, int] = {}
        self._pages = {level: decoder.pages(level) for level in LEVELS}

    def __iter__(self) -> Iterator[Event]:
        """Every event, `number` being its line. Raises LogError for the first bad one."""
        number = 1
        for line in iter(lambda: self._stream.readline(MAX_LINE + 1), b""):
            number += 1
            try:
                if len(line) > MAX_LINE:
                    raise _BadLine(f"longer than {MAX_LINE} bytes")
                if line.isspace():
                    continue
                yield self._event(_object(line), number)
            except _BadLine as bad:
                raise LogError(f"{self._name}:{number}: {bad}") from None

    def _event(self, found: dict[str, Any], number: int) -> Event:
        name = found.get("op")
        op = _OPS.get(name) if isinstance(name, str) else None
        if op is None:
            raise _BadLine(f"op {name!r} is none of {', '.join(_OPS)}")
        allowed = _MEMBERS[op]
        if not allowed.issuperset(found):
            strange = sorted(set(found) - allowed)
            raise _BadLine(f"unknown member {strange[0]!r} for {op.value}")
        if op is Op.SET or op is Op.CLEAR or op is Op.STORE or op is Op.CLEAR_RANGE:
            return self._entry(op, found, number)
        pfn = _number(found, "pfn")
        if op is Op.PAGE:
            nr = _number(found, "nr", 1)
            if not 1 <= nr <= MAX_PAGES:
                raise _BadLine(f"nr {nr} is not from 1 to {MAX_PAGES}")
            named = found.get("kind", "")
            kind = _KINDS.get(named) if isinstance(named, str) else None
            if kind is None:
                raise _BadLine(f"kind {found.get('kind')!r} is none of {', '.join(_KINDS)}")
            return Event(op, nr=nr, pfn=pfn, kind=kind, number=number)
        order = _number(found, "order", 0)
        if 1 << min(order, 64) > MAX_PAGES:
            raise _BadLine(f"order {order} is more than {MAX_PAGES} pages")
        return Event(op, pfn=pfn, order=order, number=number)

    def _entry(self, op: Op, found: dict[str, Any], number: int) -> Event:
        level = found.get("level", "pte")
        if level not in LEVELS:
            raise _BadLine(f"level {level!r} is none of {', '.join(LEVELS)}")
        mm = INIT_MM if found.get("mm") == "init" else _number(found, "mm")
        slot = self._slot(level, found)
        old = self._old(found)
        if op is Op.CLEAR_RANGE:
            if level != "pte":
                raise _BadLine("clear-range is for tables of ptes")
            if slot is None:
                raise _BadLine("neither slot nor addr")
            return Event(op, level, mm, slot, old=old, number=number)
        value = _number(found, "value")
        if slot is None and (op is Op.STORE or (op is Op.SET and old is None)):
            raise _BadLine("neither slot nor addr")
        if op is not Op.SET:
            return Event(op, level, mm, slot, value, number=number)
        nr = _number(found, "nr", 1)
        most = max(1, MAX_PAGES // self._pages[level])
        if not 1 <= nr <= most:
            raise _BadLine(f"nr {nr} is not from 1 to {most}")
        return Event(op, level, mm, slot, value, nr, old, number=number)

    def _slot(self, level: str, found: dict[str, Any]) -> int | None:
        naming = "slot" if "slot" in found else "addr" if "addr" in found else ""
        if not naming:
            return None
        if naming == "slot" and "addr" in found:
            raise _BadLine("both slot and addr")
        if naming != self._naming:
            if self._naming:
                raise _BadLine(f"a log names its entries by slot or by addr: {naming} is new here")
            self._naming = naming
        value = _number(found, naming)
        if naming == "slot":
            return value
        if level not in self._spans:
            self._spans[level] = self._decoder.span(level)
        return value // self._spans[level]

    @staticmethod
    def _old(found: dict[str, Any]) -> tuple[int, ...] | None:
        old = found.get("old")
        if old is None:
            return None
        if not isinstance(old, list) or len(old) > MAX_OLD:
            raise _BadLine(f"old is no list of at most {MAX_OLD} entries")
        return tuple(_checked("old", value) for value in old)


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except UnicodeDecodeError:
        raise _BadLine("not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise _BadLine(f"not JSON: {str(error).split(':')[0]}") from None
    if not isinstance(found, dict):
        raise _BadLine("not a JSON object")
    return found


def _number(found: dict[str, Any], name: str, default: int | None = None) -> int:
    value = found.get(name, default)
    if value.__class__ is int and 0 <= value < MAX_NUMBER:
        return int(value)
    if value is None:
        raise _BadLine(f"no {name}")
    return _checked(name, value)


def _checked(name: str, value: object) -> int:
    """An integer, or a string with one in hexadecimal ("0x...")."""
    number = value if isinstance(value, int) and not isinstance(value, bool) else None
    if isinstance(value, str) and value.startswith("0x") and value.isascii() and value.isalnum():
        try:
            number = int(value, 16) if len(value) <= 18 else MAX_NUMBER
        except ValueError:
            number = None
    if number is None:
        raise _BadLine(f"{name} {value!r} is neither a number nor '0x...'"[:200])
    if not 0 <= number < MAX_NUMBER:
        raise _BadLine(f"{name} {value!r} has more than 64 bits or is negative"[:200])
    return number


def header_line(header: Header, note: str = "") -> str:
    """The first line of a log, without its end."""
    said = {"arch": header.arch, "variant": header.variant, "note": note}
    return json.dumps({MARK: VERSION, **{key: value for key, value in said.items() if value}})


def event_line(event: Event) -> str:
    """An event as a line of a log, without its end; entries by slot."""
    found: dict[str, object] = {"op": event.op.value}
    if event.op in (Op.SET, Op.CLEAR, Op.STORE, Op.CLEAR_RANGE):
        found["level"] = event.level
        found["mm"] = event.mm
        if event.slot is not None:
            found["slot"] = event.slot
        if event.op is not Op.CLEAR_RANGE:
            found["value"] = hex(event.value)
        if event.op is Op.SET and event.nr != 1:
            found["nr"] = event.nr
        if event.old is not None:
            found["old"] = [hex(value) for value in event.old]
        return json.dumps(found)
    found["pfn"] = hex(event.pfn)
    if event.op is Op.PAGE:
        found["nr"] = event.nr
        found["kind"] = (event.kind or PageKind.FILE).value
    else:
        found["order"] = event.order
    return json.dumps(found)


def write_log(header: Header, events: Iterable[Event], note: str = "") -> str:
    """A whole log."""
    return "".join(f"{line}\n" for line in (header_line(header, note), *map(event_line, events)))
