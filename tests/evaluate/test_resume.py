# SPDX-License-Identifier: GPL-2.0-only
"""Where a path does not begin in the middle: a call that finds more than can be put back."""

from __future__ import annotations

import pytest

from tests.evaluate.test_journal import PRELUDE, asked_before, every_path
from tests.evaluate.test_recall import entered

BEGIN = "int f(struct mm_struct *mm, pte_t *p)\n{\n\tint x = 0;\n"


def alike(text: str) -> bool:
    """Whether paths that begin in the middle leave what those do that are run in full."""
    parts, full = asked_before(PRELUDE + text), asked_before(PRELUDE + text)
    found = every_path(parts, journal=True, meet=True, parts=True)
    assert len(found) > 1
    return found == every_path(full, journal=False, meet=True)


def run_again(text: str) -> list[str]:
    """The functions that are really run for all paths, in order."""
    it = asked_before(PRELUDE + text)
    names: list[str] = []
    entered(it, names)
    every_path(it, journal=True, meet=True, parts=True)
    return names


def test_a_choice_that_was_forgotten_is_made_again() -> None:
    """A store to a place that is not known may change what was asked before: both ways again."""
    asks = (
        "static void g(pte_t *p)\n"
        "{ if (where->flag) put(p, 5); if (unknown(2)) put(p, p->pte + 1); }\n"
    )
    store = "\tif (where->flag) put(p, 7);\n\twhere->flag = unknown(3);\n"
    assert alike(f"{asks}{BEGIN}{store}\tg(p);\n\treturn x;\n}}\n")


def test_addresses_of_locals_are_those_of_the_run() -> None:
    """A number is the address of a caller's variable, in the run that has given it one."""
    asks = (
        "static void g(pte_t *p, unsigned long to)\n"
        "{ int own = 9, n; by_number((unsigned long)&own, 0); n = ask(2);"
        " put(p, *(int *)to + n); }\n"
    )
    assert alike(f"{asks}{BEGIN}\tx = 3;\n\tg(p, (unsigned long)&x);\n\treturn x;\n}}\n")


@pytest.mark.parametrize("before", ["state[0] = 5;", "held.flag = 5;"])
def test_the_call_in_which_a_global_was_written_is_made_again(before: str) -> None:
    """What a global holds cannot be put back: not the innermost call, but that around it."""
    inner = "static int inner(pte_t *p) { return ask(1); }\n"
    outer = f"static int outer(pte_t *p) {{ int n; {before} n = inner(p); return 3; }}\n"
    text = f"{inner}{outer}{BEGIN}\tx = outer(p);\n\treturn x;\n}}\n"
    assert alike(text)
    names = run_again(text)
    assert names == ["f", "outer", "inner", "ask", "outer", "inner", "ask"]


@pytest.mark.parametrize("place", ["held.kept", "where->kept"])
def test_locals_that_others_may_write(place: str) -> None:
    """A local's address that is left for others lies in a global that was written, or in a place
    that is not known, for which choices are forgotten: `found_by` asks for both of these."""
    over = "static int over(int *to, int n) { unknown(n); return *to + ask(n + 1); }\n"
    for given in ("&x", "&state[1]"):
        body = f"\t{place} = &x;\n\tif (over({given}, 1)) put(p, 5);\n\tput(p, x);\n"
        assert alike(f"{over}{BEGIN}{body}\treturn x;\n}}\n".replace("over(", "above("))


def test_a_global_that_is_written_later_is_not_put_back() -> None:
    """What is known of it is what it held when the path was at its end."""
    asks = "static void g(pte_t *p) { int n = ask(1); put(p, state[0] + n); }\n"
    body = "\tx = state[0];\n\tg(p);\n\tstate[0] = 7;\n\treturn x;\n"
    assert alike(f"{asks}{BEGIN}{body}}}\n")
