# SPDX-License-Identifier: GPL-2.0-only
"""`--format json`, schema 1: documented in docs/json-schema.md and docs/check.schema.json.

The keys are fixed; others may be added without a new schema number. ASCII only: control and
format characters of the tree are JSON escapes.
"""

from __future__ import annotations

import json
from typing import Any

from analyzer.model import (
    CheckResult,
    EntryValue,
    Excuse,
    Finding,
    HelperVerdict,
    HookApi,
    Location,
    Reach,
    Witness,
)
from analyzer.report import coverage
from analyzer.report.escape import without_surrogates
from analyzer.report.options import DEFAULTS, ReportOptions
from analyzer.report.summary import call_counts, counts, ordered, unknown_calls

SCHEMA = 1


def render(result: CheckResult, options: ReportOptions = DEFAULTS) -> str:
    """The result as one JSON document."""
    return to_json(document(result, options))


def to_json(value: object) -> str:
    """`value` as ASCII JSON with a final newline; lone surrogates are made visible."""
    return json.dumps(_clean(value), indent=2, ensure_ascii=True).replace("\x7f", "\\u007f") + "\n"


def to_ascii(value: object) -> str:
    """`value` as ASCII JSON on one line; lone surrogates are made visible."""
    return json.dumps(_clean(value), ensure_ascii=True).replace("\x7f", "\\u007f")


def document(result: CheckResult, options: ReportOptions = DEFAULTS) -> dict[str, Any]:
    """The result as plain lists and dictionaries, in the order of the documentation."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "ptcheck", "version": options.version},
        "tree": {"path": result.tree_label, "revision": result.revision},
        "api": api_document(result.api),
        "variants": _variants(result),
        "coverage": _coverage(coverage.total(coverage.rows(result))),
        "helpers": [_helper(helper) for helper in result.helpers],
        "findings": [finding_document(finding, options) for finding in ordered(result.findings)],
        "calls": _calls(result),
        "notices": [
            {"rule": n.rule, "message": n.message, **place_document(n.location)}
            for n in result.notices
        ],
        "policy": result.policy,
        "baseline": result.baseline or None,
        "problems": list(result.problems),
        "incomplete": result.incomplete,
        "files_read": result.files_read,
        "seconds": round(result.seconds, 3) if options.timing else None,
    }


def api_document(api: HookApi) -> dict[str, Any]:
    """The hook interface of a tree; `ptcheck archs` has it too."""
    return {
        "present": api.present,
        "prototypes": [
            {
                "name": prototype.name,
                "parameters": list(prototype.parameters),
                **place_document(prototype.location),
            }
            for prototype in api.prototypes
        ],
        "predicate": api.predicate,
    }


def _variants(result: CheckResult) -> list[dict[str, Any]]:
    known = {(row.arch, row.variant): row for row in coverage.rows(result)}
    found = []
    for summary in result.summaries:
        row = known[summary.arch, summary.variant]
        name = {"arch": row.arch, "variant": row.variant, "supported": row.supported}
        found.append({**name, **_coverage(row.coverage)})
    return found


def _coverage(numbers: coverage.Coverage) -> dict[str, Any]:
    return {
        "balanced": numbers.balanced,
        "neutral": numbers.neutral,
        "finding": numbers.finding,
        "unknown": numbers.unknown,
        "unparsed": numbers.unparsed,
        "not_applicable": numbers.not_applicable,
        "judged": numbers.judged,
        "helpers": numbers.helpers,
    }


def _calls(result: CheckResult) -> dict[str, Any]:
    numbers = call_counts(result)
    return {
        **{reach.value: numbers[reach] for reach in Reach},
        "not_judged": [
            {
                "helper": call.helper,
                "level": call.level,
                **place_document(call.location),
                "function": call.function,
                "archs": list(call.archs),
                "reason": call.reason,
            }
            for call in unknown_calls(result)
        ],
    }


def _helper(helper: HelperVerdict) -> dict[str, Any]:
    return {
        "arch": helper.arch,
        "variant": helper.variant,
        "helper": helper.helper,
        "level": helper.level,
        "verdict": helper.verdict.value,
        **place_document(helper.location),
        "function": helper.function,
        "hooks": [
            {"hook": hook.hook, **place_document(hook.location), "function": hook.function}
            for hook in helper.hooks
        ],
        "reason": helper.reason,
    }


def finding_document(finding: Finding, options: ReportOptions = DEFAULTS) -> dict[str, Any]:
    """One finding."""
    return {
        "rule": finding.rule,
        "name": finding.name,
        "arch": finding.arch,
        "variants": list(finding.variants),
        "helper": finding.helper,
        "level": finding.level,
        **place_document(finding.location),
        "function": finding.function,
        "message": finding.message,
        "fingerprint": finding.fingerprint,
        "if_enabled": finding.if_enabled,
        "witness": None if finding.witness is None else _witness(finding.witness),
        "helpers": list(finding.helpers),
        "counts": counts(finding, options),
        "excuse": None if finding.excuse is None else _excuse(finding.excuse),
    }


def _excuse(excuse: Excuse) -> dict[str, Any]:
    return {
        "kind": excuse.reason.value,
        "reason": excuse.text,
        **place_document(excuse.location),
    }


def _witness(witness: Witness) -> dict[str, Any]:
    return {
        "variant": witness.variant,
        "helper": witness.helper,
        "old": _entry(witness.old),
        "new": _entry(witness.new),
        "left": _entry(witness.left),
        "path": [
            {
                "kind": step.kind,
                **place_document(step.location),
                "function": step.function,
                "text": step.text,
            }
            for step in witness.path
        ],
        "expected": list(witness.expected),
        "got": list(witness.got),
    }


def _entry(entry: EntryValue | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    return {"name": entry.name, "value": f"{entry.value:#x}", "text": entry.text}


def place_document(location: Location | None) -> dict[str, Any]:
    """`path` and `line`, null where no place is known."""
    if location is None:
        return {"path": None, "line": None}
    return {"path": location.path, "line": location.line}


def _clean(value: object) -> object:
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value
