# SPDX-License-Identifier: GPL-2.0-only
"""Real trees with a part of the feature taken out: it comes back as it was, or it is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analyzer.framework import Framework, bring
from analyzer.framework.render import CODE, HEADER
from analyzer.reference.peer import source_from, source_of
from analyzer.tree import FolderTree, KernelTree, OverlayTree
from tests.framework.strip import strip_all
from tests.framework.test_kernels import same

ALLOCATOR = "mm/page_alloc.c"
GENERIC = "include/linux/pgtable.h"
OPTIONS = "mm/Kconfig.debug"
FREE = "\tpage_table_check_free(page, order);\n"


def lines(pattern: str) -> str:
    """A line that calls something."""
    return rf"^[ \t]*{pattern}[^\n]*\n"


TAKEN = {
    "the first way out of the allocator": (ALLOCATOR, lines(r"page_table_check_free\(")),
    "the other way out": (
        ALLOCATOR, rf"(?s:(?<={re.escape(FREE)})(.*?)){lines('page_table_check_free')}",
    ),
    "the way in": (ALLOCATOR, lines(r"page_table_check_alloc\(")),
    "a table that khugepaged throws away": (
        "mm/khugepaged.c", lines(r"page_table_check_pte_clear_range\("),
    ),
    "a generic helper": (GENERIC, lines(r"page_table_check_pmd_clear\(")),
    "the include of the generic helpers": (GENERIC, lines("#include <linux/page_table_check.h>")),
    "the option to enforce it": (
        OPTIONS, r"^config PAGE_TABLE_CHECK_ENFORCED\n(?:[ \t]+[^\n]*\n|\n(?=[ \t]))*",
    ),
}  # fmt: skip
GONE = {
    "header": (HEADER,), "code": (CODE,), "header and code": (HEADER, CODE),
    "options": ("arch/Kconfig", OPTIONS), "Makefile": ("mm/Makefile",),
    "page_ext": ("mm/page_ext.c",), "allocator": (ALLOCATOR,), "khugepaged": ("mm/khugepaged.c",),
    "generic helpers": (GENERIC,), "MAINTAINERS": ("MAINTAINERS",),
    "documents": ("Documentation/mm/page_table_check.rst", "Documentation/mm/index.rst"),
}  # fmt: skip
LEFT = {
    "architectures": ("arch/alpha", "arch/arm64/", "arch/riscv/", "arch/x86/"),
    "header": (HEADER,), "code": (CODE,), "options": (OPTIONS, "arch/Kconfig"),
}  # fmt: skip
REFUSED = {
    "a hook that the header lacks": (
        HEADER, r"^static inline void page_table_check_pte_clear_range\([^)]*\)\n\{(?s:.*?)^\}\n",
        "has no page_table_check_pte_clear_range()",
    ),
    "a function that the code lacks": (
        CODE, r"^void __page_table_check_pud_clear\([^)]*\)\n\{(?s:.*?)^\}\n",
        "__page_table_check_pud_clear(), and mm/page_table_check.c does not define it",
    ),
    "the boot parameter": (CODE, lines(r"early_param\("), "has no early_param()"),
    "hooks of another generation": (
        "arch/x86/include/asm/pgtable.h", r"(?<=page_table_check_pmd_set\(mm, )",
        "page_table_check_pmd_set() with",
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=["6_1", "6_12"])
def tree(request: pytest.FixtureRequest) -> KernelTree:
    return FolderTree(str(request.getfixturevalue(f"kernel_{request.param}")))


@pytest.fixture(scope="module")
def bare(tree: KernelTree) -> dict[str, bytes | None]:
    return strip_all(tree)


def without(tree: KernelTree, path: str, pattern: str, new: str = "") -> KernelTree:
    text = tree.read(path).decode("latin-1")
    cut = re.sub(pattern, new, text, count=0 if path == HEADER else 1, flags=re.M)
    assert cut != text
    return OverlayTree(tree, {path: cut.encode("latin-1")})


def names(tree: KernelTree, path: str) -> list[str]:
    text = tree.read(path).decode("latin-1")
    return sorted(re.findall(r"\b(?:page_table_check_\w+|PAGE_TABLE_CHECK\w*)\b", text))


def completed(tree: KernelTree, bare: dict[str, bytes | None], found: Framework) -> None:
    """Every hook, option and line is where it was; what is generated counts as the original."""
    assert not found.refused
    assert found.steps
    assert found.begun
    after = found.overlay()
    assert bring(after).whole
    for path in bare:
        shared = (
            not path.startswith(("arch/", "Documentation/", "kernel/")) or path == "arch/Kconfig"
        )
        if shared and path not in (HEADER, CODE):
            assert names(after, path) == names(tree, path), path
    if {HEADER, CODE} & set(found.steps[-1].texts):
        made = source_from(after.read(CODE), after.read(HEADER), "completed")
        counted = found.generation.many & {"pte"} if "_ptes_" in tree.read(HEADER).decode() else ()
        same(source_of(tree), made, frozenset(counted), 10)


@pytest.mark.slow
@pytest.mark.parametrize("what", TAKEN)
def test_a_line_comes_back(what: str, tree: KernelTree, bare: dict[str, bytes | None]) -> None:
    path, pattern = TAKEN[what]
    keep = r"\1" if "other" in what else ""
    completed(tree, bare, bring(without(tree, path, pattern, keep)))


@pytest.mark.slow
@pytest.mark.parametrize("what", GONE)
def test_a_part_comes_back(what: str, tree: KernelTree, bare: dict[str, bytes | None]) -> None:
    half = OverlayTree(tree, {path: bare[path] for path in GONE[what]})
    completed(tree, bare, bring(half))


@pytest.mark.slow
@pytest.mark.parametrize("what", LEFT)
def test_the_rest_comes_back(what: str, tree: KernelTree, bare: dict[str, bytes | None]) -> None:
    kept = LEFT[what]
    half = OverlayTree(tree, {p: data for p, data in bare.items() if not p.startswith(kept)})
    completed(tree, bare, bring(half))


@pytest.mark.parametrize("what", REFUSED)
def test_what_contradicts_is_named(what: str, kernel_6_12: Path) -> None:
    path, pattern, said = REFUSED[what]
    new = "1, " if "another" in what else ""
    found = bring(without(FolderTree(str(kernel_6_12)), path, pattern, new))

    assert not found.steps
    assert any(said in text for text in found.refused)
