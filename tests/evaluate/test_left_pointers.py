# SPDX-License-Identifier: GPL-2.0-only
"""Locals whose address was left where a function that is not followed may find it."""

from __future__ import annotations

import pytest

from analyzer.evaluate.values import Int, Value
from tests.evaluate.lab import only, paths

GLOBAL = "int *left; int word;\n"
SKIPPED = "void poke(void) { *left = 1; }\n"
UNSEEN = "void poke(void);\n"
FOLLOWED = "int poke(void) { *left = 1; return 0; }\n"
PLACE = "struct s { int *what; struct s *next; }; extern struct s *where;\n"


def result(text: str) -> Value | None:
    return only(paths(f"{GLOBAL}{text}")).result


def number(text: str) -> int | None:
    """What `f` returns, if that is known."""
    found = result(text)
    return found.value if isinstance(found, Int) else None


@pytest.mark.parametrize("poke", [SKIPPED, UNSEEN])
@pytest.mark.parametrize(
    "body",
    [
        "int seen = 0; left = &seen; poke(); return seen;",
        "int seen = 0; left = &seen; poke(); seen = 5; poke(); return seen;",
        "int seen = 0; left = &seen; poke(); left = &word; seen = 5; poke(); return seen;",
        "int seen = 0, *p = &seen, **q = &p; left = *q; poke(); return seen;",
        "struct s { int a[2]; } two = { { 3, 4 } }; left = &two.a[1]; poke(); return two.a[1];",
        "unsigned long seen = 0; left = (int *)(unsigned long)&seen; poke(); return seen;",
    ],
)
def test_what_may_have_changed_is_not_known(poke: str, body: str) -> None:
    assert number(f"{poke}int f(pte_t *p_) {{ {body} }}") is None


@pytest.mark.parametrize(
    "body",
    [
        "struct s one = { &seen }; where->next = &one; poke(); return seen;",
        "where->what = &seen; poke(); return seen;",
        "struct s one = { &seen }; where->next = &one; poke(); seen = 5; poke(); return seen;",
    ],
)
def test_a_place_that_is_not_known_is_as_good_as_a_global_one(body: str) -> None:
    assert number(f"{PLACE}{UNSEEN}int f(pte_t *p_) {{ int seen = 0; {body} }}") is None


def test_other_locals_keep_what_they_hold() -> None:
    text = "int f(pte_t *p_) { int seen = 0, other = 7; left = &seen; poke(); return other; }"
    assert number(UNSEEN + text) == 7


def test_what_is_followed_is_known() -> None:
    text = "int f(pte_t *p_) { int seen = 0; left = &seen; poke(); return seen; }"
    assert number(FOLLOWED + text) == 1


def test_nothing_changes_before_something_is_called() -> None:
    text = "int f(pte_t *p_) { int seen = 0; left = &seen; seen += 4; return seen; }"
    assert number(text) == 4


def test_a_function_that_cannot_be_followed_may_have_written_what_it_was_given() -> None:
    text = (
        "int get(int *p) { *p = undeclared; return 0; }\n"
        "int f(pte_t *p_) { int seen = 0; get(&seen); return seen; }"
    )
    assert number(text) is None
