# SPDX-License-Identifier: GPL-2.0-only
"""The definitions of functions and macros, as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from .code import Function, functions, macros
from .text import Source

CALL: Final = re.compile(r"\b([A-Za-z_]\w*)\s*\(")


@dataclass(frozen=True)
class Defined:
    """One definition."""

    function: Function
    body: str
    path: str

    @cached_property
    def called(self) -> frozenset[str]:
        """What its text calls."""
        return frozenset(CALL.findall(self.body))


class Definitions:
    """The text of every function and macro about entries, generic ones and an architecture's."""

    def __init__(self) -> None:
        self._found: dict[str, list[Defined]] = {}

    def add(self, source: Source) -> None:
        """Take in the definitions of one file."""
        for function in functions(source):
            self._add(source, function, source.code)
        for macro in macros(source):
            self._add(source, macro, source.text)

    def _add(self, source: Source, function: Function, text: str) -> None:
        body = text[function.start : function.end].replace("\\\n", " ")
        self._found.setdefault(function.name, []).append(Defined(function, body, source.path))

    def of(self, name: str) -> list[Defined]:
        """All definitions of a name."""
        return self._found.get(name, [])

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def every(self) -> Iterator[tuple[str, Defined]]:
        """All definitions, with their names."""
        for name, defined in self._found.items():
            for one in defined:
                yield name, one
