# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree at a revision of a git repository, read without a checkout.

git resolves the revision in a shadow of the repository (see `shadow`), so that nothing of
its configuration is read; directories and files are read as objects, as they are asked for,
through one `git cat-file --batch` (see `gitprocess`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analyzer.errors import SourceError, TreeError
from analyzer.tree.folder import require_folder
from analyzer.tree.gitprocess import GitFailed, ObjectReader, closed_environment, git_says
from analyzer.tree.physical import Node, PhysicalTree, acceptable
from analyzer.tree.shadow import Shadow, find_git_dir

_MODES: Mapping[bytes, Node] = {b"04": Node.DIRECTORY, b"10": Node.FILE, b"12": Node.LINK}
_HEX = re.compile(r"[0-9a-f]+")
_LINK_BYTES = 4096  # PATH_MAX
_NOTHING: Mapping[str, _Object] = {}


@dataclass(frozen=True, slots=True)
class _Object:
    node: Node
    oid: str


@dataclass(frozen=True, slots=True)
class _Repository:
    """Where a repository is, and which folder of it the user named ('' = its top)."""

    environment: Mapping[str, str]
    commit: str
    prefix: str
    shadow: Shadow


def parse_tree(data: bytes, oid_bytes: int) -> dict[str, _Object]:
    """Parse a tree object of git: `<mode> <name>NUL<binary id>`, repeated.

    Names no checkout could have (`..`, `.git`, with a slash) and submodules are left out.
    Raises ValueError where the object is damaged.
    """
    found: dict[str, _Object] = {}
    position = 0
    while position < len(data):
        space = data.index(b" ", position)
        end = data.index(b"\0", space)
        node = _MODES.get(data[position:space].rjust(6, b"0")[:2])
        name = data[space + 1 : end].decode("utf-8", "surrogateescape")
        position = end + 1 + oid_bytes
        if position > len(data):
            raise ValueError("tree object is cut off")
        if node is not None and acceptable(name):
            found[name] = _Object(node, data[end + 1 : position].hex())
    return found


class GitTree(PhysicalTree):
    """The tree of one commit. A folder below the top of a working tree means that subfolder.

    Bare repositories, linked worktrees, repositories of other owners and read-only ones work;
    nothing is ever written to them. Submodules count as absent. Raises TreeError for what is no
    repository or no revision of it, ToolError where git is missing.
    """

    def __init__(self, path: str | os.PathLike[str], rev: str, label: str | None = None) -> None:
        named = os.fspath(path)
        found = _find(named, rev)
        super().__init__(label=label or f"{named}@{rev}", path=named, revision=found.commit)
        self._rev = rev
        self._objects = ObjectReader(found.environment)
        self._shadow = found.shadow
        self._oid_bytes = len(found.commit) // 2
        self._listings: dict[str, Mapping[str, _Object]] = {}
        self._nodes: dict[str, Mapping[str, Node]] = {}
        self._root = self._open_root(found)

    def __reduce__(self) -> tuple[type[GitTree], tuple[str, str, str]]:
        return GitTree, (self.path, self.revision or self._rev, self.label)

    def _open_root(self, found: _Repository) -> str:
        """Return the id of the tree object of the commit, or of the subfolder named in it."""
        shown = f"{self.path}: revision '{self._rev}'"
        try:
            commit = self._objects.read(found.commit, "commit", "")
            tree = commit.split(b"\n", 1)[0].partition(b"tree ")[2].decode("ascii", "replace")
            for name in found.prefix.split("/") if found.prefix else ():
                below = self._parse(tree, name).get(name)
                if below is None or below.node is not Node.DIRECTORY:
                    raise TreeError(f"{shown} has no folder {found.prefix}")
                tree = below.oid
        except SourceError as error:
            self.close()
            raise TreeError(f"{shown} cannot be read: {error.reason}") from error
        except TreeError:
            self.close()
            raise
        return tree

    def _parse(self, oid: str, path: str) -> Mapping[str, _Object]:
        try:
            return parse_tree(self._objects.read(oid, "tree", path), self._oid_bytes)
        except ValueError as error:
            raise SourceError(path, 0, "damaged directory in git") from error

    def _directory(self, path: str) -> Mapping[str, _Object]:
        """Return the objects in a physical directory; nothing where there is none."""
        listing = self._listings.get(path)
        if listing is not None:
            return listing
        oid: str | None = self._root
        if path:
            above, _, name = path.rpartition("/")
            found = self._directory(above).get(name)
            oid = found.oid if found is not None and found.node is Node.DIRECTORY else None
        try:
            listing = self._parse(oid, path) if oid is not None else _NOTHING
        except SourceError as error:
            self._lost(path, error.reason)
            listing = _NOTHING
        self._listings[path] = listing
        return listing

    def _object(self, path: str) -> _Object | None:
        directory, _, name = path.rpartition("/")
        return self._directory(directory).get(name)

    def nodes(self, directory: str) -> Mapping[str, Node]:
        """Return the names in a physical directory, read once."""
        nodes = self._nodes.get(directory)
        if nodes is None:
            listing = self._directory(directory)
            nodes = self._nodes[directory] = {name: o.node for name, o in listing.items()}
        return nodes

    def target(self, path: str) -> str:
        """Return what a symlink points to, '' if it cannot be read."""
        found = self._object(path)
        if found is None:
            return ""
        try:
            data = self._objects.read(found.oid, "blob", path, limit=_LINK_BYTES)
        except SourceError:
            return ""
        return data.decode("utf-8", "surrogateescape")

    def contents(self, path: str) -> bytes:
        """Return the contents of a file of the commit."""
        found = self._object(path)
        if found is None:
            raise SourceError(path, 0, "no such file in the revision")
        return self._objects.read(found.oid, "blob", path)

    def blob_id(self, path: str) -> str | None:
        """Return the id of the object of a file of the commit."""
        found = self._object(path)
        return None if found is None else found.oid

    @property
    def root(self) -> str:
        """The id of the tree object, which stands for everything in it."""
        return self._root

    def changed_since(self, root: str, most: int) -> tuple[str, ...] | None:
        """Return the files of which the contents differ from those below another tree object.

        None where more than `most` do, where anything is added, removed or of another kind, or a
        symlink, and where the other tree cannot be read.
        """
        if len(root) != 2 * self._oid_bytes or not _HEX.fullmatch(root):
            return None
        found: list[str] = []
        todo = [("", root, self._root)]
        try:
            while todo:
                path, old, new = todo.pop()
                if old == new:
                    continue
                before, after = self._parse(old, path), self._parse(new, path)
                if before.keys() != after.keys():
                    return None
                for name, then in before.items():
                    now = after[name]
                    if then == now:
                        continue
                    if then.node is not now.node or now.node is Node.LINK:
                        return None
                    below = f"{path}/{name}" if path else name
                    if now.node is Node.DIRECTORY:
                        todo.append((below, then.oid, now.oid))
                    else:
                        found.append(below)
                if len(found) > most:
                    return None
        except SourceError:
            return None
        return tuple(found)

    def blob(self, identity: str, path: str) -> bytes:
        """Return the contents that have an id, of whatever revision. Raises SourceError."""
        if len(identity) != 2 * self._oid_bytes or not _HEX.fullmatch(identity):
            raise SourceError(path, 0, "no id of an object")
        return self._objects.read(identity, "blob", path)

    def close(self) -> None:
        """End the process of git."""
        self._objects.close()


def _find(named: str, rev: str) -> _Repository:
    if not rev or rev.startswith("-") or not rev.isprintable():
        raise TreeError(f"not a revision: {rev!r}")
    shadow, prefix = open_repository(named)
    try:
        environment = closed_environment(shadow.path, shadow.path)
        arguments = ("rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}")
        commit = git_says(environment, shadow.path, arguments)
    except GitFailed as error:
        raise TreeError(f"unknown revision '{rev}' in {named}") from error
    except OSError as error:
        raise TreeError(f"git cannot read {named}: {_one_line(error)}") from error
    return _Repository(environment, commit.strip(), prefix, shadow)


def open_repository(named: str) -> tuple[Shadow, str]:
    """A shadow of the repository a folder is in, and the folder's place in it.

    Raises TreeError where there is no repository.
    """
    require_folder(named)
    top = Path(os.path.realpath(named))
    for place in (top, *top.parents):
        if place != top and not os.path.lexists(place / ".git"):
            continue  # a folder inside of a bare repository is not a tree
        git_dir = find_git_dir(place)
        if git_dir is None:
            continue
        try:
            shadow = Shadow(git_dir, bare=git_dir == place)
        except OSError as error:
            raise TreeError(f"git cannot read {named}: {_one_line(error)}") from error
        prefix = top.relative_to(place).as_posix()
        return shadow, "" if prefix == "." else prefix
    raise TreeError(f"not in a git repository, --rev cannot be used: {named}")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
