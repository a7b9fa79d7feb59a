# SPDX-License-Identifier: GPL-2.0-only
"""Real trees: whole ones stay, stripped ones get it back, also in the forms of older trees."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.framework import Framework, bring
from analyzer.framework.render import CODE, HEADER
from analyzer.framework.series import assemble
from analyzer.reference.peer import (
    PeerSource,
    build_peer,
    compare,
    plain_layout,
    random_events,
    source_from,
    source_of,
)
from analyzer.tree import FolderTree, KernelTree, OverlayTree
from tests.framework.strip import strip_all, stripped, traces

LAYOUT = plain_layout()
EVENTS = 250  # of a sequence


def generated(found: Framework) -> PeerSource:
    texts = found.steps[-1].texts
    return source_from(texts[CODE].encode(), texts[HEADER].encode(), "generated")


def same(one: PeerSource, other: PeerSource, many: frozenset[str], sequences: int) -> int:
    """How many events had the same verdict, counters and warnings. `many`: levels that both set
    several at a time; where only one of two trees does, an event is one entry."""
    stops = 0
    layout = replace(LAYOUT, many=many)
    with build_peer(one, LAYOUT) as left, build_peer(other, LAYOUT) as right:
        for seed in range(sequences):
            events = random_events(layout, seed, EVENTS)
            assert compare(left, right, events) is None, f"seed {seed}"
            stops += sum(result.stopped for result in right.results(events))
    assert stops > sequences
    return EVENTS * sequences


def removed_hooks(tree: KernelTree, found: Framework) -> set[tuple[str, str]]:
    """Hooks of generic code, by file, that the tree had and the generated files do not have."""
    lost = set()
    for path in ("mm/page_alloc.c", "mm/khugepaged.c", "include/linux/pgtable.h", "mm/page_ext.c"):
        counted = [
            sorted(re.findall(r"\bpage_table_check_(?:\w+)\b", text))
            for text in (tree.read(path).decode("latin-1"), found.steps[-1].texts[path])
        ]
        lost |= {
            (path, name) for name in counted[0] if counted[0].count(name) > counted[1].count(name)
        }
    return lost


@pytest.mark.parametrize("version", ["6_1", "6_12"])
def test_a_tree_that_has_it_stays(version: str, request: pytest.FixtureRequest) -> None:
    found = bring(FolderTree(str(request.getfixturevalue(f"kernel_{version}"))))

    assert found.whole
    assert not found.steps


@pytest.mark.parametrize(
    ("version", "api"), [("6_1", "5.19"), ("6_12", "7.1")], ids=["6.1", "6.12"]
)
def test_a_stripped_tree_gets_it_back(
    version: str, api: str, request: pytest.FixtureRequest
) -> None:
    tree = FolderTree(str(request.getfixturevalue(f"kernel_{version}")))
    bare = stripped(tree)
    assert traces(bare) == []

    found = bring(bare)
    assert not found.refused
    assert found.generation.name == api
    assert removed_hooks(tree, found) == set()
    assert bring(found.overlay()).whole
    many = frozenset({"pte"}) if version == "6_12" else frozenset()
    same(source_of(tree), generated(found), many, 40)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["6_1", "6_12"])
@pytest.mark.parametrize("api", [None, "6.6"])
def test_a_hundred_thousand_events(
    version: str, api: str | None, request: pytest.FixtureRequest
) -> None:
    tree = FolderTree(str(request.getfixturevalue(f"kernel_{version}")))
    found = bring(stripped(tree), api)
    many = frozenset({"pte"}) if version == "6_12" else frozenset()

    assert same(source_of(tree), generated(found), many, 400) == 100_000


# -- as older trees are ----------------------------------------------------------------------


def edited(tree: KernelTree, path: str, change: Callable[[str], str]) -> KernelTree:
    text = tree.read(path).decode("latin-1")
    new = change(text)
    assert new != text, path
    return OverlayTree(tree, {path: new.encode("latin-1")})


def pmd_large(tree: KernelTree) -> KernelTree:
    for path in ("include/linux/pgtable.h", *tree.walk("arch", (".h",))):
        if b"pmd_leaf" in tree.read(path):
            tree = edited(tree, path, lambda text: re.sub(r"\bpmd_leaf\b", "pmd_large", text))
    return tree


def no_ptep_get(tree: KernelTree) -> KernelTree:
    def change(text: str) -> str:
        start = text.index("#ifndef __HAVE_ARCH_PTEP_GET\n")
        text = text[:start] + text[text.index("#endif\n", start) + 7 :]
        return re.sub(r"\bptep_get\(", "READ_ONCE(*", text)

    return edited(tree, "include/linux/pgtable.h", change)


def lookup(tree: KernelTree) -> KernelTree:
    def change(text: str) -> str:
        return re.sub(r"^extern void page_ext_put[^;]*;\n", "", text, flags=re.M).replace(
            "page_ext_get(", "lookup_page_ext("
        )

    return edited(tree, "include/linux/page_ext.h", change)


def no_exclusive_ram(tree: KernelTree) -> KernelTree:
    entry = re.compile(r"^config EXCLUSIVE_SYSTEM_RAM\n(?:[ \t]+[^\n]*\n)*", re.M)
    return edited(tree, "mm/Kconfig", lambda text: entry.sub("", text))


def documents_in_vm(tree: KernelTree) -> KernelTree:
    moved: dict[str, bytes | None] = {}
    for path in tree.walk("Documentation/mm", (".rst",)):
        moved[path.replace("/mm/", "/vm/", 1)] = tree.read(path)
        moved[path] = None
    return OverlayTree(tree, moved)


def one_return_less(tree: KernelTree) -> KernelTree:
    block = re.compile(
        r"^\tif \(unlikely\(PageHWPoison\(page\)\) && !order\) \{\n.*?^\t\}\n", re.M | re.S
    )
    return edited(tree, "mm/page_alloc.c", lambda text: block.sub("", text))


def asm_generic(tree: KernelTree) -> KernelTree:
    """Before 5.8 the generic helpers stood here, and asm/pgtable.h included them at its end."""
    old, new = "include/linux/pgtable.h", "include/asm-generic/pgtable.h"
    text = tree.read(old).replace(b"#include <asm/pgtable.h>\n", b"")
    return OverlayTree(tree, {old: None, new: text})


def no_next(tree: KernelTree) -> KernelTree:
    entry = re.compile(r"^static inline struct page_ext \*page_ext_next\(.*?^\}\n", re.M | re.S)
    return edited(tree, "include/linux/page_ext.h", lambda text: entry.sub("", text))


def huge_zero_page(tree: KernelTree) -> KernelTree:
    """Without transparent huge pages only is_huge_zero_page() is there."""

    def change(text: str) -> str:
        start = text.index("#else /* CONFIG_TRANSPARENT_HUGEPAGE */")
        return text[:start] + re.sub(r"\bis_huge_zero_pmd\b", "is_huge_zero_pmx", text[start:])

    return edited(tree, "include/linux/huge_mm.h", change)


def kernel_h(tree: KernelTree) -> KernelTree:
    text = tree.read("include/linux/kernel.h") + b"int kstrtobool(const char *s, bool *res);\n"
    return OverlayTree(tree, {"include/linux/kernel.h": text, "include/linux/kstrtox.h": None})


def owner_elsewhere(tree: KernelTree) -> KernelTree:
    """PAGE_OWNER and its place in the list of page_ext, and no page_owner in the allocator."""
    entry = re.compile(r"^config PAGE_OWNER\n(?:[ \t]+[^\n]*\n|\n(?=[ \t]))*", re.M)
    tree = edited(tree, "mm/Kconfig.debug", lambda text: entry.sub("", text))
    call = re.compile(r"^[ \t]*(?:re)?set_page_owner\(page, order[^\n]*\n", re.M)
    return edited(tree, "mm/page_alloc.c", lambda text: call.sub("", text))


FORMS: dict[str, Callable[[KernelTree], KernelTree]] = {
    "pmd_large": pmd_large, "no ptep_get": no_ptep_get, "lookup_page_ext": lookup,
    "no EXCLUSIVE_SYSTEM_RAM": no_exclusive_ram, "Documentation/vm": documents_in_vm,
    "one early return less": one_return_less, "asm-generic/pgtable.h": asm_generic,
    "no page_ext_next": no_next, "is_huge_zero_page": huge_zero_page, "linux/kernel.h": kernel_h,
    "no page_owner": owner_elsewhere,
}  # fmt: skip


def looks(form: str, found: Framework) -> bool:
    """Whether what is generated has the form of the tree."""
    texts = found.steps[-1].texts
    code = texts[CODE]
    return {
        "pmd_large": "pmd_large(pmd)" in code and "pmd_leaf" not in code,
        "no ptep_get": "ptep_get(" not in code and "*ptep" in code,
        "lookup_page_ext": "lookup_page_ext(" in code and "page_ext_put" not in code,
        "no EXCLUSIVE_SYSTEM_RAM": "depends on !DEVMEM || STRICT_DEVMEM\n"
        in texts["mm/Kconfig.debug"],
        "Documentation/vm": "Documentation/vm/page_table_check.rst" in texts
        and "\n   page_table_check\n" in texts["Documentation/vm/index.rst"],
        "asm-generic/pgtable.h": "page_table_check_pte_clear(mm, address, pte);"
        in texts.get("include/asm-generic/pgtable.h", ""),
        "no page_ext_next": "page_ext_next" not in code,
        "is_huge_zero_page": "!is_huge_zero_page(pfn_to_page(" in code,
        "linux/kernel.h": "#include <linux/kernel.h>\n" in code and "kstrtobool(" in code,
        "no page_owner": "page_table_check_alloc(page, order);" in texts["mm/page_alloc.c"],
        "one early return less": texts["mm/page_alloc.c"].count("page_table_check_free(") == 1,
    }[form]


@pytest.fixture(scope="module")
def bare_6_1(kernel_6_1: Path) -> KernelTree:
    tree = FolderTree(str(kernel_6_1))
    return OverlayTree(tree, strip_all(tree, older=True))


@pytest.mark.parametrize("form", [*FORMS, "all"])
def test_an_older_form(form: str, kernel_6_1: Path, bare_6_1: KernelTree) -> None:
    tree = FolderTree(str(kernel_6_1))
    old = bare_6_1
    forms = list(FORMS) if form == "all" else [form]
    for one in forms:
        old = FORMS[one](old)

    found = bring(old)

    assert not found.refused
    assert not found.facts.set_ptes
    assert "page_table_check_pte_set(" in found.steps[-1].texts[HEADER]
    assert [one for one in forms if not looks(one, found)] == []
    assert "ptep_clear(" in found.steps[-1].texts["mm/khugepaged.c"]
    same(source_of(tree), generated(found), frozenset(), 20)


# -- architectures on top --------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "api"),
    [("6_1", "6.6"), ("6_1", "7.1"), ("6_12", "6.6"), ("6_12", "6.16"), ("6_12", "7.0")],
)
def test_riscv_on_top_by_any_hooks(version: str, api: str, request: pytest.FixtureRequest) -> None:
    tree = FolderTree(str(request.getfixturevalue(f"kernel_{version}")))
    whole = assemble(bring(stripped(tree), api, ["riscv"]), ["riscv"])

    assert not whole.undecided
    assert not whole.problems
    checked = whole.archs[0].checked
    assert {"base", "nothp", "32"} <= set(checked.supported)
    assert not checked.unknown
    assert [step.name for step in whole.framework.steps] == [
        "moved", "check", "allocator", "helpers",
    ]  # fmt: skip
    assert len(whole.mails()) == 1 + len(whole.patches) == 8
    assert all(f"--api {api} --arch riscv" in patch.body for patch in whole.patches)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["6_1", "6_12"])
def test_three_architectures_on_top(version: str, request: pytest.FixtureRequest) -> None:
    archs = ["arm64", "riscv", "x86"]
    tree = FolderTree(str(request.getfixturevalue(f"kernel_{version}")))
    whole = assemble(bring(stripped(tree), None, archs), archs)

    assert not whole.undecided
    assert not whole.problems
    for arch, enabled in zip(archs, whole.archs, strict=True):
        assert {"base", "nothp"} <= set(enabled.checked.supported), arch
        assert not enabled.checked.unknown, arch
        assert enabled.checked.balanced > 60, arch
    assert len(whole.patches) == 4 + 9
