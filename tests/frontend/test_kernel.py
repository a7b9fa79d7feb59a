# SPDX-License-Identifier: GPL-2.0-only
"""The real trees: every architecture preprocesses, is cut and parses."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pycparser import c_ast

from analyzer.frontend import Chunk, ParseCache, Stage, Unit, find_tool, read_unit
from analyzer.frontend.cparse import parse_declaration
from analyzer.kconfig import KconfigFiles, Variant, architectures, load_kconfig, variants
from analyzer.tree import FolderTree
from tests.frontend.conftest import CLANG

PAGE_TABLES = re.compile(
    r"arch/\w+/include/asm/.*(pgtable|hugetlb|tlb|pgalloc|page|kfence|fixmap)"
    r"|include/linux/(pgtable|hugetlb|swapops|page_table_check|leafops|mm\.h)"
    r"|include/asm-generic/(pgtable|hugetlb|tlb|pgalloc)"
)


def variants_of(tree: FolderTree, arch: str, files: KconfigFiles) -> tuple[Variant, ...]:
    return variants(tree, arch, load_kconfig(tree, arch, files))


def chunks(unit: Unit) -> Iterator[Chunk]:
    for found in unit.functions.values():
        yield from found


@pytest.mark.slow
@pytest.mark.parametrize("fixture", ["kernel_6_1", "kernel_6_12"])
def test_every_architecture(fixture: str, request: pytest.FixtureRequest) -> None:
    """Base and 32-bit variants: no error, nothing unparsed in what page tables are made of."""
    tree = FolderTree(request.getfixturevalue(fixture))
    cache = ParseCache()
    files = KconfigFiles(tree)
    archs = architectures(tree)
    assert len(archs) > 20
    with tree, Stage(tree) as stage:
        for arch in archs:
            for variant in variants_of(tree, arch, files):
                if variant.name not in ("base", "32", "xxl"):
                    continue
                unit = read_unit(stage, variant, cache=cache)
                assert unit.diagnostics == (), variant.label
                wanted = [c for c in chunks(unit) if PAGE_TABLES.match(unit.path(c))]
                assert len(wanted) > 250, variant.label
                assert [c.name for c in wanted if unit.ast(c) is None] == [], variant.label
                assert unit.unparsed == {}, variant.label
                assert f"arch/{arch}/include/asm/pgtable.h" in unit.files
        assert stage.files_read < 4000


@pytest.mark.parametrize("arch", ["x86", "arm64", "riscv"])
def test_slicing_agrees_with_a_parse_of_everything(kernel_6_12: Path, arch: str) -> None:
    """The whole unit through pycparser is the oracle: same names, same places."""
    tree = FolderTree(kernel_6_12)
    with tree, Stage(tree) as stage:
        unit = read_unit(stage, variants_of(tree, arch, KconfigFiles(tree))[0])
    parsed = parse_declaration(unit.text, "start", 0, ())
    names: dict[str, set[str]] = {
        k: set() for k in ("function", "typedef", "variable", "prototype")
    }
    places: dict[str, tuple[str, int]] = {}
    types: dict[str, set[str]] = {"struct": set(), "enum_constant": set()}
    for node in parsed:
        if isinstance(node, c_ast.FuncDef):
            names["function"].add(node.decl.name)
            places.setdefault(node.decl.name, (node.decl.coord.file, node.decl.coord.line))
            continue
        collect_types(node, types)
        if isinstance(node, c_ast.Typedef):
            names["typedef"].add(node.name)
        elif isinstance(node, c_ast.Decl) and node.name:
            kind = "prototype" if isinstance(node.type, c_ast.FuncDecl) else "variable"
            names[kind].add(node.name)
    assert set(unit.functions) == names["function"]
    assert set(unit.typedefs) == names["typedef"]
    assert set(unit.variables) == names["variable"]
    assert set(unit.prototypes) == names["prototype"]
    assert set(unit.structs) == types["struct"]
    assert set(unit.enum_constants) == types["enum_constant"]
    for name, place in places.items():
        location = unit.location(unit.functions[name][0])
        assert (location.path, location.line) == place


def collect_types(node: c_ast.Node, types: dict[str, set[str]]) -> None:
    if isinstance(node, (c_ast.Struct, c_ast.Union)) and node.decls is not None and node.name:
        types["struct"].add(node.name)
    if isinstance(node, c_ast.Enum) and node.values is not None:
        types["enum_constant"].update(e.name for e in node.values.enumerators)
    for _, child in node.children():
        collect_types(child, types)


BODIES = {
    "x86": ("mm/pgtable-generic.c", "mm/memory.c", "mm/hugetlb.c", "arch/x86/mm/pgtable.c"),
    "arm64": ("mm/pgtable-generic.c", "arch/arm64/mm/contpte.c", "arch/arm64/mm/hugetlbpage.c"),
    "riscv": ("mm/pgtable-generic.c", "arch/riscv/mm/pgtable.c", "arch/riscv/mm/hugetlbpage.c"),
    "powerpc": ("arch/powerpc/mm/pgtable.c", "arch/powerpc/mm/book3s64/pgtable.c"),
    "s390": ("arch/s390/mm/pgtable.c",),
}


@pytest.mark.parametrize("arch", sorted(BODIES))
def test_bodies(kernel_6_12: Path, arch: str) -> None:
    tree = FolderTree(kernel_6_12)
    bodies = BODIES[arch]
    with tree, Stage(tree) as stage:
        variant = variants_of(tree, arch, KconfigFiles(tree))[0]
        unit = read_unit(stage, variant, bodies, with_macros=True)
    assert unit.diagnostics == ()
    own = [c for c in chunks(unit) if unit.path(c) in bodies]
    assert {unit.path(c) for c in own} == set(bodies)
    assert [c.name for c in own if unit.ast(c) is None] == []
    assert len(unit.macros) > 5000
    assert unit.macros["PAGE_SHIFT"].location.path.startswith(f"arch/{arch}/include/asm/")


@pytest.mark.slow
@pytest.mark.parametrize("kind", [CLANG, "pcpp"])
def test_preprocessors_agree(kernel_6_12: Path, kind: str) -> None:
    """The same functions from clang and pcpp as from gcc; pcpp may be lines off in a few."""
    tree = FolderTree(kernel_6_12)
    units = []
    with tree, Stage(tree) as stage:
        variant = variants_of(tree, "x86", KconfigFiles(tree))[0]
        for name in ("gcc", kind):
            tool = find_tool({"PTCHECK_CPP": name, "PATH": os.environ["PATH"]})
            units.append(read_unit(stage, variant, tool=tool))
    first, second = units
    assert second.diagnostics == ()
    # gcc 12 has __has_builtin(__builtin_isdigit) where the others have not
    assert set(first.functions) ^ set(second.functions) <= {"isdigit"}
    assert set(first.typedefs) == set(second.typedefs)
    assert set(first.structs) == set(second.structs)
    assert set(first.enum_constants) == set(second.enum_constants)


def test_what_page_tables_use_is_there(kernel_6_12: Path) -> None:
    """Exchanges and static keys arrive as calls that the evaluator knows."""
    tree = FolderTree(kernel_6_12)
    with tree, Stage(tree) as stage:
        unit = read_unit(stage, variants_of(tree, "x86", KconfigFiles(tree))[0])
    chunk = unit.function("native_ptep_get_and_clear")
    assert chunk is not None
    assert "__ptc_xchg(" in unit.source(chunk)
    chunk = unit.function("page_table_check_pte_clear")
    assert chunk is not None
    assert "__ptc_static_key(" in unit.source(chunk)
    assert unit.struct("vm_area_struct") is not None
    assert unit.enum_constant("FAULT_FLAG_WRITE") is not None
    assert unit.typedef("pte_t") is not None
