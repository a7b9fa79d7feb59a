# SPDX-License-Identifier: GPL-2.0-only
"""Histories with merges: what `bisect` asks, what it answers, and what `--base` compares with.

good --- text ------- text ---- merge --- text --- evil merge --- bad
    `--- unhooked --- text ----'   `--- harmless --'
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.check.history import Story, function_span, without
from tests.check.trees import PGTABLE, demo_files, mend
from tests.commands.runner import Done, ptcheck

HEADER = f"arch/demo/{PGTABLE}"
SET = "set_pmd_at"
OTHER = "pmdp_establish"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The history above; tags tell the commits."""
    folder = tmp_path_factory.mktemp("merges") / "repository"
    folder.mkdir()
    files = demo_files("demo")
    files[HEADER] = mend(files[HEADER])
    story = Story(folder, files)
    story.git("init", "-q")
    story.commit("good")
    story.git("tag", "good")

    def commit(tag: str, header: bytes | None = None) -> None:
        if header is not None:
            (folder / HEADER).write_bytes(header)
        (folder / f"{tag}.txt").write_text(f"{tag}\n")
        story.git("add", "-A")
        story.git("commit", "-q", "-m", tag)
        story.git("tag", tag)

    story.git("checkout", "-q", "-b", "topic")
    unhooked = _unhooked(files[HEADER], SET)
    commit("unhooked", unhooked)
    commit("topic-text")
    story.git("checkout", "-q", "main")
    commit("main-text")
    _merge(story, "topic", "merge")
    commit("after")
    story.git("checkout", "-q", "-b", "harmless")
    commit("harmless-text")
    story.git("checkout", "-q", "main")
    commit("before-evil")
    _merge(story, "harmless", "evil", _unhooked(unhooked, OTHER))
    commit("bad")
    return story


def _unhooked(header: bytes, function: str) -> bytes:
    text = header.decode("latin-1")
    start, end = function_span(text, function)
    hook = "page_table_check_pmd_set"
    assert hook in text[start:end]
    return without(hook, function)(text).encode("latin-1")


def _merge(story: Story, branch: str, tag: str, header: bytes | None = None) -> None:
    """Merge a branch; `header` is what the merge itself makes of the page-table header."""
    story.git("merge", "-q", "--no-ff", "--no-commit", branch)
    if header is not None:
        (story.folder / HEADER).write_bytes(header)
        story.git("add", "-A")
    story.git("commit", "-q", "-m", tag)
    story.git("tag", tag)


def _run(story: Story, cache: Path, *arguments: str) -> Done:
    given = ("-C", str(story.folder), "--variant", "base", "--cache", str(cache))
    return ptcheck(*arguments, *given)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize(
    ("function", "first_parent", "commit"),
    [
        (SET, False, "unhooked"),
        (SET, True, "merge"),
        (OTHER, False, "evil"),
        (OTHER, True, "evil"),
    ],
)
def test_the_commit_or_the_merge_that_brought_it(
    story: Story, cache: Path, function: str, first_parent: bool, commit: str
) -> None:
    """Every commit by default, also those of merged branches; the first parents on request."""
    options = ["--first-parent"] if first_parent else []
    done = _run(
        story, cache, "bisect", "--rule", "PTC101", "--helper", function, "good..bad", *options,
        "--format", "json",
    )  # fmt: skip
    assert done.code == 0, done.err
    answers = json.loads(done.out)["answers"]
    assert [answer["commit"] for answer in answers] == [story.git("rev-parse", f"{commit}^0")]
    assert answers[0]["judged"] <= 5  # of the 9 commits between


def test_a_branch_is_compared_with_where_it_left(story: Story, cache: Path) -> None:
    """What was merged on the other side meanwhile is not the doing of the branch."""
    done = _run(story, cache, "check", "--base", "before-evil", "--head", "harmless")
    assert done.code == 0, done.out + done.err
    assert "0 new, 0 fixed" in done.out


def test_a_merge_is_compared_with_its_first_parent(story: Story, cache: Path) -> None:
    """What a merge brings into a branch is new there."""
    done = _run(story, cache, "check", "--base", "merge^1", "--head", "merge")
    assert done.code == 1, done.err
    assert f"{SET}()" in done.out
    assert "1 new, 0 fixed" in done.out


def test_a_good_commit_on_another_branch(story: Story, cache: Path) -> None:
    """A bisection needs a good commit that bad descends from; the error names one."""
    done = _run(story, cache, "bisect", "--rule", "PTC101", "main-text..topic")
    assert done.code == 2
    common = story.git("rev-parse", "good^0")[:12]
    assert f"they have {common} in common, try {common}..topic" in done.err
