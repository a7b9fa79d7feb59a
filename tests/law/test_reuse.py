# SPDX-License-Identifier: GPL-2.0-only
"""Runs that are reused from another variant are those that the variant would make itself.

In each case two variants differ in one declaration that a helper depends on; with one of them
the helper is hooked, with the other it is not. The helper's own text is the same.
"""

from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass

import pytest

from analyzer.evaluate.values import Int, Unjudged
from analyzer.helpers.interface import Signature
from analyzer.helpers.session import Session
from analyzer.law.reuse import Reuse
from analyzer.law.runs import Runner
from tests.helpers.bench import ENTRIES, PREDICATE, session

TAKE = Signature(
    "take", ("struct mm_struct *mm", "unsigned long addr", "pte_t *ptep"), "pte", "t.c"
)
HOOK = "void page_table_check_pte_clear(struct mm_struct *mm, pte_t pte);\n"


@dataclass(frozen=True, slots=True)
class Case:
    """What two variants declare, what both do, the condition of the hook."""

    title: str
    yes: str
    no: str
    both: str = ""
    condition: str = "on(1)"
    hook: str = "page_table_check_pte_clear(mm, old)"
    predicate: str = PREDICATE
    declared: str = HOOK


CASES = (
    Case("a constant", "static const int on_ = 1;", "static const int on_ = 0;", condition="on_"),
    Case("an enumeration", "enum { ON = 1 };", "enum { ON };", condition="ON"),
    Case("an enumeration by its neighbour", "enum { A = 1, ON = A };", "enum { A, ON = A };",
         condition="ON"),
    Case("a type", "typedef unsigned long w_t;", "typedef unsigned int w_t;",
         condition="sizeof(w_t) == 8"),
    Case("a type behind a type", "typedef unsigned long v_t;", "typedef unsigned int v_t;",
         "typedef v_t w_t;", "sizeof(w_t) == 8"),
    Case("a type in a cast", "typedef unsigned long w_t;", "typedef unsigned char w_t;",
         condition="(w_t)256"),
    Case("a type of a local", "typedef unsigned long w_t;", "typedef unsigned char w_t;",
         condition="({ w_t x_ = 256; x_; })"),
    Case("a structure", "struct s { long a, b; };", "struct s { int a, b; };",
         condition="((unsigned long)&((struct s *)0)->b) == 8"),
    Case("a structure in a structure", "struct in { long a; };", "struct in { int a; };",
         "struct s { struct in a; };", "sizeof(struct s) == 8"),
    Case("a structure behind a pointer", "struct in { long a, b; };", "struct in { int a, b; };",
         "struct s { struct in *in; };", "sizeof(*((struct s *)0)->in) == 16"),
    Case("the order of members", "struct s { int a, b; };", "struct s { int b, a; };",
         condition="({ struct s s_ = { 1 }; s_.a; })"),
    Case("a callee", "static int on(int x) { return x; }", "static int on(int x) { return !x; }"),
    Case("a callee's callee", "static int in(int x) { return x; }", ("static int in(int x) {"
                                                                     " return !x; }"),
         "static int on(int x) { return in(x); }"),
    Case("a callee that is not there", "static int in(int x) { return x; }", "int in(int x);",
         "static int on(int x) { return in(x); }"),
    Case("a parameter", "typedef int w_t;", "typedef unsigned char w_t;",
         "static int on(w_t x) { return x != 0; }", "on(256)"),
    Case("a result", "typedef int w_t;", "typedef unsigned char w_t;",
         "static w_t on(int x) { return x; }", "on(256)"),
    Case("a type that only typeof asks for", "long out(void);", "int out(void);",
         condition="sizeof(__typeof__(out())) == 8"),
    Case("a table of functions", ("static const struct ops ops;\n"
                                  "static const struct ops ops = { .on = yes_ };"),
         "static const struct ops ops = { .on = no_ };", "", "ops.on(1)",
         declared=HOOK + "struct ops { int (*on)(int); };\nstatic int yes_(int x) { return x; }\n"
         "static int no_(int x) { return !x; }\n"),
    Case("a function of a table", "static int f_(int x) { return x; }", ("static int f_(int x) {"
                                                                         " return !x; }"),
         ("struct ops { int (*on)(int); };\n"
          "static const struct ops ops = { .on = f_ };"), "ops.on(1)"),
    Case("an index into a table", "enum { AT };", "enum { AT = 1 };",
         "static const int map_[2] = { 1, 0 };", "map_[AT]"),
    Case("an initialiser", "enum { ON = 1 };", "enum { ON };", ("static const int map_[2] = {"
                                                                " ON, 0 };"),
         "map_[0]"),
    Case("the length of an array", "enum { N = 8 };", "enum { N = 4 };",
         condition="({ char a_[N]; sizeof(a_) == 8; })"),
    Case("a void callee that hooks",
         "static void in(struct mm_struct *mm, pte_t x) { page_table_check_pte_clear(mm, x); }",
         "static void in(struct mm_struct *mm, pte_t x) { }",
         ("static void account(struct mm_struct *mm, pte_t x) {"
          " in(mm, x); }"), "1", "account(mm, old)"),
    Case("the value of a mask", "static const unsigned long m = 64;", ("static const unsigned"
                                                                       " long m = 1;"),
         condition="1", hook="page_table_check_pte_clear(mm, (pte_t) { old.pte & ~m })"),
    Case("a predicate", PREDICATE, PREDICATE.replace("(p.pte & 3) == 3", "p.pte & 4"),
         condition="1", predicate=""),
    Case("no predicate", PREDICATE, "", "", "(old.pte & 256) || (old.pte & 3) == 3", predicate=""),
    Case("what the framework counts",
         ("static unsigned long frames(void) {"
          " return 1; }"), "static unsigned long frames(void) { return 2; }",
         "static void page_table_check_clear(unsigned long pfn, unsigned long pgcnt) { }\n"
         "void __page_table_check_pte_clear(struct mm_struct *mm, pte_t pte)\n"
         "{ if (pte_user_accessible_page(pte)) page_table_check_clear(pte_pfn(pte),"
         " frames()); }", "0"),
    Case("the arguments of a hook", HOOK, HOOK.replace("pte)", "pte, int x)"), condition="1",
         declared=""),
    Case("a register of choice", "extern int on_;", "static const int on_ = 1;", condition="on_"),
)  # fmt: skip


