# SPDX-License-Identifier: GPL-2.0-only
"""Two architectures without support, enabled by hand: small edits of the real tree's text.

Each edit is a pattern that has to match exactly once. What is written by hand is what a patch
would bring: the select, the predicates, the include, the hooks that generic code does not have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from analyzer.tree import KernelTree, OverlayTree

_PREDICATES: Final = """
#ifndef __ASSEMBLY__
static inline bool pte_user_accessible_page(pte_t pte)
{
	return PTE;
}

static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return PMD;
}

static inline bool pud_user_accessible_page(pud_t pud)
{
	return false;
}
#endif
"""


@dataclass(frozen=True, slots=True)
class Change:
    """`pattern` becomes `text` (a template of `re`)."""

    path: str
    pattern: str
    text: str


def _select(arch: str, symbol: str) -> Change:
    return Change(
        f"arch/{arch}/Kconfig",
        rf"(?m)^(config {symbol}\n\tdef_bool y\n)",
        r"\1\tselect ARCH_SUPPORTS_PAGE_TABLE_CHECK if MMU\n",
    )


def _predicates(arch: str, pte: str, pmd: str) -> Change:
    text = _PREDICATES.replace("PTE", pte).replace("PMD", pmd)
    return Change(f"arch/{arch}/include/asm/pgtable.h", r"(?s)(\n#endif[^\n]*\n*)\Z", text + r"\1")


def _include(path: str, after: str) -> Change:
    line = rf"(?m)^(#include <{re.escape(after)}>.*\n)"
    return Change(path, line, r"\1#include <linux/page_table_check.h>\n")


ENABLED: Final = {
    "nios2": (
        _select("nios2", "NIOS2"),
        _predicates("nios2", "pte_present(pte)", "false"),
        _include("arch/nios2/include/asm/pgtable.h", "asm-generic/pgtable-nopmd.h"),
        Change(
            "arch/nios2/include/asm/pgtable.h",
            r"(void set_ptes\([^)]*\)\s*\{\n[^\n]*\n\n)",
            r"\1\tpage_table_check_ptes_set(mm, ptep, pte, nr);\n\n",
        ),
    ),
    "microblaze": (
        _select("microblaze", "MICROBLAZE"),
        _predicates(
            "microblaze",
            "(pte_val(pte) & _PAGE_PRESENT) && (pte_val(pte) & _PAGE_USER)",
            "false",
        ),
        _include("arch/microblaze/include/asm/pgtable.h", "linux/threads.h"),
        Change(
            "arch/microblaze/include/asm/pgtable.h",
            r"(pte_t ptep_get_and_clear\([^)]*\)\s*\{\n)\treturn (__pte\(pte_update\([^;]*\)\));\n",
            r"\1\tpte_t pte = \2;\n\n\tpage_table_check_pte_clear(mm, pte);\n\n\treturn pte;\n",
        ),
    ),
}


def enabled(tree: KernelTree, arch: str) -> KernelTree:
    """The tree with the hooks of one of `ENABLED` put in."""
    texts: dict[str, str] = {}
    for change in ENABLED[arch]:
        text = texts.get(change.path) or tree.read(change.path).decode("latin-1")
        made, count = re.subn(change.pattern, change.text, text)
        assert count == 1, (change.path, change.pattern, count)
        texts[change.path] = made
    return OverlayTree(tree, {path: text.encode("latin-1") for path, text in texts.items()})
