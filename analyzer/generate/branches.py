# SPDX-License-Identifier: GPL-2.0-only
"""Functions of which a conditional of the preprocessor makes several: one branch at a time.

The forms of a hook see the statements of a function one after another. Those of the branches that
the store at fault is not in are none that come before or after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

from .api import Hooks
from .ctext import blank, find_function, line_of
from .forms import Form, Site, forms

_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.S)
_DIRECTIVE: Final = re.compile(r"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)\b", re.M)


def all_forms(site: Site, hooks: Hooks) -> Iterator[Form]:
    """All forms in the order in which they are tried: those of the whole function first."""
    tried = set()
    for form in forms(site, hooks):
        tried.add(form.changes)
        yield form
    part = in_branch(site)
    if part is not None:
        yield from (form for form in forms(part, hooks) if form.changes not in tried)


def in_branch(site: Site) -> Site | None:
    """The site in a function that has only the branches it is in; None where there are no others
    or nothing of the function is left."""
    function = site.function
    gone = other_branches(site.text, function.open, function.close, site.position)
    if not gone:
        return None
    masked = blank(site.text)
    for start, end in gone:
        hidden = re.sub(r"[^\n]", " ", masked[start:end])
        masked = masked[:start] + hidden + masked[end:]
    line = line_of(site.text, site.position)
    parsed = find_function(site.text, function.name, line, masked)
    if parsed is None or parsed.open != function.open:
        return None
    others = tuple(at for at in site.others if not any(s <= at < e for s, e in gone))
    return replace(site, function=parsed, others=others)


def other_branches(text: str, begin: int, end: int, position: int) -> list[tuple[int, int]]:
    """The branches between two places that are left out where that of a position is compiled."""
    plain = _COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    found: list[tuple[int, int]] = []
    open_: list[list[int]] = []  # of each conditional: where its branches begin
    for match in _DIRECTIVE.finditer(plain, begin, end):
        if match[1] in ("if", "ifdef", "ifndef"):
            open_.append([match.start()])
        elif open_ and match[1] != "endif":
            open_[-1].append(match.start())
        elif open_:
            marks = [*open_.pop(), match.start()]
            arms = list(pairwise(marks))
            if any(start <= position < stop for start, stop in arms):
                found += [arm for arm in arms if not arm[0] <= position < arm[1]]
    return found
