# SPDX-License-Identifier: GPL-2.0-only
"""Random sequences of events, the same for the same seed: mostly legal, sometimes not."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from ..values import LEVELS, Event, Op, PageKind
from .layout import BAD, BLOCK, LEAF, MMS, PAGES, PRESENT, SLOTS, TABLE, Layout
from .run import PeerEvent

_LASTING: Final = (PageKind.NO_PAGE_EXT, PageKind.INVALID)
_KINDS: Final = (
    PageKind.ANONYMOUS, PageKind.ANONYMOUS, PageKind.ANONYMOUS, PageKind.FILE, PageKind.FILE,
    PageKind.SLAB, PageKind.ZERO,
)  # fmt: skip
_OPS: Final = (Op.SET,) * 9 + (Op.CLEAR,) * 6 + (Op.FREE, Op.ALLOC, Op.PAGE, Op.PAGE, Op.STORE,
                                                Op.CLEAR_RANGE)  # fmt: skip
_HEAVY: Final = {"pte": 12, "pmd": 3, "pud": 1}


def random_events(layout: Layout, seed: int, count: int) -> list[PeerEvent]:
    """A sequence of `count` events, reproducible by its seed.

    The last block is now and then without counters, or without struct pages, as a whole.
    """
    return list(_Generator(layout, Random(seed)).events(count))


class _Generator:
    """Remembers what stands where, so that most events are those of a sound kernel."""

    def __init__(self, layout: Layout, random: Random) -> None:
        self._layout = layout
        self._random = random
        self._slots: dict[tuple[int, str, int], int] = {}
        self._frames = layout.frames()
        self._levels = [level for level in LEVELS if layout.classes[level]]
        self._weights = [_HEAVY[level] for level in self._levels]

    def events(self, count: int) -> Iterator[PeerEvent]:
        random = self._random
        if random.random() < 0.3:
            yield PeerEvent(
                Event(Op.PAGE, pfn=self._layout.blocks[-1], nr=BLOCK, kind=random.choice(_LASTING))
            )
            count -= 1
        for _ in range(count):
            yield self._one()

    def _one(self) -> PeerEvent:
        random = self._random
        op = random.choice(_OPS)
        if op is Op.PAGE:
            nr = random.choice((1, 1, 4, BLOCK))
            kind = random.choices(_KINDS, (9, 9, 9, 9, 9, 1, 2))[0]
            return PeerEvent(Event(op, pfn=self._frame(nr, False), nr=nr, kind=kind))
        if op in (Op.ALLOC, Op.FREE):
            order = random.choice((0, 0, 0, 1, 2, 4))
            return PeerEvent(Event(op, pfn=self._frame(1 << order, False), order=order))
        if op is Op.CLEAR_RANGE:
            slot = random.randrange(SLOTS // TABLE) * TABLE
            mm = self._mm()
            table = random.choice((PRESENT, PRESENT, PRESENT, PRESENT | LEAF, PRESENT | BAD))
            if table == PRESENT and mm:
                for index in range(TABLE):
                    self._slots.pop((mm, "pte", slot + index), None)
            return PeerEvent(Event(op, "pte", mm, slot), table)
        level = random.choices(self._levels, self._weights)[0]
        if op is Op.CLEAR:
            return self._clear(level)
        nr = 1 if op is Op.STORE or random.random() < 0.7 else random.randint(2, 4)
        nr = min(nr, BLOCK // PAGES[level]) if level in self._layout.many else 1
        mm, slot = self._mm(), random.randrange(SLOTS - nr + 1)
        name, base = random.choice(self._layout.classes[level])
        raw = base
        if name != "none":
            raw = self._layout.raw(level, base, self._leaf(level, nr))
        if op is Op.STORE:  # as write protection does: the same frame, when there is one
            held = self._slots.get((mm, level, slot), 0)
            if random.random() < 0.9:
                raw = held
        for index in range(nr):
            value = raw + index * PAGES[level] * self._layout.steps[level]
            self._slots[mm, level, slot + index] = value
        return PeerEvent(Event(op, level, mm, slot, raw, nr))

    def _clear(self, level: str) -> PeerEvent:
        """Mostly of what stands in the slot, as a helper does it."""
        random = self._random
        there = [key for key in self._slots if key[1] == level]
        if there and random.random() < 0.95:
            mm, _, slot = key = random.choice(there)
            return PeerEvent(Event(Op.CLEAR, level, mm, slot, self._slots.pop(key)))
        _, base = random.choice(self._layout.classes[level])
        raw = self._layout.raw(level, base, self._leaf(level, 1)) if base else 0
        return PeerEvent(Event(Op.CLEAR, level, self._mm(), random.randrange(SLOTS), raw))

    def _mm(self) -> int:
        mm: int = self._random.choice((0, *range(1, MMS), *range(1, MMS)))
        return mm

    def _leaf(self, level: str, nr: int) -> int:
        """A frame that an entry can map."""
        if level in self._layout.many:
            return self._frame(nr * PAGES[level], True)
        return self._frame(BLOCK, True)

    def _frame(self, pages: int, mapped: bool) -> int:
        """A frame at whose block there is room; those of mappings are aligned to their size."""
        blocks = self._layout.blocks if mapped else self._layout.blocks[:-1]
        block: int = self._random.choice(blocks)
        room = BLOCK - pages
        align = 1 if pages < 4 else 4 if pages < BLOCK else BLOCK
        return block + self._random.randrange(0, room + 1, align) if room else block
