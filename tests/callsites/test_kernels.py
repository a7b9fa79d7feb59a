# SPDX-License-Identifier: GPL-2.0-only
"""Call sites of the real trees: the one finding, known calls, and the bound on the rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from analyzer.callsites import CallSite, Judgement, Mapping, check_sites, find_sites
from analyzer.callsites.live import only_compiled
from analyzer.kconfig import architectures
from analyzer.tree import open_tree

ENABLED = ("arm64", "riscv", "x86")


def at(sites: Sequence[CallSite], function: str, helper: str) -> list[tuple[str, str]]:
    """Mapping and judgement of the calls of a setter in a function."""
    return [
        (s.mapping.value, s.judgement.value)
        for s in sites
        if s.function == function and s.helper == helper and s.location.path[:3] == "mm/"
    ]


def check(path: Path) -> None:
    """What move_huge_pud() takes out raw and puts back counted, and nothing else."""
    with open_tree(str(path), None) as tree:
        around, problems = check_sites(tree, ENABLED)
        assert not problems
        found = [s for s in around if s.judgement is Judgement.FINDING]
        assert [(s.rule, s.function, s.helper) for s in found] == [
            ("PTC110", "move_huge_pud", "pud_clear")
        ]
        assert [step.function for step in found[0].path][-2:] == ["move_huge_pud"] * 2
        scan = find_sites(tree, ENABLED, everything=False)
        compiled = only_compiled(tree, scan).sites
        live = [s for s in compiled if s.judgement is Judgement.FINDING]
        assert [s.archs for s in live] == [("x86",)]  # the others have no pud-sized huge pages
        assert not [s for s in compiled if s.judgement is Judgement.UNKNOWN]
        sites = scan.sites
        assert at(sites, "move_normal_pmd", "pmd_clear") == [("user", "uncounted")]
        assert at(sites, "free_pte_range", "pmd_clear") == [("user", "uncounted")]
        assert at(sites, "change_pte_range", "pte_clear") == [("user", "uncounted")]
        assert at(sites, "vmemmap_remap_pte", "set_pte_at") in ([], [("kernel", "hooked")])
        mixed = [s for s in sites if s.mapping is Mapping.KERNEL and s.location.path[:3] == "mm/"]
        assert not [s for s in mixed if s.function in ("do_anonymous_page", "zap_pte_range")]


@pytest.mark.slow
def test_6_1(kernel_6_1: Path) -> None:
    check(kernel_6_1)


@pytest.mark.slow
def test_6_12(kernel_6_12: Path) -> None:
    check(kernel_6_12)


@pytest.mark.slow
def test_every_architecture_of_6_12(kernel_6_12: Path) -> None:
    with open_tree(str(kernel_6_12), None) as tree:
        scan = find_sites(tree, architectures(tree))
    assert not scan.problems
    assert scan.files_read > 50_000
    assert scan.files_parsed < 1_000
    assert {s.function for s in scan.sites if s.judgement is Judgement.FINDING} == {"move_huge_pud"}
    drivers = [s for s in scan.sites if s.location.path == "drivers/xen/xlate_mmu.c"]
    assert {(s.mapping, s.helper) for s in drivers} >= {(Mapping.USER, "set_pte_at")}
