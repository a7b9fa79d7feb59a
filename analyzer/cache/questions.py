# SPDX-License-Identifier: GPL-2.0-only
"""The questions that a computation asked of a tree, and the digest of a tree's answers.

A computation that asks the same questions and gets the same answers gives the same result. So a
result is kept under its questions and their answers: contents of files, that a path is absent, a
file or a directory, and what a directory holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b, sha1
from posixpath import normpath
from typing import Final

from analyzer.errors import MissingFile, SourceError
from analyzer.tree import KernelTree, Kind

_KINDS: Final = {Kind.FILE: "f", Kind.DIRECTORY: "d", None: "-"}


@dataclass(frozen=True, slots=True)
class Questions:
    """What was asked, sorted.

    `names` are paths whose kind was asked for, by their directory; `odd` those that do not read
    as a directory and a name.
    """

    contents: tuple[str, ...]
    names: tuple[tuple[str, tuple[str, ...]], ...]
    listings: tuple[str, ...]
    odd: tuple[str, ...]

    @staticmethod
    def of(contents: Iterable[str], kinds: Iterable[str], listings: Iterable[str]) -> Questions:
        """Put questions in order; what a listing tells need not be asked again."""
        listed = set(listings)
        names: dict[str, set[str]] = {}
        odd: set[str] = set()
        for path in kinds:
            directory, _, name = path.rpartition("/")
            if normpath(path) != path or path.startswith(("/", "..")) or path == ".":
                odd.add(path)
            elif directory not in listed:
                names.setdefault(directory, set()).add(name)
        return Questions(
            tuple(sorted(contents)),
            tuple((directory, tuple(sorted(names[directory]))) for directory in sorted(names)),
            tuple(sorted(listed)),
            tuple(sorted(odd)),
        )

    def digest(self) -> str:
        """A name for these questions."""
        listed = [self.contents, self.names, self.listings, self.odd]
        return blake2b(json.dumps(listed).encode("ascii"), digest_size=20).hexdigest()


def blob_digest(data: bytes) -> str:
    """The digest of the contents of a file."""
    return blake2b(data, digest_size=20).hexdigest()


def git_digest(data: bytes) -> str:
    """The id that git (of SHA-1) gives to contents."""
    return sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def error_digest(error: SourceError) -> str:
    """What stands for contents that cannot be read."""
    return "!" if isinstance(error, MissingFile) else f"!{error.reason}"


class Answers:
    """The answers of one tree, each looked up once.

    Contents of a folder are told by a digest of our own, those of a revision by the ids that git
    has for them, without reading them (git itself refuses contents made to collide).
    `contents` are answers that are known already.
    """

    def __init__(
        self, tree: KernelTree, by_id: bool, contents: Mapping[str, str] | None = None
    ) -> None:
        self._tree = tree
        self._by_id = by_id
        self._contents: dict[str, str] = dict(contents or {})
        self._listings: dict[str, str] = {}
        self._kinds: dict[str, dict[str, str]] = {}

    @staticmethod
    def present(tree: KernelTree) -> Answers:
        """The answers of a tree, contents told in the cheapest way."""
        return Answers(tree, tree.revision is not None)

    def content(self, path: str) -> str:
        """What tells the contents of a file."""
        if self._by_id:
            found = self._tree.object_id(path)
            if found is not None:
                return found
        try:
            data = self._tree.read(path)
        except SourceError as error:
            return error_digest(error)
        return git_digest(data) if self._by_id else blob_digest(data)

    def listing(self, directory: str) -> str:
        """A digest of what a directory holds."""
        known = self._listings.get(directory)
        if known is None:
            entries = self._tree.entries(directory)
            text = "\0".join(f"{_KINDS[e.kind]}{int(e.link)}{e.name}" for e in entries)
            known = blob_digest(text.encode("utf-8", "surrogateescape"))
            self._listings[directory] = known
        return known

    def kinds(self, directory: str) -> dict[str, str]:
        """The kinds of what a directory holds, by name."""
        known = self._kinds.get(directory)
        if known is None:
            entries = self._tree.entries(directory)
            known = self._kinds[directory] = {e.name: _KINDS[e.kind] for e in entries}
        return known

    def digest(self, questions: Questions) -> str:
        """The digest of the answers to all questions."""
        text = "\n".join(self._all(questions))
        return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=20).hexdigest()

    def _all(self, questions: Questions) -> Iterator[str]:
        yield "id" if self._by_id else "contents"
        yield questions.digest()
        for path in questions.contents:
            yield self.told(path)
        yield from self._others(questions)

    def told(self, path: str) -> str:
        """What tells the contents of a file, looked up once."""
        found = self._contents.get(path)
        if found is None:
            found = self._contents[path] = self.content(path)
        return found

    def shape(self, questions: Questions) -> str:
        """The digest of the answers to all questions but those for contents."""
        text = "\n".join(self._others(questions))
        return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=20).hexdigest()

    def _others(self, questions: Questions) -> Iterator[str]:
        for directory, names in questions.names:
            kinds = self.kinds(directory)
            yield "".join([kinds.get(name, "-") for name in names])
        for directory in questions.listings:
            yield self.listing(directory)
        for path in questions.odd:
            yield _KINDS[self._tree.kind(path)]
