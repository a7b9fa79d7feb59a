# SPDX-License-Identifier: GPL-2.0-only
"""Functions that only one of two contents of a header has, taken out of its text.

What is left is an edit of what was there. Whether a new function is compiled in a configuration,
and with which macros, is that of the function beside it: nothing of the preprocessor may stand
between the two.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from ..callsites.text import Source
from ..frontend.edits import Added, Edit
from ..frontend.layout import is_odd
from ..helpers.interface import declares_a_helper
from .edited import Definition, definitions_in, is_plain

_OURS: Final = ("page_table_check", "__ptc_", "user_accessible_page")
_NOT_NEWLINE: Final = re.compile(rb"[^\n]")
MAX_ADDED: Final = 8


def without_added(
    before: Source, old: bytes, after: Source, new: bytes
) -> tuple[bytes, tuple[Added, ...]]:
    """The new contents without new functions, and these; the contents as they are where nothing
    is taken out: they differ by more than edits of functions then."""
    old_ones, new_ones = definitions_in(before), definitions_in(after)
    had = Counter(one.name for one in old_ones)
    has = Counter(one.name for one in new_ones)
    fresh = [one for one in new_ones if not had[one.name]]
    if not fresh or len(fresh) > MAX_ADDED or is_odd(new.decode("latin-1")):
        return new, ()
    singles = {one.name: one for one in old_ones if had[one.name] == has[one.name] == 1}
    found = []
    for one in fresh:
        written = new[one.start : one.end].decode("latin-1")
        beside = _beside(one, new_ones, after, before, singles)
        if beside is None or has[one.name] != 1 or not _is_clear(one, after, written):
            return new, ()
        edit = Edit(
            one.name, old[beside.start : beside.end].decode("latin-1"), written,
            before.line(beside.start), before.line(beside.end - 1),
            after.line(one.start), after.line(one.end - 1),
        )  # fmt: skip
        found.append(Added(edit, beside.name))
    return _without(fresh, new), tuple(found)


def _is_clear(one: Definition, source: Source, written: str) -> bool:
    """Whether a function is one to its own header and to nobody else."""
    text = source.text[one.start : one.end]
    return not (
        not text.startswith("static")
        or "#" in written
        or not is_plain(written)
        or any(word in one.name for word in _OURS)
        or declares_a_helper(text)
        or any(d.word == "define" and one.name in d.rest for d in source.directives)
    )


def _without(some: list[Definition], data: bytes) -> bytes:
    left = bytearray(data)
    for one in some:
        left[one.start : one.end] = _NOT_NEWLINE.sub(b" ", data[one.start : one.end])
    return bytes(left)


def without_gone(before: Source, old: bytes, after: Source) -> tuple[bytes, tuple[Edit, ...]]:
    """The old contents without functions that are gone, and these, with the lines that they had;
    the contents as they are where nothing is taken out."""
    old_ones = definitions_in(before)
    had = Counter(one.name for one in old_ones)
    has = {one.name for one in definitions_in(after)}
    gone = [one for one in old_ones if one.name not in has]
    if not gone or len(gone) > MAX_ADDED or is_odd(old.decode("latin-1")):
        return old, ()
    found = []
    for one in gone:
        written = old[one.start : one.end].decode("latin-1")
        if had[one.name] != 1 or not _is_clear(one, before, written):
            return old, ()
        places = before.line(one.start), before.line(one.end - 1)
        found.append(Edit(one.name, written, "", *places, *places))
    return _without(gone, old), tuple(found)


def _beside(
    one: Definition,
    others: list[Definition],
    after: Source,
    before: Source,
    singles: dict[str, Definition],
) -> Definition | None:
    """The old definition of a function next to a new one, with no directive between or inside."""
    at = others.index(one)
    for step in (1, -1):
        place = at + step
        while 0 <= place < len(others) and others[place].name not in singles:
            place += step
        if not 0 <= place < len(others):
            continue
        near = others[place]
        old = singles[near.name]
        first, last = min(one.start, near.start), max(one.end, near.end)
        if not any(first <= d.start < last for d in after.directives) and not any(
            old.start <= d.start < old.end for d in before.directives
        ):
            return old
    return None


__all__ = ["without_added", "without_gone"]
