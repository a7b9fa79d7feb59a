# SPDX-License-Identifier: GPL-2.0-only
"""C source as it stands, without a preprocessor: comments, strings and directives taken out.

What is left has the length and the lines of the file, so that every position is a place. Of the
arms of an #if, those that close what they open are all kept; of one whose braces do not balance
only the first.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .code import Function

_NOISE: Final = re.compile(
    r"/\*.*?(?:\*/|\Z)|//[^\n]*|\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?", re.S
)
_DIRECTIVE: Final = re.compile(r"^[ \t]*#[ \t]*(\w+)((?:\\\r?\n|[^\n])*)", re.M)
_NOT_NEWLINE: Final = re.compile(r"[^\n]")
_BRANCH: Final = frozenset({"if", "ifdef", "ifndef", "elif", "else", "endif"})
MAX_CONDITIONS: Final = 64


@dataclass(frozen=True, slots=True)
class Directive:
    """One preprocessor line: `word` is `if`, `define`, ...; positions in the text."""

    word: str
    rest: str
    start: int
    end: int


def blank(text: str) -> str:
    """Spaces for everything but the ends of lines."""
    return _NOT_NEWLINE.sub(" ", text)


def _noise(match: re.Match[str]) -> str:
    found = match[0]
    if found[0] == '"':
        return '"' + blank(found[1:-1]) + '"' if len(found) > 1 else " "
    return blank(found)


class Source:
    """One file: `code` is its text with comments, strings and directives blanked."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.functions: tuple[Function, ...] | None = None  # see `code.functions`
        self.text = _NOISE.sub(_noise, data.decode("latin-1"))
        self.directives = tuple(
            Directive(m[1], m[2].strip(), m.start(), m.end())
            for m in _DIRECTIVE.finditer(self.text)
        )

    @cached_property
    def code(self) -> str:
        """Text without directives and without the arms of an #if that cannot be kept."""
        gone = [(d.start, d.end) for d in self.directives]
        open_: list[tuple[int, int, bool]] = []  # (start of the arm, number of the arm, is `if 0`)
        for directive in self.directives:
            if directive.word not in _BRANCH:
                continue
            if directive.word in ("elif", "else", "endif"):
                if not open_:
                    continue
                start, number, never = open_.pop()
                arm = self.text[start : directive.start]
                if never or (number and arm.count("{") != arm.count("}")):
                    gone.append((start, directive.start))
                if directive.word != "endif":
                    open_.append((directive.end, number + 1, False))
            else:
                never = directive.word == "if" and directive.rest.split("/")[0].strip() == "0"
                open_.append((directive.end, 0, never))
        pieces = []
        position = 0
        for start, end in sorted(gone):
            if end <= position:
                continue
            start = max(start, position)
            pieces += [self.text[position:start], blank(self.text[start:end])]
            position = end
        pieces.append(self.text[position:])
        return "".join(pieces)

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(m.end() for m in re.finditer("\n", self.text))]

    def line(self, position: int) -> int:
        """The line of a position, counted from 1."""
        return bisect_right(self._lines, position)

    def conditions(self, position: int) -> tuple[str, ...]:
        """The #if conditions around a position, outermost first, as C expressions."""
        open_: list[list[str]] = []
        for directive in self.directives:
            if directive.start > position:
                break
            word, rest = directive.word, " ".join(directive.rest.replace("\\", " ").split())
            if word == "endif":
                if open_:
                    open_.pop()
            elif word in ("elif", "else"):
                if open_:
                    before = open_[-1].pop()
                    open_[-1].append(f"!({before})")
                    open_[-1].append(rest if word == "elif" else "1")
            elif word == "if":
                open_.append([rest])
            elif word in ("ifdef", "ifndef"):
                open_.append([f"{'!' if word == 'ifndef' else ''}defined({rest})"])
        found = [condition for arm in open_ for condition in arm if condition != "1"]
        return tuple(found[:MAX_CONDITIONS])
