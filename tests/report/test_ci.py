# SPDX-License-Identifier: GPL-2.0-only
"""GitHub, GitLab, JUnit, KTAP and Markdown, each read by a reader of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import junitparser
import pytest
from gitlab_cq import GitLabCodeQuality
from typeguard import CollectionCheckStrategy, TypeCheckError, check_type

from analyzer.report import github, gitlab, junit, ktap, markdown
from analyzer.report.cases import suites
from analyzer.report.formats import FORMATS, Format
from analyzer.report.options import DEFAULTS, ReportOptions
from tests.report.example import clean, empty, example, excused, predicate, with_calls

SCHEMAS = Path(__file__).parent / "schemas"
COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Read as the runner of GitHub does: one command per line, %-escapes undone."""
    found = []
    for line in text.splitlines():
        match = COMMAND.fullmatch(line)
        assert match, line
        pairs = (pair.partition("=") for pair in match[2].split(",") if pair)
        found.append((match[1], {key: _undo(value) for key, _, value in pairs}, _undo(match[3])))
    return found


def _undo(text: str) -> str:
    for code, character in (("0D", "\r"), ("0A", "\n"), ("3A", ":"), ("2C", ","), ("25", "%")):
        text = text.replace(f"%{code}", character)
    return text


def test_github_annotations() -> None:
    found = commands(github.render(example()))

    assert Counter(level for level, _, _ in found) == {"error": 2, "warning": 2, "notice": 2}
    level, properties, text = found[1]
    assert level == "error"
    assert properties == {
        "file": "arch/demo/include/asm/pgtable.h",
        "line": "120",
        "title": "PTC101 unhooked",
    }
    assert text.startswith("a counted entry is taken out and no hook runs\nin  ")
    assert "line" not in found[0][1]


def test_github_names_cannot_forge_an_annotation() -> None:
    nasty = "x,line=1::\r\n::error file=y::forged%0A::error::z"
    found = commands(github.render(example(lambda _: nasty)))

    assert len(found) == len(commands(github.render(example())))
    assert found[1][1]["line"] == "120"
    assert found[1][1]["file"] == nasty.replace("\r\n", r"\r\n")


def test_gitlab_issues_are_complete_and_unique() -> None:
    result = example()
    twice = replace(result, findings=result.findings * 2)
    issues = json.loads(gitlab.render(twice))

    assert len(issues) == 8
    assert len({issue["fingerprint"] for issue in issues}) == 8
    for issue in issues:
        assert {"description", "check_name", "fingerprint", "severity", "location"} <= set(issue)
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["location"]["lines"]["begin"] >= 1
    assert Counter(i["severity"] for i in issues) == {"major": 4, "info": 2, "minor": 2}
    assert json.loads(gitlab.render(clean())) == []


def test_gitlab_as_others_define_it() -> None:
    """The types that another generator of such reports (gitlab-cq) declares for them."""
    wanted = list[GitLabCodeQuality.Issue]
    every = CollectionCheckStrategy.ALL_ITEMS
    for result in (example(), clean(), empty(), excused()):
        issues = json.loads(gitlab.render(result))
        check_type(issues, wanted, collection_check_strategy=every)
    assert issues
    issues[-1]["location"]["lines"]["begin"] = "1"
    with pytest.raises(TypeCheckError, match="location"):
        check_type(issues, wanted, collection_check_strategy=every)


def test_junit_counts_agree_with_its_cases() -> None:
    root = ElementTree.fromstring(junit.render(example()))

    for suite in root.iter("testsuite"):
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("skipped", "")) == len(suite.findall("testcase/skipped"))
    assert [root.get(key) for key in ("tests", "failures", "errors", "skipped")] == list("8302")
    failure = root.find("testsuite[@name='demo/base']/testcase/failure")
    assert failure is not None
    assert "expected       pmd pfn 0x1200: -1" in (failure.text or "")


def test_junit_with_a_parser_of_others() -> None:
    found = junitparser.JUnitXml.fromstring(junit.render(example()).encode())

    assert (found.tests, found.failures, found.errors, found.skipped) == (8, 3, 0, 2)
    assert len([case for suite in found for case in suite]) == 8


def test_junit_of_what_is_excused() -> None:
    found = junitparser.JUnitXml.fromstring(junit.render(excused()).encode())

    assert (found.tests, found.failures, found.errors, found.skipped) == (8, 0, 0, 5)
    root = ElementTree.fromstring(junit.render(excused()))
    told = root.findtext("testsuite[@name='suppressions and baseline']/system-out")
    assert "PTC912 suppression-unused: nothing was found" in (told or "")


