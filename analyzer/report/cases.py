# SPDX-License-Identifier: GPL-2.0-only
"""A result as test cases: one suite per variant, one case per helper (for JUnit and KTAP).

A helper that could not be judged is skipped, with its reason, never passed; so is what would be
found only if the architecture selected the option, and what is excused (suppressed, in the
baseline). A finding that no helper stands for (about a
predicate or a call site) is a case of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from analyzer.model import (
    CheckResult,
    Finding,
    HelperVerdict,
    Reason,
    VariantSummary,
    Verdict,
)
from analyzer.report.options import ReportOptions
from analyzer.report.summary import (
    IF_ENABLED,
    called_words,
    counts,
    ordered,
    ordered_summaries,
    unknown_calls,
)

Status = Literal["pass", "fail", "skip"]


@dataclass(frozen=True, slots=True)
class Case:
    """One helper or finding in one variant. Nothing in it is escaped yet."""

    name: str
    status: Status
    reason: str  # why it is skipped or failed, '' if it passed
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Suite:
    """All cases of one variant."""

    name: str  # 'demo/base'
    cases: tuple[Case, ...]

    def number(self, status: Status) -> int:
        """How many cases ended that way."""
        return sum(case.status == status for case in self.cases)


def suites(result: CheckResult, options: ReportOptions) -> tuple[Suite, ...]:
    """The variants in the order of all reports."""
    helpers: dict[tuple[str, str], list[HelperVerdict]] = {}
    for helper in result.helpers:
        helpers.setdefault((helper.arch, helper.variant), []).append(helper)
    findings: dict[tuple[str, str], list[Finding]] = {}
    for finding in ordered(result.findings):
        for variant in finding.variants:
            findings.setdefault((finding.arch, variant), []).append(finding)
    found = []
    for summary in ordered_summaries(result):
        key = (summary.arch, summary.variant)
        cases = tuple(_cases(summary, helpers.get(key, []), findings.get(key, []), options))
        found.append(Suite("/".join(key), cases))
    return (*found, *_elsewhere(result, options), *_calls(result))


def _elsewhere(result: CheckResult, options: ReportOptions) -> Iterator[Suite]:
    """Findings about no variant that was judged (about a Kconfig, say), by architecture."""
    known = {(summary.arch, summary.variant) for summary in result.summaries}
    findings: dict[str, list[Case]] = {}
    for finding in ordered(result.findings):
        if not any((finding.arch, variant) in known for variant in finding.variants):
            case = _of_finding(finding, options)
            findings.setdefault(finding.arch or "the whole tree", []).append(case)
    for arch, cases in findings.items():
        yield Suite(arch, tuple(cases))


def _calls(result: CheckResult) -> Iterator[Suite]:
    """Calls around the hooks that could not be judged, by architecture."""
    found: dict[str, list[Case]] = {}
    for call in unknown_calls(result):
        name = f"{call.level} {called_words(call)}"
        for arch in call.archs:
            reason = f"unknown: {call.location}: {call.reason}"
            found.setdefault(arch, []).append(Case(name, "skip", reason, ()))
    for arch, cases in sorted(found.items()):
        yield Suite(f"{arch}: calls", tuple(cases))


def _cases(
    summary: VariantSummary,
    helpers: list[HelperVerdict],
    findings: list[Finding],
    options: ReportOptions,
) -> Iterator[Case]:
    told: set[int] = set()
    for helper in helpers:
        name = f"{helper.level} {helper.helper}"
        if helper.verdict is Verdict.UNKNOWN:
            yield Case(name, "skip", f"unknown: {helper.reason}", ())
        elif helper.verdict is Verdict.NOT_APPLICABLE:
            yield Case(name, "skip", f"not applicable: {helper.reason}", ())
        elif helper.verdict is Verdict.FINDING:
            mine = tuple(finding for finding in findings if _concerns(finding, helper))
            told.update(map(id, mine))
            yield _of_helper(name, mine, helper, summary, options)
        else:
            yield Case(name, "pass", "", ())
    for finding in findings:
        if id(finding) not in told:
            yield _of_finding(finding, options)


def _of_helper(
    name: str,
    findings: tuple[Finding, ...],
    helper: HelperVerdict,
    summary: VariantSummary,
    options: ReportOptions,
) -> Case:
    """A helper with findings fails if one of them counts."""
    if not findings:
        return _case(name, summary.supported or options.as_if_enabled, helper.reason, ())
    failing = tuple(finding for finding in findings if counts(finding, options))
    reason = "; ".join(_words(finding) for finding in failing or findings)
    if failing or all(finding.excuse is None for finding in findings):
        return _case(name, bool(failing), reason, failing or findings)
    return Case(name, "skip", _excused(findings), findings)


def _of_finding(finding: Finding, options: ReportOptions) -> Case:
    parts = (finding.level, finding.helper or finding.function, finding.rule)
    name = " ".join(filter(None, parts))
    if finding.excuse is not None:
        return Case(name, "skip", _excused((finding,)), (finding,))
    return _case(name, counts(finding, options), _words(finding), (finding,))


def _excused(findings: tuple[Finding, ...]) -> str:
    """`PTC101 unhooked: message (suppressed: reason)`."""
    kinds = {Reason.BASELINE: "known before", Reason.DISABLED: "disabled"}
    return "; ".join(
        f"{_words(f)} ({kinds.get(f.excuse.reason, 'suppressed')}: {f.excuse.text})"
        if f.excuse
        else _words(f)
        for f in findings
    )


def _case(name: str, failed: bool, reason: str, findings: tuple[Finding, ...]) -> Case:
    if failed:
        return Case(name, "fail", reason, findings)
    return Case(name, "skip", f"{IF_ENABLED}: {reason}", findings)


def _concerns(finding: Finding, helper: HelperVerdict) -> bool:
    return helper.helper == finding.helper or helper.helper in finding.helpers


def _words(finding: Finding) -> str:
    return f"{finding.rule} {finding.name}: {finding.message}"
