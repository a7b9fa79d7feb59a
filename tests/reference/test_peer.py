# SPDX-License-Identifier: GPL-2.0-only
"""The model against compiled frameworks: those of the real trees, and ours in other forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.errors import ToolError, UsageError
from analyzer.reference.model import Model
from analyzer.reference.opening import open_session
from analyzer.reference.peer import (
    ModelSide,
    Peer,
    PeerEvent,
    build_peer,
    compare,
    minimal,
    plain_layout,
    random_events,
    source_from,
    source_of,
)
from analyzer.reference.traits import read_traits
from analyzer.reference.values import Event, Op, PageKind, Traits
from analyzer.tree import FolderTree
from tests.reference.frameworks import ALL, FORMS, Form, code, header, source, traits
from tests.reference.regressions import REGRESSIONS

LAYOUT = plain_layout()
EVENTS = 250  # of a sequence
REAL = 220  # sequences for each real tree: 110,000 events of both
SMALL = 12  # ... for each form


def agree(side: ModelSide, peer: Peer, seeds: range) -> tuple[int, int, int]:
    """Events, stops and warnings; fails with the shortest disagreement."""
    events = stops = warnings = 0
    for seed in seeds:
        sequence = random_events(LAYOUT, seed, EVENTS)
        found = compare(side, peer, sequence)
        if found is not None:
            short = minimal(side, peer, found)
            listed = "\n".join(map(repr, short.events))
            pytest.fail(f"seed {seed}, {short.reason}: {short.left} {short.right}\n{listed}")
        results = side.results(sequence)
        events += len(results)
        stops += sum(result.stopped for result in results)
        warnings += sum(result.warnings for result in results)
    return events, stops, warnings


def real(folder: Path) -> tuple[ModelSide, Peer]:
    tree = FolderTree(str(folder))
    with open_session(tree, "x86") as session:
        found = read_traits(session)
    return ModelSide(LAYOUT, found), build_peer(source_of(tree), LAYOUT)


def test_agrees_with_6_1(kernel_6_1: Path) -> None:
    side, peer = real(kernel_6_1)
    with peer:
        events, stops, warnings = agree(side, peer, range(REAL))
        for sequence in REGRESSIONS:
            assert compare(side, peer, sequence) is None

    assert events == EVENTS * REAL
    assert events / 20 < stops < events / 3
    assert warnings == 0
    assert not side.traits.batched
    assert not side.traits.flags_checked


def test_agrees_with_6_12(kernel_6_12: Path) -> None:
    side, peer = real(kernel_6_12)
    with peer:
        events, stops, warnings = agree(side, peer, range(REAL, 2 * REAL))
        for sequence in REGRESSIONS:
            assert compare(side, peer, sequence) is None

    assert events == EVENTS * REAL
    assert events / 20 < stops < events / 3
    assert warnings > 1000
    assert side.traits.batched == {"pte"}
    assert side.traits.flags_checked == {"pte", "pmd"}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_agrees_with_other_forms(form: Form) -> None:
    side = ModelSide(LAYOUT, traits(form))
    with build_peer(source(form), LAYOUT) as peer:
        agree(side, peer, range(SMALL))
        for sequence in REGRESSIONS:
            assert compare(side, peer, sequence) is None


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_traits_are_those_of_the_form(form: Form) -> None:
    assert traits(form) == Traits(
        special_skipped=frozenset({"pte"} if form.special else ()),
        huge_zero_skipped=frozenset({"pmd"} if form.huge_zero else ()),
        flags_checked=frozenset({"pte", "pmd"} if form.flags else ()),
        batched=form.many,
        has_page_ext=form.ext != "page",
        page_ext_required=form.ext == "required",
        slab_refused=form.slab,
        clear_checks_other=form.cross,
    )


# -- a mistake in the model is caught --------------------------------------------------------


class SwappedRules(Model):
    """Takes file pages for anonymous ones in the double mapping rule."""

    def _count_new(self, level: str, facts, index: int, nr: int) -> None:  # type: ignore[no-untyped-def]
        anon = self._kinds.get(facts.pfn)
        swapped = {PageKind.ANONYMOUS: PageKind.FILE, None: PageKind.ANONYMOUS}
        self._kinds[facts.pfn] = swapped.get(anon, anon) or PageKind.FILE
        try:
            super()._count_new(level, facts, index, nr)
        finally:
            if anon is None:
                del self._kinds[facts.pfn]
            else:
                self._kinds[facts.pfn] = anon


class ReadOnlyToo(Model):
    """Prohibits the read-only sharing of anonymous pages."""

    def _count_new(self, level: str, facts, index: int, nr: int) -> None:  # type: ignore[no-untyped-def]
        super()._count_new(level, facts._replace(write=True), index, nr)


class NoRange(Model):
    """Forgets pte_clear_range."""

    def _do_clear_range(self, event: Event) -> None:
        return


class HeadOnly(Model):
    """Counts only the head page of a huge entry."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self._pages = dict.fromkeys(self._pages, 1)


class InitCounted(Model):
    """Counts the kernel's own mappings."""

    def apply(self, event: Event):  # type: ignore[no-untyped-def]
        return super().apply(event._replace(mm=event.mm or 1))


