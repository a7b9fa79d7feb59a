# SPDX-License-Identifier: GPL-2.0-only
"""Strip and regenerate, on real trees: the same hooks in the same functions, equal predicates."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.check import check_tree
from analyzer.generate.run import plan
from analyzer.kconfig import load_kconfig, variants
from analyzer.tree import FolderTree, KernelTree
from tests.generate.conftest import applied, edited
from tests.generate.equivalence import compare
from tests.generate.strip import strip

pytestmark = pytest.mark.slow


Reached = tuple[set[tuple[str, str]], set[tuple[str, str]]]


def reached(tree: KernelTree, arch: str) -> Reached:
    """The hooks that helpers reach, by function; the functions at fault, and the rule."""
    result = check_tree(tree, (arch,))
    found = {(f.function, f.rule) for f in result.findings if not f.if_enabled}
    return {(call.function, call.hook) for v in result.helpers for call in v.hooks}, found


def selected(tree: KernelTree, arch: str) -> list[str]:
    """The configurations in which the option is selected, whatever the condition is called."""
    return [v.name for v in variants(tree, arch, load_kconfig(tree, arch)) if v.supported]


def regenerate(folder: Path, arch: str) -> None:
    tree = FolderTree(folder)
    stripped = edited(tree, strip(tree, arch))
    found = plan(stripped, arch)
    assert found.synthesis is not None
    assert not found.synthesis.missing
    assert not [one for one in found.undecided if one.judged]
    series = applied(stripped, found)
    ours, left = reached(series, arch)
    theirs, known = reached(tree, arch)
    assert left <= known
    assert theirs <= ours
    # hooks that the original lacks stand in functions that the original has wrong
    assert {function for function, _ in ours - theirs} <= {function for function, _ in known}
    kept, folded = set(selected(series, arch)), {name for name, _ in found.left_out}
    assert kept <= set(selected(tree, arch)) <= kept | folded
    # where the pmd is folded, and huge pages have its size, no entry can be made to prove it
    assert all("folded" in dict(found.left_out)[name] for name in set(selected(tree, arch)) - kept)
    assert not plan(series, arch).edits
    compared = compare(tree, series, arch)
    assert all(compared.counted[level, True] for level in ("pte", "pmd", "pud"))
    # no entry that can be made is answered otherwise, unless a law says that it has to be
    assert all(one.answers[1] is one.entry.want for one in compared.made)
    predicates = {p.level: p.expression() for p in found.synthesis.predicates}
    assert all(p.user_bit for p in found.synthesis.predicates)
    assert "pte_present(pte)" in predicates["pte"]


@pytest.mark.parametrize("arch", ["riscv", "arm64", "x86"])
def test_6_12(kernel_6_12: Path, arch: str) -> None:
    regenerate(kernel_6_12, arch)


@pytest.mark.parametrize("arch", ["riscv", "arm64", "x86"])
def test_6_1(kernel_6_1: Path, arch: str) -> None:
    regenerate(kernel_6_1, arch)
