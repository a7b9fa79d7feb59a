# SPDX-License-Identifier: GPL-2.0-only
"""Several processes give what one gives, and one that dies is told, not hidden."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.check import check_tree
from analyzer.check.pool import Note, judge_all
from analyzer.check.results import ArchResult
from analyzer.clock import Clock
from analyzer.errors import SourceError, UsageError
from analyzer.frontend import ParseCache
from analyzer.report.formats import find_format
from analyzer.report.options import ReportOptions
from analyzer.tree import KernelTree, open_tree
from tests.check.trees import demo_tree

ARCHS = ("one", "mended", "three", "four")
BASE = frozenset({"base"})


def rendered(tree: KernelTree, archs: tuple[str, ...], jobs: int) -> str:
    """The JSON report, without the seconds."""
    result = replace(check_tree(tree, archs, only=BASE, jobs=jobs), seconds=0.0)
    return find_format("json").render(result, ReportOptions())


def test_any_number_of_processes_gives_the_same_bytes() -> None:
    tree = demo_tree(*ARCHS)
    alone = rendered(tree, ARCHS, 1)
    assert alone.count('"PTC101"') >= 3
    assert rendered(tree, ARCHS, 3) == alone


def test_what_one_architecture_needed_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[tuple[int, int, int]] = []
    plain = ParseCache.forget

    def forget(cache: ParseCache) -> None:
        before = len(cache)
        plain(cache)
        left.append((before, len(cache), cache.misses))

    monkeypatch.setattr(ParseCache, "forget", forget)
    check_tree(demo_tree(*ARCHS), ARCHS, only=BASE, jobs=1)
    first, second, *_ = left
    assert first[0] > 0 == first[1]  # nobody else has asked for any of it
    assert 0 < second[1] < second[0]  # what both asked for stays
    assert second[2] - first[2] == second[0]  # and was parsed once more


def test_order_does_not_matter() -> None:
    tree = demo_tree(*ARCHS)
    assert rendered(tree, ARCHS, 1) == rendered(demo_tree(*ARCHS), ARCHS, 9)
    backwards = check_tree(tree, ARCHS[::-1], only=BASE, jobs=2)
    forwards = check_tree(tree, ARCHS, only=BASE)
    assert set(backwards.helpers) == set(forwards.helpers)
    assert backwards.findings == forwards.findings


class _Remembers:
    """A judge whose answer depends on what it judged before: what must never be."""

    def __init__(self) -> None:
        self.before: list[str] = []

    def __call__(self, arch: str, clock: Clock, note: Note) -> ArchResult:
        self.before.append(arch)
        return ArchResult(arch, (), tuple(self.before), ())


def test_the_comparison_sees_a_dependence_on_the_order() -> None:
    alone = judge_all(_Remembers(), ARCHS, 1, Clock(), lambda _: None)
    apart = judge_all(_Remembers(), ARCHS, 4, Clock(), lambda _: None)
    assert alone != apart


def _fragile(arch: str, clock: Clock, note: Note) -> ArchResult:
    note(f"begins {arch}")
    if arch == "mended":
        os.kill(os.getpid(), signal.SIGKILL)
    if arch == "wrong":
        raise UsageError("wrong has no variant x")
    if arch == "far":
        raise SourceError("arch/far", 0, "more files than any kernel has")
    if arch == "defect":
        raise KeyError("lost")
    with clock.stage("work"):
        pass
    return ArchResult(arch, (), (), (arch,))


def test_a_process_that_is_killed_costs_its_architecture_only() -> None:
    notes: list[str] = []
    clock = Clock()
    results = judge_all(_fragile, ARCHS, 2, clock, notes.append)
    assert list(results) == list(ARCHS)
    assert {a for a, r in results.items() if r.files} == set(ARCHS) - {"mended"}
    (problem,) = results["mended"].unread
    assert problem == (
        "arch/mended: not judged: the process that judged it ended early"
        " (killed by SIGKILL, for want of memory?)"
    )
    assert sorted(notes) == sorted(f"begins {arch}" for arch in ARCHS)
    assert "work" in clock.seconds


def test_errors_are_those_of_one_process() -> None:
    with pytest.raises(UsageError, match="wrong has no variant x"):
        judge_all(_fragile, ("one", "wrong", "four"), 3, Clock(), lambda _: None)
    with pytest.raises(Exception, match="more files than any kernel has"):
        judge_all(_fragile, ("far", "wrong"), 2, Clock(), lambda _: None)
    with pytest.raises(RuntimeError, match=r"KeyError: 'lost' \[_fragile .*test_jobs.py:\d+\]"):
        judge_all(_fragile, ("defect", "one"), 2, Clock(), lambda _: None)


def test_no_process_is_left_behind() -> None:
    judge_all(_fragile, ARCHS, 3, Clock(), lambda _: None)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.slow
def test_a_real_tree(kernel_6_12: Path) -> None:
    with open_tree(kernel_6_12) as tree:
        archs = ("arm64", "riscv", "s390")
        assert rendered(tree, archs, 3) == rendered(tree, archs, 1)