def unit(case: Case, own: str) -> Session:
    helper = (
        "static void take(struct mm_struct *mm, unsigned long addr, pte_t *ptep)\n"
        "{ pte_t old = *ptep; ptep->pte = 0;"
        f" if ({case.condition}) {case.hook}; }}\n"
    )
    text = (
        f'{case.predicate}{case.declared}\n# 1 "own.h"\n{own}\n# 1 "both.h"\n{case.both}\n'
        f'# 1 "take.h"\n{helper}'
    )
    return session(text, entries=ENTRIES, signatures=(TAKE,))


def told(runner: Runner, reuse: Reuse | None) -> list[tuple[str, ...]]:
    if reuse is not None:
        runner.session.sharing = reuse.sharing(runner.answers)
    runs = runner.run(TAKE, reuse)
    assert not runs.reason, runs.reason
    return [
        (o.status, o.case.old.name, str(o.expected), str(o.got), o.reason,
         str([(e.kind, e.name, e.new, e.arity) for e in o.events]))
        for o in runs.outcomes
    ]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
@pytest.mark.parametrize("turned", [False, True])
def test_other_variant_gets_its_own_answer(case: Case, turned: bool) -> None:
    first, second = (case.no, case.yes) if turned else (case.yes, case.no)
    reuse = Reuse()
    before = told(Runner(unit(case, first)), reuse)
    after = told(Runner(unit(case, second)), reuse)
    alone = told(Runner(unit(case, second)), None)
    assert after == alone
    if case.title != "no predicate":  # what would be counted without one is the same here
        assert before != alone, "the two must differ, or this tests nothing"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_same_variant_is_not_run_again(case: Case) -> None:
    reuse = Reuse()
    before = told(Runner(unit(case, case.yes)), reuse)
    assert told(Runner(unit(case, case.yes)), reuse) == before
    assert reuse.hits == 1


