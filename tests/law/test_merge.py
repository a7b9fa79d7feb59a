# SPDX-License-Identifier: GPL-2.0-only
"""Paths that come together are run once; paths that only seem to, are not.

In each case a callee takes an undecided way, the first of which leads to a balanced path, the
second to one without its hook.
"""

from __future__ import annotations

import pytest

from analyzer.model import Verdict
from tests.law.demo import Bench, found
from tests.law.test_runs import SLOT, conditions, judged

ASK = "int demo_ask(int what);\n"
CLEAR = (
    "\tpte_t old = __pte(xchg(&ptep->pte, 0UL));\n\n"
    "\tif ({})\n\t\tpage_table_check_pte_clear(mm, old);"
)
APART = {
    "the result": ("static inline int demo_way(int x)\n{\n\treturn demo_ask(x) ? 0 : 1;\n}\n",
                   "demo_way(1)"),
    "the kind of result": (("static inline unsigned long demo_way(int x)\n{\n\tif (demo_ask(x))\n"
                           "\t\treturn 0xffffffffUL;\n\treturn (int)-1;\n}\n"),
                           "demo_way(1) >> 63"),
    "a local of the caller": (("static inline int demo_way(int x, int *to)\n{\n\tif (demo_ask(x))\n"
                              "\t\t*to = 0;\n\treturn 0;\n}\n"),
                              "({ int n_ = 1; demo_way(1, &n_); n_; })"),
    "a local behind a local": (("struct demo_at { int *to; };\nstatic inline int demo_way(int x,"
                               " struct demo_at *at)\n{\n\tif (demo_ask(x))\n\t\t*at->to = 0;\n"
                               "\treturn 0;\n}\n"),
                               ("({ int n_ = 1; struct demo_at a_ = { &n_ }; demo_way(1, &a_);"
                                " n_; })")),
    "a local by its address": (("static inline int demo_way(int x, unsigned long to)\n{\n"
                               "\tif (demo_ask(x))\n\t\t*(int *)to = 0;\n\treturn 0;\n}\n"),
                               "({ int n_ = 1; demo_way(1, (unsigned long)&n_); n_; })"),
    "a global": (("static int demo_state[1] = { 1 };\nstatic inline int demo_way(int x)\n{\n"
                 "\tif (demo_ask(x))\n\t\tdemo_state[0] = 0;\n\telse\n\t\tdemo_state[0] = 1;\n"
                 "\treturn 0;\n}\n"),
                 "({ demo_way(1); demo_state[0]; })"),
    "a choice that comes again": (("static inline int demo_way(int x)\n{\n"
                                   "\treturn demo_ask(x) * 0;\n}\n"
                                   "static inline int demo_other(int x)\n{\n\tif (demo_ask(x))\n"
                                  "\t\tdemo_way(x);\n\treturn 0;\n}\n"),
                                  "({ demo_other(1); !demo_ask(1); })"),
}  # fmt: skip


@pytest.mark.parametrize("case", APART)
def test_paths_that_differ_are_both_run(demo: Bench, case: str) -> None:
    before, condition = APART[case]
    one, result = judged(demo, SLOT, CLEAR.format(condition), "mm, addr, ptep", ASK + before)
    assert one.verdict is Verdict.FINDING, (one.reason, found(result))


def test_an_entry_stored_on_one_way_only(demo: Bench) -> None:
    before = (
        f"{ASK}static inline int demo_way({SLOT})\n{{\n\tif (demo_ask(1))\n"
        "\t\tset_pte(ptep, __pte(0));\n\treturn 0;\n}\n"
    )
    one, result = judged(demo, SLOT, "\tdemo_way(mm, addr, ptep);", "mm, addr, ptep", before)
    assert one.verdict is Verdict.FINDING, found(result)


def test_ways_without_a_trace_cost_no_path(demo: Bench) -> None:
    before = (
        f"{ASK}static inline int demo_way(int x)\n{{\n\tint n = 0;\n\n{conditions(7)}"
        "\treturn n * 0;\n}\n"
    )
    body = "\tdemo_way(1);\n\tset_pte_at(mm, addr, ptep, __pte(0));"
    one, result = judged(demo, SLOT, body, "mm, addr, ptep", before)
    assert one.verdict is Verdict.BALANCED, (one.reason, found(result))


def test_paths_that_come_together_have_a_bound_too(demo: Bench) -> None:
    body = f"\tint n = 0;\n\n{conditions(10)}\tset_pte_at(mm, addr, ptep, __pte(0));"
    one, _ = judged(demo, SLOT, body, "mm, addr, ptep", ASK)
    assert (one.verdict, one.reason) == (Verdict.UNKNOWN, "more than 64 paths")


def test_stores_on_the_way_are_no_ways_of_their_own_among_many(demo: Bench) -> None:
    """Each way stores something else first: taken one by one they are too many."""
    ways = "".join(
        f"\tif (demo_ask({n}))\n\t\tset_pte(ptep, __pte({n + 1}UL << 20));\n" for n in range(8)
    )
    before = (
        f"{ASK}static inline pte_t demo_take({SLOT})\n{{\n\tpte_t old = *ptep;\n\n{ways}"
        "\tset_pte(ptep, __pte(0));\n\treturn old;\n}\n"
    )
    body = (
        "\tpte_t old = demo_take(mm, addr, ptep);\n\n\tif (demo_ask(20))\n\t\tdemo_ask(21);\n"
        "\t{}page_table_check_pte_clear(mm, old);"
    )
    one, result = judged(demo, SLOT, body.format(""), "mm, addr, ptep", before)
    assert one.verdict is Verdict.BALANCED, (one.reason, found(result))
    one, result = judged(
        demo, SLOT, body.format("if (demo_ask(22))\n\t\t"), "mm, addr, ptep", before
    )
    assert one.verdict is Verdict.FINDING, (one.reason, found(result))
