# SPDX-License-Identifier: GPL-2.0-only
"""A tree with edits that exist in memory only, and a tree that is nothing but them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analyzer.errors import MissingFile
from analyzer.tree.base import KernelTree, Kind
from analyzer.tree.physical import Node, PhysicalTree, join, split


class _Plain(PhysicalTree):
    """Any tree seen through its public face: without symlinks of its own."""

    def __init__(self, base: KernelTree) -> None:
        super().__init__(base.label, base.path, base.revision)
        self._base = base

    def nodes(self, directory: str) -> Mapping[str, Node]:
        return {
            entry.name: Node.DIRECTORY if entry.kind is Kind.DIRECTORY else Node.FILE
            for entry in self._base.entries(directory)
        }

    def contents(self, path: str) -> bytes:
        return self._base.read(path)

    def target(self, path: str) -> str:
        return ""

    def blob_id(self, path: str) -> str | None:
        return self._base.object_id(path)

    @property
    def unreadable(self) -> Mapping[str, str]:
        return {**self._base.unreadable, **self._unreadable}

    def close(self) -> None:
        self._base.close()


class _Nothing(PhysicalTree):
    """The empty tree."""

    def __init__(self, label: str) -> None:
        super().__init__(label, "", None)

    def nodes(self, directory: str) -> Mapping[str, Node]:
        return {}

    def contents(self, path: str) -> bytes:
        raise MissingFile(path)

    def target(self, path: str) -> str:
        return ""


def _parents(path: str) -> Iterable[str]:
    """Yield the directories above a path, the nearest first, the top ('') last."""
    while path:
        path = path.rpartition("/")[0]
        yield path


class OverlayTree(PhysicalTree):
    """`base` with some files replaced or added (bytes) or taken away (None).

    A path that is a symlink in `base` is written through, as an editor does, and removed
    itself, as `rm` does. Taking a directory away takes all that is below it, except what other
    edits put there. An edit may make a directory of what was a file and the other way round.
    Closing the overlay leaves `base` open. Raises ValueError for a path outside of the tree and
    for a file that is also wanted as the directory of another one.
    """

    def __init__(self, base: KernelTree, edits: Mapping[str, bytes | None]) -> None:
        super().__init__(base.label, base.path, base.revision)
        self._base: PhysicalTree = base if isinstance(base, PhysicalTree) else _Plain(base)
        self._edits: dict[str, bytes | None] = {}
        self._changes: dict[str, dict[str, Node | None]] = {}
        self._listings: dict[str, Mapping[str, Node]] = {}
        for path, data in edits.items():
            self._edits[self._place(path, data)] = data
        self._record()

    @property
    def unreadable(self) -> Mapping[str, str]:
        """What the base and this had to leave out so far."""
        return {**self._base.unreadable, **self._unreadable}

    def _place(self, path: str, data: bytes | None) -> str:
        """Return the physical path at which an edit of `path` takes place."""
        parts, reason = split(path)
        if reason or not parts:
            raise ValueError(f"{path}: {reason or 'the top of the tree'}")
        if data is not None:
            physical, node, _ = self._base.resolve(path)
            if physical is not None and node is Node.FILE:
                return physical
        rest = [parts[-1]]
        for directory in _parents("/".join(parts)):
            physical, node, _ = self._base.resolve(directory)
            if physical is not None and node is Node.DIRECTORY:
                return join(physical, "/".join(reversed(rest)))
            rest.append(directory.rpartition("/")[2])
        return "/".join(parts)  # pragma: no cover (the top always resolves)

    def _record(self) -> None:
        for path, data in self._edits.items():
            directory, _, name = path.rpartition("/")
            changes = self._changes.setdefault(directory, {})
            if data is None:
                changes.setdefault(name, None)
                continue
            changes[name] = Node.FILE
            for above in _parents(path):
                if self._edits.get(above) is not None:
                    raise ValueError(f"{path}: {above} is a file of the same edits")
                if above:
                    upper, _, last = above.rpartition("/")
                    self._changes.setdefault(upper, {})[last] = Node.DIRECTORY

    def nodes(self, directory: str) -> Mapping[str, Node]:
        """Return the names in a physical directory, edits applied."""
        listing = self._listings.get(directory)
        if listing is None:
            listing = self._listings[directory] = self._list(directory)
        return listing

    def _list(self, directory: str) -> Mapping[str, Node]:
        gone = directory in self._edits or any(d in self._edits for d in _parents(directory))
        same = self._base.resolve(directory)[:2] == (directory, Node.DIRECTORY)  # not by a link
        names = dict(self._base.nodes(directory)) if same and not gone else {}
        for name, node in self._changes.get(directory, {}).items():
            if node is None:
                names.pop(name, None)
            else:
                names[name] = node
        return names

    def contents(self, path: str) -> bytes:
        """Return the edited contents, or those of the base."""
        data = self._edits.get(path)
        return self._base.contents(path) if data is None else data

    def blob_id(self, path: str) -> str | None:
        """Return the id that the base has for a file, unless it was edited."""
        return None if path in self._edits else self._base.blob_id(path)

    def target(self, path: str) -> str:
        """Return what a symlink of the base points to."""
        return self._base.target(path)


class MemoryTree(OverlayTree):
    """A tree made up of nothing but the given files, for tests and examples."""

    def __init__(self, files: Mapping[str, bytes | str], label: str = "<memory>") -> None:
        super().__init__(
            _Nothing(label),
            {
                path: data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
                for path, data in files.items()
            },
        )
