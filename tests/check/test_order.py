# SPDX-License-Identifier: GPL-2.0-only
"""In which order a tree gives its files decides nothing: folders, revisions and archives differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.callsites import find_sites
from analyzer.check import check_tree
from analyzer.report.formats import find_format
from analyzer.report.options import ReportOptions
from analyzer.resources import demo_dir
from analyzer.tree import FolderTree, KernelTree
from analyzer.tree.base import Entry


class Backwards(FolderTree):
    """A folder that lists everything from its end."""

    def entries(self, directory: str) -> tuple[Entry, ...]:
        return super().entries(directory)[::-1]

    def walk(self, directory: str, suffixes: tuple[str, ...] = ("",)) -> Iterator[str]:
        return iter([*super().walk(directory, suffixes)][::-1])


def report(tree: KernelTree, archs: tuple[str, ...], only: frozenset[str] | None) -> str:
    with tree:
        result = replace(check_tree(tree, archs, only=only), seconds=0.0)
    return find_format("json").render(result, ReportOptions())


def test_the_other_order_is_another_one() -> None:
    with FolderTree(demo_dir()) as one, Backwards(demo_dir()) as other:
        assert [*one.walk("mm")] == [*other.walk("mm")][::-1]
        assert len([*one.walk("mm")]) > 3


def test_the_demonstration() -> None:
    forwards, backwards = (report(make(demo_dir()), ("demo",), None) for make in BOTH)
    assert '"PTC101"' in forwards
    assert forwards == backwards


def test_call_sites_of_the_demonstration() -> None:
    scans = []
    for make in BOTH:
        with make(demo_dir()) as tree:
            scans.append(find_sites(tree, ("demo",)))
    assert scans[0] == scans[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arch", "only"), [("powerpc", "base"), ("arm", "base"), ("x86", "32-pae")]
)
def test_a_kernel(kernel_6_12: Path, arch: str, only: str) -> None:
    forwards, backwards = (
        report(make(str(kernel_6_12)), (arch,), frozenset({only})) for make in BOTH
    )
    assert forwards.count('"verdict"') > 20
    assert forwards == backwards


BOTH = (FolderTree, Backwards)
