# SPDX-License-Identifier: GPL-2.0-only
"""Damage to one header of a real kernel: named, never clean, and nothing is made up."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.check import check_tree
from analyzer.model import CheckResult, Verdict
from analyzer.tree import KernelTree, OverlayTree, open_tree
from tests.commands.runner import CPU_SECONDS
from tests.hostile.damage import DAMAGES, Damage

ARCH = "riscv"
OTHER = "openrisc"  # without page table check
ONLY = frozenset({"base"})
OWN = "arch/riscv/include/asm/pgtable.h"
BITS = "arch/riscv/include/asm/pgtable-bits.h"
GENERIC = "include/linux/pgtable.h"
TYPES = "include/linux/mm_types.h"
BY_NAME = {damage.name: damage for damage in DAMAGES}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tree(kernel_6_12: Path) -> Iterator[KernelTree]:
    with open_tree(str(kernel_6_12), None) as opened:
        yield opened


@pytest.fixture(scope="module")
def sound(tree: KernelTree) -> CheckResult:
    return check_tree(tree, (ARCH,), only=ONLY)


@pytest.fixture(scope="module")
def older(kernel_6_1: Path) -> Iterator[KernelTree]:
    with open_tree(str(kernel_6_1), None) as opened:
        yield opened


@pytest.fixture(scope="module")
def sound_other(older: KernelTree) -> CheckResult:
    return check_tree(older, (OTHER,), only=ONLY)


def spoiled(tree: KernelTree, path: str, damage: Damage, arch: str = ARCH) -> CheckResult:
    before = _seconds()
    overlay = OverlayTree(tree, {path: damage.change(tree.read(path))})
    result = check_tree(overlay, (arch,), only=ONLY)
    assert _seconds() - before < CPU_SECONDS
    return result


def _seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def test_sound(sound: CheckResult) -> None:
    assert sound.problems == ()
    assert not sound.findings


def _damages() -> list[object]:
    return [pytest.param(damage, id=damage.name) for damage in DAMAGES]


@pytest.mark.parametrize("damage", _damages())
def test_the_page_table_header(damage: Damage, tree: KernelTree, sound: CheckResult) -> None:
    result = spoiled(tree, OWN, damage)
    if damage.name == "long-comment":
        return
    honest(result, sound)
    assert any(problem.startswith(OWN) for problem in result.problems), result.problems[:5]


@pytest.mark.parametrize("damage", _damages())
def test_of_an_architecture_without_support(
    damage: Damage, older: KernelTree, sound_other: CheckResult
) -> None:
    own = f"arch/{OTHER}/include/asm/pgtable.h"
    result = spoiled(older, own, damage, OTHER)
    if damage.name == "long-comment":
        return
    honest(result, sound_other)
    assert any(problem.startswith(own) for problem in result.problems), result.problems[:5]


@pytest.mark.parametrize("path", [BITS, GENERIC, TYPES])
@pytest.mark.parametrize("name", ["missing", "binary", "empty", "truncated"])
def test_other_headers(name: str, path: str, tree: KernelTree, sound: CheckResult) -> None:
    result = spoiled(tree, path, BY_NAME[name])
    honest(result, sound)
    header = path.rpartition("include/")[2]
    assert any(p.startswith(path) or header in p for p in result.problems), result.problems[:5]


def honest(result: CheckResult, sound: CheckResult) -> None:
    """Incomplete, and no finding and no verdict is another one than that of the sound tree: what
    could still be read is judged. A helper that has none there is neither balanced nor a finding.
    """
    assert result.incomplete
    known = {(finding.rule, finding.helper, finding.level) for finding in sound.findings}
    made_up = [f for f in result.findings if (f.rule, f.helper, f.level) not in known]
    assert not made_up, made_up[0].message
    before = {helper.helper: helper.verdict for helper in sound.helpers}
    for helper in result.helpers:
        same = {before[helper.helper]} if helper.helper in before else {Verdict.NEUTRAL}
        allowed = {Verdict.UNKNOWN, Verdict.NOT_APPLICABLE} | same
        assert helper.verdict in allowed, (helper.helper, helper.verdict)
    for problem in result.problems:
        assert "Location(" not in problem
        assert len(problem) < 1000
