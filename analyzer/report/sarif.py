# SPDX-License-Identifier: GPL-2.0-only
"""SARIF 2.1.0 for code scanning: one run, all rules with help, the witness as a code flow.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from analyzer.model import CheckResult, Excuse, Finding, Location, Reason, Step, Witness
from analyzer.report.escape import visible
from analyzer.report.json import to_json
from analyzer.report.options import DEFAULTS, ReportOptions
from analyzer.report.summary import (
    IF_ENABLED,
    counting,
    excused,
    if_enabled,
    not_judged,
    severity,
    where,
)
from analyzer.report.witness import entry_text, rows, step_words
from analyzer.rules.catalogue import RULES, Rule, family_of

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "ptcheck/v1"  # the key of the partial fingerprint, with its version
_BASE = "%SRCROOT%"
_INDEX: Mapping[str, int] = {rule.code: index for index, rule in enumerate(RULES)}


def render(result: CheckResult, options: ReportOptions = DEFAULTS) -> str:
    """The result as one SARIF log with one run."""
    findings = counting(result, options) + if_enabled(result, options) + excused(result)
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "ptcheck",
                "version": options.version,
                "semanticVersion": options.version,
                "rules": [_rule(rule) for rule in RULES],
            }
        },
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": _notifications(result)}
        ],
        "originalUriBaseIds": {_BASE: {"description": _message("the top of the kernel tree")}},
        "columnKind": "utf16CodeUnits",
        "results": [_result(finding, result, options) for finding in findings],
    }
    about = {"revision": result.revision, "configuration": result.policy}
    known = {key: visible(text) for key, text in about.items() if text}
    if known:
        run["properties"] = known
    return to_json({"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, Any]:
    help_text = f"{rule.explanation}\n\n{rule.why}\n\nHow to fix it: {rule.fix}"
    markdown = (
        f"{rule.explanation}\n\n**Why it matters.** {rule.why}\n\n"
        f"Bad:\n```c\n{rule.bad}```\nGood:\n```c\n{rule.good}```\n\n**How to fix it.** {rule.fix}"
    )
    level = "warning" if rule.code == "PTC302" or rule.code.startswith("PTC9") else "error"
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.explanation},
        "help": {"text": help_text, "markdown": markdown},
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["page_table_check", family_of(rule)]},
    }


def _result(finding: Finding, result: CheckResult, options: ReportOptions) -> dict[str, Any]:
    level = severity(finding, options)
    text = finding.message + (f" ({IF_ENABLED})" if level == "note" else "")
    found: dict[str, Any] = {"ruleId": finding.rule}
    if finding.rule in _INDEX:
        found["ruleIndex"] = _INDEX[finding.rule]
    found |= {
        "level": level,
        "message": _message(f"{text} [{where(finding, result)}]"),
        "locations": [_location(finding.location, finding.function)],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
    }
    if result.baseline:
        before = finding.excuse is not None and finding.excuse.reason is Reason.BASELINE
        found["baselineState"] = "unchanged" if before else "new"
    if finding.excuse is not None:
        found["suppressions"] = [_suppression(finding.excuse)]
    if finding.witness is not None and finding.witness.path:
        found["codeFlows"] = [_code_flow(finding.witness)]
    found["properties"] = {
        "arch": visible(finding.arch),
        "variants": [visible(variant) for variant in finding.variants],
        "helper": visible(finding.helper),
        "helpers": [visible(helper) for helper in finding.helpers],
        "level": visible(finding.level),
        "ifEnabled": finding.if_enabled,
        "witness": [f"{label:15}{line}".rstrip() for label, line in rows(finding, result)],
    }
    return found


def _suppression(excuse: Excuse) -> dict[str, Any]:
    """`inSource` is a comment of the tree, everything else is `external` (3.35.2)."""
    found: dict[str, Any] = {
        "kind": "inSource" if excuse.reason is Reason.COMMENT else "external",
        "status": "accepted",
        "justification": visible(excuse.text),
    }
    if excuse.reason is Reason.COMMENT and excuse.location is not None:
        found["location"] = _location(excuse.location, "")
    return found


def _code_flow(witness: Witness) -> dict[str, Any]:
    parts = [visible(witness.variant), visible(witness.helper)]
    parts += [
        f"{label} {entry_text(entry)}"
        for label, entry in (("old", witness.old), ("new", witness.new), ("left", witness.left))
        if entry is not None
    ]
    steps = [_flow_location(step, number) for number, step in enumerate(witness.path, 1)]
    return {"message": _message("; ".join(parts)), "threadFlows": [{"locations": steps}]}


def _flow_location(step: Step, number: int) -> dict[str, Any]:
    location = _location(step.location, step.function)
    location["message"] = _message(step_words(step))
    return {"location": location, "executionOrder": number}


def _notifications(result: CheckResult) -> list[dict[str, Any]]:
    """What could not be judged or read: not results, but a reader must see it."""
    notes = [
        _notification("PTC901", f"{', '.join(group.helpers)}: {group.reason}", group.location)
        for group in not_judged(result)
    ]
    notes += [_notification("PTC902", problem, None) for problem in result.problems]
    return notes + [_notification(n.rule, n.message, n.location) for n in result.notices]


def _notification(rule: str, text: str, location: Location | None) -> dict[str, Any]:
    known = {"id": rule, "index": _INDEX[rule]} if rule in _INDEX else {"id": rule}
    return {
        "locations": [] if location is None else [_location(location, "")],
        "descriptor": known,
        "associatedRule": known,
        "level": "warning",
        "message": _message(text),
    }


def _location(location: Location, function: str) -> dict[str, Any]:
    physical: dict[str, Any] = {
        "artifactLocation": {"uri": _uri(location.path), "uriBaseId": _BASE}
    }
    if location.line > 0:
        physical["region"] = {"startLine": location.line}
    found: dict[str, Any] = {"physicalLocation": physical}
    if function:
        found["logicalLocations"] = [{"name": visible(function), "kind": "function"}]
    return found


def _uri(path: str) -> str:
    """A path of the tree as a relative URI, byte for byte."""
    try:
        return quote(path.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # a surrogate that stands for no byte: not from a file system
        return quote(path.encode("utf-8", "backslashreplace"))


def _message(text: str) -> dict[str, str]:
    """A message in plain text: `[text](target)` would be a link (SARIF 2.1.0, 3.11.6)."""
    return {"text": visible(text).replace("](", "] (")}
