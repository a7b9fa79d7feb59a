# SPDX-License-Identifier: GPL-2.0-only
"""SARIF, against the official schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from analyzer.model import CheckResult
from analyzer.report.options import ReportOptions
from analyzer.report.sarif import render
from analyzer.rules.catalogue import RULES
from tests.report.example import clean, empty, example, excused

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text())


def run_of(result: CheckResult, **options: Any) -> Any:
    log = json.loads(render(result, ReportOptions(**options)))
    jsonschema.Draft202012Validator(SCHEMA).validate(log)
    assert len(log["runs"]) == 1
    return log["runs"][0]


@pytest.mark.parametrize(
    "result", [example(), excused(), clean(), empty(), example(lambda _: "\ud800\n%/:")]
)
def test_official_schema(result: CheckResult) -> None:
    run_of(result)


def test_the_schema_can_fail() -> None:
    log = json.loads(render(example()))
    log["runs"][0]["results"][0]["level"] = "terrible"

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(log)


def test_rules_with_help_and_indices() -> None:
    run = run_of(example())
    rules = run["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == [rule.code for rule in RULES]
    assert all("```c" in rule["help"]["markdown"] for rule in rules)
    assert all(rules[found["ruleIndex"]]["id"] == found["ruleId"] for found in run["results"])


def test_witness_is_a_code_flow() -> None:
    found = next(r for r in run_of(example())["results"] if "codeFlows" in r)
    flow = found["codeFlows"][0]
    steps = flow["threadFlows"][0]["locations"]

    assert [step["location"]["physicalLocation"]["region"]["startLine"] for step in steps] == [
        60,
        120,
        122,
    ]
    assert "0x1200097 user-writable" in flow["message"]["text"]
    assert found["partialFingerprints"] == {"ptcheck/v1": "5f0a"}


def test_what_is_excused_is_suppressed() -> None:
    run = run_of(excused())
    found = {r["partialFingerprints"]["ptcheck/v1"]: r for r in run["results"]}

    kinds = {key: result["suppressions"][0]["kind"] for key, result in found.items()}
    assert kinds == {"5f0a": "inSource", "5f0b": "external", "5f0c": "external"}
    states = {key: result["baselineState"] for key, result in found.items()}
    assert states == {"5f0a": "new", "5f0b": "new", "5f0c": "unchanged"}
    assert "suppressions" not in run_of(example())["results"][0]
    assert run["properties"]["configuration"] == "ptcheck.toml of the tree under check"


def test_levels_and_if_enabled() -> None:
    levels = {
        r["partialFingerprints"]["ptcheck/v1"]: r["level"] for r in run_of(example())["results"]
    }
    forced = run_of(example(), as_if_enabled=True)["results"]

    assert levels == {"5f0a": "error", "5f0b": "error", "5f0c": "note"}
    assert {r["level"] for r in forced} == {"error"}


def test_what_was_not_judged_is_told() -> None:
    notes = run_of(example())["invocations"][0]["toolExecutionNotifications"]

    assert [note["descriptor"]["id"] for note in notes] == ["PTC901", "PTC902"]


def test_paths_are_uris_and_whole_files_have_no_region() -> None:
    run = run_of(example(lambda text: f"a b/{text}\udcff" if text.startswith("arch/") else text))
    places = [r["locations"][0]["physicalLocation"] for r in run["results"]]

    assert places[0]["artifactLocation"]["uri"].startswith("a%20b/arch/demo/")
    assert places[0]["artifactLocation"]["uri"].endswith(".h%FF")
    assert "region" not in places[0]


def test_text_of_the_tree_makes_no_link() -> None:
    def messages(value: object) -> list[str]:
        if isinstance(value, list):
            return [text for item in value for text in messages(item)]
        if not isinstance(value, dict):
            return []
        own = [value["message"]["text"]] if "message" in value else []
        return own + [text for item in value.values() for text in messages(item)]

    found = messages(run_of(example(lambda _: "[click](http://example.org)")))

    assert len(found) > 5
    assert not any("](" in text for text in found)
