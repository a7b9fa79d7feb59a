# SPDX-License-Identifier: GPL-2.0-only
"""ptcheck on its demonstration tree: one finding, and none once it is mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.check import check_tree
from analyzer.model import CheckResult
from analyzer.report.formats import FORMATS, Format
from analyzer.report.options import ReportOptions
from analyzer.tree import KernelTree, OverlayTree, open_tree

DEMO = Path(__file__).resolve().parents[2] / "kernel_stubs" / "demo"
PGTABLE = "arch/demo/include/asm/pgtable.h"
UNHOOKED = "pmdp_huge_get_and_clear"


def judged(tree: KernelTree) -> CheckResult:
    return check_tree(tree, ("demo",))


@pytest.fixture(scope="module")
def result() -> CheckResult:
    with open_tree(str(DEMO), None) as tree:
        return judged(tree)


def test_one_finding_with_its_witness(result: CheckResult) -> None:
    (finding,) = result.findings

    assert (finding.rule, finding.function, finding.level) == ("PTC101", UNHOOKED, "pmd")
    assert finding.location.path == PGTABLE
    assert "xchg" in (DEMO / PGTABLE).read_text().splitlines()[finding.location.line - 1]
    assert finding.variants == ("base",)
    assert not finding.if_enabled
    assert finding.witness is not None
    assert finding.witness.expected != finding.witness.got


def test_everything_is_judged(result: CheckResult) -> None:
    assert not result.incomplete, result.problems
    assert {summary.variant for summary in result.summaries} >= {"base", "nothp"}
    assert all(summary.supported and not summary.unparsed for summary in result.summaries)


def test_mended_it_is_clean() -> None:
    source = (DEMO / PGTABLE).read_text()
    before = source.index("xchg(&pmdp->pmd, 0UL)")
    place = source.index("\treturn old;", before)
    mended = f"{source[:place]}\tpage_table_check_pmd_clear(mm, old);\n\n{source[place:]}"
    with open_tree(str(DEMO), None) as tree:
        found = judged(OverlayTree(tree, {PGTABLE: mended.encode()}))

    assert found.findings == ()
    assert not found.incomplete


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_every_format_shows_the_finding(known: Format, result: CheckResult) -> None:
    text = known.render(result, ReportOptions())

    assert "PTC101" in text
    assert UNHOOKED in text
