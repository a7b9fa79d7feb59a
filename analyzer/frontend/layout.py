# SPDX-License-Identifier: GPL-2.0-only
"""C text without comments and layout, word by word with the lines that they stand on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_NOISE: Final = re.compile(
    r"(/\*.*?(?:\*/|\Z)|//[^\n]*)"
    r"|\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"?|'[^'\\\n]*(?:\\.[^'\\\n]*)*'?",
    re.S,
)
_NOT_NEWLINE: Final = re.compile(r"[^\n]")
_DIRECTIVE: Final = re.compile(r"[ \t]*#")
_ODD: Final = re.compile(r"[\r\f\v\0]|\?\?/[ \t]*\n")
_OTHER_SPELLING: Final = re.compile(r"\?\?[=/'()!<>-]|%:")
_BEHIND: Final = re.compile(r"\*/[ \t]*[^\s]")
BEGIN: Final = "\1"  # of a line of the preprocessor
END: Final = "\2"
Line = tuple[int, list[str]]


def is_odd(text: str) -> bool:
    """Whether comments or lines of a text may be others than they seem."""
    if _ODD.search(text) or _OTHER_SPELLING.search(without_comments(text)):
        return True
    return any(
        found[1].endswith("\\")
        or (
            "\n" in found[1]
            and _DIRECTIVE.match(text, text.rfind("\n", 0, found.start()) + 1)
            and _BEHIND.match(text, found.end() - 2)
        )
        for found in _NOISE.finditer(text)
        if found[1] is not None
    )


def without_comments(text: str) -> str:
    """A text with blanks for comments, of the same length and lines."""
    return _NOISE.sub(lambda m: m[0] if m[1] is None else _NOT_NEWLINE.sub(" ", m[0]), text)


def lines_of(text: str, first: int) -> Iterator[Line]:
    """The words on each line of a text without comments, of which the first is given; lines of
    the preprocessor stand between BEGIN and END. Lines without words are left out."""
    inside = False
    for number, line in enumerate(text.split("\n"), first):
        words = line.split()
        if inside or _DIRECTIVE.match(line):
            if not inside:
                words.insert(0, BEGIN)
            inside = line.endswith("\\")
            if inside and words[-1] == "\\":
                words.pop()
            if not inside:
                words.append(END)
        if words:
            yield number, words


__all__ = ["BEGIN", "END", "Line", "is_odd", "lines_of", "without_comments"]
