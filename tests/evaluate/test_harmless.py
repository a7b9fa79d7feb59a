# SPDX-License-Identifier: GPL-2.0-only
"""Conditions before statements that cannot matter to an entry need no fork."""

from __future__ import annotations

import pytest

from analyzer.evaluate.memory import Table
from analyzer.evaluate.values import Int, Pointer
from tests.evaluate.lab import ENTRIES, HOOKS, SLOT, machine, only, paths, unknown

PARTS = f"{HOOKS}int ask(void); void stop(int); extern unsigned long count; struct s {{ int n; }};"


@pytest.mark.parametrize(
    "statement",
    [
        "if (ask()) stop(1);",
        "if (ask()) { unsigned long flags = 3; stop(flags); count++; } else stop(2);",
        "do { unsigned long flags; if (ask()) { flags = 1; if (!ask()) stop(flags); } } while (0);",
        'if (ask()) asm volatile("tlbi all" : : "r" (1) : "memory");',
        "if (ask()) { int i; for (i = 0; i < 3; i++) stop(i); }",
    ],
)
def test_one_path(statement: str) -> None:
    path = only(paths(f"{PARTS} void f(pte_t *p) {{ {statement} p->pte = 9; }}"))
    assert (path.slot, path.choices) == (9, ())


@pytest.mark.parametrize(
    "statement",
    [
        "if (ask()) p->pte = 1;",
        "unsigned long v = 2; if (ask()) v = 3; p->pte = v;",
        "if (ask()) return;",
        "if (ask()) page_table_check_pte_clear(0, *p);",
        "pte_t v = *p, *q = &v; if (ask()) q->pte = 4; *p = v;",
        "unsigned long v = 2; if (ask()) set(&v); p->pte = v;",
        "unsigned long v = 2, at = (unsigned long)&v; if (ask()) *(long *)at = 3; p->pte = v;",
        "if (ask()) __builtin_unreachable();",
        "if (ask()) for (;;) stop(1);",
        "if (ask()) goto out; p->pte = 5; out: ;",
    ],
)
def test_both_ways(statement: str) -> None:
    text = f"{PARTS} static void set(unsigned long *v) {{ *v = 3; }} void f(pte_t *p) {{ "
    assert len(paths(f"{text}{statement} }}")) == 2


def test_a_global_that_was_written_is_not_known_any_more() -> None:
    text = (
        "unsigned long count; int ask(void); void f(pte_t *p) { count = 1;"
        " if (ask()) count = 2; p->pte = count; }"
    )
    assert "unknown value" in unknown(paths(text))


def test_an_address_that_a_function_does_not_look_at() -> None:
    text = (
        "int ask(void); static void note(pte_t *q, int n) { if (ask()) while (ask()) n++; }"
        " void f(pte_t *p) { note(p, 1); p->pte = 6; }"
    )
    path = only(paths(text))
    assert (path.slot, path.choices) == (6, ())


def test_what_lies_beside_the_table() -> None:
    """A store outside of the window of entries is no event, and leaves the entry alone."""
    it = machine("void f(pte_t *p, unsigned long v) { p[4].pte = v; p->pte = v; }")
    ctype = it.entry_type("pte")
    table = Table("pte", ctype.size, 0x7F00_0000_0000, [0] * ENTRIES)
    table.window = range(4)
    it.run.tables.append(table)
    it.call("f", [Pointer(table, SLOT * table.width, ctype), Int(7, 64, False)])
    assert [(event.index, event.new) for event in it.run.events] == [(SLOT, 7)]


@pytest.mark.parametrize(
    "call",
    ["cpu_set_pte_ext(p, v, 0)", "cpu_v9_set_pte_ext(p, v, 0)", "cpu.set_pte_ext(p, v, 0)"],
)
def test_the_functions_of_a_processor_that_store(call: str) -> None:
    """Assembler files: one row, by the generic part of the name."""
    text = (
        "void cpu_set_pte_ext(pte_t *, pte_t, unsigned int);"
        "void cpu_v9_set_pte_ext(pte_t *, pte_t, unsigned int);"
        "struct cpu { void (*set_pte_ext)(pte_t *, pte_t, unsigned int); }; extern struct cpu cpu;"
        f"void f(pte_t *p) {{ pte_t v = {{ 8 }}; {call}; }}"
    )
    assert only(paths(text)).slot == 8


def test_other_functions_of_a_processor_stay_unknown() -> None:
    text = (
        "struct cpu { void (*poke)(pte_t *, pte_t); }; extern struct cpu cpu;"
        "void f(pte_t *p) { pte_t v = { 8 }; cpu.poke(p, v); }"
    )
    assert "call through a pointer" in unknown(paths(text))
