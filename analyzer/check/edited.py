# SPDX-License-Identifier: GPL-2.0-only
"""Whether a header changed only inside of functions and in its layout, and which functions."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ..callsites.code import functions
from ..callsites.text import Source
from ..frontend.edits import Added, Edit, FileEdit
from ..frontend.includes import scan
from ..frontend.layout import Line, is_odd, lines_of, without_comments

_CONDITIONAL: Final = frozenset({"if", "ifdef", "ifndef", "elif", "else", "endif"})
_UNUSUAL: Final = re.compile(r"\\\r?\n|\r|%:|\?\?|_Pragma|__has_|\f|\v|\0")
_BRACKETS: Final = re.compile(r"[()\[\]]")


@dataclass(frozen=True, slots=True)
class Definition:
    """A function of a file, with its head."""

    name: str
    start: int
    end: int


class _Side:
    """One of the two contents of a file, cut into functions and what is between them."""

    def __init__(self, source: Source, data: bytes) -> None:
        self.source = source
        self.text = data.decode("latin-1")
        self.plain = without_comments(self.text)
        self.functions = definitions_in(self.source)
        ends = [0, *(one.end for one in self.functions)]
        starts = [*(one.start for one in self.functions), len(self.text)]
        self.between = list(zip(ends, starts, strict=True))

    def stretch(self, start: int, end: int) -> Stretch:
        """The words of a part."""
        first = self.source.line(start)
        depth, open_ = {}, 0
        for line, text in enumerate(self.source.code[start:end].split("\n"), first):
            depth[line] = open_
            open_ += sum(1 if one in "([" else -1 for one in _BRACKETS.findall(text))
        return Stretch(tuple(lines_of(self.plain[start:end], first)), depth)


class _Lines:
    """Which line each old one has become."""

    def __init__(self) -> None:
        self.shifts: list[tuple[int, int]] = []
        self.torn: set[int] = set()

    def copy(self) -> _Lines:
        """Lines that change on their own."""
        other = _Lines()
        other.shifts, other.torn = list(self.shifts), set(self.torn)
        return other

    def from_line(self, line: int, shift: int) -> None:
        """Old lines from this one on are moved by so many."""
        if self.shifts and line < self.shifts[-1][0]:  # of two places on one line
            self.torn.add(line)
            line = self.shifts[-1][0]
        if self.shifts and self.shifts[-1][0] == line:
            self.shifts.pop()
        if shift != (self.shifts[-1][1] if self.shifts else 0):
            self.shifts.append((line, shift))

    def pair(self, old: Stretch, new: Stretch) -> bool:
        """Take over where the same words stand in two texts; whether lines are torn, or moved
        where a bracket is open: a macro may have been given what stands there."""
        places = (line for line, words in new.lines for _ in words)
        torn = False
        before: int | None = None
        for line, words in old.lines:
            shifts = [next(places) - line for _ in words]
            open_ = old.depth.get(line, 0) > 0 and shifts[0] != before
            if open_ or len(set(shifts)) > 1:
                torn = True
                self.torn.add(line)
            self.from_line(line, shifts[0])
            before = shifts[0]
        return torn


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words by their lines, and how many brackets are open where a line begins."""

    lines: tuple[Line, ...]
    depth: dict[int, int]

    @property
    def words(self) -> list[str]:
        """All words."""
        return [word for _, words in self.lines for word in words]


def edit_of(path: str, old: bytes, new: bytes) -> FileEdit | None:
    """What differs in a file; see `edit_between`."""
    return edit_between(Source(path, old), old, Source(path, new), new)


