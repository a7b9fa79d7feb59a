# SPDX-License-Identifier: GPL-2.0-only
"""The two sides of the law: what the stores changed, what the hooks moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..evaluate.state import Event
from ..evaluate.values import Opaque, Pointer, Value
from ..helpers.session import MM, Session
from .outcome import Delta


def is_init_mm(mm: Value | None) -> bool:
    """Whether a hook was told that the table belongs to the kernel."""
    return isinstance(mm, Pointer) and mm.obj.name == "init_mm"


def is_user_mm(mm: Value | None) -> bool:
    """Whether a hook was told the mm that the helper works on."""
    return isinstance(mm, Opaque) and mm.name == MM.name


def stored_delta(session: Session, events: Iterable[Event], as_level: str | None = None) -> Delta:
    """counted(last contents) - counted(first contents) of every entry that was stored to.

    `as_level` is the level at which a huge page of hugetlb is counted, whose helpers are given a
    pointer to a pte whatever its size; None: the level of the entry.
    """
    first: dict[tuple[int, int], int] = {}
    last: dict[tuple[int, int], tuple[str, int]] = {}
    for event in events:
        if event.kind == "store":
            key = (id(event.table), event.index)
            first.setdefault(key, event.old)
            last[key] = (event.level, event.new)
    moved: Counter[tuple[int, int]] = Counter()
    for key, (level, now) in last.items():
        if first[key] != now:
            _move(session, moved, as_level or level, first[key], -1)
            _move(session, moved, as_level or level, now, 1)
    return _without_zeros(moved)


def sole_level(events: Iterable[Event]) -> str | None:
    """The one level that all hooks of a path have; None: there are none, or several."""
    levels = {event.level for event in events if event.kind != "store"}
    return levels.pop() if len(levels) == 1 else None


def hooked_delta(session: Session, events: Iterable[Event]) -> Delta:
    """What the hooks move: SET un-counts what the slots hold then and counts the new entry."""
    moved: Counter[tuple[int, int]] = Counter()
    for event in events:
        if event.kind == "store" or is_init_mm(event.mm):
            continue
        if event.kind == "clear":
            _move(session, moved, event.level, event.new, -1)
            continue
        for held in event.held:
            _move(session, moved, event.level, held, -1)
        counted = session.counted(event.level, event.new)
        if counted is not None:
            for step in range(event.nr):
                moved[(counted.pfn + step * counted.pages, counted.pages)] += 1
    return _without_zeros(moved)


def _move(session: Session, moved: Counter[tuple[int, int]], level: str, raw: int, by: int) -> None:
    counted = session.counted(level, raw)
    if counted is not None:
        moved[(counted.pfn, counted.pages)] += by


def _without_zeros(moved: Counter[tuple[int, int]]) -> Delta:
    return {key: delta for key, delta in moved.items() if delta}
