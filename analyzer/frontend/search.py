# SPDX-License-Identifier: GPL-2.0-only
"""Where the headers that a file names are in the tree, and which of them are nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from posixpath import dirname, normpath

from analyzer.frontend.includes import Include


class Search:
    """The include folders of one architecture, as far as they are folders of the tree.

    `has` tells whether the tree has a file. `wrapped` are the names for which a wrapper stands
    in (it includes asm-generic/...), `made` all other names that are found outside of the tree.
    What is nowhere is collected in `absent`.
    """

    def __init__(
        self,
        has: Callable[[str], bool],
        folders: Iterable[str],
        wrapped: frozenset[str],
        made: frozenset[str],
    ) -> None:
        self._has = has
        self._folders = tuple(folders)
        self._wrapped = wrapped
        self._made = made
        self._known: dict[str, tuple[str, ...]] = {}
        self.absent: set[str] = set()

    def named(self, name: str) -> tuple[str, ...]:
        """Return every file that `#include <name>` or an `#include_next` of it can mean."""
        found = self._known.get(name)
        if found is None:
            found = self._candidates(name)
            if name in self._wrapped:
                found += self.named(f"asm-generic/{name.removeprefix('asm/')}")
            elif not found and name not in self._made:
                self.absent.add(name)
            self._known[name] = found
        return found

    def included(self, path: str, include: Include) -> tuple[str, ...]:
        """Return every file that an include in the file `path` can mean."""
        if include.quoted:
            beside = normpath(f"{dirname(path)}/{include.name}")
            if not beside.startswith("..") and self._has(beside):
                return (beside,)
        return self.named(include.name)

    def exists(self, path: str, name: str) -> bool:
        """Tell whether a file for `name`, asked about in the file `path`, is found at all."""
        beside = normpath(f"{dirname(path)}/{name}")
        if not beside.startswith("..") and self._has(beside):
            return True
        return name in self._wrapped or name in self._made or bool(self._candidates(name))

    def _candidates(self, name: str) -> tuple[str, ...]:
        paths = (normpath(f"{folder}/{name}") for folder in self._folders)
        return tuple(p for p in paths if not p.startswith("..") and self._has(p))
