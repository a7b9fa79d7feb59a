# SPDX-License-Identifier: GPL-2.0-only
"""What the table at the end says: judged, unknown and not applicable are three things."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from analyzer.check import check_tree
from analyzer.model import CheckResult, Reach, Verdict
from analyzer.report.coverage import Coverage, rows, total
from analyzer.report.formats import find_format
from analyzer.report.options import ReportOptions
from analyzer.resources import demo_dir
from analyzer.tree import FolderTree, KernelTree, OverlayTree

HEADER = "arch/demo/include/asm/pgtable.h"
GENERIC = "mm/huge_memory.c"
HUGE = "#define pmd_mkhuge(pmd) pmd_set_bits(pmd, _PAGE_LEAF)\n"
WITHOUT_HUGE = f"#ifdef CONFIG_TRANSPARENT_HUGEPAGE\n{HUGE}#endif\n"
ARGUMENTS = "(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp, pmd_t pmd)"
HOOKED = f"""static inline void set_pmd_at{ARGUMENTS}
{{
	page_table_check_pmd_set(mm, pmdp, pmd);
	set_pmd(pmdp, pmd);
}}
"""
DECLARED = f"void pmdp_replace{ARGUMENTS};\n"
CALLER = f"\nvoid caller{ARGUMENTS}\n{{\n\tpmdp_replace(mm, addr, pmdp, pmd);\n}}\n"


def changed(without_thp: str, huge: str) -> KernelTree:
    """The demonstration with C for the configuration without transparent huge pages."""
    tree = FolderTree(demo_dir())
    text = tree.read(HEADER).decode()
    assert HUGE in text
    end = text.rindex("#endif", 0, text.rindex("#endif"))
    text = f"{text[:end]}#else\n{without_thp}{text[end:]}".replace(HUGE, huge)
    caller = tree.read(GENERIC) + CALLER.encode()
    return OverlayTree(tree, {HEADER: text.encode(), GENERIC: caller})


def judged(tree: KernelTree) -> CheckResult:
    return check_tree(tree, ("demo",), only=frozenset({"nothp"}))


def verdict_of(result: CheckResult, helper: str) -> tuple[Verdict, str]:
    (one,) = [h for h in result.helpers if h.helper == helper]
    return one.verdict, one.reason


def test_a_level_without_leaves_is_not_applicable() -> None:
    verdict, reason = verdict_of(judged(changed(HOOKED, WITHOUT_HUGE)), "set_pmd_at")
    assert verdict is Verdict.NOT_APPLICABLE
    assert reason.startswith("no pmd entry maps memory here: ")


def test_the_same_helper_where_there_are_leaves_is_judged() -> None:
    assert verdict_of(judged(changed(HOOKED, HUGE)), "set_pmd_at") == (Verdict.BALANCED, "")


def test_what_is_only_declared_is_not_applicable() -> None:
    verdict, reason = verdict_of(judged(changed(DECLARED, HUGE)), "pmdp_replace")
    assert verdict is Verdict.NOT_APPLICABLE
    assert reason == "pmdp_replace() is declared, and nothing of this configuration defines it"


@pytest.mark.parametrize("code", [HOOKED, DECLARED])
def test_it_is_neither_judged_nor_unknown(code: str) -> None:
    result = judged(changed(code, WITHOUT_HUGE))
    (row,) = rows(result)
    others = [h for h in result.helpers if h.verdict is not Verdict.NOT_APPLICABLE]
    assert row.coverage.not_applicable == len(result.helpers) - len(others) > 0
    assert row.coverage.unknown == 0
    assert row.coverage.judged == row.coverage.helpers == len(others)
    assert not result.incomplete


def test_every_report_has_the_same_numbers() -> None:
    result = replace(judged(changed(HOOKED, WITHOUT_HUGE)), seconds=0.0)
    whole = total(rows(result))
    text, markdown, document = (
        find_format(name).render(result, ReportOptions()) for name in ("text", "markdown", "json")
    )
    row = next(line for line in text.splitlines() if line.startswith("demo/nothp"))
    assert row.split()[2:] == [*whole.cells[:-1], "100", "%"]
    assert f"| `demo/nothp` | yes | {' | '.join(whole.cells)} |" in markdown
    assert f", {whole.not_applicable} not applicable; " in text
    assert "n/a, not applicable: " in text
    assert "N/a, not applicable: " in markdown
    value = json.loads(document)
    assert value["coverage"] == {key: value["variants"][0][key] for key in value["coverage"]}
    assert value["coverage"]["not_applicable"] == whole.not_applicable > 0
    assert value["coverage"]["judged"] == value["coverage"]["helpers"] == whole.judged


def test_verbose_lists_what_is_not_applicable_with_its_reason() -> None:
    result = judged(changed(DECLARED, HUGE))
    text = find_format("text").render(result, ReportOptions(verbose=True))
    assert "pmdp_replace() is declared, and nothing of this configuration defines it" in text


@pytest.mark.parametrize(
    ("unknown", "share"), [(0, "100 %"), (1, "99.9 %"), (500, "66.6 %"), (999_000, "0.1 %")]
)
def test_all_is_said_of_nothing_less(unknown: int, share: str) -> None:
    assert Coverage(500, 300, 200, unknown, 7, 0).share == share


def test_of_nothing_there_is_no_share() -> None:
    assert Coverage(0, 0, 0, 0, 7, 0).share == "-"


MOVE = """bool move(struct vm_area_struct *vma, unsigned long old_addr, unsigned long new_addr,
		pud_t *old_pud, pud_t *new_pud)
{
	pud_t pud = *old_pud;

	pud_clear(old_pud);
	set_pud_at(vma->vm_mm, new_addr, new_pud, pud);
	return true;
}
"""


@pytest.mark.parametrize(("symbol", "built"), [("CONFIG_MMU", True), ("CONFIG_NOT_HERE", False)])
def test_a_call_in_a_file_that_nobody_compiles_is_told(symbol: str, built: bool) -> None:
    demo = FolderTree(demo_dir())
    line = f"obj-$({symbol}) += move.o\n"
    files = {
        "mm/move.c": MOVE.encode(),
        "mm/Makefile": demo.read("mm/Makefile") + line.encode(),
    }
    result = check_tree(OverlayTree(demo, files), ("demo",), only=frozenset({"base"}))
    reach = {call.function: call.reach for call in result.calls}["move"]
    assert reach is (Reach.FINDING if built else Reach.ELSEWHERE)
    assert ("PTC110" in {finding.rule for finding in result.findings}) is built
