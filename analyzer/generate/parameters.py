# SPDX-License-Identifier: GPL-2.0-only
"""A function that stores and does not know the mm gets it as a parameter, from all its callers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .api import Hooks
from .ctext import Function, blank, closing, find_function, line_of
from .forms import Change, Form, Site, forms, mm_of

_DEFINED = re.compile(r"\b(\w+)\s*\(([^{};]*)\)\s*\{")
_ADDED = "struct mm_struct *mm, "
_WHY = "it stores what has to be counted, and did not know the mm"


def mm_forms(site: Site, hooks: Hooks) -> Iterator[Form]:
    """The forms of a function that has the mm as its first parameter, with what its callers give.

    All callers have to be in the same file, and to know the mm.
    """
    function = site.function
    if mm_of(function.parameters) or not function.parameters:
        return
    if any(one.name == "mm" for one in function.parameters):
        return
    added = _added(site.text, function)
    if added is None:
        return
    text = site.text
    for one in sorted(added, key=lambda c: -c.start):
        text = text[: one.start] + one.new + text[one.end :]
    begin = site.position + sum(len(c.new) for c in added if c.start <= site.position)
    again = find_function(text, function.name, line_of(text, begin))
    if again is None:
        return
    moved = Site(text, again, begin, site.level, site.readers)
    for form in forms(moved, hooks):
        changes = [_back(one, added) for one in form.changes]
        yield Form(tuple(sorted([*added, *changes], key=lambda c: c.start)), form.hook, _WHY)


def _added(text: str, function: Function) -> list[Change] | None:
    """The parameter and the arguments; None where a caller does not know the mm."""
    masked = blank(text)
    found = []
    for match in re.finditer(rf"\b{re.escape(function.name)}\s*\(", masked):
        at = match.end()
        closed = closing(masked, at - 1)
        if closed < 0:
            return None
        caller = _around(masked, match.start())
        if caller is None:
            after = masked[closed + 1 :].lstrip()[:1]
            if after not in ("{", ";"):
                return None
            found.append(Change(at, at, _ADDED))
            continue
        known = find_function(text, caller[0], line_of(text, match.start()))
        mm = mm_of(known.parameters) if known is not None else ""
        local = re.search(
            r"\bstruct mm_struct \*\s*(\w+)\s*[=;]", masked[caller[1] : match.start()]
        )
        mm = local[1] if local else mm
        if not mm:
            return None
        found.append(Change(at, at, f"{mm}, "))
    return found


def _around(masked: str, position: int) -> tuple[str, int] | None:
    """The function whose body holds a position, and where that begins."""
    for match in _DEFINED.finditer(masked, 0, position):
        opened = match.end() - 1
        if opened < position <= closing(masked, opened):
            return match[1], opened
    return None


def _back(change: Change, added: list[Change]) -> Change:
    """A change of the text with the additions as one of the text without them."""
    shift = 0
    for one in sorted(added, key=lambda c: c.start):
        if one.start + shift <= change.start:
            shift += len(one.new)
    return Change(change.start - shift, change.end - shift, change.new)