def edit_between(
    first: Source, old: bytes, second: Source, new: bytes, added: tuple[Added, ...] = ()
) -> FileEdit | None:
    """What differs in a file, if that is nothing but the insides of functions, comments and
    layout; else None.

    All text outside of functions is the same word by word, and so are the lines of the
    preprocessor in those that differ.
    """
    was, now = scan(old), scan(new)
    if was != now or was.text is not None or was.null:
        return None
    before, after = _Side(first, old), _Side(second, new)
    if is_odd(before.text) or is_odd(after.text):
        return None
    if [one.name for one in before.functions] != [one.name for one in after.functions]:
        return None
    lines = _Lines()
    edits: list[Edit] = []
    moved: list[Edit] = []
    between: list[str] = []
    for index, (gap, other_gap) in enumerate(zip(before.between, after.between, strict=True)):
        if not _same_gap(before, gap, after, other_gap, lines):
            return None
        if lines.shifts:
            between.append(before.source.code[slice(*gap)])
        if index == len(before.functions):
            break
        edit = _edit(before, before.functions[index], after, after.functions[index], lines)
        if edit is None:
            continue
        if edit.moved:
            moved.append(edit)
        elif is_plain(edit.old) and is_plain(edit.new) and _same_conditions(before, after, index):
            edits.append(edit)
        else:
            return None
    if any(a.old_end >= b.old_line for a, b in pairwise(edits)):
        return None
    return FileEdit(
        first.path, tuple(edits), tuple(moved), " ".join(between), tuple(lines.shifts),
        frozenset(lines.torn), added,
    )  # fmt: skip


def _same_gap(
    before: _Side, gap: tuple[int, int], after: _Side, other: tuple[int, int], lines: _Lines
) -> bool:
    """Whether the same words stand between two functions."""
    line, now = before.source.line(gap[0]), after.source.line(other[0])
    if before.text[slice(*gap)] == after.text[slice(*other)]:
        lines.from_line(line + bool(gap[0]), now - line)
        return True
    first, second = before.stretch(*gap), after.stretch(*other)
    if first.words != second.words:
        return False
    lines.pair(first, second)
    end, end_now = before.source.line(gap[1]), after.source.line(other[1])
    lines.from_line(end, end_now - end)
    return True


def _edit(
    before: _Side, one: Definition, after: _Side, other: Definition, lines: _Lines
) -> Edit | None:
    """What happened to a function; None where it is the same at the same lines."""
    old, new = before.text[one.start : one.end], after.text[other.start : other.end]
    line, line_now = before.source.line(one.start), after.source.line(other.start)
    end, end_now = before.source.line(one.end - 1), after.source.line(other.end - 1)
    places = line, end, line_now, end_now
    if old == new:
        lines.from_line(line, line_now - line)
        return None if line == line_now else Edit(one.name, old, new, *places, moved=True)
    first, second = before.stretch(one.start, one.end), after.stretch(other.start, other.end)
    if first.words == second.words:
        trial = lines.copy()
        if not trial.pair(first, second):
            stays = trial.shifts == lines.shifts and line == line_now
            lines.shifts = trial.shifts
            return None if stays else Edit(one.name, old, new, *places, moved=True)
    elif len(first.words) == len(second.words):
        trial = lines.copy()
        if not trial.pair(first, second):
            lines.shifts = trial.shifts
            lines.from_line(end + 1, end_now - end)
            return Edit(one.name, old, new, *places, mapped=True)
    lines.from_line(line, line_now - line)
    lines.from_line(end + 1, end_now - end)
    return Edit(one.name, old, new, *places)


def definitions_in(source: Source) -> list[Definition]:
    """The functions of a file, from the first word of the head to the closing brace."""
    code = source.code
    stops = [match.end() for match in re.finditer(r"[;{}]", code)]
    found = []
    for function in functions(source):
        at = bisect_right(stops, function.start) - 1
        start = stops[at] if at >= 0 else 0
        head = code[start : function.start]
        start += len(head) - len(head.lstrip())
        found.append(Definition(function.name, start, function.end))
    return found


def is_plain(text: str) -> bool:
    """Whether nothing in a function may be something else than it seems."""
    return _UNUSUAL.search(text) is None


def _same_conditions(before: _Side, after: _Side, index: int) -> bool:
    conditions = _conditions(before.source, before.functions[index])
    return conditions is not None and conditions == _conditions(
        after.source, after.functions[index]
    )


def _conditions(source: Source, one: Definition) -> tuple[tuple[str, str], ...] | None:
    """The conditional lines in a function; None if there is anything but these and plain C."""
    inside = [d for d in source.directives if one.start <= d.start < one.end]
    if any(d.word not in _CONDITIONAL for d in inside) or "#" in source.code[one.start : one.end]:
        return None
    return tuple((d.word, " ".join(d.rest.split())) for d in inside)
