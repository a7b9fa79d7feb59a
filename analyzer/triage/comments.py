# SPDX-License-Identifier: GPL-2.0-only
"""Suppressions in the source text: `/* ptcheck: ignore PTC101 -- reason */` at the helper.

Read from the text as it stands in the tree, before the preprocessor. A comment is about the
definition that it stands in, or that begins right after it: only comments, directives and
attributes may come between, no empty line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.errors import UsageError
from analyzer.settings.rules import chosen_rule

MARK = b"ptcheck:"
MAX_COMMENTS = 1000  # in one file
MAX_REASON = 400  # characters
MAX_LINES = 2000  # of one definition

_TOKEN = re.compile(r'/\*.*?(?:\*/|\Z)|//[^\n]*|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'', re.S)
_WANTS = re.compile(r"^\s*ptcheck:\s*(.*)$", re.S)
_IGNORE = re.compile(r"^ignore\b\s*(.*?)\s*(?:(?<!\S)--(?:\s+(.*))?)?$", re.S)
_DECORATION = re.compile(r"(?m)^[ \t]*\*+[ \t]?")
_OPENING = re.compile(r"[A-Za-z_].*\(")
_MACRO = re.compile(r"#\s*define\s+\w+\(")


@dataclass(frozen=True, slots=True)
class Comment:
    """A suppression as written; `problem` says why it is none, '' if it is one."""

    line: int  # where the comment begins
    first: int  # the lines for whose findings it is meant, both included
    last: int
    rules: tuple[str, ...]
    reason: str
    problem: str


def comments(text: str) -> tuple[Comment, ...]:
    """All suppressions of a file, with the definitions that they are about."""
    found: list[Comment] = []
    masked = _masked(text).split("\n")
    for line, end, body in _wanting(text):
        if len(found) >= MAX_COMMENTS:
            break
        first, last = _definition(masked, line, end)
        rules, reason, problem = _parse(body)
        if not problem and not first:
            problem = "it is neither in a definition nor right before one"
        found.append(Comment(line, first, last, rules, reason, problem))
    return tuple(found)


def _wanting(text: str) -> Iterator[tuple[int, int, str]]:
    """First line, last line and words of each comment that begins with our name."""
    line, position = 1, 0
    for token in _TOKEN.finditer(text):
        raw = token[0]
        if raw[0] != "/":
            continue
        body = _DECORATION.sub("", raw[2:].removesuffix("*/")) if raw[1] == "*" else raw[2:]
        wants = _WANTS.match(body)
        if wants is None:
            continue
        line += text.count("\n", position, token.start())
        position = token.start()
        yield line, line + raw.count("\n"), wants[1]


def _parse(body: str) -> tuple[tuple[str, ...], str, str]:
    """Rules, reason, and what is wrong with them."""
    match = _IGNORE.match(body.strip())
    if match is None:
        return (), "", "'ptcheck: ignore RULE -- reason' is the only form"
    names = [name for name in re.split(r"[\s,]+", match[1]) if name]
    reason = " ".join((match[2] or "").split())[:MAX_REASON]
    if not names:
        return (), reason, "it names no rule"
    rules = []
    for name in names:
        try:
            rules.append(chosen_rule(name, beginnings=False))
        except UsageError as error:
            return (), reason, str(error)
    if not reason:
        return tuple(rules), "", "it has no reason: 'ptcheck: ignore RULE -- reason'"
    return tuple(rules), reason, ""


def _masked(text: str) -> str:
    """The text with comments and strings blanked, lines kept; none inside of them is empty."""
    return _TOKEN.sub(lambda match: re.sub(r"\n(?=\n)", "\n ", _blank(match[0])), text)


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _definition(lines: list[str], first: int, last: int) -> tuple[int, int]:
    """The lines of the definition around or right after the lines of a comment; (0, 0): none.

    By the form that kernel code has: a definition begins in the first column and ends with a
    brace in the first column, or on the line that it begins on; a macro ends where no backslash
    continues it.
    """
    begin = _around(lines, first)
    if not begin:
        begin = _after(lines, last)
    if not begin:
        return 0, 0
    return begin, _end(lines, begin)


def _around(lines: list[str], line: int) -> int:
    """The first line of the definition that `line` is in, 0 if it is in none."""
    own = lines[line - 1]
    if _OPENING.match(own) or _define(own):  # code before the comment, on its line
        return line
    for number in range(line - 1, max(0, line - MAX_LINES), -1):
        text = lines[number - 1]
        if _define(text):
            return number if _end(lines, number) >= line else 0
        if not text or text[0] in " \t#{":
            continue
        if text[0] == "}" or text.rstrip().endswith(";"):
            return 0
        if _OPENING.match(text):
            return number if _end(lines, number) >= line else 0
    return 0


def _after(lines: list[str], line: int) -> int:
    """The first line of the definition that begins right after `line`, 0 if none does."""
    rest = lines[line - 1].strip()
    for number in range(line, min(len(lines), line + 50) + 1):
        text = rest if number == line else lines[number - 1]
        if number == line and not text:
            continue
        if _MACRO.match(text):
            return number
        if text.startswith("#"):
            continue
        if not text.strip():
            if text:
                continue  # blanked: it was a comment
            return 0
        if text[0] in " \t{}":
            return 0
        if "(" in text:
            return number
        if text.rstrip().endswith(";"):
            return 0
    return 0


def _define(text: str) -> bool:
    return text.startswith("#") and text[1:].lstrip().startswith("define")


def _end(lines: list[str], begin: int) -> int:
    """The last line of the definition that begins on line `begin`."""
    if _define(lines[begin - 1]):
        end = begin
        while end < len(lines) and lines[end - 1].rstrip().endswith("\\"):
            end += 1
        return end
    depth = 0
    opened = False
    for number in range(begin, min(len(lines), begin + MAX_LINES) + 1):
        text = lines[number - 1]
        if number > begin and text.startswith("}"):
            return number
        if text.startswith("#"):
            continue
        opened = opened or "{" in text
        depth += text.count("{") - text.count("}")
        if opened and depth <= 0:
            return number
        if not opened and text.rstrip().endswith(";"):
            return number  # a declaration
    return begin
