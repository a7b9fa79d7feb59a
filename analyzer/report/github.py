# SPDX-License-Identifier: GPL-2.0-only
"""Workflow commands of GitHub Actions: annotations at the changed lines.

Source: docs.github.com, "Workflow commands for GitHub Actions"; the escapes are those of
`@actions/core` (`escapeData`, `escapeProperty`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.model import CheckResult, Finding, Location
from analyzer.report.escape import visible
from analyzer.report.options import DEFAULTS, ReportOptions
from analyzer.report.summary import closing_lines, counting, if_enabled, not_judged, severity
from analyzer.report.witness import rows
from analyzer.rules.catalogue import BY_CODE

_COMMANDS: Mapping[str, str] = {"error": "error", "warning": "warning", "note": "notice"}


def render(result: CheckResult, options: ReportOptions = DEFAULTS) -> str:
    """One command per finding that counts, per group of helpers not judged, per bad file."""
    return "".join(f"{line}\n" for line in _lines(result, options))


def _lines(result: CheckResult, options: ReportOptions) -> Iterator[str]:
    for finding in counting(result, options) + if_enabled(result, options):
        yield _annotation(finding, result, options)
    for group in not_judged(result):
        helpers = ", ".join(group.helpers)
        yield _command(
            "warning",
            (*_place(group.location), ("title", "PTC901 unjudged")),
            (f"{helpers}: {group.reason}",),
        )
    for problem in result.problems:
        yield _command("warning", (("title", "PTC902 unreadable"),), (problem,))
    for notice in result.notices:
        known = BY_CODE.get(notice.rule)
        title = f"{notice.rule} {known.name}" if known else notice.rule
        yield _command("notice", (*_place(notice.location), ("title", title)), (notice.message,))
    yield _command("notice", (("title", "ptcheck"),), tuple(closing_lines(result, options)))


def _annotation(finding: Finding, result: CheckResult, options: ReportOptions) -> str:
    level = severity(finding, options)
    suffix = " if enabled" if level == "note" else ""
    lines = [finding.message, *(f"{label:15}{text}" for label, text in rows(finding, result))]
    return _command(
        _COMMANDS[level],
        (
            *_place(finding.location),
            ("title", f"{finding.rule} {finding.name}{suffix}"),
        ),
        tuple(lines),
    )


def _place(location: Location | None) -> tuple[tuple[str, str], ...]:
    if location is None:
        return ()
    line = (("line", str(location.line)),) if location.line else ()
    return (("file", location.path), *line)


def _command(name: str, properties: tuple[tuple[str, str], ...], lines: tuple[str, ...]) -> str:
    shown = ",".join(f"{key}={_property(value)}" for key, value in properties)
    return f"::{name} {shown}::" + "%0A".join(_data(visible(line)) for line in lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")
