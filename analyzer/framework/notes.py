# SPDX-License-Identifier: GPL-2.0-only
"""What a tree's form leaves open, for whoever sends the series."""

from __future__ import annotations

import re
from typing import Final

from ..generate.ctext import blank
from .absent import odd_helpers
from .draft import Draft
from .facts import Facts
from .text import functions

_TEST: Final = "mm/debug_vm_pgtable.c"
_SETTER: Final = re.compile(r"\bset_(pte|pmd|pud)_at\s*\(")
_TAKEN: Final = r"\b{level}p?_(?!test_)\w*clear\w*\s*\("


def notes(draft: Draft, facts: Facts) -> list[str]:
    """What the tree's form leaves open."""
    said = []
    if not facts.flags:
        said.append(
            "write protection of userfaultfd: marking an entry does not protect it by itself"
            " everywhere in this tree, or swap entries cannot be asked; not checked"
        )
    if facts.leaf != "pmd_leaf":
        said.append(
            f"pmd_leaf() is not declared; {facts.leaf}() tells leaves from tables, and has to exist"
            " wherever the check is enabled"
        )
    if re.search(r"\\b\(\?:BUG\|BUG_ON\)\\b", draft.text("scripts/checkpatch.pl") or ""):
        said.append(
            "this tree's checkpatch.pl warns of the word BUG_ON wherever it stands: in"
            " mm/page_table_check.c, once, on purpose"
        )
    said += odd_helpers(draft, facts)
    said += [
        f"{_TEST}: {name}() sets an entry and does not take it out again; with DEBUG_VM_PGTABLE"
        " the check stops the kernel when the page is freed"
        for name in left_behind(draft)
    ]
    return said


def left_behind(draft: Draft) -> list[str]:
    """The functions of the kernel's own test of the helpers that leave an entry in a table."""
    text = draft.text(_TEST)
    if text is None:
        return []
    masked = blank(text)
    found = []
    for function in functions(text, _SETTER.pattern):
        setters = list(_SETTER.finditer(masked, function.open, function.close))
        if setters and not re.compile(_TAKEN.format(level=setters[-1][1])).search(
            masked, setters[-1].end(), function.close
        ):
            found.append(function.name)
    return found
