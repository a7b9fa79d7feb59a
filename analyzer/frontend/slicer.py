# SPDX-License-Identifier: GPL-2.0-only
"""A preprocessed unit cut into its top-level declarations, with exact places.

Nothing is parsed here: a few linear regular expressions find where each declaration begins and
ends. A declaration has to end before its file returns to the one that includes it; one that does
not (a header that was cut off in the middle of a function) is listed as broken, and the cutting
goes on at the next place where a declaration can begin.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from analyzer.frontend.declarators import declared_names
from analyzer.frontend.patterns import (
    BETWEEN,
    BODY,
    BRACKET,
    HEAD,
    MARKER,
    NAME_WITH_PARAMETERS,
    PARENTHESES,
)
from analyzer.frontend.tokens import tree_path
from analyzer.frontend.words import NOT_NAMES
from analyzer.model import Location

_RESUME: Final = re.compile(r"\n(?=(?:static|extern|typedef|struct|union|enum)\b|# )")
_PARAMETERS: Final = 16  # declarations of parameters that an old-style definition may have
_PARAMETERS_END: Final = re.compile(PARENTHESES + r"\s*+(?!__|asm\b)[A-Za-z_]")


class Span(NamedTuple):
    """A declaration: text[start:end], the place of its body if it is a function definition."""

    start: int
    end: int
    name: str = ""  # of a function definition
    braced: bool = False  # not a function, but there are braces in it


@dataclass(frozen=True, slots=True)
class Broken:
    """A stretch of text that is no declaration."""

    start: int
    reason: str


class Positions:
    """Position in the text to place in the tree, through the line markers."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0]
        self._files = ["<start>"]
        self._lines = [1]
        self.returns: list[tuple[int, int]] = []  # (position, depth) where the file changes
        depth = 0
        names: dict[str, str] = {}
        for marker in MARKER.finditer(text):
            line, name, flags = marker.groups()
            path = names.get(name)
            if path is None:
                path = names[name] = tree_path(name)
            self._starts.append(marker.end() + 1)
            self._files.append(path)
            self._lines.append(int(line))
            if " 1" in flags or " 2" in flags:
                depth += 1 if " 1" in flags else -1
                self.returns.append((marker.start() + 1, depth))
        self.paths = frozenset(names.values())

    def location(self, position: int) -> Location:
        """Return the place in the tree of a position in the text."""
        at = bisect_right(self._starts, position) - 1
        begin = self._starts[at]
        return Location(self._files[at], self._lines[at] + self._text.count("\n", begin, position))

    def path(self, position: int) -> str:
        """Return the file of a position (cheaper than its location)."""
        return self._files[bisect_right(self._starts, position) - 1]

    def pieces(self, path: str, first: int, last: int) -> Iterator[tuple[int, str]]:
        """Yield what stands on some lines of a file, with its positions; markers included."""
        for index, name in enumerate(self._files):
            if name != path or self._lines[index] > last:
                continue
            start = self._line_start(index, first)
            if start is not None:
                after = self._line_start(index, last + 1)
                end = self._end(index) if after is None else after
                yield start, self._text[start:end]

    def reached(self, path: str, line: int) -> int | None:
        """Where a file first comes to a line; None where it does not come so far.

        What a line of a file includes stands behind the position of that line.
        """
        before: int | None = None
        for index, name in enumerate(self._files):
            if name != path:
                continue
            if self._lines[index] > line:  # the line itself left nothing
                return self._starts[index] if before is None else before
            position = self._line_start(index, line)
            if position is not None:
                return position
            before = self._end(index)
        return None

    def _end(self, index: int) -> int:
        last = index + 1 == len(self._starts)
        return len(self._text) if last else self._starts[index + 1]

    def _line_start(self, index: int, line: int) -> int | None:
        """Where a line begins in the text behind a marker; None where it does not reach it."""
        position, end = self._starts[index], self._end(index)
        for _ in range(line - self._lines[index]):
            position = self._text.find("\n", position, end) + 1
            if not position:
                return None
        return position if position < end else None

    def shifted(
        self, text: str, more: int, lines: Mapping[str, tuple[Callable[[int], int], list[int]]]
    ) -> Positions:
        """The places in a text of the same length, of which what follows `more` is new.

        Lines of some files have moved: each has what a line became, and behind which it changes.
        """
        other = Positions(text[more:])
        found = list(zip(self._starts, self._files, self._lines, strict=True))
        for index, (path, line) in enumerate(zip(self._files, self._lines, strict=True)):
            if path not in lines:
                continue
            now, ends = lines[path]
            found[index] = self._starts[index], path, now(line)
            for end in ends:
                start = self._line_start(index, end + 1) if line <= end else None
                if start is not None:
                    found.append((start, path, now(end + 1)))
        found.sort(key=lambda one: one[0])
        for start, path, line in list(zip(other._starts, other._files, other._lines, strict=True))[
            1:
        ]:
            found.append((more + start, path, line))
        other._text = text
        other._starts = [one[0] for one in found]
        other._files = [one[1] for one in found]
        other._lines = [one[2] for one in found]
        other.returns = []
        other.paths |= self.paths
        return other


