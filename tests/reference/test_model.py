# SPDX-License-Identifier: GPL-2.0-only
"""The model by itself: the documented table, the counters, what a violation says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.reference import (
    INIT_MM,
    Counters,
    Event,
    Model,
    Op,
    PageKind,
    Rule,
    Traits,
    UnknownSlotError,
)
from analyzer.reference.peer.layout import (
    LEAF,
    PFN_SHIFT,
    PRESENT,
    SPECIAL,
    UFFD_WP,
    USER,
    WRITE,
    PlainDecoder,
    plain_layout,
)
from analyzer.reference.peer.random_events import random_events

PAGE = 0x100
READ = PAGE << PFN_SHIFT | PRESENT | USER
READ_WRITE = READ | WRITE
ANON, FILE = PageKind.ANONYMOUS, PageKind.FILE

TABLE = (
    ("Anonymous", "Anonymous", "Read", "Allow"),
    ("Anonymous", "Anonymous", "Read / Write", "Prohibit"),
    ("Anonymous", "Named", "Any", "Prohibit"),
    ("Named", "Anonymous", "Any", "Prohibit"),
    ("Named", "Named", "Any", "Allow"),
)
KINDS = {"Anonymous": ANON, "Named": FILE}
ENTRIES = {"Read": (READ,), "Read / Write": (READ_WRITE,), "Any": (READ, READ_WRITE)}


def model(**changed: object) -> Model:
    return Model(PlainDecoder(), Traits(**changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(("current", "new", "permissions", "rule"), TABLE)
def test_the_documented_table(current: str, new: str, permissions: str, rule: str) -> None:
    """Row by row; both directions: what is allowed passes, what is prohibited stops."""
    for entry in ENTRIES[permissions]:
        checked = model()
        checked.page(PAGE, KINDS[current])
        assert checked.ptes_set(1, 0, READ) is None
        checked.page(PAGE, KINDS[new])
        found = checked.ptes_set(2, 0, entry)

        assert (found is None) == (rule == "Allow")
        if found is not None:
            assert found.pfn == PAGE
            assert [one.mm for one in found.mappings] == [1, 2]
        else:
            assert sum(vars_of(checked.counters(PAGE))) == 2


@pytest.mark.parametrize(("current", "new", "permissions", "rule"), TABLE)
def test_the_documented_table_backwards(
    current: str, new: str, permissions: str, rule: str
) -> None:
    """The verdict of the model is that of the one row that applies, for all that can be asked."""
    for entry in (READ, READ_WRITE):
        checked = model()
        checked.page(PAGE, KINDS[current])
        checked.ptes_set(1, 0, READ)
        checked.page(PAGE, KINDS[new])
        prohibited = checked.ptes_set(2, 0, entry) is not None
        rows = [
            row[3] for row in TABLE
            if row[:2] == (current, new) and entry in ENTRIES[row[2]]
        ]  # fmt: skip
        assert rows == ["Prohibit" if prohibited else "Allow"]


def test_the_table_is_the_tree_s(kernel_6_12: Path, kernel_6_1: Path) -> None:
    for tree in (kernel_6_1, kernel_6_12):
        text = (tree / "Documentation/mm/page_table_check.rst").read_text()
        rows = re.findall(r"^\|(.+)\|$", text, re.M)
        cells = [tuple(cell.strip() for cell in row.split("|")) for row in rows]
        assert tuple(cells[1:]) == TABLE


def vars_of(counters: Counters) -> tuple[int, int]:
    return counters.anon, counters.file


def test_counters_never_go_below_zero() -> None:
    for kind, rule in ((ANON, Rule.ANON_NEGATIVE), (FILE, Rule.FILE_NEGATIVE)):
        checked = model()
        checked.page(PAGE, kind)
        found = checked.pte_clear(1, READ)

        assert found is not None
        assert found.rule is rule
        assert vars_of(found.before) == (0, 0)
        assert sum(vars_of(found.after)) == -1
        assert found.mappings == ()


@pytest.mark.parametrize("op", [Op.ALLOC, Op.FREE, Op.ZERO])
def test_nothing_is_mapped_when_allocated_or_freed(op: Op) -> None:
    checked = model()
    assert checked.apply(Event(op, pfn=PAGE - 4, order=3)) is None
    checked.ptes_set(1, 7, READ)
    found = checked.apply(Event(op, pfn=PAGE - 4, order=3, number=9))

    assert found is not None
    assert found.rule.value.endswith("while-mapped")
    assert found.rule.value.split("-")[0] == {"alloc": "allocated", "free": "freed"}.get(
        op.value, "allocated"
    )
    assert (found.pfn, found.event.number) == (PAGE, 9)
    assert [one.slot for one in found.mappings] == [7]
    checked.pte_clear(1, READ, 7)
    assert checked.apply(Event(op, pfn=PAGE - 4, order=3)) is None


def test_a_page_that_is_freed_is_not_anonymous_any_more() -> None:
    checked = model()
    checked.page(PAGE, ANON)
    checked.free(PAGE)

    assert checked.kind(PAGE) is FILE


def test_slab_pages_are_never_mapped() -> None:
    for refused in (True, False):
        checked = model(slab_refused=refused)
        checked.page(PAGE, PageKind.SLAB)
        assert (checked.ptes_set(1, 0, READ) is None) != refused
        assert (checked.alloc(PAGE + 1) is None) is True


def test_init_mm_is_skipped() -> None:
    checked = model()
    checked.page(PAGE, PageKind.SLAB)

    assert checked.ptes_set(INIT_MM, 0, READ_WRITE) is None
    assert checked.pte_clear(INIT_MM, READ_WRITE) is None
    assert checked.counted_pages() == {}


@pytest.mark.parametrize("kind", [PageKind.INVALID, PageKind.NO_PAGE_EXT])
def test_pages_without_counters_are_passed_over(kind: PageKind) -> None:
    checked = model()
    checked.page(PAGE, kind, 16)
    assert checked.ptes_set(1, 0, READ, 4) is None
    assert checked.pte_clear(1, READ) is None
    assert checked.counted_pages() == {}


def test_a_tree_that_insists_on_counters() -> None:
    checked = model(page_ext_required=True)
    checked.page(PAGE, PageKind.NO_PAGE_EXT)
    found = checked.ptes_set(1, 0, READ)

    assert found is not None
    assert found.rule is Rule.NO_COUNTERS


def test_special_and_huge_zero_entries() -> None:
    zero = PAGE << PFN_SHIFT | PRESENT | USER | LEAF
    for skipped in (True, False):
        checked = model(
            special_skipped=frozenset({"pte"} if skipped else ()),
            huge_zero_skipped=frozenset({"pmd"} if skipped else ()),
        )
        checked.page(PAGE, PageKind.ZERO, 4)
        checked.ptes_set(1, 0, READ | SPECIAL)
        checked.pmds_set(1, 0, zero)
        assert bool(checked.counted_pages()) is not skipped


def test_huge_entries_are_counted_page_by_page() -> None:
    checked = model()
    huge = PAGE << PFN_SHIFT | PRESENT | USER | WRITE | LEAF
    checked.page(PAGE, ANON, 16)
    assert checked.ptes_set(1, 0, (PAGE + 2) << PFN_SHIFT | PRESENT | USER) is None
    found = checked.puds_set(2, 0, huge)

    assert found is not None
    assert found.pfn == PAGE + 2
    assert [vars_of(checked.counters(PAGE + i)) for i in range(4)] == [
        (1, 0), (1, 0), (2, 0), (0, 0)
    ]  # fmt: skip


def test_a_set_un_counts_what_the_slot_holds() -> None:
    checked = model()
    checked.page(PAGE, ANON, 4)
    other = (PAGE + 1) << PFN_SHIFT | PRESENT | USER | WRITE
    assert checked.ptes_set(1, 0, READ_WRITE) is None
    assert checked.ptes_set(1, 0, other) is None
    assert checked.counted_pages() == {PAGE + 1: Counters(1, 0)}
    found = checked.ptes_set(2, 5, READ_WRITE, old=(other,))
    assert found is None
    assert checked.counted_pages() == {PAGE: Counters(1, 0)}


def test_the_counters_before_are_those_before_the_event() -> None:
    checked = model()
    checked.page(PAGE, ANON)
    checked.ptes_set(1, 0, READ)
    checked.ptes_set(2, 0, READ)
    found = checked.ptes_set(2, 0, READ_WRITE)

    assert found is not None
    assert found.before == Counters(2, 0)
    assert found.after == Counters(2, 0)


def test_write_protected_and_writable_is_a_warning() -> None:
    entry = READ_WRITE | UFFD_WP
    for looked_at in (frozenset({"pte"}), frozenset[str]()):
        checked = model(flags_checked=looked_at)
        assert checked.ptes_set(1, 0, entry) is None
        assert [one.rule for one in checked.warnings] == [Rule.WRITABLE_PROTECTED] * len(looked_at)


def test_a_clear_without_its_slot_is_not_guessed() -> None:
    checked = model()
    checked.ptes_set(1, 0, READ)
    assert checked.pte_clear(1, READ) is None  # the only one it can have been
    assert checked.ptes_set(1, 0, READ) is None
    checked.ptes_set(1, 1, READ)
    assert checked.pte_clear(1, READ) is None
    with pytest.raises(UnknownSlotError):
        checked.ptes_set(1, 0, READ)
    assert checked.ptes_set(1, 0, READ, old=(0,)) is None


@given(st.integers(0, 1 << 32))
def test_counters_are_what_the_page_tables_say(seed: int) -> None:
    """The law of the reference: as long as nothing stops and no page changes under a mapping."""
    layout = plain_layout()
    checked = model()
    for item in random_events(layout, seed, 60):
        event = item.event
        if event.op in (Op.PAGE, Op.STORE, Op.CLEAR_RANGE):
            continue
        if event.op is Op.CLEAR:
            held = checked.held(event.mm, event.level, event.slot or 0)
            facts = layout.decoder.facts(event.level, event.value)
            if not held or facts.pfn != held.start or not facts.accessible:
                continue
        if checked.apply(event) is not None:
            return
        recounted = {pfn: Counters(0, count) for pfn, count in checked.recount().items()}
        assert checked.counted_pages() == recounted
