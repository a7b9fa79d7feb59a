# SPDX-License-Identifier: GPL-2.0-only
"""Hooks of one entry that the header of the hooks defines as macros over those of many."""

from __future__ import annotations

import re

from analyzer.check import check_tree
from analyzer.generate.placement import hook_macros
from analyzer.generate.run import plan
from tests.generate.conftest import Demo, applied, edited

HOOKS = "include/linux/page_table_check.h"
FRAMEWORK = "mm/page_table_check.c"


def of_many(text: str) -> str:
    """The text with the setters of pmds and puds taking a number of entries."""
    for level in ("pmd", "pud"):
        head = rf"page_table_check_{level}_set\((struct mm_struct \*mm, [^)]*)\)"
        text = re.sub(head, rf"page_table_check_{level}s_set(\1, unsigned int nr)", text)
        call = f"__page_table_check_{level}_set(mm, {level}p, {level});"
        text = text.replace(call, call.replace("_set", "s_set").replace(");", ", nr);"))
    return text


def test_macros_are_known_before_their_header_is_included(demo: Demo) -> None:
    macros = "".join(
        f"#define page_table_check_{level}_set(mm, {level}p, {level}) \\\n"
        f"\tpage_table_check_{level}s_set(mm, {level}p, {level}, 1)\n"
        for level in ("pmd", "pud")
    )
    header = of_many(demo.stripped.read(HOOKS).decode())
    end = header.rindex("#endif")
    tree = edited(
        demo.stripped,
        {
            HOOKS: f"{header[:end]}{macros}{header[end:]}",
            FRAMEWORK: of_many(demo.stripped.read(FRAMEWORK).decode()),
        },
    )
    found = plan(tree, "demo")
    assert not found.undecided
    hooks = {(edit.function, edit.hook) for edit in found.edits if edit.hook}
    assert ("set_pmd_at", "page_table_check_pmd_set") in hooks
    assert ("set_pud_at", "page_table_check_pud_set") in hooks
    assert not check_tree(applied(tree, found), ("demo",)).findings


def test_macros_that_are_told_apart_by_a_condition_are_left_alone() -> None:
    one = "#define page_table_check_pmd_set(mm, p, x) \\\n\tf(mm, p, x)\n"
    assert hook_macros(f"int a;\n{one}#define other(x) x\n") == {"page_table_check_pmd_set": one}
    assert hook_macros(f"#if X\n{one}#else\n{one.replace('f(', 'g(')}#endif\n") == {}
