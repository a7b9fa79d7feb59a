# SPDX-License-Identifier: GPL-2.0-only
"""A summary for the page of a CI job (GITHUB_STEP_SUMMARY) or a merge request.

Everything of the tree stands in code spans or in fenced blocks, where neither HTML nor links,
mentions or other markup are read.
"""

from __future__ import annotations

import re

from analyzer.model import CheckResult, Finding
from analyzer.report import coverage
from analyzer.report.escape import place, visible
from analyzer.report.options import DEFAULTS, ReportOptions
from analyzer.report.summary import (
    IF_ENABLED,
    NotJudged,
    closing_lines,
    counting,
    excused,
    if_enabled,
    not_judged,
    notice_line,
    remarked,
    where,
)
from analyzer.report.witness import rows

_BACKTICKS = re.compile("`+")


def render(result: CheckResult, options: ReportOptions = DEFAULTS) -> str:
    """The result as GitHub flavoured Markdown."""
    found, hidden = counting(result, options), if_enabled(result, options)
    lines = ["# ptcheck", "", *_plain(closing_lines(result, options))]
    if found:
        lines += ["", "## Findings", "", *_findings_table(found, result)]
        for finding in found:
            lines += ["", *_details(finding, result)]
    if hidden:
        lines += ["", "## If enabled", "", f"Not errors: {IF_ENABLED}.", ""]
        lines += _findings_table(hidden, result)
    lines += [*_excused(result), *_notices(result)]
    lines += [*_not_judged(result), *_remarks(result), "", "## Variants", "", *_variants(result)]
    return "\n".join(lines) + "\n"


def _plain(sentences: list[str]) -> list[str]:
    return [f"{sentence}  " for sentence in sentences]


def _findings_table(findings: list[Finding], result: CheckResult) -> list[str]:
    lines = ["| Rule | Place | Helper | Where | What |", "| --- | --- | --- | --- | --- |"]
    for finding in findings:
        row = (
            code(f"{finding.rule} {finding.name}"),
            code(place(finding.location)),
            code(finding.helper or finding.function),
            code(where(finding, result)),
            code(finding.message),
        )
        lines.append(f"| {' | '.join(row)} |")
    return lines


def _details(finding: Finding, result: CheckResult) -> list[str]:
    rule = f"{visible(finding.rule)} {visible(finding.name)}"
    text = [f"{place(finding.location)}: {rule}: {visible(finding.message)}"]
    text += [f"    {label:15}{line}" for label, line in rows(finding, result)]
    fence = "`" * max(3, _longest_run("\n".join(text)) + 1)
    return [
        "<details>",
        "<summary>Witness</summary>",
        "",
        f"{fence}text",
        *text,
        fence,
        "",
        "</details>",
    ]


def _excused(result: CheckResult) -> list[str]:
    found = excused(result)
    if not found:
        return []
    lines = ["", "## Does not count", "", "| Rule | Place | Helper | Where | Why |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for finding in found:
        row = (
            f"{finding.rule} {finding.name}",
            place(finding.location),
            finding.helper or finding.function,
            where(finding, result),
            finding.excuse.text if finding.excuse else "",
        )
        lines.append(f"| {' | '.join(map(code, row))} |")
    return lines


def _notices(result: CheckResult) -> list[str]:
    if not result.notices:
        return []
    told = [f"- {code(notice_line(notice))}" for notice in result.notices]
    return ["", "## Suppressions and baseline", "", *told]


def _not_judged(result: CheckResult) -> list[str]:
    groups = not_judged(result)
    if not groups and not result.problems:
        return []
    problems = [f"- {code(problem)}" for problem in result.problems]
    return ["", "## Not judged", "", *map(_group, groups), *problems]


def _remarks(result: CheckResult) -> list[str]:
    groups = remarked(result)
    return ["", "## Remarks", "", *map(_group, groups)] if groups else []


def _group(group: NotJudged) -> str:
    at = f" at {code(place(group.location))}" if group.location else ""
    return f"- {code(', '.join(group.helpers))}{at}: {code(group.reason)}"


def _variants(result: CheckResult) -> list[str]:
    rows = coverage.rows(result)
    lines = [
        f"| variant | selected | {' | '.join(coverage.COLUMNS)} |",
        "| --- | --- |" + " ---: |" * len(coverage.COLUMNS),
    ]
    for row in rows:
        selected = "yes" if row.supported else "no"
        name = code(f"{row.arch}/{row.variant}")
        lines.append(f"| {name} | {selected} | {' | '.join(row.coverage.cells)} |")
    lines.append(f"| total | | {' | '.join(coverage.total(rows).cells)} |")
    remarks = [f"{remark[0].upper()}{remark[1:]}." for remark in coverage.remarks(rows)]
    return lines + [line for remark in remarks for line in ("", remark)]


def code(text: str) -> str:
    """A code span that also works in a table: no character of `text` is markup.

    A vertical bar ends a cell even in a code span, so it is shown as `\\x7c`.
    """
    shown = visible(text).replace("|", r"\x7c").strip() or " "
    fence = "`" * (_longest_run(shown) + 1)
    padding = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{fence}{padding}{shown}{padding}{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)
