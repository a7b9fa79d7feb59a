# SPDX-License-Identifier: GPL-2.0-only
"""A macro for a function that a configuration does not declare is no helper there."""

from __future__ import annotations

from analyzer.check import check_tree
from analyzer.resources import demo_dir
from analyzer.tree import FolderTree, KernelTree, OverlayTree

HEADER = "arch/demo/include/asm/pgtable.h"


def changed(declaration: str) -> KernelTree:
    tree = FolderTree(demo_dir())
    text = tree.read(HEADER).decode()
    end = text.rindex("#endif", 0, text.rindex("#endif"))
    other = f"#else\n{declaration}#define pmdp_establish elsewhere\n"
    return OverlayTree(tree, {HEADER: (text[:end] + other + text[end:]).encode()})


def judged(tree: KernelTree) -> set[str]:
    result = check_tree(tree, ("demo",), only=frozenset({"nothp"}))
    return {one.helper for one in result.helpers}


def test_what_is_not_declared_is_no_helper() -> None:
    assert "pmdp_establish" not in judged(changed(""))


def test_what_is_declared_is_one() -> None:
    declaration = (
        "pmd_t elsewhere(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp, pmd_t pmd);\n"
    )
    assert "pmdp_establish" in judged(changed(declaration))
