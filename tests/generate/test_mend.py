# SPDX-License-Identifier: GPL-2.0-only
"""A predicate that breaks a law is replaced where the architecture is enabled."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.check import check_tree
from analyzer.generate.commits import cover, patches
from analyzer.generate.run import plan
from analyzer.tree import FolderTree
from tests.generate.conftest import Demo, applied, edited
from tests.generate.test_shapes import HEADER

GOOD = "\treturn pmd_leaf(pmd) && demo_user_accessible(pmd_val(pmd));\n"


def test_a_predicate_that_counts_what_is_being_split_is_mended(demo: Demo) -> None:
    text = demo.whole.read(HEADER).decode()
    assert GOOD in text
    bad = "\treturn pmd_leaf(pmd) && (pmd_val(pmd) & _PAGE_USER);\n"
    tree = edited(demo.whole, {HEADER: text.replace(GOOD, bad)})
    assert {f.rule for f in check_tree(tree, ("demo",)).findings} == {"PTC203"}
    found = plan(tree, "demo")
    assert not found.undecided
    assert {edit.function for edit in found.edits} == {"pmd_user_accessible_page"}
    mended = applied(tree, found)
    assert not check_tree(mended, ("demo",)).findings
    assert not plan(mended, "demo").edits
    (patch,) = patches(found)
    assert patch.subject == "demo: mend pmd_user_accessible_page()"
    assert "- pmd_user_accessible_page(): otherwise" in patch.body
    assert "nothing can turn on yet" not in patch.body
    assert "selects the page table check already" in cover(found, [patch]).body


@pytest.mark.slow
def test_riscv_of_6_1_counts_what_is_being_split(kernel_6_1: Path) -> None:
    tree = FolderTree(kernel_6_1)
    assert {f.rule for f in check_tree(tree, ("riscv",)).findings} == {"PTC203"}
    found = plan(tree, "riscv")
    assert [edit.function for edit in found.edits] == ["pmd_user_accessible_page"]
    assert not found.undecided
    assert not check_tree(applied(tree, found), ("riscv",)).findings
