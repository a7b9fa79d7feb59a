# SPDX-License-Identifier: GPL-2.0-only
"""C read as it stands: lines stay, brackets decide, nothing hangs."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.brackets import closing, split_arguments
from analyzer.callsites import find_sites
from analyzer.callsites.blocks import Expression, If, Label, Loop, TooDeep, statements
from analyzer.callsites.code import functions, macros
from analyzer.callsites.text import Source
from tests.callsites.small import tree


def source(text: str) -> Source:
    return Source("a.c", text.encode("latin-1"))


@given(st.text(alphabet="ab(){};\n\"'/*#\\ ifelsndf", max_size=200))
def test_positions_stay(text: str) -> None:
    made = source(text)
    assert len(made.code) == len(made.text) == len(text)
    assert made.code.count("\n") == text.count("\n")
    for function in functions(made):
        assert made.code[function.start] == "{"
        statements(made.code, function.start + 1, function.end - 1)


def test_only_the_first_arm_that_does_not_close_is_kept() -> None:
    made = source("#ifdef A\nvoid f(int a) {\n#else\nvoid f(long a) {\n#endif\n\tx(a);\n}\n")
    (one,) = functions(made)
    assert one.parameters[0].type == "int"


def test_both_arms_that_close_are_kept() -> None:
    made = source(
        "#ifdef A\nvoid f(int a) { }\n#elif B\nvoid g(int a) { }\n#else\nvoid h(){}\n#endif"
    )
    assert [f.name for f in functions(made)] == ["f", "g", "h"]


def test_functions_and_their_heads() -> None:
    made = source(
        "static __always_inline pte_t *f(struct mm_struct *mm, pte_t (*g)(int), int a[4])\n{ }\n"
        "static const struct ops x = { .f = f };\nSYSCALL_DEFINE1(brk, unsigned long, brk) { }\n"
        "int __init late(void) { if (a) { } }\nstruct s { int (*f)(void); };\n"
    )
    found = list(functions(made))
    assert [f.name for f in found] == ["f", "brk", "late"]
    assert [p.name for p in found[0].parameters][:1] == ["mm"]
    assert found[0].is_static
    assert not found[0].at_boot
    assert found[2].at_boot


def test_macros_with_and_without_parameters() -> None:
    made = source("#define a(x, y) \\\n\tb(x)\n#define c d\n#define e\n")
    found = {m.name: m for m in macros(made)}
    assert [p.name for p in found["a"].parameters] == ["x", "y"]
    assert made.text[found["c"].start : found["c"].end].strip() == "d"


def test_statements() -> None:
    code = "if (a) b(); else { c(); } for (;;) d(); do e(); while (f); each(x) { g(); } out: h();"
    kinds = [type(s) for s in statements(code, 0, len(code))]
    assert kinds == [If, Loop, Loop, Expression, Loop, Label, Expression]


def test_case_labels_and_questions() -> None:
    code = "switch (x) { case A: b(); break; default: c = d ? e : f; }"
    (loop,) = statements(code, 0, len(code))
    assert isinstance(loop, Loop)
    assert [type(s) for s in loop.body] == [Label, Expression, Expression, Label, Expression]


def test_nesting_has_a_bound() -> None:
    code = "{" * 3000 + "}" * 3000
    with pytest.raises(TooDeep):
        statements(code, 0, len(code))


def test_arguments() -> None:
    text = "f(a, g(b, c), (d, e), h[i, j])"
    assert closing(text, 1) == len(text)
    assert split_arguments(text[2:-1]) == ("a", "g(b, c)", "(d, e)", "h[i, j]")
    assert closing("((", 0) == -1
    assert split_arguments("") == ()


@pytest.mark.parametrize(
    "text",
    [
        "void f(struct vm_area_struct *vma, pte_t *p) {" + "{" * 20_000,
        "void f(pte_t *p) {" + "{" * 5000 + "set_pte(p, x);" + "}" * 5000 + "}",
        "void f(pte_t *p) { set_pte(p, " + "(" * 20_000 + ")" * 20_000 + "); }",
        "void f(pte_t *p) { " + "if (pte_present(*p)) " * 5000 + "set_pte(p, x); }",
        "void f(pte_t *p) { set_pte(p, x) " + "&& a " * 20_000 + "; }",
        "void f(pte_t *p) { if (" + "!" * 3000 + "pte_present(*p)) set_pte(p, x); }",
        "#if A\n" * 3000 + "void f(pte_t *p) { set_pte(p, x); }",
        "/*" * 20_000 + "pte_t *",
        '"' * 20_000 + "pte_t *",
        "pte_t *\0",
        "#define set_pte(a, b) set_pte(a, b)\n#define x(pte_t *p) y(p)\n#define y(ptep) x(ptep)\n",
    ],
)
def test_hostile_text_ends(text: str) -> None:
    started = time.process_time()
    find_sites(tree(text), ("demo",))
    assert time.process_time() - started < 10
