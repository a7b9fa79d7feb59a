# SPDX-License-Identifier: GPL-2.0-only
"""Hooks as a tree could declare them."""

from __future__ import annotations

from analyzer.generate.api import Hooks
from analyzer.model import HookApi, HookPrototype, Location


def hooks() -> Hooks:
    """Hooks of three levels, without addresses."""

    def one(name: str, *parameters: str) -> HookPrototype:
        return HookPrototype(f"page_table_check_{name}", parameters, Location("a.h", 1))

    made = []
    for level in ("pte", "pmd", "pud"):
        made.append(one(f"{level}_clear", "struct mm_struct *mm", f"{level}_t {level}"))
        made.append(
            one(f"{level}_set", "struct mm_struct *mm", f"{level}_t *{level}p", f"{level}_t x")
        )
    return Hooks(HookApi(tuple(made), None))
