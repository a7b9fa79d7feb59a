# SPDX-License-Identifier: GPL-2.0-only
"""Which files mention a word, and which words macros may paste together.

Of every text that the preprocessor is given for the units of one architecture, whatever their
conditions say. A macro that changes can change nothing but where its name stands, or where a macro
stands that names it; a name may also be made of pieces (`##`), which no text shows.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from analyzer.frontend.pasting import ANY, UNKNOWN, Pasting

_WORD: Final = re.compile(rb"[A-Za-z_$][\w$]*+")
_SPLICED: Final = re.compile(rb"[\w$]\\[ \t]*\r?\n[\w$]")
_SPLICE: Final = re.compile(rb"\\[ \t]*\r?\n")
_DEFINED: Final = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+([A-Za-z_$][\w$]*)", re.M)


@dataclass(frozen=True, slots=True)
class Mentions:
    """What was found in the run `stamp`.

    `paths` are files, one a line; a text of ours is a line without a name. `words`: one a line,
    sorted, each with the numbers of the lines of `paths`. `pasted`: what `##` puts together, one
    a line: pieces with `*` for a parameter; `pieces`: the words that parameters may be where there
    is nothing else (see `frontend.pasting`).
    """

    stamp: str
    paths: str
    words: str
    pasted: str
    pieces: str


def mentions_of(stamp: str, texts: Iterable[tuple[str, bytes]]) -> Mentions:
    """What stands in some texts, each with the path of its file."""
    paths: list[str] = []
    found: dict[bytes, list[int]] = {}
    defined: dict[bytes, list[int]] = {}
    kept: list[bytes] = []
    pasting: list[int] = []
    for number, (path, data) in enumerate(texts):
        paths.append(path.replace("\n", "?"))
        kept.append(data)
        words = set(_WORD.findall(data))
        if _SPLICED.search(data):
            words.update(_WORD.findall(_SPLICE.sub(b"", data)))
        for word in words:
            found.setdefault(word, []).append(number)
        for word in set(_DEFINED.findall(data)):
            defined.setdefault(word, []).append(number)
        if b"##" in data or b"%:%:" in data:
            pasting.append(number)
    pieces = Pasting(
        lambda word: found.get(word.encode("latin-1"), ()),
        lambda word: defined.get(word.encode("latin-1"), ()),
        kept.__getitem__,
    )
    for number in pasting:
        pieces.look(number)
    pieces.finish()
    lines = [
        f"{word.decode('latin-1')}\t{' '.join(map(str, found[word]))}" for word in sorted(found)
    ]
    return Mentions(
        stamp, "\n".join(paths), "\n".join(lines), "\n".join(sorted(pieces.patterns)),
        "\n".join(sorted(pieces.words)),
    )  # fmt: skip


class Mentioned:
    """Answers from what was found."""

    def __init__(self, mentions: Mentions) -> None:
        self._lines = mentions.words.split("\n")
        self._paths = mentions.paths.split("\n")
        self._pasted = mentions.pasted
        self._pieces = frozenset(mentions.pieces.split("\n"))
        self._made: dict[str, bool] = {}

    def files(self, word: str) -> tuple[str, ...]:
        """The files that mention a word; '' for a text of ours. Raises ValueError for what is no
        index of ours."""
        at = bisect_left(self._lines, f"{word}\t")
        if at == len(self._lines):
            return ()
        name, _, numbers = self._lines[at].partition("\t")
        if name != word:
            return ()
        found = [int(number) for number in numbers.split()]
        if not found or min(found) < 0 or max(found) >= len(self._paths):
            raise ValueError("no index")
        return tuple(self._paths[number] for number in found)

    @cached_property
    def _patterns(self) -> list[list[str]]:
        return [line.split(" ") for line in self._pasted.split("\n") if line]

    def may_be_pasted(self, name: str) -> bool:
        """Whether macros may make a name of pieces that stand in any of the texts."""
        return (
            UNKNOWN in self._pieces
            or self._is_made_of_words(name)
            or any(self._fits(pieces, name, name) for pieces in self._patterns)
        )

    def _is_made_of_words(self, name: str) -> bool:
        """Whether a name can be put together of two or more words that are given to macros."""
        ends = {0}
        for end in range(1, len(name) + 1):
            if any(
                start in ends
                and (start, end) != (0, len(name))
                and (name[start:end] in self._pieces or (start and name[start].isdigit()))
                for start in range(end)
            ):
                ends.add(end)
        return len(name) in ends

    def _fits(self, pieces: list[str], text: str, whole: str) -> bool:
        """Whether a text can be put together of pieces, none of which is the whole."""
        if not pieces:
            return not text
        first, rest = pieces[0], pieces[1:]
        if first != ANY:
            return text.startswith(first) and self._fits(rest, text[len(first) :], whole)
        if rest and rest[-1] != ANY and not text.endswith(rest[-1]):
            return False
        return any(
            self._fits(rest, text[end:], whole) and self._is_made(text[:end])
            for end in range(len(text) + 1)
            if text[:end] != whole
        )

    def _is_made(self, piece: str) -> bool:
        """Whether a piece stands somewhere, is a number, or is itself made of pieces."""
        if not piece or piece[0].isdigit():
            return True
        known = self._made.get(piece)
        if known is None:
            known = self._made[piece] = bool(self.files(piece)) or self.may_be_pasted(piece)
        return known


__all__ = ["Mentioned", "Mentions", "mentions_of"]
