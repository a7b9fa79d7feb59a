# SPDX-License-Identifier: GPL-2.0-only
"""The page allocator tells when pages leave it and when they come back.

The places are found by what the allocator does there already: page_owner is told of the same
events. Where a tree has no page_owner, the pages' way through arch_alloc_page() and
arch_free_page() is followed. A page that the allocator keeps to itself on a way that ends early
(one with broken memory) leaves the user's hands as well.
"""

from __future__ import annotations

import re
from typing import Final

from ..generate.ctext import Function, Statement, blank, indent_at, statement_at
from .draft import Draft
from .part import Said
from .text import (
    Insert,
    above,
    arguments,
    functions,
    include,
    insert,
    line_end,
    line_start,
    statements,
)

PATH: Final = "mm/page_alloc.c"
_FREE: Final = ("reset_page_owner", "arch_free_page")
_ALLOC: Final = ("set_page_owner", "arch_alloc_page")


def hooks(draft: Draft) -> Said:
    """page_table_check_alloc() and page_table_check_free() in mm/page_alloc.c."""
    said = Said()
    text = draft.text(PATH)
    if text is None:
        said.refused.append(f"there is no {PATH}; it is not known where pages are freed")
        return said
    masked = blank(text)
    found = list(functions(text, "|".join((*_FREE, *_ALLOC))))
    inserts: list[Insert] = []
    for word, marks in (("free", _FREE), ("alloc", _ALLOC)):
        places = _places(text, masked, found, marks, word)
        if not places and not re.search(rf"\bpage_table_check_{word}\s*\(", masked):
            said.refused.append(
                f"{PATH}: no function calls {marks[0]}() or {marks[1]}() with a page and an order;"
                f" it is not known where pages are {'freed' if word == 'free' else 'allocated'}"
            )
        for function, ones in places:
            if not ones:
                continue
            inserts += ones
            how = "once" if len(ones) == 1 else f"on {len(ones)} ways"
            said.done.append(f"page_table_check_{word}() in {function.name}(), {how}")
    if said.refused:
        return said
    if inserts:
        draft.put(PATH, include(insert(text, inserts)))
    return said


def _places(
    text: str, masked: str, found: list[Function], marks: tuple[str, ...], word: str
) -> list[tuple[Function, list[Insert]]]:
    for mark in marks:
        result = []
        for function in found:
            ones = _in_function(text, masked, function, mark, word)
            if ones is not None:
                result.append((function, ones))
        if result:
            return result
    return []


def _in_function(
    text: str, masked: str, function: Function, mark: str, word: str
) -> list[Insert] | None:
    """What a function lacks; None where it is not one that the marks show."""
    inserts = []
    hooked: list[Statement] = []
    given = ""
    for match in re.compile(rf"\b{mark}\s*\(").finditer(masked, function.open, function.close):
        outer = statement_at(function.body, match.start())
        values = arguments(masked, text, match.end() - 1)
        if not outer or len(values) < 2 or outer[-1].kind != "simple":
            continue
        if line_start(text, match.start()) != line_start(text, outer[-1].start):
            continue
        given = f"{values[0]}, {values[1]}"
        if not re.fullmatch(r"\w+, \w+", given):
            continue
        hooked += outer
        if not _told(masked, function, outer, word):
            inserts.append(_call(text, outer[-1], word, given, after=mark != "arch_free_page"))
    if not hooked:
        return None
    if word == "free":
        inserts += _early(text, masked, function, hooked, given)
    return inserts


def _told(masked: str, function: Function, outer: tuple[Statement, ...], word: str) -> bool:
    """Whether a statement beside the one that was found calls the hook."""
    beside = outer[-2].children if len(outer) > 1 else function.body
    call = re.compile(rf"page_table_check_{word}\s*\(")
    return any(call.match(masked, one.start) for one in beside)


def _call(text: str, at: Statement, word: str, given: str, after: bool) -> Insert:
    line = f"{indent_at(text, at.start)}page_table_check_{word}({given});\n"
    return Insert(line_end(text, at.end) if after else above(text, at.start), line)


def _early(
    text: str, masked: str, function: Function, hooked: list[Statement], given: str
) -> list[Insert]:
    """Ways that end early for a page with broken memory, and pass none of the places above."""
    found = []
    for ones in statements(function.body):
        for one in ones:
            words = masked[one.start : one.end]
            if one.kind != "compound" or one in hooked or "PageHWPoison" not in words:
                continue
            block = next((c for c in one.children if c.kind == "block"), None)
            if block is None:
                continue
            last = block.children[-1] if block.children else None
            if "page_table_check_free" in words:
                continue
            if last is not None and masked.startswith("return", last.start):
                found.append(_call(text, last, "free", given, after=False))
    return found
