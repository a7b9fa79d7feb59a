# SPDX-License-Identifier: GPL-2.0-only
"""Entries made by a tree's own constructors, and what they count."""

from __future__ import annotations

import pytest

from analyzer.evaluate.values import Int, PathEnds, Unjudged
from analyzer.helpers.asking import FRAMES
from analyzer.helpers.entries import Entry
from analyzer.helpers.session import Counted, Session
from tests.helpers.bench import ENTRIES, PREDICATE, session

FRAME = FRAMES[64][0]
USER = FRAME << 12 | 3
COUNTER = "static void page_table_check_clear(unsigned long pfn, unsigned long pgcnt) { }\n"


def number(it: Session, name: str, *values: int) -> int:
    found = it.evaluate(name, *(Int(v, 64, False) for v in values))
    assert isinstance(found, Int)
    return found.value


# -- states of the processor

PATCHED = (
    'static unsigned long f(unsigned long v) { unsigned long m; asm("\\n661: mov %1, %0\\n nop\\n'
    ' .section .of_2insn_patch, \\"ax\\"\\n .word 661b\\n sethi %%uhi(%2), %0\\n sllx %0, 32, %0\\n'
    ' .previous\\n" : "=r" (m) : "i" (0x800), "i" (0x200000000000000)); return v | m; }\n'
)


@pytest.mark.parametrize(
    ("world", "wanted"),
    [
        ({}, 0x801),
        ({"asm patched by .other": 0}, 0x801),
        ({"asm patched by .other": 1}, 0x0200_0000_0000_0001),
    ],
)
def test_states_that_come_up_late_are_as_the_others(world: dict[str, int], wanted: int) -> None:
    """All off, or all on: a machine of one kind has none of the other one's instructions."""
    assert number(session(PATCHED, world=world), "f", 1) == wanted


# -- questions that depend on something unknown


@pytest.mark.parametrize(
    "body",
    [
        "if (a()) return 1; return 2;",
        "if (a()) x = 0; if (b()) return 1; return 2;",
        "if (a()) x = 0; if (b()) x = 0; if (c()) return 1; return 2;",
        "if (a() && b() && c()) return 1; return 2;",
        "if (a()) return 2; if (b()) return 2; return 1;",
        "switch (a()) { case 1: return 1; case 2: return 1; default: return 2; }",
        "switch (a()) { case 1: return 2; case 2: return 1; default: return 2; }",
    ],
)
def test_answer_that_depends_on_something_unknown(body: str) -> None:
    """Every way of every condition is asked, not only the first condition's."""
    it = session(f"int a(void); int b(void); int c(void);\nstatic int f(int x) {{ {body} }}")
    with pytest.raises(Unjudged, match="f depends on"):
        it.evaluate("f", Int(1))


@pytest.mark.parametrize(
    "body",
    [
        "if (a()) x = 1; return 3;",
        "if (a()) return 3; if (b()) return 3; return 3;",
        "if (a()) __builtin_trap(); return 3;",
        "if (!a()) __builtin_trap(); return 3;",
        "if (a()) { if (b()) __builtin_trap(); } return 3;",
    ],
)
def test_answer_that_does_not(body: str) -> None:
    it = session(f"int a(void); int b(void);\nstatic int f(int x) {{ {body} }}")
    assert number(it, "f", 1) == 3


def test_question_without_an_answer() -> None:
    with pytest.raises(PathEnds):
        session("static int f(void) { __builtin_trap(); }").evaluate("f")


def test_too_many_ways_are_no_answer() -> None:
    conditions = "".join(f"if (a({i})) x++;" for i in range(10))
    with pytest.raises(Unjudged):
        session(f"int a(int);\nstatic int f(int x) {{ {conditions} return 1; }}").evaluate(
            "f", Int(0)
        )


@pytest.mark.parametrize(
    "text", ["enum { A = A };\nstatic int f(void) { return A; }",
             "struct s { struct s x; };\nstatic int f(void) { return sizeof(struct s); }"]
)  # fmt: skip
def test_circles_are_no_traceback(text: str) -> None:
    with pytest.raises(Unjudged):
        session(text).evaluate("f")


