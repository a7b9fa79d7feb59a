# SPDX-License-Identifier: GPL-2.0-only
"""An invalidate whose entry would still be counted leaves one that is not.

Who fills a table in place of a huge entry calls no hook. So what the invalidate left has to be
uncounted by then; where no test of the tree tells it apart, it gives up a bit that is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from .api import Hooks
from .ctext import Statement, find_function, indent_at, line_of
from .forms import Change, Form, Site, forms

_ON = "IS_ENABLED(CONFIG_PAGE_TABLE_CHECK)"
GIVEN: Final = (
    "no test tells the entry that it left from one in use, so it gives up a bit that is asked"
)


def invalidate_forms(site: Site, hooks: Hooks, masks: Iterable[str]) -> Iterator[Form]:
    """A function that stores a value of its own: that value without a bit, and the hook for it."""
    function = site.function
    for mask in masks:
        for one in function.body:
            name = _assigned(site, one)
            if not name:
                continue
            at, new = one.end, f"\n{_without(site.text, one.start, name, site.level, mask)}"
            text = site.text[:at] + new + site.text[at:]
            again = find_function(text, function.name, line_of(text, function.start))
            if again is None:
                continue
            begin = site.position + (len(new) if site.position >= at else 0)
            moved = Site(text, again, begin, site.level, site.readers)
            for form in forms(moved, hooks):
                yield Form(tuple(_back(form.changes, at, new)), form.hook, GIVEN)


def mkinvalid_forms(text: str, level: str, masks: Iterable[str]) -> Iterator[Form]:
    """What makes an invalid entry of a valid one takes a bit away as well."""
    function = find_function(text, f"{level}_mkinvalid", 1)
    if function is None or not function.body:
        return
    name = next((p.name for p in function.parameters if p.level == level), "")
    first = function.body[0]
    if not name or first.kind == "declaration":
        return
    begin = text.rfind("\n", 0, first.start) + 1
    for mask in masks:
        new = f"{_without(text, first.start, name, level, mask)}\n\n"
        yield Form((Change(begin, begin, new),), "", GIVEN)


def _without(text: str, start: int, name: str, level: str, mask: str) -> str:
    indent = indent_at(text, start)
    return f"{indent}if ({_ON})\n{indent}\t{name} = __{level}({level}_val({name}) & ~{mask});"


def _assigned(site: Site, one: Statement) -> str:
    """The local of the level that a statement gives a value, made of what is in the slot."""
    if one.kind == "declaration":
        return ""
    match = re.match(r"^(\w+)\s*=[^=]", site.text[one.start : one.end])
    if match is None:
        return ""
    body = site.text[site.function.open : site.function.close]
    local = re.search(rf"\b{site.level}_t\s+(?:\w+(?:\s*=[^,;]*)?,\s*)*{match[1]}\b", body)
    return match[1] if local else ""


def _back(changes: Iterable[Change], at: int, new: str) -> Iterator[Change]:
    """Changes of the text with `new` at a place, as changes of the text without it."""
    here = Change(at, at, new)
    rest = []
    for one in changes:
        if one.start >= at + len(new):
            rest.append(Change(one.start - len(new), one.end - len(new), one.new))
        else:
            rest.append(one)
    if any(one.start <= at <= one.end for one in rest):
        touching = next(one for one in rest if one.start <= at <= one.end)
        rest.remove(touching)
        here = Change(touching.start, touching.end, new + touching.new)
    yield from sorted([here, *rest], key=lambda one: one.start)
