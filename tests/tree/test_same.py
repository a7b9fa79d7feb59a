# SPDX-License-Identifier: GPL-2.0-only
"""A folder, a revision and an overlay of nothing give the same answers, to the byte."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.errors import MissingFile, SourceError
from analyzer.tree import (
    Entry,
    FolderTree,
    GitTree,
    KernelTree,
    Kind,
    MemoryTree,
    OverlayTree,
    open_tree,
)
from tests.tree.conftest import FILES, LEAVING, LINKS, Git


@pytest.fixture(params=["folder", "git", "overlay", "overlay of git", "pickled"])
def tree(request: pytest.FixtureRequest, repository: Path) -> Iterator[KernelTree]:
    folder = FolderTree(repository)
    with GitTree(repository, "v1") as revision, pickle.loads(pickle.dumps(revision)) as copy:
        yield {
            "folder": folder,
            "git": revision,
            "overlay": OverlayTree(folder, {}),
            "overlay of git": OverlayTree(revision, {}),
            "pickled": copy,
        }[request.param]


def text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def test_every_file_is_read_as_it_is(tree: KernelTree) -> None:
    for path, data in FILES.items():
        assert tree.kind(text(path)) is Kind.FILE
        assert tree.read(text(path)) == data


def test_symlinks_inside_are_followed(tree: KernelTree) -> None:
    assert tree.read("mm/file.h") == b"int mm;\n"
    assert tree.read("mm/dir/linux/mm.h") == b"int mm;\n"
    assert tree.read("mm/twice/mm.h") == b"int mm;\n"
    assert tree.read("mm/dots") == b"2"
    assert tree.read("top/top/mm/dots") == b"2"
    assert tree.kind("mm/dir") is Kind.DIRECTORY
    assert tree.entries("mm/twice") == (Entry("mm.h", Kind.FILE),)


@pytest.mark.parametrize("path", LEAVING)
def test_symlinks_that_leave_are_absent(tree: KernelTree, path: str) -> None:
    assert tree.kind(path) is None
    with pytest.raises(SourceError, match="leaves the tree") as caught:
        tree.read(path)
    assert not isinstance(caught.value, MissingFile)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("path", ["mm/loop1", "mm/self", "mm/loop2/x"])
def test_symlinks_in_a_circle_end(tree: KernelTree, path: str) -> None:
    assert tree.kind(path) is None
    with pytest.raises(SourceError, match="too many symlinks"):
        tree.read(path)


@pytest.mark.parametrize(
    "path", ["mm/none.c", "none/none.c", "mm/dangling", "Makefile/x", "mm/through-file", "mm/Dir"]
)
def test_what_is_missing_is_missing(tree: KernelTree, path: str) -> None:
    assert tree.kind(path) is None
    assert tree.entries(path) == ()
    with pytest.raises(MissingFile) as caught:
        tree.read(path)
    assert caught.value.path == path


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../outside.h", "mm/../../outside.h", "mm/../Makefile", "mm\0/x", ".."]
)
def test_paths_out_of_the_tree_are_refused(tree: KernelTree, path: str) -> None:
    assert tree.kind(path) is None
    assert tree.entries(path) == ()
    assert list(tree.walk(path, ("",))) == []
    with pytest.raises(SourceError):
        tree.read(path)


def test_slashes_and_dots_mean_nothing(tree: KernelTree) -> None:
    assert tree.read("./mm//sp ace.c") == b"2"
    assert tree.kind("mm/") is Kind.DIRECTORY
    assert tree.kind("") is Kind.DIRECTORY
    assert tree.kind(".") is Kind.DIRECTORY


def test_a_directory_is_not_read(tree: KernelTree) -> None:
    with pytest.raises(SourceError, match="is a directory"):
        tree.read("mm")


def test_git_is_no_part_of_the_tree(tree: KernelTree) -> None:
    assert tree.kind(".git") is None
    assert tree.kind(".git/config") is None
    assert ".git" not in {entry.name for entry in tree.entries("")}


def test_entries_are_sorted_and_followed(tree: KernelTree) -> None:
    assert [entry.name for entry in tree.entries("")] == [
        "Makefile",
        "arch",
        "include",
        "mm",
        "top",
    ]
    assert tree.entries("include") == (
        Entry("linux", Kind.DIRECTORY),
        Entry("linux-x", Kind.DIRECTORY),
        Entry("linux.h", Kind.FILE),
    )
    below = {entry.name: entry for entry in tree.entries("mm")}
    assert below["dir"] == Entry("dir", Kind.DIRECTORY, link=True)
    assert below["file.h"] == Entry("file.h", Kind.FILE, link=True)
    assert not {"absolute", "escape", "escape-dir", "loop1", "self", "dangling"} & set(below)


def test_walk_gives_each_file_once_in_order(tree: KernelTree) -> None:
    links = {"mm/file.h", "mm/dots"}
    found = list(tree.walk("", ("",)))
    assert found == sorted({text(path) for path in FILES} | links)
    assert list(tree.walk("include", (".h",))) == [
        "include/linux-x/y.h",
        "include/linux.h",
        "include/linux/mm.h",
    ]
    assert list(tree.walk("include/linux.h", (".h",))) == []
    assert list(tree.walk("mm", (".S",))) == []


def test_read_many_keeps_order_and_skips(tree: KernelTree) -> None:
    asked = ["mm/none", "mm/sp ace.c", "mm", "Makefile", "../x", "mm/escape", "mm/sp ace.c"]
    reader = tree.read_many(asked)
    assert next(reader) == ("mm/sp ace.c", b"2")
    assert tree.read("include/linux.h") == b"z"  # between two of them
    assert list(reader) == [("Makefile", b"VERSION = 6\n"), ("mm/sp ace.c", b"2")]


def test_closing_twice_is_harmless(repository: Path) -> None:
    with open_tree(repository, "v1") as tree:
        assert tree.read("include/linux.h") == b"z"
    tree.close()
    assert tree.read("include/linux.h") == b"z"  # starts another process
    tree.close()


def test_labels(repository: Path, git: Git) -> None:
    head = git(repository, "rev-parse", "HEAD")
    folder = FolderTree(repository)
    assert (folder.label, folder.path, folder.revision) == (str(repository),) * 2 + (None,)
    with GitTree(repository, "v1") as revision:
        assert revision.label == f"{repository}@v1"
        assert revision.path == str(repository)
        assert revision.revision == head
        assert OverlayTree(revision, {}).revision == head


def test_memory_tree() -> None:
    tree = MemoryTree({"arch/a/x.c": "int \u00e4;", "include/y.h": b"\xff"})
    assert tree.read("arch/a/x.c") == "int \u00e4;".encode()
    assert list(tree.walk("", ("",))) == ["arch/a/x.c", "include/y.h"]
    assert tree.kind("arch/a") is Kind.DIRECTORY
    assert tree.revision is None
    with pytest.raises(MissingFile):
        tree.read("arch/a/y.c")


def test_all_the_links_are_covered(repository: Path) -> None:
    """The fixture says what it means: each link is a link on the disk."""
    for link in LINKS:
        assert Path(os.fsdecode(os.fsencode(repository) + b"/" + link)).is_symlink()


@pytest.mark.slow
def test_a_real_kernel_is_the_same_both_ways(kernel_6_12: Path, tmp_path: Path, git: Git) -> None:
    tops = ["arch/x86", "include", "mm", "scripts"]
    git(tmp_path, "init", "-q")
    where = {"GIT_DIR": str(tmp_path / ".git"), "GIT_WORK_TREE": str(kernel_6_12)}
    git(kernel_6_12, "add", "-f", *tops, **where)
    git(kernel_6_12, "commit", "-q", "-m", "kernel", **where)
    folder = FolderTree(kernel_6_12)
    with open_tree(tmp_path, "HEAD") as revision:
        for top in tops:
            paths = list(folder.walk(top, ("",)))
            assert paths == list(revision.walk(top, ("",)))
            both = zip(folder.read_many(paths), revision.read_many(paths), strict=True)
            assert all(ours == theirs for ours, theirs in both)