def test_question_leaves_the_run_alone() -> None:
    it = session("int a(void);\nstatic int f(void) { if (a()) ; return 1; }")
    before = it.machine.run
    it.evaluate("f")
    assert it.machine.run is before
    with pytest.raises(Unjudged):
        it.raw("pte", it.evaluate("nothing"))
    assert it.machine.run is before


# -- entries


def test_classes_are_made_by_the_tree() -> None:
    it = session(PREDICATE)
    found = {entry.name: entry.raw for entry in it.classes("pte")}
    assert found["none"] == 0
    assert found["user-readonly"] == USER
    assert found["protnone"] == FRAME << 12 | 4
    assert found["special"] == USER | 256
    assert "swap" not in found  # nobody makes one here
    assert it.entry("pte", next(e.kind for e in it.classes("pte") if e.kind), FRAME + 1) == Entry(
        "user-readonly", FRAME + 1, USER + 4096, it.classes("pte")[1].kind
    )


@pytest.mark.parametrize("place", ["*(unsigned long *)0x3c8", "((struct low *)0)->features"])
def test_what_a_processor_keeps_at_an_address_is_a_state_of_it(place: str) -> None:
    """Entries that depend on it are made in one such state."""
    made = "struct low { unsigned long gap[121]; unsigned long features; };\n" + ENTRIES.replace(
        "{ return (pte_t) { (pfn << 12)",
        f"{{ if (!({place} & 4)) p.prot |= 64; return (pte_t) {{ (pfn << 12)",
    )
    it = session(PREDICATE, entries=made)
    assert "user-readonly" in {entry.name for entry in it.classes("pte")}
    it = session(PREDICATE, entries=made.replace(place, "ask()"))
    assert "user-readonly" not in {entry.name for entry in it.classes("pte")}


def test_what_would_be_counted_is_also_what_hugetlb_makes() -> None:
    """A bit that hugetlb takes away, the size of a page, is not asked of an entry."""
    sized = ENTRIES.replace("(pfn << 12) | p.prot }", "(pfn << 12) | p.prot | 32 }")
    huge = "static pte_t pte_mkhuge(pte_t p) { p.pte = (p.pte & ~32UL) | 64; return p; }\n"
    counted = Counted(FRAME, 1)
    it = session("", entries=sized)
    assert it.counted("pte", USER | 32) == counted
    assert it.counted("pte", USER | 64) is None
    it = session("", entries=sized + huge)
    assert it.counted("pte", USER | 32) == it.counted("pte", USER | 64) == counted
    assert it.counted("pte", (USER | 64) & ~1) is None


def test_empty_entry_need_not_be_zero() -> None:
    entries = ENTRIES.replace("ptep->pte = 0;", "ptep->pte = 0x800;")
    none = session(PREDICATE, entries=entries).none("pte")
    assert isinstance(none, Entry)
    assert none.raw == 0x800


def test_frame_of_an_entry_can_be_exchanged() -> None:
    it = session(PREDICATE)
    entry = next(e for e in it.classes("pte") if e.name == "special")
    assert it.with_frame("pte", entry, FRAME * 2).raw == (FRAME * 2) << 12 | 3 | 256


def test_level_that_cannot_be_made_has_only_what_it_has() -> None:
    it = session(PREDICATE)
    assert [e.name for e in it.classes("pud")] == []
    assert it.test("pud", "present", 1) is None
    assert it.apply("pud", "mkyoung", 1) is None


# -- counting


def test_counted_by_the_predicate() -> None:
    it = session(PREDICATE)
    assert it.counted("pte", USER) == Counted(FRAME, 1)
    assert it.counted("pte", FRAME << 12 | 4) is None
    assert it.counted("pte", USER | 256) is None  # special: the framework skips it
    assert it.has_counted("pte")


def test_predicate_that_says_no_to_all() -> None:
    it = session("static bool pte_user_accessible_page(pte_t p) { return 0; }")
    assert not it.has_counted("pte")


ASKS = "static bool pte_user_accessible_page(pte_t p) "


