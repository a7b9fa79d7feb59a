# SPDX-License-Identifier: GPL-2.0-only
"""What came of a replayed log, as text and as JSON."""

from __future__ import annotations

import json
from typing import Final

from ..reference.replay import Replay, Touch
from ..reference.values import Counters, Event, Mapping, Op, PageKind, Rule, Violation
from .escape import visible_path

MAX_SHOWN: Final = 200
_WORDS: Final = {
    Rule.ANON_SHARED_WRITABLE: "an anonymous page gets a second mapping, and that is writable",
    Rule.FILE_OVER_ANON: "a page that is mapped as anonymous memory is handled as a file page",
    Rule.ANON_OVER_FILE: "a page that is mapped as a file page is handled as anonymous memory",
    Rule.ANON_NEGATIVE: "an anonymous page loses a mapping that was never counted",
    Rule.FILE_NEGATIVE: "a file page loses a mapping that was never counted",
    Rule.ALLOC_MAPPED: "a page is allocated while it is mapped",
    Rule.FREE_MAPPED: "a page is freed while it is mapped",
    Rule.ZERO_MAPPED: "a page is allocated or freed while it is mapped",
    Rule.SLAB_MAPPED: "a slab page is mapped to user space, or unmapped from it",
    Rule.SLAB_ALLOCATED: "a slab page is allocated or freed",
    Rule.NO_COUNTERS: "a page without counters is mapped, unmapped, allocated or freed",
    Rule.WRITABLE_PROTECTED: "an entry is writable and write-protected for userfaultfd (warning)",
}


def rule_text(rule: Rule) -> str:
    """A rule in a sentence."""
    return _WORDS[rule]


def _counters(counters: Counters) -> str:
    return f"anonymous {counters.anon}, file {counters.file}"


def _entry(mm: int, level: str, slot: int | None) -> str:
    owner = "init_mm" if mm == 0 else f"mm {mm}"
    return f"{owner} {level} {'slot ?' if slot is None else f'slot {slot:#x}'}"


def _mapping(name: str, mapping: Mapping) -> str:
    where = _entry(mapping.mm, mapping.level, mapping.slot)
    access = "writable" if mapping.write else "read-only"
    return f"{name}:{mapping.number}: {where} = {mapping.value:#x}, {access}"


def event_text(event: Event) -> str:
    """An event in a few words."""
    if event.op in (Op.ALLOC, Op.FREE, Op.ZERO):
        return f"{event.op.value} pfn {event.pfn:#x} order {event.order}"
    if event.op is Op.PAGE:
        many = f" and {event.nr - 1} more" if event.nr > 1 else ""
        return f"page pfn {event.pfn:#x}{many} is {(event.kind or PageKind.FILE).value}"
    where = _entry(event.mm, event.level, event.slot)
    if event.op is Op.CLEAR_RANGE:
        return f"clear-range {where}"
    many = f" nr {event.nr}" if event.nr != 1 else ""
    return f"{event.op.value} {where} = {event.value:#x}{many}"


def _violation(name: str, found: Violation) -> list[str]:
    lines = [
        f"{name}:{found.event.number}: {found.rule.value}: {rule_text(found.rule)}",
        f"    page      pfn {found.pfn:#x}, {found.kind.value}",
        f"    before    {_counters(found.before)}",
        f"    at stop   {_counters(found.after)}",
    ]
    lines += [f"    mapping   {_mapping(name, mapping)}" for mapping in found.mappings]
    return lines


def _history(name: str, history: tuple[Touch, ...]) -> list[str]:
    shown = list(history)
    left = 0
    if len(shown) > MAX_SHOWN:
        left = len(shown) - MAX_SHOWN
        shown = [*shown[: MAX_SHOWN // 2], *shown[-(MAX_SHOWN // 2) :]]
    lines = []
    for index, touch in enumerate(shown):
        if left and index == MAX_SHOWN // 2:
            lines.append(f"    ...       {left} more (--format json has them)")
        where = f"{name}:{touch.event.number}:"
        lines.append(f"    history   {where} {event_text(touch.event)}"
                     f" -> {_counters(touch.counters)}")  # fmt: skip
    return lines


def render_text(name: str, found: Replay, minimised: tuple[Event, ...] | None) -> str:
    """The answer for people; `name` is the log's."""
    shown = visible_path(name)
    lines: list[str] = []
    for warning in found.warnings:
        lines += _violation(shown, warning)
    if found.violation is not None:
        lines += _violation(shown, found.violation)
        lines += _history(shown, found.history)
        if minimised is not None:
            many = "event" if len(minimised) == 1 else "events"
            lines.append(f"    shortest  {len(minimised)} {many} break the same rule")
    ends = "clean" if found.clean else "stopped" if found.violation else "warnings"
    many = "event" if found.events == 1 else "events"
    pages = "page" if found.pages == 1 else "pages"
    lines.append(f"{ends}: {found.events} {many}, {found.pages} {pages} mapped at the end")
    return "".join(f"{line}\n" for line in lines)


def _event_json(event: Event) -> dict[str, object]:
    return {"line": event.number, "text": event_text(event)}


def _counters_json(counters: Counters) -> dict[str, int]:
    return {"anonymous": counters.anon, "file": counters.file}


def violation_json(found: Violation) -> dict[str, object]:
    """A violation as plain values."""
    return {
        "rule": found.rule.value,
        "text": rule_text(found.rule),
        "line": found.event.number,
        "event": event_text(found.event),
        "pfn": hex(found.pfn),
        "kind": found.kind.value,
        "before": _counters_json(found.before),
        "after": _counters_json(found.after),
        "mappings": [
            {
                "line": mapping.number,
                "mm": mapping.mm,
                "level": mapping.level,
                "slot": None if mapping.slot is None else hex(mapping.slot),
                "value": hex(mapping.value),
                "writable": mapping.write,
            }
            for mapping in found.mappings
        ],
    }


def render_json(name: str, found: Replay, minimised: tuple[Event, ...] | None) -> str:
    """The answer for programs (docs/event-log.md)."""
    violation = found.violation
    document = {
        "log": name,
        "clean": found.clean,
        "events": found.events,
        "pages": found.pages,
        "violation": None if violation is None else violation_json(violation),
        "history": [
            {**_event_json(touch.event), "counters": _counters_json(touch.counters)}
            for touch in found.history
        ],
        "warnings": [violation_json(warning) for warning in found.warnings],
        "minimised": None if minimised is None else [_event_json(event) for event in minimised],
    }
    return json.dumps(document, indent=2) + "\n"
