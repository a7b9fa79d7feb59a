# SPDX-License-Identifier: GPL-2.0-only
"""What became of findings from one revision to another, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from analyzer.check.compare import Comparison, only_new
from analyzer.model import Finding
from analyzer.report import json as plain_json
from analyzer.report import text as plain_text
from analyzer.report.escape import place, visible
from analyzer.report.options import DEFAULTS, ReportOptions
from analyzer.report.summary import count, ordered


def text(found: Comparison, against: str, options: ReportOptions = DEFAULTS) -> str:
    """The report on the new findings, then what else changed; `against` says since when."""
    lines = [
        *_section("fixed:", (_line(f) for f in ordered(found.fixed))),
        *_section("cannot be judged any more, so not known to be fixed:",
                  (_line(f) for f in ordered(found.undecided))),
        *_section("could be judged before and cannot now:", [
            *(f"{visible(f'{h.arch}/{h.variant}')} {visible(h.helper)}: {visible(h.reason)}"
              for h in found.unknown),
            *map(visible, found.problems),
        ]),
        *_section("architectures with another name:",
                  (f"{visible(old)} is {visible(new)}" for old, new in found.renamed)),
    ]  # fmt: skip
    parts = [f"{len(found.new)} new", f"{len(found.fixed)} fixed"]
    parts.append(f"{len(found.unchanged)} unchanged")
    if found.undecided:
        parts.append(f"{count(len(found.undecided), 'finding')} undecided")
    lines.append(f"since {visible(against)}: {', '.join(parts)}")
    return (
        plain_text.render(only_new(found, against), options)
        + "\n"
        + "".join(f"{x}\n" for x in lines)
    )


def json(found: Comparison, base: str, against: str, options: ReportOptions = DEFAULTS) -> str:
    """The document of `check`, every finding with its `status`, and a part `comparison`."""
    document = plain_json.document(only_new(found, against), options)
    new = {finding.fingerprint for finding in found.new}
    for finding in document["findings"]:
        finding["status"] = "new" if finding["fingerprint"] in new else "unchanged"
    document["comparison"] = {
        "base": {"asked": base, "revision": found.base.revision},
        "new": len(found.new),
        "unchanged": len(found.unchanged),
        "fixed": _findings(found.fixed),
        "undecided": _findings(found.undecided),
        "unknown": [
            {"arch": h.arch, "variant": h.variant, "helper": h.helper, "reason": h.reason}
            for h in found.unknown
        ],
        "problems": list(found.problems),
        "renamed": [{"from": old, "to": new} for old, new in found.renamed],
        "incomplete": found.incomplete,
    }
    return plain_json.to_json(document)


def _findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [plain_json.finding_document(finding) for finding in ordered(findings)]


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = [f"    {line}" for line in lines]
    if found:
        yield title
        yield from found
        yield ""


def _line(finding: Finding) -> str:
    return (
        f"{place(finding.location)}: {visible(finding.rule)} {visible(finding.name)}:"
        f" {visible(finding.message)} ({visible(finding.arch)})"
    )
