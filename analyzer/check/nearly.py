# SPDX-License-Identifier: GPL-2.0-only
"""What was found out of a tree that differs from this one in a few files only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from ..errors import SourceError
from ..tree import GitTree, KernelTree

if TYPE_CHECKING:
    from ..cache.facts import Near

MAX_FILES: Final = 4  # that may differ from a tree that is known, so that it helps
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Change:
    """A file that differs from the run that is known."""

    path: str
    old: bytes
    new: bytes


class _Facts(Protocol):
    def near(
        self, tree: KernelTree, name: Sequence[str], kind: type[T], most: int
    ) -> Near[T] | None:
        """See `analyzer.check.judging.Facts`."""


def nearly(
    tree: KernelTree,
    name: Sequence[str],
    kind: type[T],
    facts: _Facts,
    trees: Sequence[KernelTree],
) -> tuple[Near[T], list[Change]] | None:
    """The last result under a name and what has changed since; None where that is too much, or
    the old contents are in none of the trees."""
    near = facts.near(tree, name, kind, MAX_FILES)
    if near is None:
        return None
    changes: list[Change] = []
    for path, identity in near.changed:
        old = next((o for o in _contents(trees, path, identity)), None)
        if old is None:
            return None
        try:
            changes.append(Change(path, old, tree.read(path)))
        except SourceError:
            return None
    return near, changes


def _contents(trees: Sequence[KernelTree], path: str, identity: str) -> Iterator[bytes]:
    """The contents that git has, or would have, an id for."""
    from ..cache.questions import git_digest

    for tree in trees:
        with suppress(SourceError):
            data = tree.blob(identity, path) if isinstance(tree, GitTree) else tree.read(path)
            if git_digest(data) == identity:
                yield data
