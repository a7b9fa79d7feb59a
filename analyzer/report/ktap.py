# SPDX-License-Identifier: GPL-2.0-only
"""KTAP, the test output of the kernel: one subtest per variant, one line per helper.

Source: Documentation/dev-tools/ktap.rst; a `#` in a description would start a directive.
"""

from __future__ import annotations

from analyzer.model import CheckResult
from analyzer.report.cases import Case, Suite, suites
from analyzer.report.escape import place, visible
from analyzer.report.options import DEFAULTS, ReportOptions
from analyzer.report.summary import notice_line
from analyzer.report.witness import rows

_INDENT = "    "
_VERSION = "KTAP version 1"


def render(result: CheckResult, options: ReportOptions = DEFAULTS) -> str:
    """The result as a KTAP stream."""
    found = suites(result, options)
    lines = [_VERSION, f"1..{len(found)}"]
    for number, suite in enumerate(found, 1):
        lines += (_INDENT + line for line in _suite(suite, result))
        lines.append(f"{_suite_status(suite)} {number} {_text(suite.name)}{_empty(suite)}")
    lines += (f"# {notice_line(notice)}" for notice in result.notices)
    return "\n".join(lines) + "\n"


def _suite(suite: Suite, result: CheckResult) -> list[str]:
    lines = [_VERSION, f"# Subtest: {_text(suite.name)}", f"1..{len(suite.cases)}"]
    for number, case in enumerate(suite.cases, 1):
        lines += (f"# {line}" for line in _diagnostics(case, result))
        lines.append(_line(case, number))
    return lines


def _line(case: Case, number: int) -> str:
    if case.status == "fail":
        return f"not ok {number} {_text(case.name)}"
    skip = f" # SKIP {_text(case.reason)}" if case.status == "skip" else ""
    return f"ok {number} {_text(case.name)}{skip}"


def _suite_status(suite: Suite) -> str:
    return "not ok" if suite.number("fail") else "ok"


def _empty(suite: Suite) -> str:
    """A variant in which nothing passed or failed has not passed either."""
    return "" if suite.number("pass") or suite.number("fail") else " # SKIP nothing was judged"


def _diagnostics(case: Case, result: CheckResult) -> list[str]:
    if case.status != "fail":
        return []
    lines = [] if case.findings else [_text(case.reason)]
    for finding in case.findings:
        told = _text(f"{finding.rule} {finding.name}: {finding.message}")
        lines.append(f"{place(finding.location)}: {told}")
        lines += [f"{_INDENT}{label:15}{text}" for label, text in rows(finding, result)]
    return lines


def _text(text: str) -> str:
    return visible(text).replace("#", r"\#")
