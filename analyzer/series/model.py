# SPDX-License-Identifier: GPL-2.0-only
"""The values of a patch series. Lines keep their newline; the last one of a file may lack it."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import PtcheckError


class SeriesError(PtcheckError):
    """A series that cannot be read, or that does not fit the tree; exit code 2."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk: `start` is the first old line, from 1 (0: an empty file); `line` is its place
    in the text of the series."""

    start: int
    old: tuple[bytes, ...]
    new: tuple[bytes, ...]
    line: int


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a patch does to one file. No `old`: it is made; no `new`: it is removed; two names:
    it moves (`copied`: and stays)."""

    old: str | None
    new: str | None
    hunks: tuple[Hunk, ...]
    line: int
    copied: bool = False

    @property
    def name(self) -> str:
        """The file as it is called afterwards, or was called before it went."""
        return self.new or self.old or "?"


@dataclass(frozen=True, slots=True)
class Patch:
    """One mail of a series, or a diff without a mail (its subject is empty)."""

    subject: str
    files: tuple[FileChange, ...]
