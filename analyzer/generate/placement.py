# SPDX-License-Identifier: GPL-2.0-only
"""Where in a header C may be added: inside of what assembler does not see, and #include lines."""

from __future__ import annotations

import re
from typing import Final

_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)\b([^\n]*)$", re.M)
_INCLUDE = re.compile(r"^#[ \t]*include[ \t]+[<\"]([^>\"]+)[>\"][^\n]*\n", re.M)
_ASSEMBLER: Final = re.compile(r"__ASSEMBL(?:Y|ER)__")
_NO_ASSEMBLER: Final = re.compile(
    r"[ \t]*#[ \t]*(?:ifndef[ \t]+|if[ \t]+![ \t]*defined[ \t(]*)"
    r"__ASSEMBL(?:Y|ER)__[ \t)]*(?:/.*)?$",
    re.M,
)
HOOKS: Final = "linux/page_table_check.h"
_HOOK_MACRO = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+(page_table_check_\w+)\((?:[^\n\\]|\\.|\\\n)*\n", re.M
)
_FORM = re.compile(
    r"^(?:static|extern|typedef|struct|void|unsigned|int|p(?:te|md|ud|gd)_t)\b[^\n]*", re.M
)


def c_regions(text: str) -> list[tuple[int, int]]:
    """The stretches that only C sees; none where nothing is kept from assembler."""
    stack: list[tuple[str, int]] = []
    found: list[tuple[int, int]] = []
    for match in _DIRECTIVE.finditer(text):
        word, rest = match[1], match[2]
        if word in ("if", "ifdef", "ifndef"):
            hidden = bool(_ASSEMBLER.search(rest)) and (word == "ifndef" or "!" in rest)
            stack.append(("c" if hidden else "", match.end() + 1))
        elif word in ("elif", "else") and stack:
            kind, start = stack.pop()
            if kind == "c":
                found.append((start, match.start()))
            stack.append(("", match.end() + 1))
        elif word == "endif" and stack:
            kind, start = stack.pop()
            if kind == "c":
                found.append((start, match.start()))
    return sorted(found)


def end_of_c(text: str) -> int:
    """The position before the directive that ends the last stretch of C, else the guard's."""
    regions = c_regions(text)
    if regions:
        return max(end for _, end in regions)
    return end_of_header(text)


def end_of_header(text: str) -> int:
    """The position before the directive that ends the include guard, else the text's end."""
    ends = [m.start() for m in _DIRECTIVE.finditer(text) if m[1] == "endif"]
    guarded = re.match(r"(?:\s|/\*.*?\*/|//[^\n]*)*#ifndef\b", text, re.S)
    return ends[-1] if guarded and ends else len(text)


def _open(text: str, position: int, start: int) -> list[tuple[int, str]]:
    """The conditions of a region that hold at a position: where each began, which branch."""
    stack: list[tuple[int, str]] = []
    for match in _DIRECTIVE.finditer(text, start, position):
        if match[1] in ("if", "ifdef", "ifndef"):
            stack.append((match.start(), ""))
        elif match[1] in ("else", "elif") and stack:
            stack[-1] = (stack[-1][0], match[0])
        elif match[1] == "endif" and stack:
            stack.pop()
    return stack


def place_behind(text: str, before: int, at: int) -> int | None:
    """The first position from `at` on that only C sees, and under no other conditions than what
    stands at `before`; None where there is none."""
    wanted = _conditions(text, before)
    regions = c_regions(text)
    if any(not any(a <= m.start() <= b for a, b in regions) for m in _FORM.finditer(text)):
        regions = [(0, end_of_header(text))]  # assembler does not include it at all
    ends = (m.end() + 1 for m in _DIRECTIVE.finditer(text, at) if m[1] == "endif")
    for place in sorted({at, *ends, *(first for first, _ in regions if first > at)}):
        inside = any(first <= place <= last for first, last in regions)
        if inside and _conditions(text, place) == wanted:
            return place
    return None


def _conditions(text: str, position: int) -> list[tuple[int, str]]:
    """The conditions that hold at a position, but for those that keep assembler out."""
    return [one for one in _open(text, position, 0) if not _NO_ASSEMBLER.match(text, one[0])]


def _ahead(text: str, position: int, before: int, start: int) -> bool:
    """Whether what stands at a position is there whenever what stands at `before` is."""
    here = _open(text, position, start)
    return here == _open(text, before, start)[: len(here)]


def include_places(text: str, before: int) -> list[int]:
    """Positions for `#include <linux/page_table_check.h>` ahead of `before`, the best first."""
    regions = [r for r in c_regions(text) if r[0] < before] or [(_inside_guard(text), before)]
    places: list[int] = []
    late: list[int] = []
    for start, end in regions:
        limit = min(end, before)
        found = [
            m
            for m in _INCLUDE.finditer(text, start, limit)
            if _ahead(text, m.start(), before, start)
        ]
        places += _in_order(found)
        late += [
            at
            for m in _FORM.finditer(text, start, end)
            if m.start() <= before and _ahead(text, m.start(), before, start)
            if _ahead(text, at := _above(text, m.start()), before, start)
        ]
    return [*reversed(places), *dict.fromkeys(late)]


def _in_order(found: list[re.Match[str]]) -> list[int]:
    """The ends of #include lines, the best last: of lines in a row those of <linux/...> are."""
    rows: list[list[re.Match[str]]] = []
    for match in found:
        if rows and rows[-1][-1].end() == match.start():
            rows[-1].append(match)
        else:
            rows.append([match])
    return [
        match.end()
        for row in rows
        for match in sorted(row, key=lambda m: (m[1].startswith("linux/"), m.start()))
    ]


def _inside_guard(text: str) -> int:
    """Where a header begins, its include guard left out."""
    guard = re.match(r"(?:\s|/\*.*?\*/|//[^\n]*)*#ifndef\b[^\n]*\n#define\b[^\n]*\n", text, re.S)
    return guard.end() if guard else 0


def _above(text: str, position: int) -> int:
    """Before the comment and the #define lines that belong to what stands at a position."""
    gap = text.rfind("\n\n", 0, position)
    return position if gap < 0 else gap + 2


def sorted_place(text: str, header: str = HOOKS) -> int:
    """Where an #include goes among those of a .c file, in the order of their names."""
    last = -1
    for match in _INCLUDE.finditer(text):
        if match[1].startswith("linux/"):
            if match[1] > header and last >= 0:
                return last
            last = match.end()
    if last >= 0:
        return last
    first = _INCLUDE.search(text)
    return first.start() if first else 0


def hook_macros(text: str) -> dict[str, str]:
    """The hooks that a header defines as macros, each as the lines that define it."""
    found: dict[str, list[str]] = {}
    for match in _HOOK_MACRO.finditer(text):
        found.setdefault(match[1], []).append(match[0])
    return {name: lines[0] for name, lines in found.items() if len(set(lines)) == 1}


def includes(text: str, header: str = HOOKS) -> bool:
    """Whether a file already includes a header."""
    return any(match[1] == header for match in _INCLUDE.finditer(text))
