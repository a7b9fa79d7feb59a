# SPDX-License-Identifier: GPL-2.0-only
"""An edit of a file that changes nothing but the insides of functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """One function before and after: its text with the head, its first and last lines.

    `moved` tells that the text is the same, but at another line.
    """

    name: str
    old: str
    new: str
    old_line: int
    old_end: int
    new_line: int
    new_end: int

    @property
    def moved(self) -> bool:
        """Whether only the lines differ."""
        return self.old == self.new

    @property
    def shift(self) -> int:
        """By how many lines everything behind it moves."""
        return self.new_end - self.old_end


@dataclass(frozen=True, slots=True)
class FileEdit:
    """What happened to one file: functions that differ, in order, and those that only moved.

    `between` is the text outside of functions and directives that moved.
    """

    path: str
    edits: tuple[Edit, ...]
    moved: tuple[Edit, ...]
    between: str

    def line(self, number: int) -> int:
        """The line that an old one outside of the edits has now."""
        return number + shift_before(self.edits, number)


def shift_before(edits: Iterable[Edit], line: int) -> int:
    """By how much a line moves that stands behind some of the edits."""
    shift = 0
    for edit in edits:
        if edit.old_end < line:
            shift = edit.shift
    return shift
