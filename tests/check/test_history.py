# SPDX-License-Identifier: GPL-2.0-only
"""Thirty commits: what `--base` and fingerprints say about each, and where `bisect` ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.check.history_table import baseline_of_parent, table
from tests.check.thirty import Told, demo_story, kernel_story


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return demo_story(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory, kernel_6_12: Path) -> Told:
    return kernel_story(tmp_path_factory.mktemp("kernel"), kernel_6_12)


@pytest.fixture(params=["demo", pytest.param("kernel", marks=pytest.mark.slow)])
def told(request: pytest.FixtureRequest) -> Told:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Told)
    return found


def test_every_commit(told: Told) -> None:
    for number in range(1, 30):
        row, found = told.compared(number)
        new = sorted({finding.function for finding in found.new})
        fixed = sorted({finding.function for finding in found.fixed})
        if row.judged and told.story.rows[number - 1].judged:
            assert (new, fixed) == (sorted(row.new), sorted(row.fixed)), row.subject
            assert found.undecided == (), row.subject
        elif not row.judged:
            assert (new, fixed) == ([], []), row.subject
            assert found.incomplete, row.subject
            functions = {told.subject.function, told.subject.other_function}
            assert {f.function for f in (*found.undecided, *found.unchanged)} >= functions


def test_a_baseline_of_the_parent(told: Told) -> None:
    """What the baseline of the parent lacks is new, and its stale entries are fixed."""
    rows = told.story.rows
    for number in range(1, 30):
        row, before = rows[number], rows[number - 1]
        both = (*told.results[number - 1].findings, *told.results[number].findings)
        names = {one.arch for one in both}
        if row.judged and before.judged and names <= {told.subject.arch}:
            assert baseline_of_parent(told, number) == (len(row.new), len(row.fixed)), row.subject


@pytest.mark.slow
def test_the_table_that_is_documented(kernel: Told) -> None:
    """docs/ci.md has what is said about each commit of a real kernel."""
    documented = (Path(__file__).parents[2] / "docs" / "ci.md").read_text(encoding="utf-8")
    assert table(kernel) in documented


def test_a_renamed_architecture_is_followed(told: Told) -> None:
    _, found = told.compared(told.number("the architecture has another name"))
    assert found.renamed == ((told.subject.arch, "renamed"),)
    assert {finding.arch for finding in found.unchanged} == {"renamed"}


def test_no_two_findings_share_a_fingerprint(told: Told) -> None:
    for result in told.results:
        marks = [finding.fingerprint for finding in result.findings]
        assert len(set(marks)) == len(marks)


def test_the_command_line(told: Told) -> None:
    ids = told.story.ids
    lost = told.number("a hook is lost")
    done = told.run("check", "--base", ids[lost - 1], "--head", ids[lost], "--format", "json")
    document = json.loads(done.out)
    assert done.code == 1
    assert {f["status"] for f in document["findings"]} == {"new"}
    assert document["comparison"]["base"]["revision"] == ids[lost - 1]
    done = told.run("check", "--base", ids[lost], "--head", ids[lost + 4])
    assert done.code == 0
    assert f"since {ids[lost]} ({ids[lost][:12]}): 0 new, 0 fixed, 1 unchanged" in done.out
    broken = told.number("it does not parse")
    done = told.run("check", "--base", ids[broken - 1], "--head", ids[broken])
    assert done.code == 3
    assert "could be judged before and cannot now:" in done.out


def test_bisect(told: Told) -> None:
    ids = told.story.ids
    functions = (told.subject.function, told.subject.other_function)
    lost = [told.number("a hook is lost"), told.number("another hook is lost")]
    last = told.number("the old name")
    done = told.run("bisect", "--rule", "PTC101", f"{ids[0]}..{ids[last]}", "--format", "json")
    answers = json.loads(done.out)["answers"]
    assert done.code == 0, done
    found = {a["finding"]["function"]: a["commit"] for a in answers}
    assert found == {name: ids[number] for name, number in zip(functions, lost, strict=True)}
    assert all(answer["judged"] < 10 for answer in answers)
    helper = ("--helper", functions[0])
    done = told.run("bisect", "--rule", "ptc101", *helper, f"{ids[20]}..{ids[21]}")
    assert done.out.startswith(f"{ids[told.number('and the other')]} is the first commit with")
    under = told.number("a file that nobody reads")
    done = told.run("bisect", "--rule", "PTC101", f"{ids[0]}..{ids[under]}", *helper)
    assert done.out.startswith(f"{ids[lost[0]]} is the first commit with"), done


def test_commits_that_cannot_be_judged_are_named(told: Told) -> None:
    ids = told.story.ids
    broken = told.number("it does not parse")
    done = told.run("bisect", "--rule", "PTC101", f"{ids[10]}..{ids[broken + 1]}", "-v")
    assert done.out.startswith(f"{ids[11]} is the first commit with")
    assert f"{ids[broken][:12]}" not in done.out or f"skipped, cannot be judged: {ids[broken]}" in (
        done.out
    )


@pytest.mark.parametrize(
    ("commits", "said"),
    [
        ((5, 8), "is bad already: it has PTC101"),
        ((0, 4), "is good: it has no PTC101"),
        ((8, 3), "is not an ancestor of"),
    ],
)
def test_bad_ranges(demo: Told, commits: tuple[int, int], said: str) -> None:
    good, bad = (demo.story.ids[number] for number in commits)
    done = demo.run("bisect", "--rule", "PTC101", f"{good}..{bad}")
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1
