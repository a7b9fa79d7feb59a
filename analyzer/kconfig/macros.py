# SPDX-License-Identifier: GPL-2.0-only
"""The macro language of Kconfig (Documentation/kbuild/kconfig-macro-language.rst), bounded.

Kconfig expands while it reads, so a name means what was assigned *before* that place. We read
lazily, therefore the table keeps each assignment with its place in reading order (`key`) and
`expand` is told from where the text comes.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from typing import TypeAlias

from analyzer.kconfig import answers

#: A place in reading order: offsets of the `source` statements on the way, then the own offset.
Key: TypeAlias = tuple[int, ...]

_MAX_DEPTH = 40
_MAX_CALLS = 5000
_MAX_LENGTH = 65536


class MacroError(ValueError):
    """An expansion grew without bound or is not closed."""


class MacroTable:
    """Variables and functions of one reading of the tree's Kconfig files."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self._keys: dict[str, list[Key]] = {}
        self._values: dict[str, list[str]] = {}

    def assign(self, key: Key, name: str, operator: str, value: str) -> None:
        """Record an assignment; keys must come in rising order. Raises MacroError."""
        value = value.lstrip()
        if operator == ":=":
            value = _escape(self.expand(value, key))
        elif operator == "+=":
            old = self._lookup(name, key)
            value = value if old is None else f"{old} {value}"
        self._keys.setdefault(name, []).append(key)
        self._values.setdefault(name, []).append(value)

    def expand(self, text: str, key: Key) -> str:
        """Replace every `$(...)` of `text`. Raises MacroError."""
        if "$(" not in text:
            return text
        return _Expansion(self, key).string(text, (), 0)

    def _lookup(self, name: str, key: Key) -> str | None:
        keys = self._keys.get(name)
        if keys is None:
            return None
        at = bisect_left(keys, key)
        return self._values[name][at - 1] if at else None

    def variable(self, name: str, key: Key) -> str | None:
        """The unexpanded value of a variable at a place."""
        return self._lookup(name, key)


def _escape(text: str) -> str:
    """A value that is already expanded: a `$(` in it is text."""
    return text.replace("$(", "$\0(") if "$(" in text else text


class _Expansion:
    """One expansion with its budget."""

    def __init__(self, table: MacroTable, key: Key) -> None:
        self.table = table
        self.key = key
        self.calls = 0

    def string(self, text: str, arguments: tuple[str, ...], depth: int) -> str:
        parts: list[str] = []
        position = 0
        length = 0
        while True:
            at = text.find("$(", position)
            if at < 0:
                parts.append(text[position:])
                break
            parts.append(text[position:at])
            position = clause_end(text, at + 2)
            parts.append(self.call(text[at + 2 : position - 1], arguments, depth))
            length += len(parts[-1])
            if length > _MAX_LENGTH:
                raise MacroError("a macro expands to too much text")
        return "".join(parts).replace("\0", "")

    def call(self, clause: str, outer: tuple[str, ...], depth: int) -> str:
        self.calls += 1
        if depth > _MAX_DEPTH or self.calls > _MAX_CALLS:
            raise MacroError("a macro expands without end")
        raw = _split(clause)
        arguments = tuple(self.string(word, outer, depth + 1) for word in raw)
        name = arguments[0]
        if len(arguments) == 1 and name.isdigit():
            number = int(name) if len(name) < 4 else 1000
            return outer[number] if 0 < number < len(outer) else ""
        value = self.table.variable(name, self.key)
        if value is not None:
            return self.string(value, arguments, depth + 1)
        if name == "shell":
            return answers.shell(",".join(arguments[1:]))
        if name in ("info", "warning-if", "error-if"):
            return ""
        if len(arguments) == 1:
            return self.table.environment.get(name, "")
        return ""


_PAREN = re.compile(r"[()]")


def clause_end(text: str, start: int) -> int:
    """Behind the parenthesis that closes the `$(` that ends at `start`. Raises MacroError."""
    nest = 0
    for match in _PAREN.finditer(text, start):
        if match[0] == "(":
            nest += 1
        elif nest == 0:
            return match.end()
        else:
            nest -= 1
    raise MacroError("a macro call is not closed")


def _split(clause: str) -> list[str]:
    """Split at the commas outside parentheses."""
    if "," not in clause:
        return [clause]
    words: list[str] = []
    nest = 0
    start = 0
    for position, character in enumerate(clause):
        if character == "(":
            nest += 1
        elif character == ")":
            nest -= 1
        elif character == "," and nest == 0:
            words.append(clause[start:position])
            start = position + 1
    words.append(clause[start:])
    return words
