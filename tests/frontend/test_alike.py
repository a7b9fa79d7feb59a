# SPDX-License-Identifier: GPL-2.0-only
"""What two definitions of a function may differ in and mean the same."""

from __future__ import annotations

import pytest

from analyzer.frontend.alike import renamed
from analyzer.frontend.cparse import Node, parse_declaration

ONE = "int f(int x) { int a = x; struct s t = { .a = a }; t.a = a + 1; for (;;) { int b = a; } }"


def parsed(text: str) -> Node:
    return parse_declaration(text, "x.h", 1, ())[0]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (ONE, set()),
        (ONE.replace("a + 1", "((a) + (1))").replace("{ int", "\n{\nint"), set()),
        (ONE.replace("int b", "int c"), {"b", "c"}),
        (ONE.replace("int a", "int k").replace("= a", "= k").replace("= a + 1", "= k + 1")
         .replace(" a }", " k }"), {"a", "k"}),
        (ONE.replace("int b = a", "int a = b").replace("int a = x", "int b = x")
         .replace("= a }", "= b }").replace("= a + 1", "= b + 1"), {"a", "b"}),
    ],
)  # fmt: skip
def test_locals_may_have_other_names(text: str, names: set[str]) -> None:
    assert renamed(parsed(ONE), parsed(text)) == names


@pytest.mark.parametrize(
    "text",
    [
        ONE.replace("int a = x", "int k = x"),  # the other places mean another
        ONE.replace("t.a", "t.k"),  # a member
        ONE.replace(".a = a", ".k = a"),
        ONE.replace("int x", "int y").replace("= x", "= y"),  # a parameter
        ONE.replace("f(", "g("),
        ONE.replace("+ 1", "+ 2"),
        ONE.replace("+ 1", "- 1"),
        ONE.replace("int b = a", "int a = a"),  # one name for two
        ONE.replace("int b", "long b"),
        ONE.replace("int b", "static int b"),
        ONE.replace("for (;;)", "while (1)"),
        ONE.replace("a + 1", "k + 1"),  # a global
    ],
)
def test_nothing_else_may_differ(text: str) -> None:
    assert renamed(parsed(ONE), parsed(text)) is None


def test_what_is_no_local_keeps_its_name() -> None:
    first, second = "int f(void) { return g(a); }", "int f(void) { return g(b); }"
    assert renamed(parsed(first), parsed(second)) is None
    assert renamed(parsed(first), parsed("int f;")) is None
    static = "int f(void) { static int a; return a; }"
    assert renamed(parsed(static), parsed(static.replace(" a;", " b;"))) is None