def _extents(changes: list[tuple[int, int]], end: int) -> list[int]:
    """For each change of file: where the file that is then current ends."""
    limits = [end] * len(changes)
    open_: list[int] = []
    for index, (position, depth) in enumerate(changes):
        while open_ and changes[open_[-1]][1] > depth:
            limits[open_.pop()] = position
        open_.append(index)
    return limits


class Slicer:
    """Cuts `text` (which must begin with a newline) once, at construction."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.positions = Positions(text)
        self.functions: list[Span] = []
        self.declarations: list[Span] = []
        self.broken: list[Broken] = []
        self._patience = 20 * len(text)  # characters read in vain before resuming in a file ends
        self._run()

    def _run(self) -> None:
        text, end = self.text, len(self.text)
        changes = self.positions.returns
        limits = _extents(changes, end)
        count = len(changes)
        segment = -1
        limit = end
        position = 0
        between, head, body = BETWEEN.match, HEAD.match, BODY.match
        parameters = NAME_WITH_PARAMETERS.match
        add_function, add_declaration = self.functions.append, self.declarations.append
        while True:
            start = between(text, position).end()  # type: ignore[union-attr]
            if start >= end:
                return
            if segment + 1 < count and changes[segment + 1][0] <= start:
                segment += 1
                while segment + 1 < count and changes[segment + 1][0] <= start:
                    segment += 1
                limit = limits[segment]
            here = start
            braced = False
            while True:
                found = head(text, here, limit)
                if found is None:
                    position = self._slow(start, limit)
                    break
                here = found.end()
                last = text[here - 1]
                if last == ";":
                    add_declaration(Span(start, here, "", braced))
                    position = here
                    break
                if last == "}":
                    self.broken.append(Broken(start, "a closing brace too many"))
                    position = here
                    break
                brace = here - 1
                block = body(text, brace, limit)
                if block is None:
                    position = self._slow(start, limit)
                    break
                here = block.end()
                if not braced:
                    name = self._function(start, brace, parameters(text, start, brace))
                    if not name and brace == start:
                        start, name = self._old_style(start)
                    if name:
                        add_function(Span(start, here, name))
                        position = here
                        break
                braced = True

    def _function(self, start: int, brace: int, found: re.Match[str] | None) -> str:
        """Return the name of the function whose body opens at `brace`, '' if it is none."""
        text = self.text
        if text.startswith("typedef", start):
            return ""
        if found is not None and found[1] not in NOT_NAMES:
            head = text[found.end() : brace]
            plain = "=" not in head or "=" not in _without_groups(head)
            return found[1] if plain else ""
        head = text[start:brace]
        if "(" not in head or "=" in _without_groups(head):
            return ""
        return _declarator_name(head)

    def _old_style(self, brace: int) -> tuple[int, str]:
        """Find the head of `int f(a) int a; {`, cut off as a declaration before.

        Returns where it starts and its name; ('' if the block has no head at all).
        """
        for back, span in enumerate(reversed(self.declarations[-_PARAMETERS:]), start=1):
            found = NAME_WITH_PARAMETERS.match(self.text, span.start, span.end)
            if found and found[1] not in NOT_NAMES:
                after = _PARAMETERS_END.match(self.text, found.end(), span.end)
                if after and self._between_is_blank(back, brace):
                    del self.declarations[-back:]
                    return span.start, found[1]
                break
        return brace, ""

    def _between_is_blank(self, count: int, brace: int) -> bool:
        spans = self.declarations[-count:]
        ends = [*(s.start for s in spans[1:]), brace]
        return not any(
            self.text[span.end : end].strip() for span, end in zip(spans, ends, strict=True)
        )

    def _slow(self, start: int, limit: int) -> int:
        """Cut one declaration that nests too deeply for the patterns, or is broken.

        Returns where to go on.
        """
        text = self.text
        depth = parentheses = 0
        brace = -1
        name = ""
        for found in BRACKET.finditer(text, start, limit):
            bracket = found[0]
            if bracket == "(":
                parentheses += 1
            elif bracket == ")":
                parentheses -= 1
                if parentheses < 0:
                    break
            elif parentheses:
                continue
            elif bracket == "{":
                if depth == 0 and brace < 0:
                    brace = found.start()
                    parameters = NAME_WITH_PARAMETERS.match(text, start, brace)
                    name = self._function(start, brace, parameters)
                depth += 1
            elif bracket == "}":
                depth -= 1
                if depth < 0:
                    break
                if depth == 0 and name:
                    self.functions.append(Span(start, found.end(), name))
                    return found.end()
            elif bracket == ";" and depth == 0:
                self.declarations.append(Span(start, found.end(), "", brace >= 0))
                return found.end()
        self.broken.append(Broken(start, "does not end in its file"))
        self._patience -= limit - start
        resume = _RESUME.search(text, start + 1, limit) if self._patience > 0 else None
        return resume.end() if resume else limit


def _without_groups(text: str) -> str:
    """Remove everything in parentheses."""
    out = []
    depth = 0
    for piece in re.split(r"([()])", text):
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth -= 1
        elif depth <= 0:
            out.append(piece)
    return " ".join(out)


def _declarator_name(head: str) -> str:
    """The name in `void (*f(int a))(int)` and the like, '' if it is no function."""
    names = declared_names(head + ";")
    return names[0][0] if len(names) == 1 and names[0][1] else ""
