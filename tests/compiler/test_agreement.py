# SPDX-License-Identifier: GPL-2.0-only
"""The evaluator against gcc on the real headers: values of bits, tests and modifiers of entries.

What each side cannot answer is counted; that must stay little, and a wrong answer be noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.frontend.predefined import generic_macros
from tests.compiler.comparison import (
    SWITCHED_OFF,
    Compared,
    compare_constants,
    compare_functions,
)
from tests.compiler.conftest import Benches

pytestmark = pytest.mark.kernel

NUMBERS = ("number", "entry")
# What asks for something else than the entry, so that nobody can answer it from that alone.
ELSEWHERE = {
    "page": "struct page of a frame: memory map",
    "folio": "struct page of a frame: memory map",
    "vaddr": "address of a frame: direct map",
    "pgtable": "address of a frame: direct map",
    "ERROR": "prints",
    "huge_zero": "asks a variable of mm/huge_memory.c",
    "thp_or_huge": "calls pmd_huge() of mm/hugetlbpage.c (6.1 arm64)",
    "pud_write": "BUG(), where there are no huge pages of that level (6.1 riscv)",
}


def unexplained(result: Compared) -> set[str]:
    """What was not compared and is none of the known cases."""
    left = {name for what in result.left_out.values() for name in what}
    return {name for name in left if not any(part in name for part in ELSEWHERE)}


def test_the_headers_compile(benches: Benches, kernel: Path, arch: str) -> None:
    """The compiler reads the same headers as we do, without an error."""
    bench = benches(kernel, arch)
    assert bench.header_errors == []
    assert bench.compiler.undeclared == ()  # names that our generated headers lack


def test_predefined_macros(benches: Benches, kernel: Path, arch: str) -> None:
    """What we say that every gcc predefines is what this gcc predefines."""
    bench = benches(kernel, arch)
    theirs = bench.compiler.predefined()
    ours = generic_macros(bench.variant.bits, bench.variant.endian)
    assert len(theirs) > 200
    # the version is that of the compiler; C has no wide characters in page tables
    known = {"__GNUC__", "__GNUC_MINOR__", "__GNUC_PATCHLEVEL__", "__WCHAR_TYPE__"}
    differ = {name for name in ours if name in theirs and ours[name] != theirs[name]} - known
    assert differ == set()
    assert {name for name in ours if name not in theirs} <= {"__OPTIMIZE__"}


def test_constants(benches: Benches, kernel: Path, arch: str) -> None:
    """Every bit, field, mask and protection has the value that the compiler computes."""
    bench = benches(kernel, arch)
    result = compare_constants(bench)
    assert result.mismatches == []
    assert result.agree >= 30
    assert result.agree == len(result.names)
    left = {name.partition(" ")[0] for what in result.left_out.values() for name in what}
    for name in left:  # nothing is left out that does not depend on the run time
        constant = bench.reading.constants[name]
        assert constant.depends or constant.value is None, name


def test_wrong_constants_are_noticed(benches: Benches, kernel_6_12: Path, arch: str) -> None:
    result = compare_constants(benches(kernel_6_12, arch), wrong=3)
    assert len(result.mismatches) == 3


@pytest.mark.parametrize("kinds", [("test",), NUMBERS], ids=["tests", "numbers-and-entries"])
def test_functions(benches: Benches, kernel_6_12: Path, arch: str, kinds: tuple[str, ...]) -> None:
    """A part of what the slow test asks: the tree's own entries and single bits."""
    result = compare_functions(benches(kernel_6_12, arch), kinds, neighbours=0, others=4)
    assert result.mismatches == []
    assert result.agree > 2000
    assert result.left_out.keys() <= {"not folded by the compiler"}


def test_wrong_answers_are_noticed(benches: Benches, kernel_6_12: Path, arch: str) -> None:
    bench = benches(kernel_6_12, arch)
    result = compare_functions(bench, ("test",), neighbours=0, others=0, wrong=7)
    assert len(result.mismatches) == 7


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [("test",), NUMBERS], ids=["tests", "numbers-and-entries"])
@pytest.mark.parametrize("fixed", [False, True], ids=["base", "fixed"])
def test_functions_on_many_entries(
    benches: Benches,
    kernel: Path,
    arch: str,
    kinds: tuple[str, ...],
    fixed: bool,
    record_property: Callable[[str, object], None],
) -> None:
    """Every function of one entry on some hundred entries of its level.

    `fixed`: without the options because of which tests ask the processor what it has.
    """
    if fixed and arch not in SWITCHED_OFF:
        pytest.skip(f"{arch} has no such option")
    result = compare_functions(benches(kernel, arch, fixed), kinds, neighbours=3, others=100)
    record_property("compared", str(result))
    assert result.mismatches == []
    assert result.agree > 7000
    assert len(result.names) >= 25
    assert result.left_out.keys() <= {"not folded by the compiler"}
    if fixed:
        assert unexplained(result) == set()
