# SPDX-License-Identifier: GPL-2.0-only
"""The functions and function-like macros of one file, found without a preprocessor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ..brackets import closing, split_arguments
from .text import Source

_BRACES: Final = re.compile(r"[{};]")
_HEAD: Final = re.compile(r"([A-Za-z_]\w*)\s*\(")
_DEFINE: Final = re.compile(r"([A-Za-z_]\w*)(\()?")
_NAME: Final = re.compile(r"([A-Za-z_]\w*)\s*(?:\[[^\]]*\])?$")
_MADE: Final = re.compile(r"^\s*[A-Z][A-Z0-9_]*\s*\(\s*([A-Za-z_]\w*)[^{}]*\)\s*$", re.S)
_NOT_NAMES: Final = re.compile(
    r"^(?:if|while|for|switch|return|sizeof|typeof|defined|noinline_for_stack"
    r"|__(?:typeof__|attribute__|aligned|section|printf|acquires|releases|must_hold))$"
)
BOOT: Final = re.compile(r"\b__(?:init|head|meminit|init_or_module|ref_init)\b|\b__init_memblock\b")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter: `type` without the name; '' for that of a macro."""

    type: str
    name: str


@dataclass(frozen=True)
class Function:
    """A definition: `start` and `end` are those of the body (with its braces, if it has them)."""

    name: str
    head: str
    given: str  # the text between the parentheses of the head
    start: int
    end: int
    is_macro: bool = False

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its parameters, in order."""
        if self.is_macro:
            return tuple(Parameter("", name) for name in split_arguments(self.given))
        return tuple(_parameters(self.given))

    @property
    def is_static(self) -> bool:
        """Whether no other file can call it."""
        return "static" in self.head.split() and not self.is_macro

    @property
    def at_boot(self) -> bool:
        """Whether its memory is freed after boot (`__init`): there is no user yet."""
        return BOOT.search(self.head) is not None


def unclosed(source: Source) -> int:
    """Where a block begins that never ends, so that nothing after it was read; -1 if none does."""
    position = 0
    while True:
        match = _BRACES.search(source.code, position)
        if match is None:
            return -1
        position = match.end() if match[0] != "{" else closing(source.code, match.start())
        if position < 0:
            return match.start()


def functions(source: Source) -> tuple[Function, ...]:
    """Every function definition, in the order of the file, up to a block that never ends."""
    if source.functions is None:
        source.functions = tuple(_functions(source))
    return source.functions


def _functions(source: Source) -> Iterator[Function]:
    code = source.code
    begin = position = 0
    while True:
        match = _BRACES.search(code, position)
        if match is None:
            return
        if match[0] != "{":
            begin = position = match.end()
            continue
        end = closing(code, match.start())
        if end < 0:
            return
        found = _definition(code, begin, match.start(), end)
        if found is not None:
            yield found
        begin = position = end


def _definition(code: str, begin: int, brace: int, end: int) -> Function | None:
    head = code[begin:brace]
    if "(" not in head or "=" in head.split("(")[0]:
        return None
    for match in _HEAD.finditer(head):
        if _NOT_NAMES.match(match[1]) or match[1].isupper():
            continue
        close = closing(head, match.end() - 1)
        if close < 0:
            return None
        after = head[close:].strip()
        if after and not after.startswith("__"):
            return None
        inner = head[match.end() : close - 1]
        return Function(match[1], head[: match.start()], inner, brace, end)
    made = _MADE.search(head)  # SYSCALL_DEFINE2(name, ...) and the like
    return None if made is None else Function(made[1], "", "", brace, end)


def _parameters(inner: str) -> Iterator[Parameter]:
    for text in split_arguments(inner):
        match = _NAME.search(text)
        if match is None or text == "void":
            yield Parameter(text, "")
        else:
            yield Parameter(text[: match.start()].strip(), match[1])


def macros(source: Source) -> Iterator[Function]:
    """Every `#define` that has a body: function-like ones, and names for other names."""
    for directive in source.directives:
        if directive.word != "define":
            continue
        match = _DEFINE.match(directive.rest)
        if match is None:
            continue
        base = source.text.index(directive.rest, directive.start) if directive.rest else 0
        given = ""
        start = match.end()
        if match[2]:
            close = closing(directive.rest, match.end() - 1)
            if close < 0:
                continue
            given = directive.rest[match.end() : close - 1]
            start = close
        head = "" if match[2] else "alias"
        yield Function(match[1], head, given, base + start, directive.end, is_macro=True)
