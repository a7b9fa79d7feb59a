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

    `moved` tells that the text is the same, but at another line, `mapped` that of each word inside
    it is known where it stands now, if the two mean the same.
    """

    name: str
    old: str
    new: str
    old_line: int
    old_end: int
    new_line: int
    new_end: int
    moved: bool = False
    mapped: bool = False


@dataclass(frozen=True, slots=True)
class Added:
    """A new function: `edit` has the text of the old function `beside` it, and its own."""

    edit: Edit
    beside: str


@dataclass(frozen=True, slots=True)
class Macro:
    """A definition of a macro: `behind` is what stands behind the name, on one line."""

    name: str
    behind: str
    line: int

    @property
    def key(self) -> str:
        """The same for all definitions that mean the same, whatever their layout."""
        kind = self.behind[:1] if self.behind.startswith("(") else " "
        return f"{self.name}{kind}{''.join(self.behind.split())}"


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands in a header before or after a new macro, with no other directive between: a
    macro, or a function (`edit` has its text and lines). It is compiled where that is."""

    macro: Macro | None
    edit: Edit | None
    before: bool = True  # it stands before the new macro


@dataclass(frozen=True, slots=True)
class MacroEdit:
    """What happened to the macros of one file: definitions that are gone, and those that are
    new, each with what it can be found by, the best first; one in the place of another has that."""

    path: str
    gone: tuple[Macro, ...]
    new: tuple[tuple[Macro, tuple[Beside, ...]], ...]

    @property
    def names(self) -> set[str]:
        """The names that mean something else now."""
        return {one.name for one in self.gone} | {one.name for one, _ in self.new}


@dataclass(frozen=True, slots=True)
class FileEdit:
    """What happened to one file: functions that differ, in order, and those that only moved.

    `between` is the text outside of functions and directives that moved. `shifts`: from which old
    line on lines are moved, and by how many; `torn`: old lines that are no line now. `added` are
    functions that were not there, `touched` those of the same text that name a macro of which the
    meaning may be another. `same`: the first lines of edits that change no meaning.
    `gone` are functions that are there no more.
    """

    path: str
    edits: tuple[Edit, ...]
    moved: tuple[Edit, ...]
    between: str
    shifts: tuple[tuple[int, int], ...]
    torn: frozenset[int]
    added: tuple[Added, ...] = ()
    touched: tuple[Edit, ...] = ()
    same: frozenset[int] = frozenset()
    gone: tuple[Edit, ...] = ()

    def line(self, number: int) -> int:
        """The line that an old one outside of the edits has now."""
        at = bisect_right(self.shifts, (number, 1 << 60)) - 1
        return number + (self.shifts[at][1] if at >= 0 else 0)

    def lost(self, number: int) -> bool:
        """Whether an old line was edited, or is no line now."""
        return number in self.torn or any(
            edit.old_line <= number <= edit.old_end
            for edit in (*self.edits, *self.gone)
            if edit.old_line not in self.same
        )

    @property
    def breaks(self) -> list[int]:
        """The old lines behind which lines are moved otherwise than before them."""
        return [line - 1 for line, _ in self.shifts]


__all__ = ["Added", "Beside", "Edit", "FileEdit", "Macro", "MacroEdit", "Unsure"]
