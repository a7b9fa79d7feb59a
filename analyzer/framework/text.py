# SPDX-License-Identifier: GPL-2.0-only
"""Edits of C text by place: #include lines, statements, functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..generate.ctext import Function, Statement, blank, closing, find_function, line_of
from ..generate.placement import includes, sorted_place

_BODY = re.compile(r"^\{[ \t]*\n.*?^\}", re.M | re.S)
_MAX_HEAD = 4000


@dataclass(frozen=True, slots=True)
class Insert:
    """Text to be put at a position of another."""

    at: int
    text: str


def insert(text: str, inserts: list[Insert]) -> str:
    """All insertions made, the last one first, so that positions stay right."""
    for one in sorted(inserts, key=lambda i: i.at, reverse=True):
        text = text[: one.at] + one.text + text[one.at :]
    return text


def include(text: str, header: str = "linux/page_table_check.h") -> str:
    """A .c file with one more #include, in its place; the same text if it is there."""
    if includes(text, header):
        return text
    at = _beside(text, header)
    return f"{text[:at]}#include <{header}>\n{text[at:]}"


def _beside(text: str, header: str) -> int:
    """After the line of the greatest name before it if the list is sorted, else at its end."""
    found = [(m[1], m.end()) for m in re.finditer(r"^#include <(linux/[^>]+)>\n", text, re.M)]
    names = [name for name, _ in found]
    if not found:
        return sorted_place(text, header)
    block = [found[0]]
    for one in found[1:]:
        between = text[block[-1][1] : text.rfind("\n", 0, one[1] - 1) + 1]
        if "\n\n" in between or re.search(r"^#\s*(?:if|el|endif)", between, re.M):
            break
        block.append(one)
    if names[: len(block)] == sorted(names[: len(block)]):
        return sorted_place(text, header)
    return block[-1][1]


def functions(text: str, mentioning: str = "") -> Iterator[Function]:
    """The function definitions of a file, in order; only those whose body matches a pattern."""
    masked = blank(text)
    wanted = re.compile(mentioning)
    for match in _BODY.finditer(masked):
        if not wanted.search(masked, match.start(), match.end()):
            continue
        name = _name_before(masked, match.start())
        if not name:
            continue
        found = find_function(text, name, line_of(text, match.start()), masked)
        if found is not None and found.open == match.start():
            yield found


def _name_before(masked: str, at: int) -> str:
    """The name of the function whose body begins at a position."""
    end = masked.rfind(")", 0, at)
    if end < 0 or masked[end + 1 : at].strip(" \t\n_abcdefghijklmnopqrstuvwxyz"):
        return ""
    depth = 0
    for index in range(end, max(end - _MAX_HEAD, -1), -1):
        depth += {")": 1, "(": -1}.get(masked[index], 0)
        if not depth:
            name = re.search(r"([A-Za-z_]\w*)\s*\Z", masked[max(index - 200, 0) : index])
            return name[1] if name else ""
    return ""


def statements(body: tuple[Statement, ...]) -> Iterator[tuple[Statement, ...]]:
    """The lists of statements of a body, the outermost first."""
    if not body:
        return
    yield body
    for one in body:
        if one.kind == "block":
            yield from statements(one.children)
        else:
            for child in one.children:
                if child.kind == "block":
                    yield from statements(child.children)
                else:
                    yield from statements((child,))


def line_start(text: str, at: int) -> int:
    """Where the line of a position begins."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Behind the newline that ends the line of a position."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def above(text: str, at: int) -> int:
    """Where the line of a statement begins, or the comment right above it."""
    begin = line_start(text, at)
    match = re.search(r"[ \t]*/\*(?:[^*]|\*(?!/))*\*/[ \t]*\n\Z", text[:begin])
    return match.start() if match else begin


def arguments(masked: str, text: str, opened: int) -> list[str]:
    """The arguments of a call whose bracket stands at `opened`."""
    closed = closing(masked, opened)
    if closed < 0:
        return []
    found, start, depth = [], opened + 1, 0
    for at in range(opened + 1, closed):
        if masked[at] in "([{":
            depth += 1
        elif masked[at] in ")]}":
            depth -= 1
        elif masked[at] == "," and not depth:
            found.append(" ".join(text[start:at].split()))
            start = at + 1
    last = " ".join(text[start:closed].split())
    return [*found, last] if last or found else []


def calls(
    masked: str, text: str, name: str, start: int, end: int
) -> Iterator[tuple[int, list[str]]]:
    """Positions and arguments of the calls of a function within a range."""
    for match in re.compile(rf"\b{name}\s*\(").finditer(masked, start, end):
        yield match.start(), arguments(masked, text, match.end() - 1)
