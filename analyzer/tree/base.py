# SPDX-License-Identifier: GPL-2.0-only
"""What every other room sees of a kernel tree: read only, relative paths, nothing executed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Protocol, Self

from analyzer.errors import SourceError

MAX_FILE_BYTES = 64 * 1024 * 1024
"""Bytes of the largest file that is read; the largest of a real tree has about 20 MiB."""


class Kind(Enum):
    """What a path of the tree is, symlinks followed."""

    FILE = "file"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One name in a directory. `link`: the name itself is a symlink (`kind` is its target's)."""

    name: str
    kind: Kind = Kind.FILE
    link: bool = False

    @property
    def is_directory(self) -> bool:
        """Whether the entry, or what it links to, is a directory."""
        return self.kind is Kind.DIRECTORY


class KernelTree(Protocol):
    """A kernel source tree: a snapshot that stays the same while it is open.

    Paths are POSIX strings relative to the top of the tree, '' is the top. `.` and repeated
    slashes mean nothing; absolute paths and `..` are refused. Names that are not UTF-8 carry
    surrogate escapes (PEP 383). `.git` is never part of a tree.
    """

    @property
    def label(self) -> str:
        """The tree as shown to the user: the folder, or `folder@revision`."""

    @property
    def path(self) -> str:
        """The folder or repository as the user named it ('' if the tree is made up)."""

    @property
    def revision(self) -> str | None:
        """The full commit id, None where there is none (a folder)."""

    def read(self, path: str) -> bytes:
        """Return the contents of a file, as they are.

        Raises MissingFile where there is no such file, SourceError where it is larger than
        MAX_FILE_BYTES, unreadable, or outside of the tree (absolute, `..`, a symlink).
        """

    def object_id(self, path: str) -> str | None:
        """Return the id of git's object that holds the contents of a file.

        None where there is none, or where the file is not read from git as it is.
        """

    def kind(self, path: str) -> Kind | None:
        """Return what `path` is; None if it is absent, outside, or neither file nor directory."""

    def entries(self, directory: str) -> tuple[Entry, ...]:
        """Return what a directory holds, sorted by name; () if it is absent."""

    def walk(self, directory: str, suffixes: tuple[str, ...] = ("",)) -> Iterator[str]:
        """Yield the files below `directory` whose name ends so, in the order of their paths.

        Symlinks to files are among them, symlinks to directories are not entered.
        Raises SourceError for a directory with an absurd number of names below it.
        """

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (path, contents) in the order asked for, without what cannot be read.

        What is there and cannot be read is told in `unreadable`.
        """

    @property
    def unreadable(self) -> Mapping[str, str]:
        """What `read_many`, `entries` and `walk` had to leave out so far: path to reason."""

    def close(self) -> None:
        """Let go of processes and descriptors; closing twice is harmless."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def read_files(
    tree: KernelTree, paths: Iterable[str], unreadable: dict[str, str]
) -> Iterator[tuple[str, bytes]]:
    """`read_many` by `read`: what is there and cannot be read goes to `unreadable`."""
    for path in paths:
        try:
            yield path, tree.read(path)
        except SourceError as error:
            if tree.kind(path) is not None:
                unreadable[path] = error.reason
