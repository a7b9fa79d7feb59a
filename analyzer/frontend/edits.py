# SPDX-License-Identifier: GPL-2.0-only
"""An edit of a file that changes nothing but the insides of functions, comments and layout."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass


class Unsure(Exception):
    """It cannot be told from what is kept."""


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
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Added:
    """A new function: `edit` has the text of the old function `beside` it, and its own."""

    edit: Edit
    beside: str


@dataclass(frozen=True, slots=True)
class FileEdit:
    """What happened to one file: functions that differ, in order, and those that only moved.

    `between` is the text outside of functions and directives that moved. `shifts`: from which old
    line on lines are moved, and by how many; `torn`: old lines that are no line now. `added` are
    functions that were not there.
    """

    path: str
    edits: tuple[Edit, ...]
    moved: tuple[Edit, ...]
    between: str
    shifts: tuple[tuple[int, int], ...]
    torn: frozenset[int]
    added: tuple[Added, ...] = ()

    def line(self, number: int) -> int:
        """The line that an old one outside of the edits has now."""
        at = bisect_right(self.shifts, (number, 1 << 60)) - 1
        return number + (self.shifts[at][1] if at >= 0 else 0)

    def lost(self, number: int) -> bool:
        """Whether an old line was edited, or is no line now."""
        return number in self.torn or any(
            edit.old_line <= number <= edit.old_end for edit in self.edits
        )

    @property
    def breaks(self) -> list[int]:
        """The old lines behind which lines are moved otherwise than before them."""
        return [line - 1 for line, _ in self.shifts]


__all__ = ["Added", "Edit", "FileEdit", "Unsure"]
