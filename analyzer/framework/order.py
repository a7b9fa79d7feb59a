# SPDX-License-Identifier: GPL-2.0-only
"""A page has to be anonymous before an entry maps it: the hooks ask the page for its type.

Some trees set the entry first, in a few places, and call the function that makes the page
anonymous afterwards. There the two statements change places. Which functions make a page
anonymous is read from mm/rmap.c: those that store PAGE_MAPPING_ANON (FOLIO_MAPPING_ANON), and
their callers there.
"""

from __future__ import annotations

import re
from typing import Final

from ..generate.ctext import Statement, blank
from .draft import Draft
from .part import Said
from .text import above, functions, line_end, line_start, statements

RMAP: Final = "mm/rmap.c"
_SET: Final = re.compile(r"set_(?:huge_pte|pte|pmd|pud)_at(?:_notify)?\s*\(")
_BETWEEN: Final = re.compile(r"\b(?:return|goto|break|continue|\w*unlock\w*|\w*lock_\w+)\b")
_STORES: Final = re.compile(r"^\s*([\w.>\[\]-]+)\s*=[^=]")
_TYPED: Final = "PageAnon"


def makers(text: str) -> frozenset[str]:
    """The functions of mm/rmap.c that make a page anonymous for the rest of the kernel."""
    masked = blank(text)
    bodies = {one.name: masked[one.open : one.close] for one in functions(text)}
    found = {
        name
        for name, body in bodies.items()
        if re.search(r"\b(?:PAGE|FOLIO)_MAPPING_ANON\b", body)
        and re.search(r"(?:->mapping\b\s*=|mapping,)", body)
    }
    while True:
        more = {
            name
            for name, body in bodies.items()
            if name not in found and any(re.search(rf"\b{one}\s*\(", body) for one in found)
        }
        if not more:
            break
        found |= more
    return frozenset(name for name in found if "anon_rmap" in name and "move" not in name)


def reorder(draft: Draft) -> Said:
    """Makes pages anonymous first, wherever mm/ does it the other way round."""
    said = Said()
    rmap = draft.text(RMAP)
    names = makers(rmap) if rmap is not None else frozenset()
    if not names:
        said.left.append(
            f"{RMAP}: it is not known what makes a page anonymous; that has to happen before its"
            " entry is set"
        )
        return said
    called = re.compile(rf"\b(?:{'|'.join(sorted(names))})\s*\(")
    for path, text in list(draft.sources("mm", (".c",))):
        if not called.search(text) or not _SET.search(text):
            continue
        for _ in range(20):
            found = _one(text, called)
            if found is None:
                break
            text, name = found
            said.done.append(f"{name}() in {path}")
        draft.put(path, text)
    return said


def _one(text: str, called: re.Pattern[str]) -> tuple[str, str] | None:
    """The text with the first wrong order mended, and the name of the function."""
    masked = blank(text)
    for function in functions(text, called.pattern):
        for ones in statements(function.body):
            for index, one in enumerate(ones):
                if one.kind != "simple" or not _SET.match(masked, one.start):
                    continue
                later = _later(masked, ones, index, called)
                if later is not None:
                    return _moved(text, one, later), function.name
    return None


def _later(
    masked: str, ones: tuple[Statement, ...], index: int, called: re.Pattern[str]
) -> Statement | None:
    """The statement behind a setter that makes the page anonymous and can stand before it."""
    between: list[Statement] = []
    for one in ones[index + 1 : index + 5]:
        words = masked[one.start : one.end]
        if called.search(words):
            if _TYPED in words:
                return None  # it was anonymous before
            stored = [m[1] for b in between if (m := _STORES.match(masked[b.start : b.end]))]
            if any(re.search(rf"(?<![\w>]){re.escape(name)}(?!\w)", words) for name in stored):
                return None
            return one
        if one.kind != "simple" or _BETWEEN.search(words) or _SET.match(masked, one.start):
            return None
        between.append(one)
    return None


def _moved(text: str, setter: Statement, later: Statement) -> str:
    """The later statement, with the comment above it, in front of the setter."""
    begin = above(text, later.start)
    end = line_end(text, later.end - 1)
    moved = text[begin:end]
    gap = text[line_start(text, begin - 1) : begin].strip() == "" and text[end : end + 1] == "\n"
    rest = text[:begin] + text[end + 1 if gap else end :]
    at = above(rest, setter.start)
    blank_line = "\n" if gap and not rest[:at].endswith(("\n\n", "{\n")) else ""
    return rest[:at] + blank_line + moved + rest[at:]
