# SPDX-License-Identifier: GPL-2.0-only
"""The report for a person at a terminal; `path:line: CODE name: message`, so editors jump."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.model import CheckResult, Finding, HelperVerdict, Reason, Verdict
from analyzer.report import coverage
from analyzer.report.escape import place, visible
from analyzer.report.options import DEFAULTS, ReportOptions
from analyzer.report.summary import (
    NotJudged,
    closing_lines,
    counting,
    excused,
    if_enabled,
    not_judged,
    notice_line,
    remarked,
)
from analyzer.report.witness import rows

_INDENT = "    "
_LABEL = 15
_SHORT = 10  # groups and files listed unless verbose

_STYLES: Mapping[str, str] = {
    "place": "1",
    "rule": "1;31",
    "note": "36",
    "label": "2",
    "heading": "1",
    Verdict.BALANCED.value: "32",
    Verdict.NEUTRAL.value: "32",
    Verdict.FINDING.value: "31",
    Verdict.UNKNOWN.value: "33",
}


def render(result: CheckResult, options: ReportOptions = DEFAULTS) -> str:
    """The whole report, ending in the table of the variants and the closing line."""
    text = _Text(result, options)
    sections = (
        text.findings(),
        text.if_enabled(),
        text.excused(),
        text.notices(),
        text.helpers(),
        text.not_judged(),
        text.remarks(),
        text.problems(),
        text.table(),
        text.closing(),
    )
    return "\n".join("".join(f"{line}\n" for line in section) for section in sections if section)


class _Text:
    def __init__(self, result: CheckResult, options: ReportOptions) -> None:
        self.result = result
        self.options = options

    def paint(self, text: str, style: str) -> str:
        """Color a text of which nothing unescaped is left."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.options.color else text

    def findings(self) -> list[str]:
        lines: list[str] = []
        for finding in counting(self.result, self.options):
            if lines:
                lines.append("")
            lines += [self.headline(finding), *self.witness(finding)]
        return lines

    def if_enabled(self) -> list[str]:
        found = if_enabled(self.result, self.options)
        if not found:
            return []
        what = "unhooked" if {finding.name for finding in found} == {"unhooked"} else "found"
        hint = "" if self.options.verbose else ", -v shows witnesses"
        lines = [self.heading(f"would be {what} if enabled (not errors{hint}):")]
        for finding in found:
            lines.append(_INDENT + self.headline(finding))
            if self.options.verbose:
                lines += (_INDENT + line for line in self.witness(finding))
        return lines

    def excused(self) -> list[str]:
        """What does not count, one line each: all that is suppressed, the rest if verbose."""
        reasons = tuple(Reason) if self.options.verbose else (Reason.COMMENT, Reason.CONFIGURATION)
        found = excused(self.result, *reasons)
        if not found:
            return []
        lines = [self.heading("does not count:")]
        for finding in found:
            assert finding.excuse is not None
            at = f" ({place(finding.excuse.location)})" if finding.excuse.location else ""
            lines.append(_INDENT + self.headline(finding, note=True))
            lines.append(f"{_INDENT * 2}{visible(finding.excuse.text)}{at}")
        return lines

    def notices(self) -> list[str]:
        if not self.result.notices:
            return []
        lines = [self.heading("about suppressions and the baseline:")]
        return lines + [_INDENT + notice_line(notice) for notice in self.result.notices]

    def headline(self, finding: Finding, note: bool = False) -> str:
        rule = f"{visible(finding.rule)} {visible(finding.name)}"
        if finding.if_enabled and not self.options.as_if_enabled:
            note = True
            rule += " if enabled"
        at = self.paint(place(finding.location), "place")
        rule = self.paint(rule, "note" if note else "rule")
        return f"{at}: {rule}: {visible(finding.message)}"

    def witness(self, finding: Finding) -> Iterator[str]:
        for label, text in rows(finding, self.result):
            yield f"{_INDENT}{self.paint(label.ljust(_LABEL), 'label')}{text}"

    def heading(self, text: str) -> str:
        return self.paint(text, "heading")

    def helpers(self) -> list[str]:
        """All helpers with their verdicts, hooks and reasons (only if verbose)."""
        if not self.options.verbose:
            return []
        variants: dict[str, list[HelperVerdict]] = {}
        for helper in self.result.helpers:
            variants.setdefault(f"{helper.arch}/{helper.variant}", []).append(helper)
        width = max((len(visible(helper.helper)) for helper in self.result.helpers), default=0)
        lines: list[str] = []
        for variant, helpers in variants.items():
            lines.append(self.heading(f"helpers of {visible(variant)}:"))
            lines += (_INDENT + self.helper(helper, width) for helper in helpers)
        return lines

    def helper(self, helper: HelperVerdict, width: int) -> str:
        verdict = helper.verdict.value
        parts = [
            f"{visible(helper.level):4}{visible(helper.helper):{width}}",
            self.paint(f"{verdict:8}", verdict),
        ]
        if helper.location is not None:
            parts.append(f"{place(helper.location)} {visible(helper.function)}")
        if helper.hooks:
            hooks = dict.fromkeys(f"{hook.hook}@{hook.location}" for hook in helper.hooks)
            parts.append(f"hooks: {visible(', '.join(hooks))}")
        if helper.reason:
            parts.append(f"({visible(helper.reason)})")
        return "  ".join(parts)

    def not_judged(self) -> list[str]:
        return self.groups("not judged:", not_judged(self.result))

    def remarks(self) -> list[str]:
        """What a reader should know of helpers of which the law holds."""
        return self.groups("remarks:", remarked(self.result))

    def groups(self, heading: str, groups: list[NotJudged]) -> list[str]:
        if not groups:
            return []
        shown = groups if self.options.verbose else groups[:_SHORT]
        lines = [self.heading(heading)]
        for group in shown:
            at = f"{place(group.location)}: " if group.location else ""
            helpers = ", ".join(group.helpers) if self.options.verbose else _few(group.helpers)
            lines.append(
                f"{_INDENT}{at}{visible(helpers)}: "
                f"{visible(group.reason) or 'no reason given'} [{visible(_few(group.variants))}]"
            )
        return lines + self.more(len(groups) - len(shown))

    def problems(self) -> list[str]:
        problems = self.result.problems
        if not problems:
            return []
        shown = problems if self.options.verbose else problems[:_SHORT]
        lines = [self.heading("could not be read:"), *(_INDENT + visible(p) for p in shown)]
        return lines + self.more(len(problems) - len(shown))

    def more(self, number: int) -> list[str]:
        return [f"{_INDENT}... and {number} more (-v lists all)"] if number > 0 else []

    def table(self) -> list[str]:
        """Architecture and variant, whether the option is selected, and the numbers."""
        rows = coverage.rows(self.result)
        if not rows:
            return []
        names = [visible(f"{row.arch}/{row.variant}") for row in rows]
        width = max(map(len, [*names, "variant"]))
        lines = [self.heading(f"{'variant':{width}}  selected  {_numbers(coverage.COLUMNS)}")]
        for name, row in zip(names, rows, strict=True):
            selected = "yes" if row.supported else "no"
            lines.append(f"{name:{width}}  {selected:8}  {_numbers(row.coverage.cells)}")
        if len(rows) > 1:
            every = coverage.total(rows)
            lines.append(f"{'total':{width}}  {'':8}  {_numbers(every.cells)}")
        return lines + [f"({remark})" for remark in coverage.remarks(rows)]

    def closing(self) -> list[str]:
        return closing_lines(self.result, self.options)


def _numbers(cells: tuple[str, ...]) -> str:
    return "  ".join(
        f"{cell:>{max(len(column), 6)}}"
        for column, cell in zip(coverage.COLUMNS, cells, strict=True)
    )


def _few(names: tuple[str, ...]) -> str:
    return (
        ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more"
    )
