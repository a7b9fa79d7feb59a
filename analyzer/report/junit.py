# SPDX-License-Identifier: GPL-2.0-only
"""JUnit XML: one suite per variant, one case per helper.

Source: the schema that Jenkins and GitLab read (testsuites, testsuite, testcase with failure or
skipped). XML 1.0 has no control characters at all, so they are made visible first.
"""

from __future__ import annotations

from analyzer.model import CheckResult
from analyzer.report.cases import Case, Suite, suites
from analyzer.report.escape import place, visible
from analyzer.report.options import DEFAULTS, ReportOptions
from analyzer.report.summary import notice_line
from analyzer.report.witness import rows


def escape(text: str) -> str:
    """Text as XML has it; that of the standard library imports an HTTP client."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def render(result: CheckResult, options: ReportOptions = DEFAULTS) -> str:
    """The result as one XML document."""
    found = suites(result, options)
    numbers = _numbers(*found)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    time = f' time="{result.seconds:.3f}"' if options.timing else ""
    lines.append(f'<testsuites name="ptcheck"{numbers}{time}>')
    for suite in found:
        lines.append(f"  <testsuite name={_attribute(suite.name)}{_numbers(suite)}>")
        for case in suite.cases:
            lines += _case(case, suite, result)
        lines.append("  </testsuite>")
    lines += _notices(result)
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _case(case: Case, suite: Suite, result: CheckResult) -> list[str]:
    classname = "ptcheck." + suite.name.replace(".", "_").replace("/", ".")
    opening = f"    <testcase name={_attribute(case.name)} classname={_attribute(classname)}"
    if case.status == "pass":
        return [f"{opening}/>"]
    if case.status == "skip":
        inner = [f"      <skipped message={_attribute(case.reason)}/>"]
    else:
        kind = case.findings[0].name if case.findings else "finding"
        start = f"      <failure message={_attribute(case.reason)} type={_attribute(kind)}>"
        inner = [start + escape("\n".join(_details(case, result))) + "</failure>"]
    return [f"{opening}>", *inner, "    </testcase>"]


def _details(case: Case, result: CheckResult) -> list[str]:
    lines = []
    for finding in case.findings:
        rule = f"{visible(finding.rule)} {visible(finding.name)}"
        lines.append(f"{place(finding.location)}: {rule}: {visible(finding.message)}")
        lines += [f"    {label:15}{text}" for label, text in rows(finding, result)]
    return lines


def _notices(result: CheckResult) -> list[str]:
    """What is wrong with suppressions and the baseline: a suite without a case."""
    if not result.notices:
        return []
    told = escape("\n".join(notice_line(notice) for notice in result.notices))
    return [
        f'  <testsuite name="suppressions and baseline"{_numbers()}>',
        f"    <system-out>{told}</system-out>",
        "  </testsuite>",
    ]


def _numbers(*found: Suite) -> str:
    tests = sum(len(suite.cases) for suite in found)
    failures = sum(suite.number("fail") for suite in found)
    skipped = sum(suite.number("skip") for suite in found)
    return f' tests="{tests}" failures="{failures}" errors="0" skipped="{skipped}"'


def _attribute(text: str) -> str:
    shown = escape(visible(text)).replace('"', "&quot;")
    for character in "\n\r\t":
        shown = shown.replace(character, f"&#{ord(character)};")
    return f'"{shown}"'