class NeverNegative(Model):
    """Lets counters go below zero."""

    def _uncount(self, level: str, raw: int, index: int) -> None:
        facts = self.decoder.facts(level, raw)
        if facts.accessible and not self.counters(facts.pfn + index).anon:
            return
        super()._uncount(level, raw, index)


class AllocUnchecked(Model):
    """Does not look at pages that are allocated."""

    def _do_zero(self, event: Event) -> None:
        if event.op is not Op.ALLOC:
            super()._do_zero(event)


class Batched(Model):
    """Un-counts and counts entry by entry where the tree does it in two steps, or the reverse."""

    def __init__(self, decoder: object, wanted: Traits) -> None:
        other = frozenset() if wanted.batched else ALL
        super().__init__(decoder, replace(wanted, batched=other))  # type: ignore[arg-type]


MISTAKES = (SwappedRules, ReadOnlyToo, NoRange, HeadOnly, InitCounted, NeverNegative,
            AllocUnchecked, Batched)  # fmt: skip


@pytest.fixture(scope="module")
def newest() -> Iterator[Peer]:
    with build_peer(source(FORMS[-2]), LAYOUT) as peer:
        yield peer


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_model_is_caught(mistake: type[Model], newest: Peer) -> None:
    side = ModelSide(LAYOUT, traits(FORMS[-2]), mistake)
    for seed in range(20):
        found = compare(side, newest, random_events(LAYOUT, seed, EVENTS))
        if found is not None:
            short = minimal(side, newest, found)
            assert 1 <= len(short.events) <= 6
            assert short.reason == found.reason
            assert compare(side, newest, short.events) is not None
            return
    pytest.fail("not caught")


@pytest.mark.parametrize(
    "change",
    [
        {"special_skipped": frozenset()},
        {"huge_zero_skipped": frozenset()},
        {"flags_checked": frozenset({"pte"})},
        {"slab_refused": False},
        {"clear_checks_other": False},
        {"page_ext_required": True},
        {"alloc_free_checked": False},
        {"has_page_ext": False},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_trait_matters(change: dict[str, object], newest: Peer) -> None:
    side = ModelSide(LAYOUT, replace(traits(FORMS[-2]), **change))  # type: ignore[arg-type]

    assert any(
        compare(side, newest, random_events(LAYOUT, seed, EVENTS)) is not None for seed in range(20)
    )


# -- two frameworks, and those that will not do ----------------------------------------------


def test_two_frameworks_are_compared() -> None:
    """As a generated one is with the tree's own."""
    one, same, other = FORMS[6], replace(FORMS[6], addr=True, predicate="mm", ext="each"), FORMS[4]
    with (
        build_peer(source(one), LAYOUT) as left,
        build_peer(source(same), LAYOUT) as right,
        build_peer(source(other), LAYOUT) as old,
    ):
        sequences = [random_events(LAYOUT, seed, EVENTS) for seed in range(10)]
        assert all(compare(left, right, sequence) is None for sequence in sequences)
        assert any(compare(left, old, sequence) is not None for sequence in sequences)


def test_the_same_seed_gives_the_same_events() -> None:
    assert random_events(LAYOUT, 5, 300) == random_events(LAYOUT, 5, 300)
    assert random_events(LAYOUT, 5, 300) != random_events(LAYOUT, 6, 300)


def test_what_does_not_compile_is_one_line() -> None:
    form = FORMS[-2]
    broken = code(form).replace("pfn_to_page(pfn)", "unheard_of(pfn)", 1) + "\nint x = y;\n"

    with pytest.raises(UsageError, match=r"does not compile in user space: .*error") as caught:
        build_peer(source_from(broken.encode(), header(form).encode(), "broken"), LAYOUT)

    assert "\n" not in str(caught.value)


def test_an_include_that_leads_out_is_refused() -> None:
    form = FORMS[-2]
    for bad in ("../../secret.h", "/etc/passwd", "x/../../y.h"):
        text = f'#include "{bad}"\n{code(form)}'
        with pytest.raises(UsageError, match="by a path of its own"):
            build_peer(source_from(text.encode(), header(form).encode(), "bad"), LAYOUT)


def test_a_crash_and_a_hang_of_the_child_are_errors() -> None:
    form = FORMS[-2]
    page = PeerEvent(Event(Op.PAGE, pfn=LAYOUT.blocks[0], kind=PageKind.FILE))
    alloc = PeerEvent(Event(Op.ALLOC, pfn=LAYOUT.blocks[0]))
    crash = code(form).replace(
        "unsigned long count = 1UL << order;", "unsigned long count = *(volatile int *)8;", 1
    )
    with build_peer(source_from(crash.encode(), header(form).encode(), "crash"), LAYOUT) as peer:
        assert len(peer.results([page])) == 1
        with pytest.raises(ToolError, match="crash: after"):
            peer.results([page, alloc])


def test_a_header_without_hooks_is_refused() -> None:
    form = FORMS[-2]
    with pytest.raises(UsageError, match="declares no page_table_check_ptes_set"):
        build_peer(source_from(code(form).encode(), b"#define X\n", "none"), LAYOUT)
