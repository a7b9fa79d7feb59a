# SPDX-License-Identifier: GPL-2.0-only
"""Edits in memory do what the same edits would do on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import MissingFile, SourceError
from analyzer.tree import Entry, FolderTree, KernelTree, Kind, MemoryTree, OverlayTree

names = st.sampled_from(["a", "b", "a-b", "a.h"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
contents = st.sampled_from([b"", b"x", b"\xff\0"])


def prefix_free(files: dict[str, bytes]) -> dict[str, bytes]:
    """Drop what would need a file to be a directory."""
    return {p: d for p, d in files.items() if not any(q.startswith(p + "/") for q in files)}


trees = st.dictionaries(paths, contents, max_size=8).map(prefix_free)


def apply(files: dict[str, bytes], edits: dict[str, bytes | None]) -> dict[str, bytes]:
    """The model: a dict of files, removals first, a file wins over what stood in its way."""
    left = {
        path: data
        for path, data in files.items()
        if not any(path == edit or path.startswith(edit + "/") for edit in edits)
    }
    added = {path: data for path, data in edits.items() if data is not None}
    left = {p: d for p, d in left.items() if not any(a.startswith(p + "/") for a in added)}
    return left | added


def everything(tree: KernelTree) -> dict[str, bytes]:
    return dict(tree.read_many(tree.walk("", ("",))))


@given(trees, trees, st.sets(paths, max_size=4))
def test_an_overlay_is_the_edited_tree(
    base: dict[str, bytes], added: dict[str, bytes], removed: set[str]
) -> None:
    edits: dict[str, bytes | None] = dict.fromkeys(removed) | added
    expected = apply(base, edits)
    tree = OverlayTree(MemoryTree(base), edits)
    assert everything(tree) == expected
    for path in expected:
        assert tree.kind(path) is Kind.FILE
        parent, _, name = path.rpartition("/")
        assert tree.kind(parent) is Kind.DIRECTORY
        assert Entry(name, Kind.FILE) in tree.entries(parent)
    for path in removed - set(expected):
        assert tree.kind(path) is (
            Kind.DIRECTORY if any(p.startswith(path + "/") for p in expected) else None
        )


@given(trees, trees, st.sets(paths, max_size=4), trees)
def test_overlays_stack(
    base: dict[str, bytes], first: dict[str, bytes], removed: set[str], second: dict[str, bytes]
) -> None:
    edits: dict[str, bytes | None] = dict.fromkeys(removed) | first
    stacked = OverlayTree(OverlayTree(MemoryTree(base), edits), second)
    assert everything(stacked) == apply(apply(base, edits), dict(second))


@given(trees)
def test_an_overlay_of_nothing_changes_nothing(base: dict[str, bytes]) -> None:
    plain = MemoryTree(base)
    tree = OverlayTree(plain, {})
    assert everything(tree) == everything(plain) == base
    assert tree.entries("") == plain.entries("")


def test_the_base_is_left_alone(folder: Path) -> None:
    base = FolderTree(folder)
    tree = OverlayTree(base, {"Makefile": b"new", "mm": None, "arch/new/Kconfig": b"k"})
    assert tree.read("Makefile") == b"new"
    assert tree.kind("mm") is None
    assert tree.kind("mm/sp ace.c") is None
    assert tree.entries("arch/new") == (Entry("Kconfig", Kind.FILE),)
    assert base.read("Makefile") == (folder / "Makefile").read_bytes() == b"VERSION = 6\n"
    assert base.kind("arch/new") is None
    with pytest.raises(MissingFile):
        tree.read("mm/sp ace.c")


def test_a_symlink_is_written_through(folder: Path) -> None:
    tree = OverlayTree(FolderTree(folder), {"mm/file.h": b"new"})
    assert tree.read("mm/file.h") == tree.read("include/linux/mm.h") == b"new"
    assert tree.read("mm/twice/mm.h") == b"new"
    tree = OverlayTree(FolderTree(folder), {"mm/dir/linux/added.h": b"new"})
    assert tree.read("include/linux/added.h") == b"new"


def test_a_symlink_is_removed_itself(folder: Path) -> None:
    tree = OverlayTree(FolderTree(folder), {"mm/file.h": None, "mm/twice": None})
    assert tree.kind("mm/file.h") is None
    assert tree.kind("mm/twice/mm.h") is None
    assert tree.read("include/linux/mm.h") == b"int mm;\n"


def test_what_a_symlink_leads_to_may_be_removed(folder: Path) -> None:
    tree = OverlayTree(FolderTree(folder), {"include/linux/mm.h": None})
    assert tree.kind("mm/file.h") is None
    assert "file.h" not in {entry.name for entry in tree.entries("mm")}


def test_edits_do_not_open_a_way_out(folder: Path) -> None:
    tree = OverlayTree(FolderTree(folder), {"mm/escape-dir/x.h": b"new", "mm/escape": b"mine"})
    assert tree.read("mm/escape-dir/x.h") == b"new"
    assert tree.read("mm/escape") == b"mine"
    assert tree.kind("mm/escape-dir/outside.h") is None
    assert tree.entries("mm/escape-dir") == (Entry("x.h", Kind.FILE),)
    with pytest.raises(SourceError):
        tree.read("mm/escape-dir/outside.h")


@pytest.mark.parametrize("path", ["../x", "/x", "", ".", "a/../b", "a\0b"])
def test_edits_outside_of_the_tree_are_refused(folder: Path, path: str) -> None:
    with pytest.raises(ValueError, match=r"top of the tree|refused|outside|not a path"):
        OverlayTree(FolderTree(folder), {path: b""})


def test_a_file_and_a_directory_at_once_are_refused() -> None:
    with pytest.raises(ValueError, match="a/b: a is a file"):
        MemoryTree({"a": b"", "a/b": b""})


class Foreign:
    """A tree that knows only the protocol."""

    label = path = "foreign"
    revision = None

    def __init__(self) -> None:
        self._tree = MemoryTree({"arch/a/x.c": b"1", "include/y.h": b"2"})
        self.read = self._tree.read
        self.kind = self._tree.kind
        self.entries = self._tree.entries
        self.walk = self._tree.walk
        self.read_many = self._tree.read_many
        self.close = self._tree.close
        self.__enter__ = self._tree.__enter__
        self.__exit__ = self._tree.__exit__


def test_any_tree_may_be_the_base() -> None:
    tree = OverlayTree(Foreign(), {"include/y.h": None, "include/z.h": b"3"})  # type: ignore[arg-type]
    assert everything(tree) == {"arch/a/x.c": b"1", "include/z.h": b"3"}
