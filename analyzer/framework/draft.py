# SPDX-License-Identifier: GPL-2.0-only
"""The tree while it is being edited: texts by path, over the tree as it is."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import SourceError
from ..tree import KernelTree, Kind


class Draft:
    """Texts that were changed or added lie over those of the tree."""

    def __init__(self, tree: KernelTree) -> None:
        self.tree = tree
        self.changed: dict[str, str] = {}

    def text(self, path: str) -> str | None:
        """The text of a file as it is now; None where there is none that can be read."""
        if path in self.changed:
            return self.changed[path]
        try:
            return self.tree.read(path).decode("latin-1")
        except SourceError:
            return None

    def put(self, path: str, text: str) -> None:
        """Replaces or adds a file."""
        if text != self.text(path):
            self.changed[path] = text

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return path in self.changed or self.tree.kind(path) is Kind.FILE

    def first(self, *paths: str) -> str | None:
        """The first of some paths that is there."""
        return next((path for path in paths if self.has(path)), None)

    def sources(self, folder: str, suffixes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Paths and texts below a folder, in the order of the paths."""
        for path in self.tree.walk(folder, suffixes):
            text = self.text(path)
            if text is not None:
                yield path, text
