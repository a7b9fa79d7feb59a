# SPDX-License-Identifier: GPL-2.0-only
"""The formats of `--format`. A new one is a module of its name with `render`, and one line here."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib import import_module

from analyzer.errors import UsageError
from analyzer.model import CheckResult
from analyzer.report.options import ReportOptions


@dataclass(frozen=True, slots=True)
class Format:
    """A rendering; the same result and options give the same bytes."""

    name: str
    description: str

    def render(self, result: CheckResult, options: ReportOptions) -> str:
        """The document; its module is imported only where the format is wanted."""
        document: str = import_module(f"analyzer.report.{self.name}").render(result, options)
        return document


FORMATS: tuple[Format, ...] = (
    Format("text", "for people at a terminal, and for editors"),
    Format("json", "everything, schema 1 (docs/json-schema.md)"),
    Format("sarif", "SARIF 2.1.0, for code scanning"),
    Format("github", "annotations of GitHub Actions"),
    Format("gitlab", "a code quality report of GitLab"),
    Format("junit", "JUnit XML, one case per helper"),
    Format("ktap", "KTAP, the test output of the kernel"),
    Format("markdown", "a summary for the page of a job"),
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
