# SPDX-License-Identifier: GPL-2.0-only
"""What `check` says about real trees, and that it always says the same."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.check import check_tree
from analyzer.model import CheckResult, Finding, Verdict
from analyzer.report.json import document, to_json
from analyzer.tree import KernelTree, open_tree
from tests.realtrees.conftest import Checked

ARCHS = ("x86", "arm64", "riscv")
UNKNOWN = 0.05  # issue 2: at most this share of the helpers of each architecture
# What the check of one architecture reads, and the rest of what makes it a kernel.
NEEDED = ("Kconfig", "Makefile", "arch/Kconfig", "arch/riscv", "include", "mm", "scripts")
GENERIC_CALLERS = ("fs/proc/task_mmu.c", "fs/userfaultfd.c", "fs/dax.c", "kernel/events/uprobes.c")


def _counting(result: CheckResult) -> list[Finding]:
    """Findings that count, but for the call of pud_clear() that tests/callsites knows."""
    return [
        finding
        for finding in result.findings
        if not finding.if_enabled and finding.function != "move_huge_pud"
    ]


def _same(result: CheckResult) -> str:
    """The JSON without what may differ from one run to the next."""
    made = document(result)
    made["tree"] = made["seconds"] = None
    return to_json(made)


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.parametrize("arch", ARCHS)
def test_nothing_is_found_on_6_12(arch: str, checked: Checked) -> None:
    result = checked("6.12", arch)
    assert not _counting(result), "\n".join(f"{f.location} {f.message}" for f in result.findings)
    assert {"base", "nothp"} <= {s.variant for s in result.summaries}


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.parametrize("version", ["6.1", "6.12"])
@pytest.mark.parametrize("arch", ARCHS)
def test_what_is_unknown(version: str, arch: str, checked: Checked) -> None:
    result = checked(version, arch)
    counted = [helper for helper in result.helpers if helper.variant == "base"]
    unknown = [helper for helper in counted if helper.verdict is Verdict.UNKNOWN]
    told = "\n".join(f"{helper.helper}: {helper.reason}" for helper in unknown)
    assert len(counted) > 30
    assert len(unknown) <= UNKNOWN * len(counted), told
    assert all(helper.reason for helper in result.helpers if helper.verdict is Verdict.UNKNOWN)
    everywhere = [h for h in result.helpers if h.verdict is Verdict.UNKNOWN]
    told = "\n".join(f"{h.variant} {h.helper}: {h.reason}" for h in everywhere)
    supported = {s.variant for s in result.summaries if s.supported}
    judged = [h for h in result.helpers if h.variant in supported]
    bad = [h for h in everywhere if h.variant in supported]
    assert len(bad) <= UNKNOWN * len(judged), told


@pytest.mark.kernel
def test_riscv_pmd_predicate(kernel_6_1: Path, kernel_6_12: Path) -> None:
    """6.1 counts the entry that pmd_mkinvalid() makes; 6.12 does not."""
    name = "pmd_user_accessible_page"
    with open_tree(kernel_6_1) as tree:
        old = check_tree(tree, ("riscv",), only=frozenset({"base"}))
    found = [f for f in old.findings if f.rule == "PTC203" and f.function == name]
    assert found
    assert found[0].level == "pmd"
    assert str(found[0].location).startswith("arch/riscv/include/asm/pgtable.h:")
    for finding in found:
        witness = finding.witness
        assert witness is not None
        entry = witness.old or witness.left
        assert entry is not None
        assert entry.value != 0
        assert entry.text
    with open_tree(kernel_6_12) as tree:
        new = check_tree(tree, ("riscv",), only=frozenset({"base"}))
    assert not [f for f in new.findings if f.rule.startswith("PTC2")]


@pytest.fixture(scope="module")
def repository(kernel_6_12: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the part of 6.12 that riscv needs, and the same as a commit in it."""
    top = tmp_path_factory.mktemp("part")
    for name in NEEDED:
        source, target = kernel_6_12 / name, top / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            keep = None if name != "scripts" else shutil.ignore_patterns("*.c", "*.py", "dtc")
            shutil.copytree(source, target, symlinks=True, ignore=keep)
        else:
            shutil.copy(source, target)
    for name in GENERIC_CALLERS:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(kernel_6_12 / name, top / name)
    for kconfig in kernel_6_12.rglob("Kconfig*"):
        path = kconfig.relative_to(kernel_6_12)
        if path.parts[0] not in ("arch", "include", "mm", "scripts", "tools"):
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(kconfig, top / path)
    for words in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-q", "-m", "part of 6.12"]):
        _git(top, *words)
    return top


def _git(top: Path, *words: str) -> None:
    who = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "HOME": str(top)}
    for role in ("AUTHOR", "COMMITTER"):
        who |= {f"GIT_{role}_NAME": "t", f"GIT_{role}_EMAIL": "t@example.org"}
    subprocess.run(["git", *words], cwd=top, env={**os.environ, **who}, check=True)


@pytest.fixture
def revision(repository: Path) -> Iterator[KernelTree]:
    with open_tree(repository, "HEAD") as tree:
        yield tree


@pytest.mark.slow
@pytest.mark.kernel
def test_folder_and_revision(repository: Path, revision: KernelTree) -> None:
    variants = frozenset({"base", "32"})
    with open_tree(repository) as tree:
        folder = check_tree(tree, ("riscv",), only=variants)
    commit = check_tree(revision, ("riscv",), only=variants)
    assert folder.revision is None
    assert commit.revision is not None
    assert len(folder.helpers) > 60
    assert _same(folder) == _same(commit)


@pytest.mark.slow
@pytest.mark.kernel
def test_the_number_of_processes_does_not_matter(kernel_6_1: Path) -> None:
    results = []
    for jobs in (1, 2):
        with open_tree(kernel_6_1) as tree:
            only = frozenset({"base", "nothp"})
            results.append(check_tree(tree, ("x86", "riscv"), only=only, jobs=jobs))
    assert len(results[0].summaries) == 4
    assert _same(results[0]) == _same(results[1])


@pytest.mark.slow
@pytest.mark.kernel
def test_the_order_of_architectures_and_variants_does_not_matter(kernel_6_1: Path) -> None:
    with open_tree(kernel_6_1) as tree:
        both = check_tree(tree, ("riscv", "x86"), only=frozenset({"base"}))
        alone = check_tree(tree, ("x86",), only=frozenset({"base"}))
    assert [h for h in both.helpers if h.arch == "x86"] == list(alone.helpers)
    assert [f for f in both.findings if f.arch == "x86"] == list(alone.findings)