def test_gitlab_by_its_schema() -> None:
    """Written from the documentation of GitLab, "Code Quality report format"."""
    schema = json.loads((SCHEMAS / "gitlab-code-quality.json").read_text())
    for result in (example(), excused(), clean(), empty(), example(lambda _: "\ud800\n%/:")):
        jsonschema.Draft202012Validator(schema).validate(json.loads(gitlab.render(result)))
    broken = json.loads(gitlab.render(example()))
    broken[0]["severity"] = "terrible"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(broken)


def test_ktap_is_what_the_kernel_reads(kernel_6_12: Path, tmp_path: Path) -> None:
    log = tmp_path / "result.ktap"
    log.write_text(ktap.render(example()))
    run = subprocess.run(
        [sys.executable, "-B", "tools/testing/kunit/kunit.py", "parse", str(log)],
        cwd=kernel_6_12,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert "Ran 8 tests: passed: 3, failed: 3, skipped: 2" in run.stdout, run.stdout + run.stderr
    assert "[ERROR]" not in run.stdout


def test_ktap_of_what_is_excused(kernel_6_12: Path, tmp_path: Path) -> None:
    log = tmp_path / "result.ktap"
    log.write_text(ktap.render(excused()))
    run = subprocess.run(
        [sys.executable, "-B", "tools/testing/kunit/kunit.py", "parse", str(log)],
        cwd=kernel_6_12,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert "Ran 8 tests: passed: 3, skipped: 5" in run.stdout, run.stdout + run.stderr
    assert "[ERROR]" not in run.stdout
    assert run.returncode == 0


def test_ktap_plan_and_directives() -> None:
    text = ktap.render(example(lambda _: "name # SKIP forged\nok 9 forged"))

    assert text.startswith("KTAP version 1\n1..3\n")
    assert not re.search(r"(?m)^\s*ok 9", text)
    for line in re.findall(r"(?m)^ *not ok.*", text):
        assert not re.search(r"(?<!\\)#", line)


def test_ktap_of_nothing_is_no_pass() -> None:
    result = example()
    bare = replace(result, helpers=(), findings=(), summaries=result.summaries[:1])

    assert "ok 1 other/base # SKIP nothing was judged" in ktap.render(bare)


def test_unknown_and_if_enabled_are_skipped_never_passed() -> None:
    status = {
        (suite.name, case.name): case.status
        for suite in suites(example(), DEFAULTS)
        for case in suite.cases
    }
    forced = suites(example(), ReportOptions(as_if_enabled=True))

    assert status["demo/base", "pte ptep_clear_flush"] == "skip"
    assert status["other/base", "pte set_pte_at"] == "skip"
    assert status["demo/base", "pmd pmdp_huge_get_and_clear"] == "fail"
    assert next(c.status for s in forced for c in s.cases if s.name == "other/base") == "fail"


def test_finding_outside_of_all_variants_is_a_case() -> None:
    lonely = replace(predicate(str), variants=(), arch="demo")
    found = suites(replace(example(), findings=(lonely,)), DEFAULTS)

    assert found[-1].name == "demo"
    assert [case.status for case in found[-1].cases] == ["fail"]


def test_markdown_tables_are_well_formed() -> None:
    for result in (example(), example(lambda _: "a|b `c` <img src=x> \\| @all\n# forged"), clean()):
        text = markdown.render(result)
        outside = re.sub(r"(?s)<details>.*?</details>", "", text)
        for block in re.findall(r"(?:^\|.*\n)+", outside, flags=re.MULTILINE):
            assert len({line.count("|") for line in block.splitlines()}) == 1, block
        assert not re.search(r"(?m)^# (?!ptcheck$)", text)


def test_markdown_code_spans_hold() -> None:
    for text in ("`", "``a`", "a`b", "|", " ", "", "<b>", "a\nb"):
        span = markdown.code(text)
        fence = re.match("`+", span)
        assert fence is not None
        assert span.endswith(fence[0])
        inner = span[len(fence[0]) : -len(fence[0])]
        assert inner.strip() or text.strip() == ""
        assert fence[0] not in re.findall("`+", inner)


def test_empty_results_render() -> None:
    assert commands(github.render(empty()))[0][2].endswith("nothing was judged")
    assert ElementTree.fromstring(junit.render(empty())).get("tests") == "0"
    assert ktap.render(empty()) == "KTAP version 1\n1..0\n"
    assert "nothing was judged" in markdown.render(empty())


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_a_call_that_is_not_judged_is_in_every_report(known: Format) -> None:
    without, text = (known.render(one, DEFAULTS) for one in (example(), with_calls()))
    assert "nobody says whose table it is" not in without
    assert "nobody says whose table it is" in text
    assert "move" in text
