# SPDX-License-Identifier: GPL-2.0-only
"""The JSON keeps its schema, and the documentation describes it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema

from analyzer.model import CheckResult
from analyzer.report.json import document, render
from analyzer.report.options import ReportOptions
from tests.report.example import clean, empty, example, excused, with_calls

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA = json.loads((DOCS / "check.schema.json").read_text())

# design.md, section 4
FIXED = {
    "": "schema tool tree api variants helpers findings seconds",
    "tool": "name version",
    "tree": "path revision",
    "api": "prototypes predicate",
    "variants": "arch variant supported balanced neutral finding unknown unparsed",
    "helpers": "arch variant helper level verdict path line function hooks reason",
    "helpers.hooks": "hook path line function",
    "findings": "rule name arch variants helper level path line function message fingerprint "
    "if_enabled witness",
}


def loaded(result: CheckResult) -> Any:
    return json.loads(render(result))


def test_schema_is_valid_and_describes_the_output() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for result in (example(), excused(), with_calls(), clean(), empty()):
        jsonschema.Draft202012Validator(SCHEMA).validate(loaded(result))


def test_keys_of_the_design_are_there() -> None:
    value = loaded(example())

    for place, keys in FIXED.items():
        found = value
        for key in filter(None, place.split(".")):
            found = found[key]
            if isinstance(found, list):
                found = found[0]
        assert set(keys.split()) <= set(found), place


def test_no_key_is_undocumented() -> None:
    def properties(schema: object) -> set[str]:
        if isinstance(schema, list):
            return set().union(*map(properties, schema))
        if not isinstance(schema, dict):
            return set()
        named = schema.get("properties", {})
        return set(named).union(*map(properties, schema.values()))

    def keys(value: object) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(keys, value))
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set()

    documented = set(re.findall(r"`(\w+)`", (DOCS / "json-schema.md").read_text()))

    for result in (excused(), with_calls()):
        assert keys(document(result)) <= properties(SCHEMA)
        assert keys(document(result)) <= documented


def test_values_survive() -> None:
    value = loaded(example())
    unhooked = next(f for f in value["findings"] if f["fingerprint"] == "5f0a")

    assert unhooked["witness"]["old"]["value"] == "0x1200097"
    assert unhooked["witness"]["new"] is None
    assert value["incomplete"] is True
    assert loaded(clean())["incomplete"] is False


def test_if_enabled_is_kept_whatever_counts() -> None:
    value = json.loads(render(example(), ReportOptions(as_if_enabled=True)))

    assert [f["if_enabled"] for f in value["findings"]] == [False, False, True]


def test_hostile_names_are_ascii_and_come_back() -> None:
    nasty = "a\x1b]0;title\x07\x7f\u202e\ud83d\udcff\n"
    text = render(example(lambda _: nasty))

    assert text.isascii()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f]", text)
    assert json.loads(text)["tree"]["path"] == "a\x1b]0;title\x07\x7f\u202e\\ud83d\\xff\n"
