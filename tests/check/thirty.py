# SPDX-License-Identifier: GPL-2.0-only
"""The thirty commits of `history`, judged once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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


def demo_story(folder: Path) -> Told:
    """The commits in a repository of the demonstration's tree, below `folder`."""
    files = demo_files("demo")
    subject = Subject(
        "demo", "page_table_check_pmd_set", "set_pmd_at",
        "page_table_check_pte_clear", "ptep_get_and_clear",
    )  # fmt: skip
    files[subject.header] = mend(files[subject.header])
    return _tell(folder, files, subject)


def kernel_story(folder: Path, kernel: Path) -> Told:
    """The commits in a repository of what a check of riscv reads of a kernel, below `folder`."""
    with open_tree(kernel) as tree:
        noted = Recorder(tree)
        check_tree(noted, ("riscv",), only=BASE)
        paths = {path for path in noted.questions.contents if tree.kind(path) is not None}
    paths |= {"mm/mmap.c", "Makefile"}
    subject = Subject(
        "riscv", "page_table_check_pmd_set", "set_pmd_at",
        "page_table_check_pte_clear", "ptep_get_and_clear",
    )  # fmt: skip
    return _tell(folder, files_of(kernel, paths), subject)
