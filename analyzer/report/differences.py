# SPDX-License-Identifier: GPL-2.0-only
"""The differences of two trees, as text and as JSON."""

from __future__ import annotations

from analyzer.check.differences import KINDS, Difference, Differences
from analyzer.report.escape import visible
from analyzer.report.json import api_document, to_json
from analyzer.report.options import DEFAULTS, ReportOptions

SCHEMA = 1


def text(found: Differences, options: ReportOptions = DEFAULTS) -> str:
    """One line for each thing that is gone (-), new (+) or another (what it was, what it is)."""
    lines: list[str] = []
    for kind in KINDS:
        items = [item for item in found.items if item.kind == kind]
        if items:
            lines += [f"{kind}:", *(line for item in items for line in _lines(item)), ""]
    comparison = found.comparison
    lines.append(
        f"{visible(comparison.base.tree_label)} to {visible(comparison.head.tree_label)}:"
        f" {len(found.items)} difference{'' if len(found.items) == 1 else 's'};"
        f" findings: {len(comparison.new)} new, {len(comparison.fixed)} fixed,"
        f" {len(comparison.unchanged)} unchanged"
    )
    for problem in comparison.problems:
        lines.append(f"only in the second: {visible(problem)}")
    return "".join(f"{line}\n" for line in lines)


def _lines(item: Difference) -> list[str]:
    where = f"{visible(item.arch)}: " if item.arch and item.arch != item.subject else ""
    variants = f" [{', '.join(map(visible, item.variants))}]" if item.variants else ""
    head = f"{where}{visible(item.subject)}{variants}"
    if item.before is None or item.after is None:
        sign = "+" if item.before is None else "-"
        said = visible(item.after or item.before or "")
        return [f"  {sign} {head}" + ("" if said in ("there", item.subject) else f": {said}")]
    lines = [f"    {head}: {visible(item.before)} -> {visible(item.after)}"]
    if len(lines[0]) > 100:
        lines = [
            f"    {head}:",
            f"      - {visible(item.before)}",
            f"      + {visible(item.after)}",
        ]
    return lines


def json(found: Differences, options: ReportOptions = DEFAULTS) -> str:
    """Schema 1: `before`, `after` (trees), `differences`, and the counts of findings."""
    comparison = found.comparison
    return to_json(
        {
            "schema": SCHEMA,
            "tool": {"name": "ptcheck", "version": options.version},
            "before": _tree(comparison.base.tree_label, comparison.base.revision)
            | {"api": api_document(comparison.base.api)},
            "after": _tree(comparison.head.tree_label, comparison.head.revision)
            | {"api": api_document(comparison.head.api)},
            "differences": [
                {
                    "kind": item.kind,
                    "arch": item.arch or None,
                    "variants": list(item.variants),
                    "subject": item.subject,
                    "before": item.before,
                    "after": item.after,
                }
                for item in found.items
            ],
            "findings": {
                "new": [finding.fingerprint for finding in comparison.new],
                "fixed": [finding.fingerprint for finding in comparison.fixed],
                "unchanged": len(comparison.unchanged),
                "undecided": [finding.fingerprint for finding in comparison.undecided],
            },
            "problems": list(comparison.problems),
            "incomplete": comparison.incomplete,
        }
    )


def _tree(label: str, revision: str | None) -> dict[str, object]:
    return {"path": label, "revision": revision}
