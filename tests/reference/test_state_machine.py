# SPDX-License-Identifier: GPL-2.0-only
"""The model and a real tree's compiled framework as one state machine, driven by hypothesis.

Events are those of a sound kernel and others; after each run both sides must have said the same of
every event, verdict and counters.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from analyzer.reference.model import Model
from analyzer.reference.opening import open_session
from analyzer.reference.peer import (
    ModelSide,
    Peer,
    PeerEvent,
    build_peer,
    compare,
    plain_layout,
    source_of,
)
from analyzer.reference.peer.layout import BLOCK, PAGES, PRESENT, SLOTS, TABLE
from analyzer.reference.traits import read_traits
from analyzer.reference.values import Event, Op, PageKind
from analyzer.tree import FolderTree

LAYOUT = plain_layout()
FIRST = LAYOUT.blocks[0]
RUNS, STEPS = 25, 50
_LEVELS = st.sampled_from(("pte", "pte", "pte", "pmd", "pud"))
_SLOTS = st.integers(0, 7)
_MMS = st.integers(0, 2)
_KINDS = st.sampled_from(
    (PageKind.ANONYMOUS, PageKind.ANONYMOUS, PageKind.FILE, PageKind.ZERO, PageKind.SLAB)
)


class Both(RuleBasedStateMachine):
    """Collects events; when a run ends, both sides are asked about all of them."""

    model: ClassVar[ModelSide]
    peer: ClassVar[Peer]
    seen: ClassVar[list[int]]

    def __init__(self) -> None:
        super().__init__()
        self.events: list[PeerEvent] = []
        self.held: dict[tuple[int, str, int], int] = {}

    def _add(self, event: Event, table: int = PRESENT) -> None:
        self.events.append(PeerEvent(event, table))

    @rule(mm=_MMS, level=_LEVELS, slot=_SLOTS, choice=st.integers(0, 30), page=st.integers(0, 3))
    def set(self, mm: int, level: str, slot: int, choice: int, page: int) -> None:
        """A page, or nothing, is put into a slot."""
        classes = LAYOUT.classes[level]
        name, base = classes[choice % len(classes)]
        frame = FIRST + (page if level == "pte" else 0)
        raw = base if name == "none" else LAYOUT.raw(level, base, frame)
        self.held[mm, level, slot] = raw
        self._add(Event(Op.SET, level, mm, slot, raw))

    @rule(mm=_MMS, slot=_SLOTS, nr=st.integers(2, 4), choice=st.integers(0, 30))
    def set_many(self, mm: int, slot: int, nr: int, choice: int) -> None:
        """Several ptes at once."""
        classes = [one for one in LAYOUT.classes["pte"] if one[0] != "none"]
        raw = LAYOUT.raw("pte", classes[choice % len(classes)][1], FIRST)
        for index in range(nr):
            self.held[mm, "pte", slot + index] = raw + index * PAGES["pte"] * LAYOUT.steps["pte"]
        self._add(Event(Op.SET, "pte", mm, slot, raw, nr))

    @rule(mm=_MMS, level=_LEVELS, slot=_SLOTS)
    def clear(self, mm: int, level: str, slot: int) -> None:
        """What a slot holds is taken out, also where that is nothing."""
        raw = self.held.pop((mm, level, slot), 0)
        self._add(Event(Op.CLEAR, level, mm, slot, raw))

    @rule(mm=_MMS)
    def drop_table(self, mm: int) -> None:
        """A table of ptes goes as a whole."""
        if mm:
            for index in range(TABLE):
                self.held.pop((mm, "pte", index), None)
        self._add(Event(Op.CLEAR_RANGE, "pte", mm, 0))

    @rule(page=st.integers(0, 3), order=st.integers(0, 2), op=st.sampled_from((Op.ALLOC, Op.FREE)))
    def zero(self, page: int, order: int, op: Op) -> None:
        """Pages are allocated or freed."""
        self._add(Event(op, pfn=FIRST + (page & -(1 << order)), order=order))

    @rule(kind=_KINDS, page=st.integers(0, 3), all_of_them=st.booleans())
    def page(self, kind: PageKind, page: int, all_of_them: bool) -> None:
        """Pages become what they are mapped as next."""
        first, nr = (FIRST, BLOCK) if all_of_them else (FIRST + page, 1)
        self._add(Event(Op.PAGE, pfn=first, nr=nr, kind=kind))

    def teardown(self) -> None:
        self.seen.append(len(self.events))
        assert compare(self.model, self.peer, self.events) is None


@pytest.fixture(params=["6.1", "6.12"])
def sides(
    request: pytest.FixtureRequest, kernel_6_1: Path, kernel_6_12: Path
) -> Iterator[tuple[ModelSide, Peer]]:
    tree = FolderTree(str(kernel_6_1 if request.param == "6.1" else kernel_6_12))
    with open_session(tree, "x86") as session:
        traits = read_traits(session)
    with build_peer(source_of(tree), LAYOUT) as peer:
        yield ModelSide(LAYOUT, traits), peer


def run(side: ModelSide, framework: Peer, runs: int) -> int:
    """Events of all runs. Raises what hypothesis does for a disagreement."""

    class Machine(Both):
        model, peer = side, framework
        seen: ClassVar[list[int]] = []

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=runs, stateful_step_count=STEPS, deadline=None, database=None,
            derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    return sum(Machine.seen)


def test_both_say_the_same_after_every_event(sides: tuple[ModelSide, Peer]) -> None:
    assert SLOTS > 8 + 4
    assert run(*sides, RUNS) > 10 * RUNS


class NoRange(Model):
    """Forgets pte_clear_range."""

    def _do_clear_range(self, event: Event) -> None:
        return


def test_a_mistake_is_found(sides: tuple[ModelSide, Peer]) -> None:
    side, peer = sides
    with pytest.raises(AssertionError):
        run(ModelSide(LAYOUT, side.traits, NoRange), peer, 4 * RUNS)
