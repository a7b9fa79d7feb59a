# SPDX-License-Identifier: GPL-2.0-only
"""A GitLab code quality report, which is one of Code Climate, too.

Sources: docs.gitlab.com, "Code Quality report format": description, check_name, fingerprint
(unique in the report), severity, location.path, location.lines.begin. Code Climate's analyzer
specification, "Issues", of which that is a part, asks for type, categories and lines.end besides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from analyzer.model import CheckResult, Finding, Location
from analyzer.report.escape import visible
from analyzer.report.json import to_json
from analyzer.report.options import DEFAULTS, ReportOptions
from analyzer.report.summary import (
    counting,
    if_enabled,
    not_judged,
    notice_words,
    severity,
)

_SEVERITIES: Mapping[str, str] = {"error": "major", "warning": "minor", "note": "info"}


def render(result: CheckResult, options: ReportOptions = DEFAULTS) -> str:
    """A JSON array: the findings that count, then what could not be judged, then notices."""
    issues = [
        _finding(finding, options)
        for finding in counting(result, options) + if_enabled(result, options)
    ]
    for group in not_judged(result):
        text = f"PTC901 unjudged: {', '.join(group.helpers)}: {group.reason}"
        issues.append(_issue(text, "PTC901", "minor", group.location))
    issues += (
        _issue(f"PTC902 unreadable: {problem}", "PTC902", "minor", None)
        for problem in result.problems
    )
    issues += (
        _issue(notice_words(notice), notice.rule, "info", notice.location)
        for notice in result.notices
    )
    return to_json(_unique(issues))


def _finding(finding: Finding, options: ReportOptions) -> dict[str, Any]:
    level = severity(finding, options)
    suffix = " if enabled" if level == "note" else ""
    issue = _issue(
        f"{finding.rule} {finding.name}{suffix}: {finding.message}",
        finding.rule,
        _SEVERITIES[level],
        finding.location,
    )
    return {**issue, "fingerprint": finding.fingerprint}


def _issue(text: str, rule: str, weight: str, location: Location | None) -> dict[str, Any]:
    place = location or Location("Kconfig", 0)  # a file is demanded, where none is known
    line = max(place.line, 1)
    return {
        "type": "issue",
        "categories": ["Bug Risk"],
        "description": visible(text),
        "check_name": visible(rule),
        "fingerprint": _hash(f"{rule}\0{place.path}\0{text}"),
        "severity": weight,
        "location": {"path": visible(place.path), "lines": {"begin": line, "end": line}},
    }


def _unique(issues: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """GitLab drops an issue whose fingerprint it has seen: let no two be alike."""
    seen: dict[str, int] = {}
    result = []
    for issue in issues:
        fingerprint = str(issue["fingerprint"])
        number = seen.get(fingerprint, 0)
        seen[fingerprint] = number + 1
        unique = _hash(f"{fingerprint}\0{number}") if number else fingerprint
        result.append({**issue, "fingerprint": unique})
    return result


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:40]
