# SPDX-License-Identifier: GPL-2.0-only
"""The private view of a tree: links, edits, dates; and that the tree is never written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analyzer.boot.mirror import View, built_inside
from analyzer.errors import TreeError
from analyzer.tree import FolderTree, MemoryTree


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small tree with a script, a link inside, and one that leads out."""
    top = tmp_path / "tree"
    (top / "arch/demo").mkdir(parents=True)
    (top / ".git").mkdir()
    (top / ".git/config").write_text("")
    (top / "Makefile").write_text("all:\n")
    (top / "arch/demo/run.sh").write_text("#!/bin/sh\n")
    (top / "arch/demo/run.sh").chmod(0o755)
    (top / "arch/link").symlink_to("demo")
    (top / "arch/outside").symlink_to("/etc/passwd")
    return top


def snapshot(top: Path) -> dict[str, tuple[int, bytes]]:
    """Everything that a write would change."""
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(top.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def test_view_shows_the_tree(source: Path, tmp_path: Path) -> None:
    view = View(FolderTree(source), tmp_path / "work/source", tmp_path / "work")
    assert view.refresh({}) == ()
    assert (view.folder / "Makefile").read_text() == "all:\n"
    assert (view.folder / "Makefile").is_symlink()
    assert not (view.folder / "arch/demo").is_symlink()
    assert (view.folder / "arch/link/run.sh").read_text() == "#!/bin/sh\n"
    assert not (view.folder / "arch/outside").is_symlink()
    assert not (view.folder / ".git").exists()


def test_edits_are_files_of_the_view_alone(source: Path, tmp_path: Path) -> None:
    before = snapshot(source)
    view = View(FolderTree(source), tmp_path / "work/source", tmp_path / "work")
    changed = view.refresh({"Makefile": b"mine:\n", "new/x.h": b"x", "arch/demo/run.sh": None})
    assert set(changed) == {"Makefile", "new/x.h"}
    assert (view.folder / "Makefile").read_text() == "mine:\n"
    assert (view.folder / "new/x.h").read_bytes() == b"x"
    assert not (view.folder / "arch/demo/run.sh").exists()
    assert snapshot(source) == before


def test_file_once_edited_stays_a_file_with_a_new_date(source: Path, tmp_path: Path) -> None:
    view = View(FolderTree(source), tmp_path / "work/source", tmp_path / "work")
    view.refresh({"Makefile": b"mine:\n"})
    place = view.folder / "Makefile"
    os.utime(place, (1, 1))
    again = View(FolderTree(source), tmp_path / "work/source", tmp_path / "work")
    assert again.refresh({"Makefile": b"mine:\n"}) == ()
    assert place.stat().st_mtime == 1  # nothing to build again
    assert again.refresh({}) == ("Makefile",)
    assert not place.is_symlink()
    assert place.read_text() == "all:\n"
    assert place.stat().st_mtime > 1
    assert snapshot(source)


def test_view_follows_the_tree(source: Path, tmp_path: Path) -> None:
    view = View(FolderTree(source), tmp_path / "work/source", tmp_path / "work")
    view.refresh({})
    (source / "Kconfig").write_text("new")
    (source / "Makefile").unlink()
    again = View(FolderTree(source), tmp_path / "work/source", tmp_path / "work")
    again.refresh({})
    assert (view.folder / "Kconfig").read_text() == "new"
    assert not (view.folder / "Makefile").is_symlink()


def test_script_keeps_its_right_to_run(source: Path, tmp_path: Path) -> None:
    view = View(FolderTree(source), tmp_path / "work/source", tmp_path / "work")
    view.refresh({"arch/demo/run.sh": b"#!/bin/sh\nexit\n"})
    assert os.access(view.folder / "arch/demo/run.sh", os.X_OK)


def test_tree_that_is_no_folder_is_copied(tmp_path: Path) -> None:
    tree = MemoryTree({"arch/a.sh": b"#!/bin/sh\n", "Makefile": b"x"})
    view = View(tree, tmp_path / "work/source", tmp_path / "work")
    view.refresh({"Makefile": b"y"})
    assert (view.folder / "Makefile").read_bytes() == b"y"
    assert os.access(view.folder / "arch/a.sh", os.X_OK)


@pytest.mark.parametrize("path", ["../x", "/etc/x", "arch/../../x"])
def test_edit_that_leads_out(source: Path, tmp_path: Path, path: str) -> None:
    view = View(FolderTree(source), tmp_path / "work/source", tmp_path / "work")
    with pytest.raises(TreeError, match="outside of the tree"):
        view.refresh({path: b""})


def test_build_inside_of_the_tree_is_seen() -> None:
    assert built_inside(MemoryTree({"Makefile": b""})) is None
    assert built_inside(MemoryTree({".config": b""})) == ".config"
    assert built_inside(MemoryTree({"include/generated/x.h": b""})) == "include/generated"
