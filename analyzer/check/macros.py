# SPDX-License-Identifier: GPL-2.0-only
"""Macros that a header defines otherwise than before, taken out of its text.

What is left is an edit of what stands between them. Whether a new macro is compiled in a
configuration is that of the macro or function beside it: no other line of the preprocessor may
stand between the two.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final

from ..callsites.code import macros
from ..callsites.kept import SiteFacts, changes_flags, said_of
from ..callsites.setters import may_set
from ..callsites.text import Source
from ..frontend.edits import Beside, Edit, Macro, MacroEdit
from ..frontend.includes import scan
from ..frontend.layout import is_odd, without_comments
from ..helpers.interface import names_a_function
from .edited import Definition, definitions_in, is_plain

MAX_MACROS: Final = 24  # that differ in one header
_DEFINE: Final = re.compile(r"[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)([ \t(].*|)\Z", re.S)
_SPLICE: Final = re.compile(r"\\\r?\n")
_NOT_NEWLINE: Final = re.compile(rb"[^\n]")
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_OURS: Final = re.compile(r"page_table_check|__ptc_|user_accessible_page")
_NO_MACRO: Final = re.compile(
    r"__(?:LINE|FILE|COUNTER|BASE_FILE|INCLUDE_LEVEL|TIMESTAMP|DATE|TIME|VA_OPT)__|__has_|_Pragma"
    r"|\b(?:defined|asm_offsets)\b|\bCONFIG_|##|#\s*\w"
)
_NAMES_OF_OTHERS: Final = re.compile(
    r"CONFIG_|__ptc|__has_|defined\Z|__VA_|_Pragma\Z|__[A-Z0-9_]+__\Z"
)


class _Place:
    """A definition of a macro in a file, with where it stands."""

    def __init__(self, macro: Macro, start: int, end: int) -> None:
        self.macro = macro
        self.start = start
        self.end = end


class _Side:
    """One of two contents of a header: its macros, and which directives are between."""

    def __init__(self, source: Source, data: bytes) -> None:
        self.source = source
        self.raw = data.decode("latin-1")
        plain = without_comments(self.raw)
        self.places: list[_Place] = []
        self.clear = True
        for one in source.directives:
            if one.word != "define":
                continue
            found = _DEFINE.match(_SPLICE.sub("", plain[one.start : one.end]))
            if found is None:
                self.clear = False
                continue
            behind = " ".join(found[2].split())
            behind = behind if behind.startswith("(") and found[2][0] == "(" else f" {behind}"
            macro = Macro(found[1], behind, source.line(one.start))
            self.places.append(_Place(macro, one.start, one.end))
        self._others = [d.start for d in source.directives if d.word != "define"]
        self.keys = [one.macro.key for one in self.places]

    def stretch(self, position: int) -> int:
        """How many directives that define nothing stand before a position."""
        return bisect_left(self._others, position)

    def without(self, gone: Iterable[_Place], data: bytes) -> bytes:
        """The text without some of its macros, as long as it was."""
        left = bytearray(data)
        for one in gone:
            left[one.start : one.end] = _NOT_NEWLINE.sub(b" ", data[one.start : one.end])
        return bytes(left)


def without_macros(
    before: Source, old: bytes, after: Source, new: bytes
) -> tuple[bytes, bytes, MacroEdit] | None:
    """Both contents of a header without the macros that differ, and these; None where there are
    none, or too many, or that cannot be told."""
    if b"define" not in old and b"define" not in new:
        return None
    was, now = _Side(before, old), _Side(after, new)
    first, last = _alike(was.keys, now.keys)
    olds, news = (
        was.places[first : len(was.places) - last],
        now.places[first : len(now.places) - last],
    )
    old_keys, new_keys = {one.macro.key for one in olds}, {one.macro.key for one in news}
    gone = [one for one in olds if one.macro.key not in new_keys]
    fresh = [one for one in news if one.macro.key not in old_keys]
    kept = [one.macro.key for one in olds if one.macro.key in new_keys]
    if not gone and not fresh:
        return None
    if (
        len(gone) + len(fresh) > MAX_MACROS
        or kept != [one.macro.key for one in news if one.macro.key in old_keys]
        or not (was.clear and now.clear)
        or is_odd(was.raw)
        or is_odd(now.raw)
        or not all(_is_plain(one.macro) for one in (*gone, *fresh))
        or scan(old).symbols != scan(new).symbols
    ):
        return None
    counts = Counter(was.keys)
    if any(counts[one.macro.key] > 1 for one in gone):
        return None
    found = []
    functions = _paired(before, after)
    for one in fresh:
        beside = _beside(one, was, now, gone, fresh, functions)
        if not beside:
            return None
        found.append((one.macro, beside))
    edit = MacroEdit(before.path, tuple(one.macro for one in gone), tuple(found))
    return was.without(gone, old), now.without(fresh, new), edit


def definitions_of(source: Source, raw: str) -> list[str]:
    """The definitions of macros in a file, by `Macro.key`."""
    return _Side(source, raw.encode("latin-1")).keys


def _alike(first: list[str], second: list[str]) -> tuple[int, int]:
    """How many are the same at the beginning, and at the end."""
    most = min(len(first), len(second))
    start = 0
    while start < most and first[start] == second[start]:
        start += 1
    end = 0
    while end < most - start and first[-1 - end] == second[-1 - end]:
        end += 1
    return start, end


def _is_plain(macro: Macro) -> bool:
    """Whether a macro is made of words, numbers and operators, and is not one that has a meaning
    to a preprocessor or to us."""
    text = f"#define {macro.name}{macro.behind}"
    return not (
        _NAMES_OF_OTHERS.match(macro.name)
        or _NO_MACRO.search(macro.behind)
        or _OURS.search(text)
        or not is_plain(text)
        or names_a_function(text)
    )


Pair = tuple[Definition, Definition]


def _paired(before: Source, after: Source) -> list[Pair]:
    """The functions that stand once in both contents, without a directive inside."""
    olds, news = definitions_in(before), definitions_in(after)
    had, has = Counter(one.name for one in olds), Counter(one.name for one in news)
    singles = {one.name: one for one in olds if had[one.name] == has[one.name] == 1}
    return [
        (singles[one.name], one)
        for one in news
        if one.name in singles
        and not _has_directive(after, one)
        and not _has_directive(before, singles[one.name])
    ]


def _has_directive(source: Source, one: Definition) -> bool:
    return any(one.start <= d.start < one.end for d in source.directives)


def _beside(
    one: _Place,
    was: _Side,
    now: _Side,
    gone: list[_Place],
    fresh: list[_Place],
    functions: list[Pair],
) -> tuple[Beside, ...]:
    """What a new macro can be found by: the one that it takes the place of, or its neighbours up
    to a function."""
    stretch = now.stretch(one.start)
    news = {id(place) for place in fresh}
    old_place = {place.macro.key: place for place in was.places}
    counts = Counter(was.keys)
    near: list[tuple[int, Beside, int]] = []  # where it is now, and where it was
    for place in now.places:
        known = old_place.get(place.macro.key)
        if id(place) in news or known is None or counts[place.macro.key] > 1:
            continue
        if now.stretch(place.start) == stretch:
            beside = Beside(known.macro, None, place.start < one.start)
            near.append((place.start, beside, known.start))
    for old, new in functions:
        if now.stretch(new.start) == stretch:
            edit = Edit(
                old.name, was.raw[old.start : old.end], now.raw[new.start : new.end],
                was.source.line(old.start), was.source.line(old.end - 1),
                now.source.line(new.start), now.source.line(new.end - 1),
            )  # fmt: skip
            near.append((new.start, Beside(None, edit, new.start < one.start), old.start))
    near.sort(key=lambda item: item[0])
    for other in gone:
        if other.macro.name == one.macro.name and was.stretch(other.start) == stretch:
            rank = sum(at < one.start for at, _, _ in near)
            if sum(at < other.start for _, _, at in near) == rank:
                return (Beside(other.macro, None),)
    before = [beside for at, beside, _ in reversed(near) if at < one.start]
    after = [beside for at, beside, _ in near if at > one.start]
    return (*_to_a_function(before), *_to_a_function(after))


def _to_a_function(found: list[Beside]) -> list[Beside]:
    at = next((at for at, one in enumerate(found) if one.edit is not None), len(found))
    return found[: at + 1]


def is_no_site(facts: SiteFacts, path: str, edit: MacroEdit, sides: Iterable[Source]) -> bool:
    """Whether nothing that is said of call sites depends on macros that differ: nobody has looked
    for their names, and none is a setter, or stands for one."""
    known = said_of(facts).union(facts.reaching)
    names = edit.names
    if path in facts.paths or not known.isdisjoint(names) or changes_flags(facts, names):
        return False
    for source in sides:
        for one in macros(source):
            if one.name not in names:
                continue
            if one.head != "alias":
                if may_set(one):
                    return False
            elif not known.isdisjoint(_WORD.findall(source.text[one.start : one.end])):
                return False
    return True


def makes_no_function(edit: MacroEdit, makers: Collection[str]) -> bool:
    """Whether macros that make functions of the generic interface have nothing to do with those
    that differ."""
    words = {word for one in _all(edit) for word in _WORD.findall(one.behind)}
    return (edit.names | words).isdisjoint(makers)


def _all(edit: MacroEdit) -> list[Macro]:
    return [*edit.gone, *(one for one, _ in edit.new)]


__all__ = ["MAX_MACROS", "definitions_of", "is_no_site", "makes_no_function", "without_macros"]
