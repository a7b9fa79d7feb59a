# SPDX-License-Identifier: GPL-2.0-only
"""Calls that store are repeated with what they would store, over other entries."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.evaluate.calls import Machine
from analyzer.evaluate.memory import Table
from analyzer.evaluate.state import Event, alternatives
from analyzer.evaluate.values import Opaque, PathEnds, Pointer, Unjudged
from tests.evaluate.lab import BASE, HOOKS, machine, u
from tests.evaluate.test_journal import BODIES, ENTRIES, asked_before, program
from tests.evaluate.test_recall import entered

NEVER = 1 << 60
FILL = f"""{HOOKS}
extern int unknown(int);
static unsigned long fill(struct mm_struct *mm, pte_t *p, unsigned long v)
{{
	int i;

	for (i = 0; i < 4; i++, v += 16)
		p[i].pte = v;
	return v;
}}
unsigned long f(struct mm_struct *mm, pte_t *p, unsigned long v) {{ return fill(mm, p, v); }}
unsigned long g(struct mm_struct *mm, pte_t *p, unsigned long v)
{{
	p->pte = 7;
	return fill(mm, p, v);
}}
"""


def given_to(it: Machine, held: list[int], prefix: tuple[int, ...] = (), at: int = 2) -> Pointer:
    """A new run over a page table; the place of one of its entries."""
    run = it.run = it.new_run(prefix)
    run.tables.append(Table("pte", 8, BASE[64], list(held)))
    return Pointer(run.tables[0], 8 * at, it.entry_type("pte"))


def shown(event: Event) -> str:
    return repr(event._replace(table=None))


def left(it: Machine, held: list[int]) -> list[object]:
    """What all paths of f(mm, slot) leave behind, over some entries."""
    found: list[object] = []
    todo: list[tuple[int, ...]] = [()]
    while todo and len(found) < 40:
        place = given_to(it, held, todo.pop())
        try:
            end = repr(it.call("f", [Opaque("mm", nonnull=True), place]))
        except (Unjudged, PathEnds) as problem:
            end = f"{type(problem).__name__} {problem}"
        run = it.run
        found.append((
            end, tuple(run.tables[0].entries), tuple(run.choices), dict(run.memo),
            tuple(shown(event) for event in run.events), tuple(run.log), run.deepest,
            (run.steps, run.stores, run.decided, run.next_local, run.touched),
            [(index, raw) for _, index, raw in run.writes], frozenset(run.written),
        ))  # fmt: skip
        todo += alternatives(run)
    return found


@settings(max_examples=60, deadline=None)
@given(BODIES, st.lists(st.integers(0, 2), min_size=1, max_size=3))
def test_what_is_repeated_is_what_is_run(
    bodies: list[list[tuple[int, int]]], others: list[int]
) -> None:
    text = program(bodies, alone=True)
    kept, plain = asked_before(text), asked_before(text)
    for it, least in ((kept, 0), (plain, NEVER)):
        it.recall.clear()
        it.recall.least = least
    for first in (0, 0, *others):
        held = [0x11 * (n + 1) + (n != 1) * first for n in range(ENTRIES)]
        assert left(kept, held) == left(plain, held)


def test_a_call_that_reads_nothing_is_not_run_over_other_entries() -> None:
    it = machine(FILL)
    it.recall.least = 0
    mm, names = Opaque("mm", nonnull=True), list[str]()
    for _ in range(2):  # the first call tells how much there is to do
        it.call("f", [mm, given_to(it, [0] * 8), u(3)])
    entered(it, names)
    result = it.call("f", [mm, given_to(it, [5] * 8), u(3)])
    assert names == []
    assert repr(result) == "0x43"
    table = it.run.tables[0]
    assert table.entries == [5, 5, 3, 0x13, 0x23, 0x33, 5, 5]
    assert [(e.index, e.old, e.new) for e in it.run.events] == [
        (2, 5, 3), (3, 5, 0x13), (4, 5, 0x23), (5, 5, 0x33),
    ]  # fmt: skip
    assert all(event.table is table for event in it.run.events)


def test_it_is_called_from_where_it_is_called() -> None:
    it = machine(FILL)
    it.recall.least = 0
    mm = Opaque("mm", nonnull=True)
    for _ in range(2):
        it.call("f", [mm, given_to(it, [0] * 8), u(3)])
    names: list[str] = []
    entered(it, names)
    it.call("g", [mm, given_to(it, [0] * 8), u(3)])
    assert names == ["g"]
    own, *others = it.run.events
    assert [frame.function for frame in own.stack] == ["g"]
    assert {tuple(f.function for f in e.stack) for e in others} == {("g", "fill")}
    assert {e.stack[1].called.line for e in others} == {19}
    assert [event.old for event in others] == [7, 0, 0, 0]


def test_another_place_and_another_value_are_run() -> None:
    it = machine(FILL)
    it.recall.least = 0
    mm = Opaque("mm", nonnull=True)
    for _ in range(2):
        it.call("f", [mm, given_to(it, [0] * 8), u(3)])
    for at, value in ((1, 3), (2, 4)):
        it.call("f", [mm, given_to(it, [0] * 8, at=at), u(value)])
        assert it.run.events[0].index == at
        assert it.run.events[0].new == value


def test_what_was_read_has_to_be_the_same() -> None:
    it = machine(f"{HOOKS}void f(pte_t *p) {{ p[1].pte = p->pte + 1; p->pte = p[1].pte; }}")
    it.recall.least = 0
    for held in (5, 5, 6, 5):
        it.call("f", [given_to(it, [held] * 8)])
        assert it.run.tables[0].entries[2:4] == [held + 1, held + 1]


def test_a_part_of_an_entry_needs_the_rest_of_it() -> None:
    it = machine("void f(pte_t *p) { *(char *)p = 1; }")
    it.recall.least = 0
    for held in (0x500, 0x500, 0x600):
        it.call("f", [given_to(it, [held] * 8)])
        assert it.run.tables[0].entries[2] == held + 1


def test_a_hook_takes_what_the_slot_holds_now() -> None:
    it = machine(
        f"{HOOKS}void f(struct mm_struct *mm, pte_t *p, pte_t v)"
        " { page_table_check_ptes_set(mm, p, v, 2); *p = v; }"
    )
    it.recall.least = 0
    mm = Opaque("mm", nonnull=True)
    for held in (5, 5, 6):
        it.call("f", [mm, given_to(it, [held] * 8), it.convert(u(9), it.entry_type("pte"))])
        assert it.run.events[0].held == (held, held)
