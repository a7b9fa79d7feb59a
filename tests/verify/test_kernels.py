# SPDX-License-Identifier: GPL-2.0-only
"""Real kernels: what `verify` proves, and that `check` says the same of every helper."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.tree import open_tree
from analyzer.verify import Agreement
from tests.mutants.judge import offered
from tests.mutants.verified import deleted_hooks
from tests.verify.agreement import differences

ARCHS = ("x86", "arm64", "riscv")


def test_6_12_x86_base(kernel_6_12: Path) -> None:
    with open_tree(str(kernel_6_12)) as tree:
        wrong, proof = differences(tree, "x86", "base")
    assert not wrong
    assert {one.agreement for one in proof.proofs} == {Agreement.AGREES}
    assert len(proof.helpers) >= 45
    assert len(proof.sequences) >= 60
    assert sum(one.hooked for one in proof.helpers) >= 25
    used = {helper for one in proof.sequences for helper in one.helpers}
    assert {"set_ptes", "pmdp_invalidate", "pmd_populate", "pmdp_collapse_flush"} <= used
    assert {"set_huge_pte_at", "set_pud_at", "ptep_modify_prot"} <= used


@pytest.mark.slow
@pytest.mark.parametrize("arch", ARCHS)
def test_check_and_verify_agree_on_6_12(kernel_6_12: Path, arch: str) -> None:
    with open_tree(str(kernel_6_12)) as tree:
        for variant in offered(tree, arch):
            wrong, proof = differences(tree, arch, variant.name)
            assert not wrong, variant.label
            broken = [one.helper for one in proof.helpers if one.agreement is Agreement.DISAGREES]
            if variant.supported:  # x86 with Xen's functions has a helper that both find wrong
                said = {
                    one.agreement for one in proof.sequences
                    if not any(name.startswith(used) for name in broken for used in one.helpers)
                }  # fmt: skip
                assert said == {Agreement.AGREES}


@pytest.mark.slow
@pytest.mark.parametrize("arch", ARCHS)
def test_check_and_verify_agree_on_6_1(kernel_6_1: Path, arch: str) -> None:
    with open_tree(str(kernel_6_1)) as tree:
        for variant in offered(tree, arch):
            wrong, _ = differences(tree, arch, variant.name)
            assert not wrong, variant.label


@pytest.mark.slow
def test_split_on_6_1_riscv(kernel_6_1: Path) -> None:
    """What `check` calls PTC203 (a law of the predicate) unbalances the splitting of huge pages."""
    with open_tree(str(kernel_6_1)) as tree:
        _, proof = differences(tree, "riscv", "base")
    found = {one.name for one in proof.sequences if one.agreement is Agreement.DISAGREES}
    assert found == {"split-one-by-one"}


@pytest.mark.slow
@pytest.mark.parametrize("arch", ARCHS)
def test_every_deleted_hook_is_rejected(kernel_6_12: Path, arch: str) -> None:
    with open_tree(str(kernel_6_12)) as tree:
        found = list(deleted_hooks(tree, arch))
    assert len(found) >= 10
    survivors = [str(one.site) for one in found if not one.rejected and not one.hidden]
    assert not survivors
