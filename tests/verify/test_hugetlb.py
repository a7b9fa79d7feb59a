# SPDX-License-Identifier: GPL-2.0-only
"""Pages of hugetlb: `verify` reads their slots as `check` does, alone and in sequences."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from analyzer.tree import KernelTree, open_tree
from analyzer.verify import Agreement
from tests.law.demo import CALLERS, DEMO, Edit, generic, overlay
from tests.law.test_hugetlb import CALL, MANY, PLACE, helpers, uncounted
from tests.verify.agreement import differences

TAKEN = "page_table_check_pte_clear(mm, old);\n"
MANY_USES = (
    "\tset_huge_pte_at(mm, addr, ptep, __pte(0));\n"
    "\thuge_ptep_set_wrprotect(mm, addr, ptep);\n"
    "\thuge_ptep_set_access_flags(0, addr, ptep, __pte(0), 1);\n"
)


@pytest.fixture(scope="module")
def tree() -> Iterator[KernelTree]:
    with open_tree(str(DEMO), None) as opened:
        yield opened


def answers(tree: KernelTree, edits: tuple[Edit, ...]) -> tuple[set[str], set[str]]:
    """The helpers and the sequences of hugetlb that disagree; `check` says so of the same ones."""
    wrong, proof = differences(overlay(tree, edits), "demo", "base")
    assert not wrong
    return (
        {one.helper for one in proof.helpers if one.agreement is Agreement.DISAGREES},
        {one.name for one in proof.sequences if one.agreement is Agreement.DISAGREES},
    )


def test_a_form_that_is_never_counted_agrees(tree: KernelTree) -> None:
    assert answers(tree, uncounted("")) == (set(), set())


def test_one_hook_for_such_a_form_is_one_too_many(tree: KernelTree) -> None:
    alone, _ = answers(tree, uncounted(TAKEN))
    assert {"set_huge_pte_at", "huge_ptep_get_and_clear"} & alone


def test_many_slots_that_are_filled_without_a_hook(tree: KernelTree) -> None:
    edits = generic(PLACE, MANY + PLACE), Edit(CALLERS, CALL, f"{CALL}{MANY_USES}")
    alone, _ = answers(tree, edits)
    assert alone == {"set_huge_pte_at"}


@pytest.mark.parametrize("level", ["pte", "pmd"])
def test_hooks_of_either_level_agree(tree: KernelTree, level: str) -> None:
    assert answers(tree, helpers(level, level)) == (set(), set())


def test_a_hook_that_is_missing(tree: KernelTree) -> None:
    alone, _ = answers(tree, helpers("pte", ""))
    assert alone == {"huge_ptep_get_and_clear"}
