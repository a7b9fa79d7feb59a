# SPDX-License-Identifier: GPL-2.0-only
"""A tree that notes what it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from analyzer.cache.questions import Answers, Questions, blob_digest, error_digest, git_digest
from analyzer.closing import Closing
from analyzer.errors import SourceError
from analyzer.tree import Entry, KernelTree, Kind
from analyzer.tree.base import read_files
from analyzer.tree.physical import walk_files


class Recorder(Closing):
    """`base`, with a record of every question. Closing it leaves `base` open.

    `changed`: a file gave two answers, so that nothing computed from it can be kept.
    """

    def __init__(self, base: KernelTree) -> None:
        self._base = base
        self._contents: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._kinds: dict[str, Kind | None] = {}
        self._listings: dict[str, tuple[Entry, ...]] = {}
        self._unreadable: dict[str, str] = {}
        self.changed = False

    @property
    def questions(self) -> Questions:
        """Everything that was asked so far."""
        return Questions.of(self._contents, self._kinds, self._listings)

    @property
    def label(self) -> str:
        """The label of the base."""
        return self._base.label

    @property
    def path(self) -> str:
        """The path of the base."""
        return self._base.path

    @property
    def revision(self) -> str | None:
        """The revision of the base."""
        return self._base.revision

    def read(self, path: str) -> bytes:
        """Return the contents of a file."""
        try:
            data = self._base.read(path)
        except SourceError as error:
            digest = error_digest(error)
            self._note(path, digest, digest)
            raise
        self._note(path, blob_digest(data), self._base.object_id(path) or git_digest(data))
        return data

    def _note(self, path: str, digest: str, identity: str) -> None:
        if self._contents.setdefault(path, digest) != digest:
            self.changed = True
        self._ids[path] = identity

    def object_id(self, path: str) -> str | None:
        """Return the id of git's object; it stands for the contents."""
        return self._base.object_id(path)

    def kind(self, path: str) -> Kind | None:
        """Return what `path` is."""
        found = self._kinds[path] = self._base.kind(path)
        return found

    def entries(self, directory: str) -> tuple[Entry, ...]:
        """Return what a directory holds."""
        found = self._listings[directory] = self._base.entries(directory)
        return found

    def walk(self, directory: str, suffixes: tuple[str, ...] = ("",)) -> Iterator[str]:
        """Yield the files below `directory`; every directory on the way is noted."""
        return walk_files(self, directory, suffixes)

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (path, contents) in the order asked for, without what cannot be read."""
        return read_files(self, paths, self._unreadable)

    @property
    def unreadable(self) -> Mapping[str, str]:
        """What the base and this had to leave out so far."""
        return {**self._base.unreadable, **self._unreadable}

    def close(self) -> None:
        """The base belongs to somebody else."""

    def given(self, by_id: bool) -> Answers:
        """The answers that were given, contents told by ids of git or by digests of our own."""
        return Answers(self._base, by_id, self._ids if by_id else self._contents)
