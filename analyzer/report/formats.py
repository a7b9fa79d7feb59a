# SPDX-License-Identifier: GPL-2.0-only
"""The formats of `--format`. A new one is a module with `render` and one line here."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from analyzer.errors import UsageError
from analyzer.model import CheckResult
from analyzer.report import github, gitlab, json, junit, ktap, markdown, sarif, text
from analyzer.report.options import ReportOptions


@dataclass(frozen=True, slots=True)
class Format:
    """A rendering; the same result and options give the same bytes."""

    name: str
    description: str
    render: Callable[[CheckResult, ReportOptions], str]


FORMATS: tuple[Format, ...] = (
    Format("text", "for people at a terminal, and for editors", text.render),
    Format("json", "everything, schema 1 (docs/json-schema.md)", json.render),
    Format("sarif", "SARIF 2.1.0, for code scanning", sarif.render),
    Format("github", "annotations of GitHub Actions", github.render),
    Format("gitlab", "a code quality report of GitLab", gitlab.render),
    Format("junit", "JUnit XML, one case per helper", junit.render),
    Format("ktap", "KTAP, the test output of the kernel", ktap.render),
    Format("markdown", "a summary for the page of a job", markdown.render),
)


def find_format(name: str) -> Format:
    """The format of that name. Raises UsageError, naming the nearest ones, if there is none."""
    for known in FORMATS:
        if known.name == name:
            return known
    names = [known.name for known in FORMATS]
    near = difflib.get_close_matches(name, names, 1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise UsageError(f"unknown format '{name}'{hint}; known: {', '.join(names)}")
