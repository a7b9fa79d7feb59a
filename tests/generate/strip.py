# SPDX-License-Identifier: GPL-2.0-only
"""Takes page table check out of an architecture: hooks, predicates, #include lines, the select.

What is left is what the architecture looked like before somebody enabled it, so that what is
generated can be held against what a person wrote.
"""

from __future__ import annotations

import re

from analyzer.generate.ctext import blank, closing
from analyzer.tree import KernelTree

_CALL = re.compile(r"\bpage_table_check_\w+\s*\(")
_GUARDED = re.compile(r"^#ifdef CONFIG_PAGE_TABLE_CHECK\n.*?^#endif[^\n]*\n\n?", re.M | re.S)
_INCLUDE = re.compile(r"^#include <linux/page_table_check\.h>\n", re.M)
_SELECT = re.compile(r"^[ \t]*select ARCH_SUPPORTS_PAGE_TABLE_CHECK[^\n]*\n", re.M)
_FOLD = re.compile(r"^(\t+)\w+_t (\w+) = ([^;]+);\n\n?\treturn \2;\n", re.M)


_PREDICATE = re.compile(r"^static [^\n;]*\b(?:pte|pmd|pud)_user_accessible_page\s*\(", re.M)


def strip_text(text: str) -> str:
    """One file without its part in page table check."""
    text = _INCLUDE.sub("", text)
    text = _GUARDED.sub(lambda m: "" if "user_accessible_page" in m[0] else m[0], text)
    while (found := _PREDICATE.search(text)) is not None:
        end = closing(blank(text), text.index("{", found.end()))
        text = text[: found.start()] + text[end + 1 :].lstrip("\n")
    while True:
        masked = blank(text)
        match = _CALL.search(masked)
        if match is None:
            break
        end = closing(masked, match.end() - 1)
        begin = text.rfind("\n", 0, match.start()) + 1
        last = text.find("\n", end) + 1
        before = text[:begin]
        if before.endswith(("\n\n", "{\n")) and text[last : last + 1] == "\n":
            last += 1
        text = text[:begin] + text[last:]
    return _FOLD.sub(r"\1return \3;\n", text)


def strip(tree: KernelTree, arch: str) -> dict[str, str]:
    """The edited files of an architecture by path."""
    found: dict[str, str] = {}
    for path, data in tree.read_many(tree.walk(f"arch/{arch}", (".c", ".h", "Kconfig"))):
        if b"page_table_check" not in data.lower() and b"PAGE_TABLE_CHECK" not in data:
            continue
        text = data.decode("latin-1")
        new = _SELECT.sub("", text) if path.endswith("Kconfig") else strip_text(text)
        if new != text:
            found[path] = new
    return found
