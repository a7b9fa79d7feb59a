# SPDX-License-Identifier: GPL-2.0-only
"""Declarations that only one of two contents of a header has and nobody names, taken out of both.

A prototype, or a struct, union or enum, of which no name stands anywhere else in what was read is
nothing to anybody, whether it is compiled or not: a unit without it is as good. It has to be one
declaration to the preprocessor, too, which its words tell: see `frontend.harmless`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from ..callsites.kept import SiteFacts, said_of
from ..callsites.text import Source
from ..frontend.layout import is_odd
from ..frontend.words import NOT_NAMES
from ..helpers.interface import names_a_function
from .edited import definitions_in

MAX_DECLARED: Final = 16  # that differ in one header
_MARK: Final = "\1"  # a line of the preprocessor, or a function
_STOP: Final = re.compile(r"[;{}\1]")
_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*")
_NOT_NEWLINE: Final = re.compile(rb"[^\n]")
_PROTOTYPE: Final = re.compile(
    r"(?:[A-Za-z_]\w*(?:\s*\*)*\s+|[A-Za-z_]\w*(?:\s*\*)+)+([A-Za-z_]\w*)\s*\(([\w\s*,\[\]]+)\)\s*;"
)
_FORWARD: Final = re.compile(r"(?:struct|union)\s+[A-Za-z_]\w*\s*;")
_RECORD: Final = re.compile(r"(?:struct|union)\s+([A-Za-z_]\w*)\s*\{[\w\s*,;:\[\]]*\}\s*;")
_ENUM: Final = re.compile(r"enum\s+([A-Za-z_]\w*)\s*\{([\w\s,=+-]*)\}\s*;")
_BEFORE: Final = frozenset({"typedef", "static", "inline", "return", "else", "goto", "case"})
_OURS: Final = re.compile(r"page_table_check|__ptc_|user_accessible_page|CONFIG_|__has_|defined\b")


@dataclass(frozen=True, slots=True)
class Declared:
    """The names that declarations of one header declare, and all words of them: `fresh` are new,
    `gone` are declared no more."""

    path: str
    fresh: frozenset[str]
    gone: frozenset[str]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    start: int
    end: int


def without_declared(
    before: Source, old: bytes, after: Source, new: bytes, whole: tuple[Source, Source]
) -> tuple[bytes, bytes, Declared] | None:
    """Both contents without the declarations that differ, and these; None where there are none,
    or they are not of that kind. `whole` are both with what was taken out of them before."""
    was, now = _pieces(before), _pieces(after)
    had, has = Counter(one.text for one in was), Counter(one.text for one in now)
    less, more = had - has, has - had
    if not (less or more) or less.total() + more.total() > MAX_DECLARED:
        return None
    if is_odd(old.decode("latin-1")) or is_odd(new.decode("latin-1")):
        return None
    if any(had[text] > 1 for text in less) or any(has[text] > 1 for text in more):
        return None  # which of them it is cannot be told
    names: list[frozenset[str]] = []
    for source, texts in zip(whole, (less, more), strict=True):
        found: set[str] = set()
        for text in texts:
            declared = _names(text)
            if declared is None:
                return None
            found |= declared
        counts = Counter(_WORD.findall(source.text))
        inside = Counter(word for text in texts for word in _WORD.findall(text))
        if any(counts[name] != inside[name] for name in found):
            return None  # something names it
        names.append(frozenset(found))
    words = {word for texts in (less, more) for text in texts for word in _WORD.findall(text)}
    return (
        _without((one for one in was if one.text in less), old),
        _without((one for one in now if one.text in more), new),
        Declared(before.path, names[1], names[0], frozenset(words)),
    )


def is_nobodys(facts: SiteFacts, one: Declared, makers: Collection[str]) -> bool:
    """Whether nothing that is said of call sites or helpers depends on such declarations."""
    known = said_of(facts).union(facts.reaching)
    names = one.fresh | one.gone
    return one.path not in facts.paths and known.isdisjoint(names) and one.words.isdisjoint(makers)


def _pieces(source: Source) -> list[_Piece]:
    """The declarations outside of functions that stand between semicolons."""
    code = list(source.code)
    for directive in source.directives:
        code[directive.start] = _MARK
    for one in definitions_in(source):
        code[one.start : one.end] = _MARK * (one.end - one.start)
    plain = "".join(code)
    found: list[_Piece] = []
    depth = start = 0
    for stop in _STOP.finditer(plain):
        if stop[0] in "{}":
            depth += 1 if stop[0] == "{" else -1
            if depth < 0:
                return []
            continue
        if stop[0] == _MARK:
            start = stop.end()
        if stop[0] == ";" and depth == 0:
            written = plain[start : stop.end()]
            at = start + len(written) - len(written.lstrip())
            if plain[at : stop.end()] == source.text[at : stop.end()]:
                text = " ".join(written.split())
                found.append(_Piece(text, at, stop.end()))
            start = stop.end()
    return found if depth == 0 else []


def _names(text: str) -> frozenset[str] | None:
    """The names that a declaration declares; None for one that is not of these kinds."""
    if _OURS.search(text) or names_a_function(text):
        return None
    if _FORWARD.fullmatch(text):
        return frozenset()
    found = _RECORD.fullmatch(text)
    if found is not None:
        return frozenset({found[1]})
    found = _ENUM.fullmatch(text)
    if found is not None:
        constants = (one.partition("=")[0].strip() for one in found[2].split(","))
        return frozenset({found[1], *filter(None, constants)})
    found = _PROTOTYPE.fullmatch(text)
    words = set(_WORD.findall(text))
    if found is None or not words.isdisjoint(_BEFORE) or found[1] in NOT_NAMES:
        return None
    return frozenset({found[1]})


def _without(some: Iterable[_Piece], data: bytes) -> bytes:
    left = bytearray(data)
    for one in some:
        left[one.start : one.end] = _NOT_NEWLINE.sub(b" ", data[one.start : one.end])
    return bytes(left)


__all__ = ["MAX_DECLARED", "Declared", "is_nobodys", "without_declared"]
