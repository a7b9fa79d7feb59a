# SPDX-License-Identifier: GPL-2.0-only
"""Whether a header changed only inside of functions, and which of them."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise
from typing import Final

from ..callsites.code import functions
from ..callsites.text import Source
from ..frontend.edits import Edit, FileEdit
from ..frontend.includes import scan

_CONDITIONAL: Final = frozenset({"if", "ifdef", "ifndef", "elif", "else", "endif"})
_UNUSUAL: Final = re.compile(r"\\\r?\n|\r|%:|\?\?|_Pragma|__has_|\f|\v|\0")


class _Function:
    """A function of a file, with its head."""

    def __init__(self, name: str, start: int, end: int) -> None:
        self.name = name
        self.start = start
        self.end = end


def edit_of(path: str, old: bytes, new: bytes) -> FileEdit | None:
    """What differs in a file, if that is nothing but the insides of functions; else None.

    All text outside of functions is the same to the byte, and so are the lines of the
    preprocessor in those that differ.
    """
    was, now = scan(old), scan(new)
    if was != now or was.text is not None or was.null:
        return None
    before, after = Source(path, old), Source(path, new)
    first, second = _functions(before), _functions(after)
    old_text, new_text = old.decode("latin-1"), new.decode("latin-1")
    if [one.name for one in first] != [one.name for one in second]:
        return None
    if _between(old_text, first) != _between(new_text, second):
        return None
    edits: list[Edit] = []
    same: list[Edit] = []
    at = len(first)
    for index, (one, other) in enumerate(zip(first, second, strict=True)):
        edit = Edit(
            one.name, old_text[one.start : one.end], new_text[other.start : other.end],
            before.line(one.start), before.line(one.end - 1),
            after.line(other.start), after.line(other.end - 1),
        )  # fmt: skip
        if edit.moved:
            if edit.old_line != edit.new_line:
                same.append(edit)
            continue
        conditions = _conditions(before, one)
        if conditions is None or conditions != _conditions(after, other):
            return None
        if _UNUSUAL.search(edit.old) or _UNUSUAL.search(edit.new):
            return None
        at = min(at, index)
        edits.append(edit)
    if not edits or any(a.old_end >= b.old_line for a, b in pairwise(edits)):
        return None
    code = _between(before.code, first)
    return FileEdit(path, tuple(edits), tuple(same), " ".join(code[at + 1 :]))


def _functions(source: Source) -> list[_Function]:
    """The functions of a file, from the first word of the head to the closing brace."""
    code = source.code
    stops = [match.end() for match in re.finditer(r"[;{}]", code)]
    found = []
    for function in functions(source):
        at = bisect_right(stops, function.start) - 1
        start = stops[at] if at >= 0 else 0
        head = code[start : function.start]
        start += len(head) - len(head.lstrip())
        found.append(_Function(function.name, start, function.end))
    return found


def _between(text: str, found: list[_Function]) -> list[str]:
    ends = [0, *(one.end for one in found)]
    starts = [*(one.start for one in found), len(text)]
    return [text[end:start] for end, start in zip(ends, starts, strict=True)]


def _conditions(source: Source, one: _Function) -> tuple[tuple[str, str], ...] | None:
    """The conditional lines in a function; None if there is anything but these and plain C."""
    inside = [d for d in source.directives if one.start <= d.start < one.end]
    if any(d.word not in _CONDITIONAL for d in inside) or "#" in source.code[one.start : one.end]:
        return None
    return tuple((d.word, " ".join(d.rest.split())) for d in inside)
