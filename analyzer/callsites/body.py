# SPDX-License-Identifier: GPL-2.0-only
"""One function as its variables: what they are declared as, what is assigned to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ..brackets import closing, split_arguments
from .code import Function
from .text import Source

if TYPE_CHECKING:
    from .stores import Store

_DECLARED: Final = re.compile(
    r"(?:^|[;{}(,])\s*((?:(?:static|const|volatile|register|struct|union)\s+)*[a-z_]\w*)\s+"
    r"((?:\*\s*)*[A-Za-z_]\w*\s*(?:[=,\[][^;{}]*)?)(?=;|\))",
)
_EQUALS: Final = re.compile(r"(?<![=!<>])=(?!=)")
_TARGET: Final = re.compile(r"(?<![\w.>\])])(\*?)\s*+([A-Za-z_]\w*)\s*+[+\-|&]?\Z")
_TARGET_LENGTH: Final = 100
_DECLARATOR: Final = re.compile(r"^(\**)\s*([A-Za-z_]\w*)")
_CALL: Final = re.compile(
    r"\b(?!(?:if|while|for|switch|return|sizeof|typeof|__typeof__|defined)\b)([A-Za-z_]\w*)\s*\("
)
_IDENTIFIER: Final = re.compile(r"[A-Za-z_]\w*")
_STOP: Final = re.compile(r"[;,(){}\[\]]")


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it is written: `start` is the position of the name."""

    name: str
    arguments: tuple[str, ...]
    start: int
    end: int


class Body:
    """The variables and calls of one function of one file."""

    def __init__(self, source: Source, function: Function) -> None:
        self.source = source
        self.function = function
        self.stores: tuple[Store, ...] | None = None  # see `stores.stores`
        text = source.text if function.is_macro else source.code
        self.text = text[function.start : function.end]

    @cached_property
    def words(self) -> frozenset[str]:
        """Every identifier in it; none where no entry is named."""
        return frozenset(_IDENTIFIER.findall(self.text)) if self.about_entries else frozenset()

    @cached_property
    def about_entries(self) -> bool:
        """Whether anything in it, or that it is given, can be an entry."""
        given = "" if self.function.is_macro else self.function.given
        return any(level in self.text or level in given for level in ("pte", "pmd", "pud"))

    @cached_property
    def types(self) -> Mapping[str, str]:
        """Declared types by name, `pte_t *` as "pte_t*"; parameters first."""
        found = {p.name: _squeeze(p.type) for p in self.function.parameters if p.name}
        for match in _DECLARED.finditer(self.text):
            base = _squeeze(match[1])
            if not base or base.split()[-1] in ("return", "goto", "else", "case"):
                continue
            for declarator in split_arguments(match[2]):
                item = _DECLARATOR.match(declarator)
                if item is not None:
                    found.setdefault(item[2], base + item[1])
        return found

    @cached_property
    def assigned(self) -> Mapping[str, tuple[str, ...]]:
        """What is assigned to each variable anywhere in the function."""
        found: dict[str, tuple[str, ...]] = {}
        for match in _EQUALS.finditer(self.text):
            start = max(0, match.start() - _TARGET_LENGTH)
            target = _TARGET.search(self.text, start, match.start())
            if target is None:
                continue
            name = target[2]
            if target[1] and self.types.get(name, "").count("*") == 1:
                before = self.text[start : target.start()].rstrip()[-1:]
                if before in ("", ";", "{", "}", ")", ","):  # a store, not a declaration
                    continue
            value = expression_at(self.text, match.end())
            if value not in found.get(name, ()):
                found[name] = (*found.get(name, ()), value)
        return found

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Every call, in the order of the text."""
        found = []
        for match in _CALL.finditer(self.text):
            end = closing(self.text, match.end() - 1)
            if end > 0:
                arguments = split_arguments(self.text[match.end() : end - 1])
                base = self.function.start
                found.append(Call(match[1], arguments, base + match.start(), base + end))
        return tuple(found)

    def position_of(self, name: str) -> int:
        """Which parameter a name is; -1 if none."""
        for index, parameter in enumerate(self.function.parameters):
            if parameter.name == name:
                return index
        return -1


def _squeeze(text: str) -> str:
    words = [w for w in text.replace("*", " * ").split() if not w.startswith("__")]
    words = [w for w in words if w not in ("const", "volatile", "register", "static")]
    return " ".join(words).replace(" *", "*")


def expression_at(text: str, start: int) -> str:
    """The expression that begins at a position."""
    position = start
    while True:
        match = _STOP.search(text, position)
        if match is None:
            return " ".join(text[start:].split())
        if match[0] in "([{":
            end = closing(text, match.start())
            if end < 0:
                return " ".join(text[start:].split())
            position = end
        else:
            return " ".join(text[start : match.start()].split())
