# SPDX-License-Identifier: GPL-2.0-only
"""Bit tables of real kernels, against what the architectures' manuals and headers say."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from analyzer.bits import BitTable, bit_tables
from analyzer.tree import FolderTree

pytestmark = pytest.mark.kernel

# (level, name): (role, lowest bit, highest bit)
Facts = dict[tuple[str, str], tuple[str, int, int]]

X86: Facts = {
    ("pte", "_PAGE_PRESENT"): ("present", 0, 0),
    ("pte", "_PAGE_RW"): ("write", 1, 1),
    ("pte", "_PAGE_USER"): ("user", 2, 2),
    ("pte", "_PAGE_PCD"): ("cache", 4, 4),
    ("pte", "_PAGE_ACCESSED"): ("accessed", 5, 5),
    ("pte", "_PAGE_DIRTY"): ("dirty", 6, 6),
    ("pte", "_PAGE_GLOBAL"): ("global", 8, 8),
    ("pte", "_PAGE_PROTNONE"): ("protnone", 8, 8),
    ("pte", "_PAGE_SPECIAL"): ("special", 9, 9),
    ("pte", "_PAGE_SOFTW1"): ("software", 9, 9),
    ("pte", "_PAGE_UFFD_WP"): ("uffd-wp", 10, 10),
    ("pte", "_PAGE_SOFT_DIRTY"): ("soft-dirty", 11, 11),
    ("pte", "PTE_PFN_MASK"): ("pfn", 12, 51),
    ("pte", "_PAGE_NX"): ("noexec", 63, 63),
    ("pte", "_PAGE_SWP_SOFT_DIRTY"): ("swap-soft-dirty", 1, 1),
    ("pte", "_PAGE_SWP_UFFD_WP"): ("swap-uffd-wp", 2, 2),
    ("pmd", "_PAGE_PSE"): ("leaf", 7, 7),
    ("pmd", "_PAGE_PRESENT"): ("present", 0, 0),
    ("pud", "_PAGE_PSE"): ("leaf", 7, 7),
    ("pud", "_PAGE_USER"): ("user", 2, 2),
    ("pud", "PTE_PFN_MASK"): ("pfn", 12, 51),
}
ARM64: Facts = {
    ("pte", "PTE_VALID"): ("present", 0, 0),
    ("pte", "PTE_ATTRINDX_MASK"): ("cache", 2, 4),
    ("pte", "PTE_USER"): ("user", 6, 6),
    ("pte", "PTE_AF"): ("accessed", 10, 10),
    ("pte", "PTE_NG"): ("global", 11, 11),
    ("pte", "PTE_DBM"): ("write", 51, 51),
    ("pte", "PTE_WRITE"): ("write", 51, 51),
    ("pte", "PTE_PXN"): ("noexec", 53, 53),
    ("pte", "PTE_UXN"): ("noexec", 54, 54),
    ("pte", "PTE_DIRTY"): ("dirty", 55, 55),
    ("pte", "PTE_SPECIAL"): ("special", 56, 56),
    ("pte", "PTE_DEVMAP"): ("devmap", 57, 57),
    ("pmd", "PMD_TABLE_BIT"): ("leaf", 1, 1),
    ("pmd", "PTE_USER"): ("user", 6, 6),
}
RISCV: Facts = {
    ("pte", "_PAGE_PRESENT"): ("present", 0, 0),
    ("pte", "_PAGE_READ"): ("read", 1, 1),
    ("pte", "_PAGE_WRITE"): ("write", 2, 2),
    ("pte", "_PAGE_EXEC"): ("exec", 3, 3),
    ("pte", "_PAGE_USER"): ("user", 4, 4),
    ("pte", "_PAGE_GLOBAL"): ("global", 5, 5),
    ("pte", "_PAGE_PROT_NONE"): ("protnone", 5, 5),
    ("pte", "_PAGE_ACCESSED"): ("accessed", 6, 6),
    ("pte", "_PAGE_DIRTY"): ("dirty", 7, 7),
    ("pte", "_PAGE_SPECIAL"): ("special", 8, 8),
    ("pte", "_PAGE_PFN_MASK"): ("pfn", 10, 53),
    ("pmd", "_PAGE_USER"): ("user", 4, 4),
    ("pud", "_PAGE_USER"): ("user", 4, 4),
}
FACTS: dict[tuple[str, str], Facts] = {
    ("6.12", "x86"): {
        **X86,
        ("pte", "_PAGE_DEVMAP"): ("devmap", 57, 57),
        ("pte", "_PAGE_SAVED_DIRTY"): ("dirty", 58, 58),
        ("pte", "_PAGE_SWP_EXCLUSIVE"): ("swap-exclusive", 3, 3),
    },
    ("6.1", "x86"): {
        **X86,
        ("pte", "_PAGE_DEVMAP"): ("devmap", 58, 58),
        ("pte", "_PAGE_SWP_EXCLUSIVE"): ("swap-exclusive", 3, 3),
    },
    ("6.12", "arm64"): {
        **ARM64,
        ("pud", "PUD_TABLE_BIT"): ("leaf", 1, 1),
        ("pte", "PTE_ADDR_LOW"): ("pfn", 12, 49),  # physical addresses of 52 bits
        ("pte", "PTE_PRESENT_INVALID"): ("protnone", 11, 11),
        ("pte", "PTE_UFFD_WP"): ("uffd-wp", 58, 58),
        ("pte", "PTE_SWP_EXCLUSIVE"): ("swap-exclusive", 2, 2),
        ("pte", "PTE_SWP_UFFD_WP"): ("swap-uffd-wp", 3, 3),
    },
    ("6.1", "arm64"): {
        **ARM64,
        ("pte", "PTE_ADDR_LOW"): ("pfn", 12, 47),
        ("pte", "PTE_PROT_NONE"): ("protnone", 58, 58),
    },
    ("6.12", "riscv"): {
        **RISCV,
        ("pte", "_PAGE_DEVMAP"): ("devmap", 9, 9),
        ("pte", "_PAGE_SWP_EXCLUSIVE"): ("swap-exclusive", 6, 6),
    },
    ("6.1", "riscv"): RISCV,
    ("6.12", "loongarch"): {
        ("pte", "_PAGE_DIRTY"): ("dirty", 1, 1),
        ("pte", "_PAGE_SPECIAL"): ("special", 11, 11),
        ("pte", "_PAGE_NO_EXEC"): ("noexec", 62, 62),
        ("pmd", "_PAGE_HUGE"): ("leaf", 6, 6),
    },
}
# type, offset
SWAP = {
    ("6.12", "x86"): ((59, 63), (9, 58)),
    ("6.1", "x86"): ((59, 63), (9, 58)),
    ("6.12", "arm64"): ((6, 10), (12, 63)),
    ("6.12", "riscv"): ((7, 11), (12, 63)),
    ("6.12", "loongarch"): ((16, 22), (24, 63)),
}


@cache
def tables(kernel: Path, arch: str) -> dict[str, BitTable]:
    with FolderTree(str(kernel)) as tree:
        return {table.level: table for table in bit_tables(tree, [arch]).tables}


@pytest.fixture
def found(request: pytest.FixtureRequest) -> dict[str, BitTable]:
    version, arch = request.param
    kernel: Path = request.getfixturevalue(f"kernel_{version.replace('.', '_')}")
    return tables(kernel, arch)


def named(pair: tuple[str, str]) -> str:
    return "-".join(pair)


@pytest.mark.parametrize(
    ("found", "facts"), FACTS.items(), indirect=["found"], ids=map(named, FACTS)
)
def test_roles_and_positions(found: dict[str, BitTable], facts: Facts) -> None:
    seen = {}
    for level, name in facts:
        row = found[level].named(name)
        seen[level, name] = (row.bit.role, *row.bit.positions) if row else None
    assert seen == facts


@pytest.mark.parametrize(
    ("found", "layout"), SWAP.items(), indirect=["found"], ids=map(named, SWAP)
)
def test_swap_layout(
    found: dict[str, BitTable], layout: tuple[tuple[int, int], tuple[int, int]]
) -> None:
    rows = {row.bit.role: row.bit.positions for row in found["pte"].rows if row.swap}
    # where types run out of the generic entry's bits the field may be wider than what is probed
    low, high = rows["swap-type"]
    assert (low, high) == layout[0] or (low == layout[0][0] and high == low + 4)
    assert rows["swap-offset"] == layout[1]


@pytest.mark.parametrize("found", FACTS, indirect=True, ids=map(named, FACTS))
def test_places_are_right(found: dict[str, BitTable], request: pytest.FixtureRequest) -> None:
    """Where a name is said to be defined, it is."""
    version = request.node.callspec.params["found"][0]
    kernel: Path = request.getfixturevalue(f"kernel_{version.replace('.', '_')}")
    count = 0
    for table in found.values():
        for row in table.rows:
            if row.bit.name:
                lines = (kernel / row.bit.location.path).read_text().split("\n")
                assert row.bit.name in lines[row.bit.location.line - 1]
                count += 1
    assert count > 40


@pytest.mark.parametrize("found", FACTS, indirect=True, ids=map(named, FACTS))
def test_tables_are_consistent(found: dict[str, BitTable]) -> None:
    for table in found.values():
        rows = {row.bit.name: row for row in table.rows if row.bit.name}
        for name, row in rows.items():
            assert 0 < row.bit.mask < 1 << table.width
            for other in row.bit.aliases:
                assert rows[other].bit.mask == row.bit.mask
                assert name in rows[other].bit.aliases
            for other in row.bit.overlaps:
                assert rows[other].bit.mask & row.bit.mask
                assert name in rows[other].bit.overlaps


@pytest.mark.parametrize("found", FACTS, indirect=True, ids=map(named, FACTS))
def test_most_bits_have_a_role(found: dict[str, BitTable]) -> None:
    rows = [r for t in found.values() for r in t.rows if r.kind in ("bit", "field")]
    unknown = [row.bit.name for row in rows if not row.roles]
    assert len(unknown) <= len(rows) * 0.4, unknown
    assert all(row.bit.role == "unknown" for row in rows if not row.roles)