def asked(case: Case, own: str, reuse: Reuse | None) -> str:
    """What the condition of a case is, asked as a predicate would be."""
    text = (
        f'{case.predicate}{case.declared}\n# 1 "own.h"\n{own}\n# 1 "both.h"\n{case.both}\n'
        f"static int asked_(pte_t old) {{ return !!({case.condition}); }}\n"
    )
    one = session(text, entries=ENTRIES)
    if reuse is not None:
        one.sharing = reuse.sharing(Runner(one).answers)
    try:
        return repr(one.evaluate("asked_", one.wrap("pte", 7)))
    except Unjudged as problem:
        return problem.reason


@pytest.mark.parametrize("case", [case for case in CASES if case.condition not in ("0", "1")],
                         ids=lambda case: case.title)  # fmt: skip
@pytest.mark.parametrize("turned", [False, True])
def test_other_variant_is_asked_itself(case: Case, turned: bool) -> None:
    first, second = (case.no, case.yes) if turned else (case.yes, case.no)
    reuse = Reuse()
    before, after = asked(case, first, reuse), asked(case, second, reuse)
    assert after == asked(case, second, None)
    if case.title != "no predicate":
        assert before != after


def test_answers_are_shared_and_refusals_too(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case("", "", "", condition="on_that_is_not_there")
    reuse = Reuse()
    before = [asked(CASES[0], CASES[0].yes, reuse), asked(case, "", reuse)]
    monkeypatch.setattr(Session, "agreed", None)  # nothing may be run again
    assert [asked(CASES[0], CASES[0].yes, reuse), asked(case, "", reuse)] == before


def test_other_constructors_make_other_entries() -> None:
    reuse = Reuse()
    raws = []
    for bits in ("3", "19"):
        entries = ENTRIES.replace("flags ? 3", f"flags ? {bits}")
        one = session(PREDICATE, entries=entries)
        one.sharing = reuse.sharing(Runner(one).answers)
        raws.append([(entry.name, entry.raw) for entry in one.classes("pte")])
        assert [one.counted("pte", raw) for _, raw in raws[-1] if raw & 3 == 3]
    assert raws[0] != raws[1]
    assert len(raws[0]) == len(raws[1])


def test_unrelated_differences_do_not_matter() -> None:
    case = CASES[0]
    reuse = Reuse()
    told(Runner(unit(case, case.yes)), reuse)
    told(Runner(unit(case, case.yes + "\nstruct unrelated { int x; };")), reuse)
    assert reuse.hits == 1


def test_what_was_said_outlives_the_unit_and_the_unit_does_not() -> None:
    reuse = Reuse()
    text = f"{PREDICATE}static pte_t made_(unsigned long x) {{ return (pte_t) {{ x | 3 }}; }}\n"
    gc.collect()
    gc.disable()
    try:
        one = session(text, entries=ENTRIES)
        one.sharing = reuse.sharing(Runner(one).answers)
        before = one.raw("pte", one.evaluate("made_", Int(64, 64, False)))
        unit_of_one = weakref.ref(one.unit)
        one.release()
        del one
        assert unit_of_one() is None, "a cycle keeps the text and the trees of a unit"
    finally:
        gc.enable()
    other = session(text, entries=ENTRIES)
    other.sharing = reuse.sharing(Runner(other).answers)
    value = other.evaluate("made_", Int(64, 64, False))
    assert other.raw("pte", value) == before == 67
    assert repr(other.machine.number(value)) == hex(67)
