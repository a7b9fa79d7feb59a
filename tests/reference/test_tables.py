# SPDX-License-Identifier: GPL-2.0-only
"""What page tables hold, where hooks do not say the slot: found by the page, or not known."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.reference import Model, PageKind, UnknownSlotError
from analyzer.reference.peer.layout import PFN_SHIFT, PRESENT, TABLE, USER, WRITE, PlainDecoder
from analyzer.reference.tables import Held, Key, PageTables

USER_PAGE = PRESENT | USER


def entry(pfn: int, flags: int = USER_PAGE) -> int:
    return pfn << PFN_SHIFT | flags


def test_a_clear_without_slot_empties_the_one_that_maps_the_page() -> None:
    tables = PageTables(PlainDecoder())
    tables.put((1, "pte", 5), (entry(7), 0, 1))
    tables.put((1, "pte", 6), (entry(8), 0, 2))
    tables.put((2, "pte", 5), (entry(7), 0, 3))

    tables.forget(1, "pte", entry(7, USER_PAGE | WRITE))

    assert tables.known((1, "pte", 5)) is None
    assert tables.known((1, "pte", 6)) is not None
    assert tables.known((2, "pte", 5)) is not None


def test_a_later_entry_of_a_batch_is_found() -> None:
    tables = PageTables(PlainDecoder())
    tables.put((1, "pte", 5), (entry(7), 3, 1))

    tables.forget(1, "pte", entry(10))

    assert tables.known((1, "pte", 5)) is None


def test_of_two_it_is_not_known_which_until_they_are_written_again() -> None:
    tables = PageTables(PlainDecoder())
    for slot in (5, 6):
        tables.put((1, "pte", slot), (entry(7), 0, slot))
    tables.forget(1, "pte", entry(7))

    for slot in (5, 6):
        with pytest.raises(UnknownSlotError):
            tables.known((1, "pte", slot))
    tables.put((1, "pte", 5), (entry(9), 0, 8))
    assert tables.known((1, "pte", 5)) is not None
    tables.forget(1, "pte", entry(7))  # one is left that maps it
    assert tables.known((1, "pte", 6)) is None


def test_a_table_that_is_dropped_is_known_to_be_empty() -> None:
    model = Model(PlainDecoder())
    for slot in (0, 1):
        model.ptes_set(1, slot, entry(7))
    model.pte_clear(1, entry(7))
    model.pte_clear_range(1, 0, old=(entry(7), *(0,) * TABLE))

    assert model.ptes_set(1, 1, entry(8)) is None


_SLOTS = st.integers(0, 3)
_PAGES = st.integers(0, 2)
_STEPS = st.one_of(
    st.tuples(st.just("put"), _SLOTS, _PAGES, st.integers(0, 1)),
    st.tuples(st.just("drop"), _SLOTS),
    st.tuples(st.just("forget"), _PAGES),
)


class Plain:
    """The same by looking at every entry each time."""

    def __init__(self) -> None:
        self.held: dict[Key, Held] = {}
        self.unsure: set[Key] = set()

    def put(self, slot: int, held: Held) -> None:
        self.held[(1, "pte", slot)] = held
        self.unsure.discard((1, "pte", slot))

    def drop(self, slot: int) -> None:
        self.held.pop((1, "pte", slot), None)
        self.unsure.discard((1, "pte", slot))

    def forget(self, page: int) -> None:
        found = [
            key for key, (raw, offset, _) in self.held.items()
            if raw & USER and (raw >> PFN_SHIFT) + offset == page
        ]  # fmt: skip
        if len(found) == 1:
            self.drop(found[0][2])
        else:
            self.unsure.update(found)


@given(st.lists(_STEPS, max_size=30))
def test_the_index_says_what_looking_at_everything_says(steps: list[tuple[object, ...]]) -> None:
    tables, plain = PageTables(PlainDecoder()), Plain()
    for number, (step, first, *rest) in enumerate(steps):
        assert isinstance(first, int)
        if step == "put":
            held = (
                entry(int(str(rest[0])), USER_PAGE if rest[0] else 0),
                int(str(rest[1])),
                number,
            )
            tables.put((1, "pte", first), held)
            plain.put(first, held)
        elif step == "drop":
            tables.drop((1, "pte", first))
            plain.drop(first)
        else:
            tables.forget(1, "pte", entry(first))
            plain.forget(first)
        assert dict(tables.items()) == plain.held
        for slot in range(4):
            key = (1, "pte", slot)
            if key in plain.unsure:
                with pytest.raises(UnknownSlotError):
                    tables.known(key)
            else:
                assert tables.known(key) == plain.held.get(key)


def test_clears_without_slots_do_not_look_at_everything() -> None:
    """4,000 entries, each cleared by its page: looking at all of them would be 16 million."""
    model = Model(PlainDecoder())
    begun = time.process_time()
    for slot in range(4000):
        model.page(0x100 + slot, PageKind.FILE)
        model.ptes_set(1, slot, entry(0x100 + slot))
    for slot in range(4000):
        assert model.pte_clear(1, entry(0x100 + slot)) is None

    assert not model.counted_pages()
    assert not model.recount()
    assert time.process_time() - begun < 2
