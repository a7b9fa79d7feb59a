# SPDX-License-Identifier: GPL-2.0-only
"""A result is recalled for the same answers only, whatever was asked and whatever changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.cache.facts import FactCache
from analyzer.cache.questions import Questions
from analyzer.cache.store import Store
from analyzer.errors import SourceError
from analyzer.tree import FolderTree, GitTree, KernelTree, MemoryTree, OverlayTree

NAME = ("a computation",)
NAMES = st.sampled_from(["a", "b", "c", "d"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
CONTENTS = st.sampled_from([b"", b"0", b"1", b"2"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["read", "kind", "entries", "walk", "odd"]), PATHS),
    min_size=1,
    max_size=6,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a computation found."""

    lines: tuple[str, ...]


def follow(steps: list[tuple[str, str]]) -> Callable[[KernelTree], Answer]:
    """A computation: the questions are asked in turn, and what they say decides what comes next."""

    def compute(tree: KernelTree) -> Answer:
        lines: list[str] = []
        skip = False
        for kind, path in steps:
            if skip:
                skip = False
                continue
            if kind == "read":
                try:
                    said = tree.read(path).decode()
                except SourceError as error:
                    said = str(error)
                skip = said == "1"
            elif kind == "kind":
                said = str(tree.kind(path))
                skip = said == "None"
            elif kind == "odd":
                said = str(tree.kind(f"{path}/./"))
            elif kind == "entries":
                said = str(tree.entries(path))
            else:
                said = ",".join(tree.walk(path.partition("/")[0], ("a", "b")))
            lines.append(said)
        return Answer(tuple(lines))

    return compute


def files(paths: dict[str, bytes]) -> dict[str, bytes]:
    """The files that can stand in one tree."""
    return {
        path: data
        for path, data in paths.items()
        if not any(other.startswith(f"{path}/") for other in paths)
    }


@given(
    STEPS,
    st.lists(st.dictionaries(PATHS, CONTENTS, max_size=6), min_size=2, max_size=6),
)
@settings(max_examples=60)
def test_never_a_stale_answer(steps: list[tuple[str, str]], trees: list[dict[str, bytes]]) -> None:
    compute = follow(steps)
    with TemporaryDirectory() as folder:
        for paths in (*trees, *trees):
            tree = MemoryTree(files(paths))
            cache = FactCache(Store(Path(folder)), "test")
            known = cache.recall(tree, NAME, Answer)
            assert known in (None, compute(tree))
            if known is None:
                cache.keep(tree, NAME, compute)
                assert cache.recall(tree, NAME, Answer) == compute(tree)


def test_what_was_not_asked_does_not_matter(tmp_path: Path) -> None:
    cache = FactCache(Store(tmp_path), "test")
    cache.keep(MemoryTree({"a": b"0", "b/c": b"2"}), NAME, follow([("read", "a"), ("kind", "b")]))
    other = MemoryTree({"a": b"0", "b/x": b"9", "y": b"z"})
    assert cache.recall(other, NAME, Answer) is not None
    assert cache.recall(MemoryTree({"a": b"0", "b": b"2"}), NAME, Answer) is None
    assert cache.recall(MemoryTree({"a": b"0"}), NAME, Answer) is None
    assert cache.recall(other, ("another computation",), Answer) is None
    assert FactCache(Store(tmp_path), "another version").recall(other, NAME, Answer) is None


def test_a_path_that_was_absent_is_noticed(tmp_path: Path) -> None:
    cache = FactCache(Store(tmp_path), "test")
    base = MemoryTree({"include/a.h": b""})
    cache.keep(base, NAME, follow([("read", "arch/b.h"), ("kind", "arch/a.h")]))
    assert cache.recall(base, NAME, Answer) is not None
    for path in ("arch/a.h", "arch/b.h"):
        assert cache.recall(OverlayTree(base, {path: b""}), NAME, Answer) is None


def test_a_revision_is_told_by_ids(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = FactCache(Store(tmp_path / "cache"), "test")
    compute = follow([("read", "mm/file.h"), ("read", "include/linux/mm.h"), ("entries", "mm")])
    kept = cache.keep(FolderTree(repository), NAME, compute)

    def refuse(tree: GitTree, path: str) -> bytes:
        raise AssertionError(f"{path} was read")

    with GitTree(repository, "HEAD") as revision:
        assert compute(revision) == kept
        monkeypatch.setattr(GitTree, "contents", refuse)
        assert cache.recall(revision, NAME, Answer) == kept
        assert cache.recall(OverlayTree(revision, {"Makefile": b"x"}), NAME, Answer) == kept
        edited = OverlayTree(revision, {"include/linux/mm.h": b"x"})
        assert cache.recall(edited, NAME, Answer) is None


def test_a_file_that_changes_while_it_is_judged_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    file = tmp_path / "tree" / "a"
    file.write_bytes(b"1")
    tree = FolderTree(tmp_path / "tree")
    cache = FactCache(Store(tmp_path / "cache"), "test")

    def compute(noted: KernelTree) -> Answer:
        before = noted.read("a")
        file.write_bytes(b"2")
        return Answer((before.decode(), noted.read("a").decode()))

    cache.keep(tree, NAME, compute)
    assert cache.store.size().files == 0


def test_what_is_not_settled_is_not_kept(tmp_path: Path) -> None:
    cache = FactCache(Store(tmp_path), "test")
    tree = MemoryTree({"a": b"1"})
    compute = follow([("read", "a")])
    cache.keep(tree, NAME, compute, lambda _: False)
    assert cache.recall(tree, NAME, Answer) is None


def test_the_lists_of_questions_are_few(tmp_path: Path) -> None:
    cache = FactCache(Store(tmp_path), "test")
    tree = MemoryTree({})
    for number in range(40):
        cache.keep(tree, NAME, follow([("kind", f"x{number}")]))
    (key,) = (tmp_path / "questions").iterdir()
    assert len(list(key.iterdir())) == 24


def test_several_processes_at_once(tmp_path: Path) -> None:
    compute = follow([("read", "a"), ("entries", "")])
    trees = [MemoryTree({"a": str(n % 5).encode(), f"b{n % 3}": b""}) for n in range(30)]
    children = []
    for start in range(4):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                cache = FactCache(Store(tmp_path, limit=3000), "test")
                for tree in (*trees[start:], *trees[:start]):
                    found = cache.recall(tree, NAME, Answer) or cache.keep(tree, NAME, compute)
                    assert found == compute(tree)
                    cache.close()
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4


def test_questions_that_a_listing_answers_are_not_kept() -> None:
    asked = Questions.of(["b", "a"], ["d/x", "e/x", "./f", "g/"], ["d"])
    assert asked.contents == ("a", "b")
    assert asked.names == (("e", ("x",)),)
    assert asked.listings == ("d",)
    assert asked.odd == ("./f", "g/")
