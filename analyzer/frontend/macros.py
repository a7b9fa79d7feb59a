# SPDX-License-Identifier: GPL-2.0-only
"""The macro table at the end of a unit, from the `#define` lines that `cpp -dD` keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from analyzer.frontend.tokens import tree_path
from analyzer.model import Location

_LINE: Final = re.compile(
    r'\n#(?: (?P<line>\d++) "(?P<path>(?:[^"\\\n]|\\.)*+)"[ 0-9]*+'
    r"|[ \t]*+(?P<word>define|undef)[ \t]++(?P<name>[A-Za-z_$][\w$]*+)(?P<rest>[^\n]*+))"
)
_ERASED: Final = re.compile(r"\n#[ \t]*+(?:define|undef)\b[^\n]*+")


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro: `params` is None for an object-like one; a variadic one ends in '...'."""

    name: str
    params: tuple[str, ...] | None
    body: str
    location: Location


class MacroTable(Mapping[str, Macro]):
    """Name to Macro; a Macro is made when it is asked for."""

    def __init__(self, text: str) -> None:
        self._raw: dict[str, tuple[str, int, str]] = {}
        path, line, since = "", 1, 0
        raw = self._raw
        count = text.count
        for found in _LINE.finditer(text):
            kind = found.lastgroup
            if kind == "path":
                path, line, since = found["path"], int(found["line"]), found.end() + 1
                continue
            name = found["name"]
            if found["word"] == "undef":
                raw.pop(name, None)
                continue
            at = found.start() + 1
            line += count("\n", since, at)
            since = at
            raw.pop(name, None)
            raw[name] = (path, line, found["rest"])

    def __getitem__(self, name: str) -> Macro:
        path, line, rest = self._raw[name]
        params: tuple[str, ...] | None = None
        if rest.startswith("("):
            inside, _, rest = rest[1:].partition(")")
            params = tuple(p.strip() for p in inside.split(",")) if inside.strip() else ()
        return Macro(name, params, rest.strip(), Location(tree_path(path), line))

    def __contains__(self, name: object) -> bool:
        return name in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


def without_directives(text: str) -> str:
    """Blank the lines of `-dD`; all other lines keep their numbers."""
    return _ERASED.sub("\n", text)