@pytest.mark.parametrize(
    "predicate",
    [
        f"bool other(pte_t p);\n{ASKS}{{ return other(p); }}",
        f"extern int on;\n{ASKS}{{ return on && (p.pte & 3) == 3; }}",
        f"extern int a, b;\n{ASKS}{{ int x = a ? 1 : 2; return b && x; }}",
    ],
)
@pytest.mark.parametrize("framework", [False, True])
def test_predicate_that_is_not_known(predicate: str, framework: bool) -> None:
    """Neither counted nor not counted, with and without the tree's own framework."""
    text = predicate + "\n"
    if framework:
        text += COUNTER + (
            "void __page_table_check_pte_clear(struct mm_struct *mm, pte_t pte)"
            " { if (pte_user_accessible_page(pte)) page_table_check_clear(pte_pfn(pte), 1); }\n"
        )
    with pytest.raises(Unjudged):
        session(text).counted("pte", USER)


def framework(body: str, parameters: str = "struct mm_struct *mm, pte_t pte") -> Session:
    return session(
        f"int unknown(void); unsigned long frame(pte_t pte);\n{PREDICATE}{COUNTER}"
        f"void __page_table_check_pte_clear({parameters}) {{ {body} }}\n"
    )


def test_framework_decides_what_is_counted() -> None:
    it = framework(
        "if (!pte_special(pte) && pte_user_accessible_page(pte))"
        " page_table_check_clear(pte_pfn(pte), 1);"
    )
    assert it.counted("pte", USER) == Counted(FRAME, 1)
    assert it.counted("pte", USER | 256) is None
    assert it.counted("pte", USER & ~1) is None
    counts_special = framework(
        "if (pte_user_accessible_page(pte)) page_table_check_clear(pte_pfn(pte), 1);"
    )
    assert counts_special.counted("pte", USER | 256) == Counted(FRAME, 1)


def test_framework_with_an_address_and_init_mm() -> None:
    it = framework(
        (
            "if (mm == &init_mm) return; if (addr && pte_user_accessible_page(pte))"
            " page_table_check_clear(pte_pfn(pte), 1);"
        ),
        "struct mm_struct *mm, unsigned long addr, pte_t pte",
    )
    assert it.counted("pte", USER) == Counted(FRAME, 1)


@pytest.mark.parametrize(
    "body",
    [
        "page_table_check_clear(frame(pte), 1);",
        "page_table_check_clear(pte_pfn(pte), unknown());",
        "if (unknown()) page_table_check_clear(pte_pfn(pte), 1);",
        "if (!unknown()) page_table_check_clear(pte_pfn(pte), 1);",
        "page_table_check_clear(unknown() ? pte_pfn(pte) : 5, 1);",
        "page_table_check_clear(pte_pfn(pte), 1); page_table_check_clear(pte_pfn(pte) + 1, 1);",
    ],
)
def test_framework_that_cannot_be_followed(body: str) -> None:
    """A frame that is not known is no frame number 0 (evaluating.md, silent 2)."""
    with pytest.raises(Unjudged):
        framework(body).counted("pte", USER)


def test_arguments_of_the_counter_by_name() -> None:
    it = session(
        f"{PREDICATE}static void page_table_check_clear(struct mm_struct *mm, unsigned long pgcnt,"
        " unsigned long pfn) { }\n"
        "void __page_table_check_pte_clear(struct mm_struct *mm, pte_t pte)"
        " { if (pte_user_accessible_page(pte)) page_table_check_clear(mm, 7, pte_pfn(pte)); }\n"
    )
    assert it.counted("pte", USER) == Counted(FRAME, 7)


def test_pages_of_a_level() -> None:
    it = session(PREDICATE)
    assert (it.pages("pte"), it.pages("pmd")) == (1, 512)
    with pytest.raises(Unjudged, match="PUD_SIZE"):
        it.pages("pud")


def test_predicate_with_more_arguments() -> None:
    it = session(
        "static bool pte_user_accessible_page(struct mm_struct *mm, unsigned long addr, pte_t p)"
        " { return mm && addr && (p.pte & 3) == 3; }"
    )
    assert it.predicate("pte", USER)
    assert not it.predicate("pte", USER & ~1)


def test_without_a_predicate_what_would_be_counted() -> None:
    """Derived from the entries: present, and every bit that all accessible entries have."""
    it = session("")
    assert not it.has_predicate("pte")
    assert it.counted("pte", USER) == Counted(FRAME, 1)
    assert it.counted("pte", FRAME << 12 | 4) is None
    assert it.counted("pte", FRAME << 12) is None
    assert it.counted("pte", 0) is None
