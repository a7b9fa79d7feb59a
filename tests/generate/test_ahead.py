# SPDX-License-Identifier: GPL-2.0-only
"""A function is edited, or put, so that all it uses is declared ahead of it, as a compiler asks."""

from __future__ import annotations

import re

import pytest

from analyzer.frontend import Unit
from analyzer.generate.ahead import complete, undeclared
from analyzer.generate.run import plan
from tests.generate.conftest import Demo, applied
from tests.generate.test_shapes import HEADER, hooked, stripped_with

SETTER = re.compile(r"static inline void set_pmd_at\(.*?\n}\n", re.S)
MACRO = """\
#define set_pmd_at(mm, addr, pmdp, pmd)	\\
	do {				\\
		if (demo_late(pmd))	\\
			demo_early();	\\
		*(pmdp) = (pmd);	\\
	} while (0)
"""
LATE = """#define demo_later(x)	(pmd_val(x) & 2)
#define demo_late(x)	(pmd_val(x) & 1)
#define demo_last(x)	(pmd_val(x) & 4)

static inline void demo_user(struct mm_struct *mm, pmd_t *pmdp, pmd_t pmd)
{
	set_pmd_at(mm, 0, pmdp, pmd);
}
"""


def test_a_macro_becomes_a_function_behind_the_macros_that_it_uses(demo: Demo) -> None:
    early = "static inline void demo_early(void)\n{\n}\n\n"
    tree = stripped_with(demo, {SETTER: early + MACRO}, LATE)
    found = plan(tree, "demo")
    assert not found.undecided
    text = applied(tree, found).read(HEADER).decode()
    assert "page_table_check_pmd_set(mm, pmdp, pmd);" in hooked(applied(tree, found), "set_pmd_at")
    order = ("demo_early(void)", "demo_late(x)", "demo_last(x)", "void set_pmd_at(", "demo_user(")
    places = [text.index(one) for one in order]
    assert places == sorted(places)
    assert "\n\n\n" not in text


def test_where_a_user_comes_before_nothing_is_made_that_does_not_compile(demo: Demo) -> None:
    early = "static inline void demo_early(void)\n{\n}\n\n"
    user = LATE[LATE.index("static") :]
    macros = LATE[: LATE.index("static")]
    tree = stripped_with(demo, {SETTER: early + MACRO + "\n" + user}, macros)
    found = plan(tree, "demo")
    text = applied(tree, found).read(HEADER).decode()
    assert "void set_pmd_at(" not in text
    assert found.undecided


BEFORE = (
    "typedef int pte_t; struct s { int a; }; enum { A }; extern int g; int h(int);"
    " static inline int k(void) { return 0; }\n"
)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("return h(g) + A + k();", set()),
        ("return late;", {"late"}),
        ("return late(1);", {"late"}),
        ("int (*p)(int) = late; return p(1);", {"late"}),
        ("struct s x = { .a = 1 }; return x.a + (&x)->a;", set()),
        ("return x->late + late->x;", {"late"}),
        ("for (int i = 0; i < 3; i++) h(i); goto out; out: return ({ int z = A; z; });", set()),
        ("enum { OWN } o = OWN; typedef int own_t; own_t q = o; return q;", set()),
        ("return __builtin_offsetof(struct s, a) + __builtin_expect(g, 0) + f(x);", set()),
        ('int i; asm volatile("x %0, %1" : "=r"(i) : "m"(*x), [n] "r"(late)); return i;', {"late"}),
        ("late_t *y; return 0;", {"f"}),
    ],
)
def test_names_that_nothing_ahead_declares(body: str, names: set[str]) -> None:
    text = f"{BEFORE}static inline int f(struct s *x) {{ {body} }}\n"
    behind = "int late(int); typedef int late_t;\n"
    for unit in (Unit(text), Unit(text + behind)):
        chunk = unit.function("f")
        assert chunk is not None
        found = undeclared(unit, chunk)
        assert found == names or (names == {"f"} and found <= {"f", "late_t", "y"})
    early = Unit(behind + text)
    chunk = early.function("f")
    assert chunk is not None
    assert not undeclared(early, chunk)


def unit(body: str) -> Unit:
    return Unit(f'\n# 1 "a.h"\n{BEFORE}static inline int f(pte_t *x) {{ {body} }}\n')


def test_the_hook_and_what_lacked_before_are_not_asked_for() -> None:
    hook = "page_table_check_pte_set"
    assert complete(unit(f"{hook}(x, g); return 0;"), None, "f", "a.h", hook)
    assert not complete(unit(f"{hook}(x, g); return odd;"), None, "f", "a.h", hook)
    assert complete(unit(f"{hook}(x, g); return odd;"), unit("return odd;"), "f", "a.h", hook)
    assert not complete(unit("return odd + more;"), unit("return odd;"), "f", "a.h", "")
    assert complete(unit("return odd;"), None, "f", "b.h", "")
    assert complete(unit("return odd;"), None, "other", "a.h", "")


def test_a_function_that_was_a_macro_is_not_used_ahead_of_it() -> None:
    user = "static inline int user(pte_t *x) { return f(x); }\n"
    early = Unit(
        unit("return 0;").text.replace("static inline int f", f"{user}static inline int f")
    )
    assert not complete(early, Unit(""), "f", "a.h", "")
    assert not complete(early, None, "f", "a.h", "")
    assert complete(early, unit("return 0;"), "f", "a.h", "")
    declared = Unit(early.text.replace(user, f"static inline int f(pte_t *x);\n{user}"))
    assert complete(declared, None, "f", "a.h", "")
    assert complete(Unit(unit("return 0;").text + user), None, "f", "a.h", "")
