# SPDX-License-Identifier: GPL-2.0-only
"""The statements of a function body, by their brackets: no types, no preprocessor.

A macro that heads a block (`for_each_...(...) {`) is a loop. Whatever is not understood is an
expression; nothing is lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ..brackets import closing

_WORD: Final = re.compile(r"\s*+([A-Za-z_]\w*)?")
_LABEL: Final = re.compile(r"\s*+(?:case\b[^;{}?]*?:(?!:)|default\s*:|[A-Za-z_]\w*\s*:(?!:))")
_SPACE: Final = re.compile(r"[\s;]*+")
_END: Final = re.compile(r"[;(){}\[\]]")
MAX_DEPTH: Final = 200


@dataclass(frozen=True, slots=True)
class Expression:
    """A statement up to its semicolon; `start` is its position in the file."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Label:
    """A place that other statements jump to; `case` labels included."""

    start: int
    case: bool


@dataclass(frozen=True, slots=True)
class If:
    """`condition` is the span between the parentheses."""

    condition: tuple[int, int]
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """for, while, do, switch and macros that head a block."""

    head: tuple[int, int]
    body: tuple[Statement, ...]
    kind: str


Statement = Expression | Label | If | Loop


class TooDeep(Exception):
    """Blocks nest deeper than any kernel code does, or a function stores more often."""

    def __init__(self, why: str = "blocks nested too deep") -> None:
        super().__init__(why)


def statements(code: str, start: int, end: int) -> tuple[Statement, ...]:
    """The statements of code[start:end], the inside of a block. Raises TooDeep."""
    return _Reader(code, end).block(start, end, 0)


class _Reader:
    def __init__(self, code: str, end: int) -> None:
        self.code = code
        self.end = end

    def block(self, position: int, end: int, depth: int) -> tuple[Statement, ...]:
        if depth > MAX_DEPTH:
            raise TooDeep
        found: list[Statement] = []
        while True:
            position = _SPACE.match(self.code, position, end).end()  # type: ignore[union-attr]
            if position >= end:
                return tuple(found)
            items, position = self.one(position, end, depth)
            found.extend(items)

    def one(self, position: int, end: int, depth: int) -> tuple[tuple[Statement, ...], int]:
        """One statement (a bare block gives its own) and where the next one begins."""
        if depth > MAX_DEPTH:
            raise TooDeep
        code = self.code
        position = _SPACE_ONLY.match(code, position, end).end()  # type: ignore[union-attr]
        if position >= end:
            return (), end
        if code[position] == "{":
            close = self._close(position, end)
            return self.block(position + 1, close - 1, depth + 1), close
        if code[position] == "}":
            return (), position + 1
        label = _LABEL.match(code, position, end)
        if label is not None:
            word = label[0].split()[0] if label[0].split() else ""
            return (Label(position, word in ("case", "default", "default:")),), label.end()
        word = _WORD.match(code, position, end)[1] or ""  # type: ignore[index]
        after = _SPACE_ONLY.match(code, position + len(word), end).end()  # type: ignore[union-attr]
        if word == "do":
            body, position = self.one(after, end, depth + 1)
            head = code.find("(", position, end)
            if head < 0:
                return (Loop((after, after), body, "do"),), position
            close = self._close(head, end)
            return (Loop((head + 1, close - 1), body, "do"),), close
        if word and after < end and code[after] == "(":
            return self._headed(word, position, after, end, depth)
        return self._expression(position, end)

    def _headed(
        self, word: str, position: int, parenthesis: int, end: int, depth: int
    ) -> tuple[tuple[Statement, ...], int]:
        code = self.code
        close = self._close(parenthesis, end)
        head = (parenthesis + 1, close - 1)
        if word == "if":
            then, position = self.one(close, end, depth + 1)
            otherwise: tuple[Statement, ...] = ()
            following = _SPACE_ONLY.match(code, position, end).end()  # type: ignore[union-attr]
            if _ELSE.match(code, following, end):
                otherwise, position = self.one(following + 4, end, depth + 1)
            return (If(head, then, otherwise),), position
        if word in ("for", "while", "switch"):
            body, position = self.one(close, end, depth + 1)
            return (Loop(head, body, word),), position
        following = _SPACE_ONLY.match(code, close, end).end()  # type: ignore[union-attr]
        if following < end and code[following] == "{":
            body, position = self.one(following, end, depth + 1)
            return (Expression(position, position), Loop(head, body, word)), position
        return self._expression(position, end)

    def _expression(self, position: int, end: int) -> tuple[tuple[Statement, ...], int]:
        here = position
        while True:
            match = _END.search(self.code, here, end)
            if match is None:
                return (Expression(position, end),), end
            if match[0] == ";":
                return (Expression(position, match.start()),), match.end()
            if match[0] in "({[":
                here = self._close(match.start(), end)
            else:
                return (Expression(position, match.start()),), match.end()

    def _close(self, position: int, end: int) -> int:
        found = closing(self.code, position)
        return end if found < 0 or found > end else found


_SPACE_ONLY: Final = re.compile(r"\s*+")
_ELSE: Final = re.compile(r"else\b")
