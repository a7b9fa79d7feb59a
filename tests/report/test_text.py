# SPDX-License-Identifier: GPL-2.0-only
"""The report for people."""

from __future__ import annotations

import re
from dataclasses import replace

from analyzer.model import Location, Reach, Verdict
from analyzer.report import markdown
from analyzer.report.options import ReportOptions
from analyzer.report.text import render
from tests.report.example import clean, empty, example, with_calls

HEADLINE = "arch/demo/include/asm/pgtable.h:120: PTC101 unhooked: a counted entry is taken out"


def test_finding_with_witness() -> None:
    lines = render(example()).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(HEADLINE))

    assert lines[start + 1 : start + 14] == [
        "    in             pmdp_huge_get_and_clear(), level pmd, demo/base",
        "    helpers        pmdp_huge_clear_flush",
        "    configuration  demo/base",
        "    helper         pmdp_huge_get_and_clear",
        "    path           include/linux/pgtable.h:60 zap(): call pmdp_huge_get_and_clear",
        (
            "                   arch/demo/include/asm/pgtable.h:120 pmdp_huge_get_and_clear(): "
            "branch full is not 0"
        ),
        (
            "                   arch/demo/include/asm/pgtable.h:122 pmdp_huge_get_and_clear(): "
            "store xchg(&pmdp->pmd, 0)"
        ),
        "    old entry      0x1200097 user-writable: PRESENT|USER|LEAF pfn=0x1200",
        "    left in slot   0x0 none",
        "    hooks          none executed",
        "    expected       pmd pfn 0x1200: -1",
        "    got            no counter moves",
        "",
    ]


def test_finding_in_every_variant_says_so() -> None:
    assert "level pmd, every variant of demo" in render(example())


def test_if_enabled_stands_apart_and_is_no_error() -> None:
    before, _, after = render(example()).partition("would be unhooked if enabled")

    assert "arch/other/" not in before
    assert "arch/other/include/asm/pgtable.h:33: PTC101 unhooked if enabled: stores" in after


def test_as_if_enabled_makes_it_a_finding() -> None:
    text = render(example(), ReportOptions(as_if_enabled=True))

    assert "\narch/other/include/asm/pgtable.h:33: PTC101 unhooked: stores" in text
    assert "if enabled (" not in text
    assert "\n3 findings; " in text


def test_closing_line_and_table_are_honest() -> None:
    assert render(example()).endswith(
        """\
variant     selected  balanced  neutral  finding  unknown     n/a  not parsed  judged
demo/base   yes              1        0        1        1       0           2  66.6 %
demo/nothp  yes              1        0        0        0       0           0   100 %
other/base  no               0        1        1        0       0           0   100 %
total                        2        1        2        1       0           2  83.3 %
(a finding of a variant that does not select the option: if enabled)

2 findings, 1 more if enabled; 2 architectures, 3 variants; 5 of 6 helpers judged: 2 balanced, \
1 neutral, 2 finding, 1 unknown; 2 functions not parsed; 42 files read
incomplete: 1 helper could not be judged and 1 problem with files of the tree
"""
    )


def test_clean_run() -> None:
    assert render(clean()).endswith(
        "0 findings; 1 architecture, 1 variant; 1 of 1 helper judged: 1 balanced, 0 neutral, "
        "0 finding, 0 unknown; 0 functions not parsed; 42 files read\n"
    )


def test_nothing_judged_is_not_clean() -> None:
    first, second, third = render(empty()).splitlines()

    assert first == "this tree has no page table check: no hook is declared"
    assert second.startswith("0 findings; 0 architectures, 0 variants; 0 of 0 helpers judged: ")
    assert third == "nothing was judged"


def test_verbose_lists_every_helper_once() -> None:
    text = render(example(), ReportOptions(verbose=True))
    helpers, _, _ = text.partition("\nnot judged:")

    assert (
        len(re.findall(r"(?m)^    p[mt][de] \S+ +(balanced|neutral|finding|unknown)", helpers)) == 6
    )
    assert "hooks: page_table_check_ptes_set@arch/demo/include/asm/pgtable.h:12" in helpers


def test_unknown_helpers_are_grouped_and_cut_short() -> None:
    result = example()
    unknown = result.helpers[2]
    many = tuple(replace(unknown, reason=f"reason {number:02}") for number in range(25))
    same = tuple(replace(unknown, helper=f"helper{number}") for number in range(3))

    cut = render(replace(result, helpers=many))
    whole = render(replace(result, helpers=many), ReportOptions(verbose=True))
    grouped = render(replace(result, helpers=same))

    assert "... and 15 more (-v lists all)" in cut
    assert "reason 24 [" in whole
    assert "helper0, helper1, helper2: assembler at x.h:131 [demo/base]" in grouped


def test_what_is_remarked_of_neutral_helpers_is_listed() -> None:
    result = example()
    neutral = next(one for one in result.helpers if one.verdict is Verdict.NEUTRAL)
    told = tuple(replace(neutral, helper=f"helper{i}", reason="never counted") for i in range(2))
    result = replace(result, helpers=(*result.helpers, *told))

    for text in (render(result), markdown.render(result)):
        assert re.search(r"\n(remarks:|## Remarks)\n", text)
        assert re.search(r"helper0, helper1\W.*never counted", text)
    assert "remarks:" not in render(example())
    assert "## Remarks" not in markdown.render(example())


def test_a_call_that_is_not_judged_is_listed_and_counted() -> None:
    text = render(with_calls())

    assert "    mm/move.c:9: pud_clear() in move(): nobody says whose table it is [other]\n" in text
    assert "; 1 of 2 calls around the hooks judged; " in text
    assert (
        "1 helper could not be judged and 1 call around the hooks could not be judged and" in text
    )


def test_a_call_that_nobody_compiles_is_counted_apart() -> None:
    known = with_calls()
    dead = replace(known.calls[0], location=Location("mm/dead.c", 3), reach=Reach.ELSEWHERE)
    here = replace(known.calls[0], reach=Reach.ELSEWHERE, archs=("third",))  # compiled by others
    result = replace(known, calls=(*known.calls, dead, here))

    line = (
        "\n1 call around the hooks in code that no judged configuration compiles: see"
        " ptcheck callsites\n"
    )
    assert line in render(result)
    assert "; 1 of 2 calls around the hooks judged; " in render(result)
    assert line not in render(known)
    result = replace(clean(), calls=(dead,))
    assert not result.incomplete
    assert line in render(result)
    assert "calls around the hooks judged" not in render(result)


def test_a_call_alone_makes_a_run_incomplete() -> None:
    unknown = with_calls().calls[2]
    result = replace(clean(), calls=(unknown,))

    assert not clean().incomplete
    assert result.incomplete
    assert render(result).endswith("incomplete: 1 call around the hooks could not be judged\n")


def test_color_only_when_asked_and_nothing_else_changes() -> None:
    plain, colored = render(example()), render(example(), ReportOptions(color=True))

    assert "\x1b" not in plain
    assert "\x1b[1m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_order_of_findings_does_not_depend_on_the_run() -> None:
    result = example()

    assert render(replace(result, findings=result.findings[::-1])) == render(result)
