# SPDX-License-Identifier: GPL-2.0-only
"""Disagreements that were found between the model and a kernel's code, shrunk; and edge cases."""

from __future__ import annotations

from analyzer.reference.peer import PeerEvent
from analyzer.reference.peer.layout import LEAF, PFN_SHIFT, PRESENT, UFFD_WP, USER, WRITE
from analyzer.reference.values import Event, Op, PageKind


def _entry(pfn: int, flags: int, leaf: int = 0) -> int:
    return pfn << PFN_SHIFT | PRESENT | USER | flags | leaf


def _set(level: str, mm: int, slot: int, value: int, nr: int = 1) -> PeerEvent:
    return PeerEvent(Event(Op.SET, level, mm, slot, value, nr))


def _page(pfn: int, kind: PageKind, nr: int = 1) -> PeerEvent:
    return PeerEvent(Event(Op.PAGE, pfn=pfn, nr=nr, kind=kind))


REGRESSIONS: tuple[tuple[PeerEvent, ...], ...] = (
    # hooks that are called entry by entry warn entry by entry
    (_set("pmd", 2, 29, _entry(0x138, UFFD_WP | WRITE, LEAF), 2),),
    # counters in struct page: there is no page without them
    (_page(0x130, PageKind.NO_PAGE_EXT, 16), _set("pte", 2, 10, _entry(0x137, 0))),
    # slots that move by one: all are un-counted before one is counted, or not
    (
        _page(0x100, PageKind.ANONYMOUS, 16),
        _set("pte", 1, 0, _entry(0x100, WRITE), 4),
        _set("pte", 1, 0, _entry(0x101, WRITE), 4),
        _set("pte", 1, 1, _entry(0x101, WRITE), 2),
    ),
    # a violation in the middle of a huge page leaves the pages before it counted
    (
        _page(0x110, PageKind.ANONYMOUS, 4),
        _set("pte", 1, 0, _entry(0x112, 0)),
        _set("pmd", 1, 0, _entry(0x110, WRITE, LEAF)),
        PeerEvent(Event(Op.ALLOC, pfn=0x110, order=2)),
    ),
)
