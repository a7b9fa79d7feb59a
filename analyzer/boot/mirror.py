# SPDX-License-Identifier: GPL-2.0-only
"""A private view of a tree that a build may be given: the tree itself is never written.

Every folder is a folder of its own and every unedited file a link to the tree's, so that
`#include "../x.h"` finds the edited file from wherever it is asked for, and whoever writes to
the view by mistake replaces a link. Needs no privileges and no room for a copy.

A view can be kept and brought up to date. A file that was edited once stays a file of the view,
written anew when its contents change: make decides by dates, and a link back to the tree would
be older than what was built from the edited file.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ..errors import SourceError, ToolError, TreeError
from ..tree import FolderTree, KernelTree

ARTEFACTS: Final = (".config", "include/config", "include/generated")
"""What a build leaves behind that was done in the tree itself; kbuild refuses to go on then."""

_SKIPPED: Final = frozenset({".git", ".svn", ".hg"})
_EDITED: Final = "edited.json"


def built_inside(tree: KernelTree) -> str | None:
    """The trace of a build inside of the tree; None if there is none."""
    return next((path for path in ARTEFACTS if tree.kind(path) is not None), None)


class View:
    """A folder that looks like a tree with edits. Raises ToolError where it cannot be made."""

    def __init__(self, tree: KernelTree, folder: Path, kept: Path) -> None:
        self.tree = tree
        self.folder = folder
        self._list = kept / _EDITED

    def refresh(self, edits: Mapping[str, bytes | None]) -> tuple[str, ...]:
        """Make the view show the tree with `edits` (None deletes); return the paths rewritten.

        Raises TreeError for an edited path that leads out of the tree.
        """
        for path in edits:
            if path.startswith("/") or ".." in path.split("/"):
                raise TreeError(f"an edited file outside of the tree: {path}")
        try:
            edited = self._remembered() | set(edits)
            self._list.parent.mkdir(parents=True, exist_ok=True)
            self._list.write_text(json.dumps(sorted(edited)), encoding="utf-8")
            if isinstance(self.tree, FolderTree):
                self._link(Path(os.path.realpath(self.tree.path)), edited)
            elif not self.folder.exists():
                self._copy()
            return tuple(path for path in sorted(edited) if self._write(path, edits))
        except OSError as error:
            raise ToolError(f"no private view in {self.folder}: {error.strerror}") from error

    def _remembered(self) -> set[str]:
        if not self.folder.exists():
            return set()
        try:
            return set(json.loads(self._list.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            shutil.rmtree(self.folder)  # what was edited in it is not known
            return set()

    def _link(self, top: Path, edited: set[str]) -> None:
        kept = {os.path.normpath(path) for path in edited}
        self.folder.mkdir(parents=True, exist_ok=True)
        for relative, folders, files in _walk(top):
            here = self.folder / relative
            known = set(os.listdir(here))  # noqa: PTH208 (names, and 6,000 folders)
            for name in folders:
                if name not in known:
                    (here / name).mkdir()
            for name in files:
                if name not in known and os.path.normpath(f"{relative}/{name}") not in kept:
                    _link_file(top / relative / name, here / name, top)
            for name in known.difference(folders, files):
                if (here / name).is_symlink():
                    (here / name).unlink()  # gone from the tree

    def _copy(self) -> None:
        """The files of a tree that is no folder (a revision)."""
        for path, data in self.tree.read_many(self.tree.walk("")):
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            _put(place, data)

    def _write(self, path: str, edits: Mapping[str, bytes | None]) -> bool:
        wanted = edits[path] if path in edits else self._original(path)
        place = self.folder / path
        if place.is_symlink() or not place.is_file():
            now = None
        else:
            now = place.read_bytes()
        if now == wanted and not place.is_symlink():
            return False
        place.unlink(missing_ok=True)
        if wanted is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            _put(place, wanted)
        return True

    def _original(self, path: str) -> bytes | None:
        try:
            return self.tree.read(path)
        except SourceError:
            return None


def _put(place: Path, data: bytes) -> None:
    """Write a file; scripts may be run."""
    place.write_bytes(data)
    if data[:2] == b"#!":
        place.chmod(0o755)


def _walk(top: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """(folder, folders in it, files in it), links to folders among the files."""
    for folder, folders, files in os.walk(top):
        linked = [name for name in folders if Path(folder, name).is_symlink()]
        folders[:] = sorted(n for n in folders if n not in _SKIPPED and n not in linked)
        yield os.path.relpath(folder, top), folders, [*files, *linked]


def _link_file(original: Path, place: Path, top: Path) -> None:
    """A link to a file; a link of the tree stays as it is if it stays inside of the tree."""
    if original.is_symlink():
        target = original.readlink()
        inside = Path(os.path.normpath(original.parent / target)).is_relative_to(top)
        if not target.is_absolute() and inside:
            place.symlink_to(target)
        return
    place.symlink_to(original)
