# SPDX-License-Identifier: GPL-2.0-only
"""The demonstration tree: mistakes that one helper shows, and those that only a sequence shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from analyzer.frontend import ParseCache
from analyzer.tree import KernelTree, OverlayTree, open_tree
from analyzer.verify import Agreement, verify_tree
from analyzer.verify.values import VariantProof
from tests.law.demo import DEMO, PGTABLE, Edit, arch, overlay
from tests.law.test_refilled import BAD, EDITS, FILL, GOOD, GUEST, HEAD
from tests.verify.agreement import differences

COUNTS_INVALID: Final = arch(
    "pmd_leaf(pmd) && demo_user_accessible(pmd_val(pmd))",
    "pmd_leaf(pmd) && (pmd_val(pmd) & _PAGE_USER)",
)
STAYS_WRITABLE: Final = arch(
    "#define pte_wrprotect(pte) pte_clear_bits(pte, _PAGE_WRITE)",
    "#define pte_wrprotect(pte) pte_clear_bits(pte, _PAGE_DIRTY)",
)
COUNTS_SWAP: Final = arch(
    "return demo_user_accessible(pte_val(pte));",
    "return pte_val(pte) && !(pte_val(pte) & _PAGE_PRESENT) || demo_user_accessible(pte_val(pte));",
)
SEQUENCE_ONLY: Final = (
    pytest.param(
        COUNTS_INVALID,
        {"split/pmdp_invalidate", "split-one-by-one"},
        {"miscounted", "anonymous-shared-writable"},
        id="a huge entry that is being split counts",
    ),
    pytest.param(
        STAYS_WRITABLE,
        {"fork-write", "fork-reuse"},
        {"anonymous-shared-writable"},
        id="write protection protects nothing",
    ),
)


@pytest.fixture(scope="module")
def tree() -> Iterator[KernelTree]:
    """The demonstration tree."""
    with open_tree(str(DEMO), None) as opened:
        yield opened


CACHE: Final = ParseCache()


def proof(tree: KernelTree, *edits: Edit, mended: bool = True) -> VariantProof:
    """What `verify` finds in the base variant of an edited tree."""
    edited = overlay(tree, edits, mended)
    (found,) = verify_tree(edited, ("demo",), only=frozenset({"base"}), cache=CACHE).variants
    return found


def wrong(found: VariantProof) -> set[str]:
    """The helpers that disagree."""
    return {one.helper for one in found.helpers if one.agreement is Agreement.DISAGREES}


def wrong_sequences(found: VariantProof) -> set[str]:
    """The sequences that disagree."""
    return {one.name for one in found.sequences if one.agreement is Agreement.DISAGREES}


def test_mended_tree_agrees(tree: KernelTree) -> None:
    found = proof(tree)
    assert {one.agreement for one in found.proofs} == {Agreement.AGREES}
    assert len(found.helpers) >= 25
    assert len(found.sequences) >= 40
    assert found.runs > 1000
    assert ("pmd", "invalidated") in found.classes
    assert ("pmd", "invalidated") not in found.counted
    assert ("pud", "user-writable") in found.counted


def test_defect_of_the_demonstration_is_seen(tree: KernelTree) -> None:
    found = proof(tree, mended=False)
    assert wrong(found) == {
        "pmdp_huge_get_and_clear", "pmdp_huge_get_and_clear_full", "pmdp_huge_clear_flush",
    }  # fmt: skip
    (one,) = [p for p in found.helpers if p.helper == "pmdp_huge_get_and_clear"]
    assert one.problem is not None
    assert one.problem.rule == "miscounted"
    assert "counted 1 times and mapped 0 times" in one.problem.message
    (act,) = one.problem.acts
    assert [move.location.path for move in act.moves] == [PGTABLE]
    uses = {p.name for p in found.sequences if wrong(found) & set(p.helpers)}
    assert wrong_sequences(found) <= uses
    assert "move-huge" in wrong_sequences(found)


@pytest.mark.parametrize(("edit", "expected", "rules"), SEQUENCE_ONLY)
def test_what_only_a_sequence_shows(
    tree: KernelTree, edit: Edit, expected: set[str], rules: set[str]
) -> None:
    found = proof(tree, edit)
    assert wrong(found) == set()
    assert wrong_sequences(found) == expected
    problems = [one.problem for one in found.sequences if one.problem is not None]
    assert {problem.rule for problem in problems} == rules
    for problem in problems:
        assert len(problem.acts) > 2
        assert any(move.location.path for act in problem.acts for move in act.moves)


def test_a_counted_swap_entry_shows_where_it_is_dropped(tree: KernelTree) -> None:
    assert "swap/ptep_clear_flush" in wrong_sequences(proof(tree, COUNTS_SWAP))


def test_violation_of_a_rule_ends_a_sequence(tree: KernelTree) -> None:
    """Freed while it is mapped: the reference model stops where the kernel would."""
    edit = arch("\tpage_table_check_pte_clear(mm, old);\n\n\treturn old;", "\treturn old;")
    found = proof(tree, edit)
    one = next(p for p in found.sequences if p.name.startswith("fault-unmap/"))
    assert one.problem is not None
    assert one.problem.rule == "miscounted"
    assert one.problem.acts[-1].text.startswith(one.name.split("/")[2])


def test_what_cannot_be_followed_is_unknown(tree: KernelTree) -> None:
    edit = arch("pte_t old = __pte(xchg(&ptep->pte, 0UL));",
                "pte_t old = *ptep; ptep->pte = unknown_value();")  # fmt: skip
    found = proof(tree, edit)
    unknown = {one.helper: one.reason for one in found.helpers
               if one.agreement is Agreement.UNKNOWN}  # fmt: skip
    assert "unknown_value" in unknown["ptep_get_and_clear"]
    swap = next(one for one in found.sequences if one.name == "swap/ptep_get_and_clear")
    assert swap.agreement is Agreement.UNKNOWN


def test_hook_with_a_wrong_mm_is_a_disagreement(tree: KernelTree) -> None:
    edit = arch("page_table_check_pmd_set(mm, pmdp, pmd);",
                "page_table_check_pmd_set(0, pmdp, pmd);")  # fmt: skip
    found = proof(tree, edit)
    one = next(p for p in found.helpers if p.helper == "set_pmd_at")
    assert one.problem is not None
    assert one.problem.rule == "misused-hook"


@pytest.mark.parametrize(
    ("edits", "mended"),
    [((), True), ((), False), ((COUNTS_INVALID,), True), ((STAYS_WRITABLE,), True)],
    ids=["mended", "as it is", "counts invalid", "stays writable"],
)
def test_check_and_verify_agree(tree: KernelTree, edits: tuple[Edit, ...], mended: bool) -> None:
    wrong, found = differences(overlay(tree, edits, mended), "demo", "base")
    assert not wrong
    assert found.helpers


@pytest.mark.parametrize(("guest", "wrong"), [(GOOD, False), (BAD, True)])
def test_functions_that_a_guest_puts_into_a_table_are_run(
    tree: KernelTree, guest: str, wrong: bool
) -> None:
    found = proof(OverlayTree(tree, {GUEST: (HEAD + guest + FILL).encode()}), *EDITS)
    (one,) = (each for each in found.helpers if each.helper == "set_ptes")
    assert one.agreement is (Agreement.DISAGREES if wrong else Agreement.AGREES)
    plays = {each.agreement for each in found.sequences}
    assert (Agreement.DISAGREES in plays) is wrong
