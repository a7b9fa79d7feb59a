# SPDX-License-Identifier: GPL-2.0-only
"""The rules of paths, the same for folders, revisions and overlays.

A concrete tree answers three questions about *physical* paths (paths without a symlink among
their parents). Everything a caller sees, symlinks above all, is decided here, once, so that
two ways to read the same tree cannot differ.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Protocol

from analyzer.closing import Closing
from analyzer.errors import MissingFile, SourceError
from analyzer.tree.base import Entry, Kind, read_files

MAX_LINKS = 40  # as Linux itself: MAXSYMLINKS of include/linux/namei.h
MAX_WALKED = 2_000_000  # names below one directory; a real tree has about 90 000 in all
MAX_DEPTH = 128


class Node(Enum):
    """What a name is, symlinks not followed."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"


_KINDS: Mapping[Node, Kind] = {Node.FILE: Kind.FILE, Node.DIRECTORY: Kind.DIRECTORY}


def split(path: str) -> tuple[tuple[str, ...], str]:
    """Return the parts of a path of the tree and, if it is refused, the reason."""
    if path.startswith("/"):
        return (), "absolute path, outside of the tree"
    if "\0" in path:
        return (), "not a path"
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if ".." in parts:
        return (), "path with '..', refused"
    return parts, ""


def join(directory: str, name: str) -> str:
    """Return the path of `name` in `directory`, which may be the top."""
    return f"{directory}/{name}" if directory else name


def acceptable(name: str) -> bool:
    """Whether a name read from a directory can be part of a tree at all."""
    return name not in ("", ".", "..", ".git") and "/" not in name


class _Walked(Protocol):
    """What is asked of a tree that is walked."""

    def kind(self, path: str) -> Kind | None: ...

    def entries(self, directory: str) -> tuple[Entry, ...]: ...


def walk_files(tree: _Walked, directory: str, suffixes: tuple[str, ...] = ("",)) -> Iterator[str]:
    """Yield files as `KernelTree.walk` has to, by the other questions that a tree answers."""
    parts, reason = split(directory)
    if reason:
        return
    top = "/".join(parts)
    pending: list[tuple[str, int]] = [(top, 0)] if tree.kind(top) is Kind.DIRECTORY else []
    seen = 0
    while pending:
        path, depth = pending.pop()
        if depth and tree.kind(path) is Kind.FILE:
            yield path
            continue
        below: list[tuple[str, str]] = []
        for entry in tree.entries(path):
            seen += 1
            if entry.is_directory:
                if not entry.link:
                    below.append((entry.name + "/", entry.name))
            elif entry.name.endswith(suffixes):
                below.append((entry.name, entry.name))
        if seen > MAX_WALKED or depth > MAX_DEPTH:
            raise SourceError(directory, 0, "more files or levels than any kernel has")
        below.sort(reverse=True)
        pending += [(join(path, name), depth + 1) for _, name in below]


class PhysicalTree(Closing):
    """A kernel tree by its three primitives; implements the protocol `KernelTree`."""

    def __init__(self, label: str, path: str, revision: str | None) -> None:
        self._label = label
        self._path = path
        self._revision = revision
        self._resolved: dict[str, tuple[str | None, Node, str]] = {}
        self._unreadable: dict[str, str] = {}

    @property
    def label(self) -> str:
        """The tree as shown to the user."""
        return self._label

    @property
    def path(self) -> str:
        """The folder or repository as the user named it."""
        return self._path

    @property
    def revision(self) -> str | None:
        """The full commit id, None where there is none."""
        return self._revision

    @abstractmethod
    def nodes(self, directory: str) -> Mapping[str, Node]:
        """Return the names in a physical directory; nothing if it is none or unreadable."""

    @abstractmethod
    def contents(self, path: str) -> bytes:
        """Return the contents of a physical regular file; SourceError if it cannot be read."""

    @abstractmethod
    def target(self, path: str) -> str:
        """Return what the symlink at a physical path points to; '' if that cannot be read."""

    def resolve(self, path: str) -> tuple[str | None, Node, str]:
        """Follow symlinks: (physical path, its node, '') or (None, any node, why not).

        An empty reason without a physical path means that nothing is there.
        """
        found = self._resolved.get(path)
        if found is None:
            found = self._resolved[path] = self._follow(path)
        return found

    def _follow(self, path: str) -> tuple[str | None, Node, str]:
        parts, reason = split(path)
        if reason:
            return None, Node.FILE, reason
        pending = list(reversed(parts))
        real: list[str] = []
        node = Node.DIRECTORY
        links = 0
        while pending:
            name = pending.pop()
            if name == "..":  # of a symlink: `split` refuses it elsewhere
                if not real:
                    return None, Node.FILE, "symlink that leaves the tree"
                real.pop()
                node = Node.DIRECTORY
                continue
            if node is not Node.DIRECTORY:
                return None, Node.FILE, ""
            directory = "/".join(real)
            found = self.nodes(directory).get(name)
            if found is None:
                return None, Node.FILE, ""
            if found is not Node.LINK:
                real.append(name)
                node = found
                continue
            links += 1
            if links > MAX_LINKS:
                return None, Node.FILE, "too many symlinks"
            target = self.target(join(directory, name))
            if target.startswith("/"):
                return None, Node.FILE, "symlink that leaves the tree"
            if not target or "\0" in target:
                return None, Node.FILE, "symlink that cannot be read"
            pending += [part for part in reversed(target.split("/")) if part not in ("", ".")]
        return "/".join(real), node, ""

    def read(self, path: str) -> bytes:
        """Return the contents of a file; MissingFile or SourceError where there is none."""
        physical, node, reason = self.resolve(path)
        if physical is None:
            if reason:
                raise SourceError(path, 0, reason)
            raise MissingFile(path)
        if node is not Node.FILE:
            raise SourceError(path, 0, "is a directory")
        return self.contents(physical)

    def object_id(self, path: str) -> str | None:
        """Return the id of git's object for a file, None where there is none."""
        physical, node, _ = self.resolve(path)
        return self.blob_id(physical) if physical is not None and node is Node.FILE else None

    def blob_id(self, path: str) -> str | None:
        """Return the id of git's object for a physical file; a tree of git overrides this."""
        return None

    def kind(self, path: str) -> Kind | None:
        """Return what `path` is, symlinks inside the tree followed; None if absent."""
        physical, node, _ = self.resolve(path)
        return None if physical is None else _KINDS[node]

    def entries(self, directory: str) -> tuple[Entry, ...]:
        """Return what a directory holds, sorted by name, without dangling symlinks."""
        physical, node, _ = self.resolve(directory)
        if physical is None or node is not Node.DIRECTORY:
            return ()
        found: list[Entry] = []
        for name, kind in sorted(self.nodes(physical).items()):
            if kind is Node.LINK:
                followed = self.kind(join(physical, name))
                if followed is not None:
                    found.append(Entry(name, followed, link=True))
            else:
                found.append(Entry(name, _KINDS[kind]))
        return tuple(found)

    def walk(self, directory: str, suffixes: tuple[str, ...] = ("",)) -> Iterator[str]:
        """Yield the files below `directory` whose name ends so, in the order of their paths."""
        return walk_files(self, directory, suffixes)

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (path, contents) in the order asked for, without what cannot be read."""
        return read_files(self, paths, self._unreadable)

    @property
    def unreadable(self) -> Mapping[str, str]:
        """What had to be left out so far: path to reason."""
        return self._unreadable

    def _lost(self, path: str, reason: str) -> None:
        self._unreadable[path] = reason

    def close(self) -> None:
        """Nothing to let go of, unless a subclass says so."""
