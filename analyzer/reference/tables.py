# SPDX-License-Identifier: GPL-2.0-only
"""What the page tables hold, as far as events have told."""

from __future__ import annotations

from collections.abc import ItemsView
from dataclasses import dataclass, field

from .decode import Decoder
from .values import LEVELS

Key = tuple[int, str, int]  # mm, level, slot
Held = tuple[int, int, int]  # raw, how many entries after the one it was written for, event


class UnknownSlotError(ValueError):
    """A set whose slot holds what the events before it do not tell; its `old` is needed."""


@dataclass(slots=True)
class _Alike:
    """The slots of one mm and level whose entries map the same first page."""

    slots: set[int] = field(default_factory=set)
    sure: set[int] = field(default_factory=set)  # those that no clear may have been about


class PageTables:
    """The entries of all page tables.

    Hooks without an address say which entry is gone, not where it was: it is looked for by the
    page that it maps. The index for that is made when the first such clear comes.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._pages = {level: decoder.pages(level) for level in LEVELS}
        self._held: dict[Key, Held] = {}
        self._unsure: set[Key] = set()
        self._index: dict[Key, _Alike] | None = None  # by the first page, not the slot

    def get(self, key: Key) -> Held | None:
        """What was put there, whether or not a clear may have been about it."""
        return self._held.get(key)

    def items(self) -> ItemsView[Key, Held]:
        """All entries."""
        return self._held.items()

    def known(self, key: Key) -> Held | None:
        """What a slot holds. Raises UnknownSlotError where that cannot be told any more."""
        if key in self._unsure:
            raise UnknownSlotError("an earlier clear did not say its slot: 'old' is needed")
        return self._held.get(key)

    def put(self, key: Key, held: Held) -> None:
        """A slot holds an entry from now on."""
        if self._index is not None:
            self._leave(key)
            self._enter(key, held)
        self._held[key] = held
        if self._unsure:
            self._unsure.discard(key)

    def drop(self, key: Key) -> None:
        """A slot is empty from now on."""
        if self._index is not None:
            self._leave(key)
        self._held.pop(key, None)
        if self._unsure:
            self._unsure.discard(key)

    def forget(self, mm: int, level: str, raw: int) -> None:
        """An entry that maps what `raw` does is gone: from its slot, if there is but one such
        entry; otherwise none of their slots is known any more."""
        if self._index is None:
            self._index = {}
            for key, held in self._held.items():
                self._enter(key, held)
        first = self._decoder.facts(level, raw).pfn
        alike = self._index.get((mm, level, first))
        if alike is None:
            return
        if len(alike.slots) == 1:
            (slot,) = alike.slots
            self.drop((mm, level, slot))
            return
        self._unsure.update((mm, level, slot) for slot in alike.sure)
        alike.sure.clear()

    def _place(self, key: Key, held: Held) -> Key | None:
        mm, level, _ = key
        facts = self._decoder.facts(level, held[0])
        return (mm, level, facts.pfn + held[1] * self._pages[level]) if facts.accessible else None

    def _enter(self, key: Key, held: Held) -> None:
        assert self._index is not None
        place = self._place(key, held)
        if place is not None:
            alike = self._index.setdefault(place, _Alike())
            alike.slots.add(key[2])
            alike.sure.add(key[2])

    def _leave(self, key: Key) -> None:
        assert self._index is not None
        held = self._held.get(key)
        place = None if held is None else self._place(key, held)
        if place is None:
            return
        alike = self._index[place]
        alike.slots.discard(key[2])
        alike.sure.discard(key[2])
        if not alike.slots:
            del self._index[place]
