# SPDX-License-Identifier: GPL-2.0-only
"""All architectures of two real kernels, against kconfiglib and what is known of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.kconfig import KconfigFiles, Variant, architectures, load_kconfig, variants
from analyzer.kconfig.headers import Headers
from analyzer.tree import FolderTree, OverlayTree
from tests.kconfig import peer

All = dict[str, dict[str, Variant]]


def all_variants(folder: Path) -> All:
    with FolderTree(folder) as tree:
        files = KconfigFiles(tree)
        return {
            arch: {v.name: v for v in variants(tree, arch, load_kconfig(tree, arch, files))}
            for arch in architectures(tree)
        }


@pytest.fixture(scope="module")
def of_6_1(kernel_6_1: Path) -> All:
    return all_variants(kernel_6_1)


@pytest.fixture(scope="module")
def of_6_12(kernel_6_12: Path) -> All:
    return all_variants(kernel_6_12)


@pytest.fixture(params=["6.1", "6.12"])
def kernel(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue(f"kernel_{request.param.replace('.', '_')}")
    return folder


@pytest.fixture(params=["6.1", "6.12"])
def found(request: pytest.FixtureRequest) -> All:
    result: All = request.getfixturevalue(f"of_{request.param.replace('.', '_')}")
    return result


def test_nothing_is_misunderstood(kernel: Path) -> None:
    with FolderTree(kernel) as tree:
        files = KconfigFiles(tree)
        for arch in architectures(tree):
            kconfig = load_kconfig(tree, arch, files)
            variants(tree, arch, kconfig)
            assert kconfig.problems == (), arch


@pytest.mark.slow
def test_values_agree_with_kconfiglib(kernel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every symbol that the page-table headers name, in the first and the last variant."""
    compared = 0
    with FolderTree(kernel) as tree:
        files = KconfigFiles(tree)
        for arch in architectures(tree):
            kconfig = load_kconfig(tree, arch, files)
            names = Headers(tree, arch).symbols
            environment: tuple[tuple[str, str], ...] = ()
            found = variants(tree, arch, kconfig, as_if_supported=False)
            for variant in {id(v): v for v in (found[0], found[-1])}.values():
                if variant.environment != environment:
                    environment = variant.environment
                    theirs = peer.read(kernel, dict(environment), monkeypatch)
                peer.configure(theirs, dict(variant.wants))
                expected = {name: peer.value(theirs, name) for name in names}
                assert {n: variant.config.value(n) for n in names} == expected, variant.label
                compared += len(names)
    assert compared > 1000


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["x86", "powerpc"])
def test_every_symbol_agrees_with_kconfiglib(
    kernel: Path, arch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FolderTree(kernel) as tree:
        kconfig = load_kconfig(tree, arch)
        found = variants(tree, arch, kconfig, as_if_supported=False)
        theirs = peer.read(kernel, dict(found[0].environment), monkeypatch)
        for variant in found:
            peer.configure(theirs, dict(variant.wants))
            names = [symbol.name for symbol in theirs.unique_defined_syms]
            assert len(names) > 15_000
            # an int without any value: empty to kconfiglib, its lower bound to us and to Kconfig
            names = [name for name in names if peer.value(theirs, name)]
            differing = [n for n in names if variant.config.value(n) != peer.value(theirs, n)]
            assert differing == [], variant.label


def test_every_architecture_has_its_variants(found: All) -> None:
    for arch, variants_ in found.items():
        base = variants_["base"]
        assert next(iter(variants_)) == "base"
        assert base.has_mmu, arch
        assert base.config.on("PAGE_TABLE_CHECK"), arch
        assert len(variants_) <= 12
        thp = base.config.on("TRANSPARENT_HUGEPAGE")
        assert ("nothp" in variants_) == thp, arch
        assert all(v.levels in (2, 3, 4, 5) for v in variants_.values())


def names(found: All, arch: str) -> set[str]:
    return set(found[arch])


def test_what_the_brief_asks_for(found: All) -> None:
    assert {"base", "nothp", "32", "32-pae", "levels-4", "xxl"} <= names(found, "x86")
    x86 = found["x86"]
    assert [x86[n].levels for n in ("base", "levels-4", "32", "32-pae")] == [5, 4, 2, 3]
    assert [x86[n].supported for n in ("base", "xxl", "32", "32-pae")] == [True, True, False, False]
    assert x86["base"].config.on("MEM_SOFT_DIRTY")
    assert {v.levels for v in found["arm64"].values()} >= {2, 3, 4}
    assert all(v.supported and v.bits == 64 for v in found["arm64"].values())
    assert {"32", "nothp"} <= names(found, "riscv")
    assert (found["riscv"]["32"].levels, found["riscv"]["base"].levels) == (2, 5)


def test_word_sizes_and_byte_orders(found: All) -> None:
    both = {a for a, vs in found.items() if {v.bits for v in vs.values()} == {32, 64}}
    assert both == {"mips", "parisc", "powerpc", "riscv", "sparc", "um", "x86"}
    wide = {a for a, vs in found.items() if vs["base"].bits == 64}
    assert wide - {"ia64"} == both | {"alpha", "arm64", "loongarch", "s390"}
    big = {a for a, vs in found.items() if {v.endian for v in vs.values()} == {"big"}}
    assert big == {"m68k", "openrisc", "parisc", "s390", "sparc"}
    two = {a for a, vs in found.items() if len({v.endian for v in vs.values()}) == 2}
    assert {"arc", "arm", "arm64", "microblaze", "mips", "powerpc", "sh"} <= two


def test_sub_architectures(found: All) -> None:
    def some(arch: str, **values: str) -> bool:
        return any(
            all(v.config.value(n.removeprefix("_")) == text for n, text in values.items())
            for v in found[arch].values()
        )

    assert some("powerpc", PPC_BOOK3S_64="y", CPU_BIG_ENDIAN="y")
    assert some("powerpc", PPC_BOOK3S_64="y", CPU_LITTLE_ENDIAN="y")
    assert some("powerpc", PPC_BOOK3E_64="y")
    assert some("powerpc", PPC_BOOK3S_32="y")
    assert some("powerpc", PPC_8xx="y")
    assert some("powerpc", PPC_85xx="y")
    assert some("powerpc", _44x="y")
    assert some("arm", ARM_LPAE="y", PGTABLE_LEVELS="3")
    assert some("arm", ARM_LPAE="n", PGTABLE_LEVELS="2")
    assert some("m68k", SUN3="y")
    assert some("m68k", COLDFIRE="y")
    assert some("m68k", SUN3="n", COLDFIRE="n", PGTABLE_LEVELS="3")
    assert some("sh", X2TLB="y")
    assert some("sh", X2TLB="n")
    assert some("mips", CPU_R3K_TLB="y")
    assert some("mips", XPA="y")
    assert {v.levels for v in found["mips"].values()} == {2, 3, 4}
    assert {v.levels for v in found["loongarch"].values()} == {2, 3, 4}
    assert some("um", PGTABLE_LEVELS="3")
    assert some("um", PGTABLE_LEVELS="2")


def test_who_selects_support(kernel: Path) -> None:
    with FolderTree(kernel) as tree:
        files = KconfigFiles(tree)
        found = {}
        for arch in architectures(tree):
            support = load_kconfig(tree, arch, files).select_of("ARCH_SUPPORTS_PAGE_TABLE_CHECK")
            if support.supported:
                found[arch] = support.condition
                line = tree.read(support.path).splitlines()[support.line - 1]
                assert b"ARCH_SUPPORTS_PAGE_TABLE_CHECK" in line
    assert found["x86"] == "X86_64"
    assert found["riscv"] == "MMU"
    assert found["arm64"] is None
    assert set(found) == {"x86", "riscv", "arm64"}


def test_a_renamed_architecture_is_read_in_the_same_way(kernel_6_12: Path) -> None:
    with FolderTree(kernel_6_12) as tree:
        edits: dict[str, bytes | None] = {}
        for path in tree.walk("arch/arm64", ("",)):
            if "Kconfig" in path or path.startswith("arch/arm64/include/"):
                edits[path.replace("arch/arm64", "arch/newcomer")] = tree.read(path)
        edits["arch/arm64"] = None
        renamed = OverlayTree(tree, edits)
        assert "newcomer" in architectures(renamed)
        old = variants(tree, "arm64", load_kconfig(tree, "arm64"))
        new = variants(renamed, "newcomer", load_kconfig(renamed, "newcomer"))
        assert [(v.bits, v.levels, v.supported) for v in old] == (
            [(v.bits, v.levels, v.supported) for v in new]
        )


def cut_down(tree: FolderTree, *keep: str) -> OverlayTree:
    """A tree with nothing but these, each a path below which everything stays."""
    gone: dict[str, bytes | None] = {}
    for directory in ("", "arch", "arch/riscv"):
        for entry in tree.entries(directory):
            path = f"{directory}/{entry.name}".lstrip("/")
            if not any((path + "/").startswith(k + "/") or k.startswith(path + "/") for k in keep):
                gone[path] = None
    return OverlayTree(tree, gone)


def test_a_tree_that_was_cut_down(kernel_6_12: Path) -> None:
    with FolderTree(kernel_6_12) as tree:
        cut = cut_down(tree, "arch/riscv", "include", "mm")
        assert architectures(cut) == ("riscv",)
        kconfig = load_kconfig(cut, "riscv")
        assert "Kconfig" in {p.location.path for p in kconfig.problems}
        found = {v.name: v for v in variants(cut, "riscv", kconfig)}
        base = found["base"]
        assert (base.bits, base.levels, base.supported) == (64, 5, True)
        assert base.config.on("TRANSPARENT_HUGEPAGE")
        assert base.config.on("PAGE_TABLE_CHECK")
        assert {"nothp", "32"} <= set(found)


def test_a_tree_with_headers_only(kernel_6_12: Path) -> None:
    with FolderTree(kernel_6_12) as tree:
        cut = cut_down(tree, "arch/riscv/include", "include", "mm")
        assert architectures(cut) == ("riscv",)
        kconfig = load_kconfig(cut, "riscv")
        assert kconfig.empty
        base, nothp = variants(cut, "riscv", kconfig)
        assert (base.bits, base.levels, base.supported, base.has_mmu) == (64, 4, False, True)
        assert base.config.on("PAGE_TABLE_CHECK")
        assert not nothp.config.on("TRANSPARENT_HUGEPAGE")


def test_cost(kernel_6_12: Path, record_property: Callable[[str, object], None]) -> None:
    """All architectures with all variants; the goal is 0.6 CPU s first and 0.3 s for each other."""
    start = time.process_time()
    with FolderTree(kernel_6_12) as tree:
        files = KconfigFiles(tree)
        first = load_kconfig(tree, "x86", files)
        variants(tree, "x86", first)
        one = time.process_time() - start
        for arch in architectures(tree):
            variants(tree, arch, load_kconfig(tree, arch, files))
    whole = time.process_time() - start
    record_property("seconds", (one, whole))
    assert one < 3
    assert whole < 10
