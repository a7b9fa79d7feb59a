# SPDX-License-Identifier: GPL-2.0-only
"""Thirty commits: what `--base` and fingerprints say about each, and where `bisect` ends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from analyzer.cache import FactCache, open_cache
from analyzer.cache.recorder import Recorder
from analyzer.check import check_tree
from analyzer.check.compare import Comparison, compare
from analyzer.kconfig import architectures
from analyzer.model import CheckResult
from analyzer.tree import GitTree, open_tree
from tests.check.history import Row, Story, Subject, files_of, tell
from tests.check.trees import demo_files, mend
from tests.commands.runner import Done, ptcheck

BASE = frozenset({"base"})


@dataclass
class Told:
    """The repository, the row of each commit, and the results, judged once."""

    story: Story
    subject: Subject
    cache: Path
    results: list[CheckResult]

    def compared(self, number: int) -> tuple[Row, Comparison]:
        return self.story.rows[number], compare(self.results[number - 1], self.results[number])

    def run(self, *arguments: str) -> Done:
        cached = ("--cache", str(self.cache), "--variant", "base")
        return ptcheck(*arguments, "-C", str(self.story.folder), *cached)

    def number(self, subject: str) -> int:
        return next(i for i, row in enumerate(self.story.rows) if row.subject == subject)


def _tell(folder: Path, files: dict[str, bytes], subject: Subject) -> Told:
    (folder / "repository").mkdir()
    story = Story(folder / "repository", files)
    tell(story, subject)
    assert len(story.rows) == 30
    told = Told(story, subject, folder / "cache", [])
    with open_cache(told.cache) as cache:
        told.results += [_judged(story.folder, commit, cache) for commit in story.ids]
    return told


def _judged(folder: Path, commit: str, cache: FactCache) -> CheckResult:
    with GitTree(folder, commit) as tree:
        return check_tree(tree, architectures(tree), only=BASE, facts=cache)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Told:
    files = demo_files("demo")
    subject = Subject(
        "demo", "page_table_check_pmd_set", "set_pmd_at",
        "page_table_check_pte_clear", "ptep_get_and_clear",
    )  # fmt: skip
    files[subject.header] = mend(files[subject.header])
    return _tell(tmp_path_factory.mktemp("demo"), files, subject)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory, kernel_6_12: Path) -> Told:
    """What a check of riscv reads of 6.12, as a repository in a temporary folder."""
    with open_tree(kernel_6_12) as tree:
        noted = Recorder(tree)
        check_tree(noted, ("riscv",), only=BASE)
        paths = {path for path in noted.questions.contents if tree.kind(path) is not None}
    paths |= {"mm/mmap.c", "Makefile"}
    subject = Subject(
        "riscv", "page_table_check_pmd_set", "set_pmd_at",
        "page_table_check_pte_clear", "ptep_get_and_clear",
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("kernel")
    return _tell(folder, files_of(kernel_6_12, paths), subject)


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
