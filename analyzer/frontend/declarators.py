# SPDX-License-Identifier: GPL-2.0-only
"""The names that one declaration declares, from its text, without parsing it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from analyzer.frontend.patterns import ATTRIBUTE, BODY, GROUP, HASH_LINE, QUOTED
from analyzer.frontend.words import SPECIFIERS, TYPES

_ATTRIBUTE: Final = re.compile(rf"\b(?:{ATTRIBUTE})")
_TYPEOF: Final = re.compile(r"_*typeof")
_LINE: Final = re.compile(HASH_LINE)
_QUOTED: Final = re.compile(QUOTED)
_TOKEN: Final = re.compile(r"[A-Za-z_$][\w$]*|\{\}|[()\[\],=*:;]")
ENUM_BODY: Final = re.compile(r"\benum\b[^;{}()=,]{0,2000}+\{([^{}]*+)\}")
_CONSTANT: Final = re.compile(r"(?:^|,)\s*+([A-Za-z_$][\w$]*+)")


def plain(text: str) -> str:
    """Remove line markers, strings, attributes and asm labels; `typeof(x)` becomes `int`."""
    if "#" in text:
        text = _LINE.sub(" ", text)
    if "__" in text or "typeof" in text or "asm" in text or "_Alignas" in text:
        text = _ATTRIBUTE.sub(lambda found: " int " if _TYPEOF.match(found[0]) else " ", text)
    if '"' in text or "'" in text:
        text = _QUOTED.sub(" 0 ", text)
    return text


def enum_constants(text: str) -> Iterator[str]:
    """Yield the names of the enumerators of each enum in a declaration."""
    for body in ENUM_BODY.finditer(plain(text)):
        inside = body[1]
        while "(" in inside:
            shorter = GROUP.sub(" 0 ", inside)
            if shorter == inside:
                break
            inside = shorter
        yield from _CONSTANT.findall(inside)


def tags(text: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, tag) of each struct, union and enum that a declaration defines."""
    text = plain(text)
    for found in _TAGGED.finditer(text):
        yield found[1], found[2]


_TAGGED: Final = re.compile(r"\b(struct|union|enum)\s++([A-Za-z_$][\w$]*+)\s*+(?::[\s\w]*+)?\{")


def declared_names(text: str) -> list[tuple[str, bool]]:
    """Return (name, is it a function) for each declarator of a declaration that ends in `;`."""
    text = plain(text)
    if "{" in text:
        text = BODY.sub(" {} ", text)
    tokens = _TOKEN.findall(text)
    names = []
    for index, declarator in enumerate(_declarators(tokens)):
        found = _name(declarator, index == 0)
        if found is not None:
            names.append(found)
    return names


def _declarators(tokens: list[str]) -> Iterator[list[str]]:
    """Split at top-level commas, leave initialisers and bit widths out."""
    current: list[str] = []
    depth = 0
    skipping = False
    for token in tokens:
        if token in "([":
            depth += 1
        elif token in ")]":
            depth -= 1
        elif depth == 0:
            if token in ",;":
                yield current
                current = []
                skipping = False
                continue
            if token in "=:":
                skipping = True
        if not skipping:
            current.append(token)


def _name(tokens: list[str], first: bool, depth: int = 0) -> tuple[str, bool] | None:
    """Find the declared name in `specifiers declarator` (`first`) or a bare declarator."""
    start = 0
    if first:
        start = _after_specifiers(tokens)
    index = start
    while index < len(tokens) and (tokens[index] == "*" or tokens[index] in SPECIFIERS):
        index += 1
    if index >= len(tokens):
        return None
    token = tokens[index]
    if token == "(":
        close = _closing(tokens, index)
        inner = tokens[index + 1 : close]
        if depth > _MAX_NESTING:
            return None
        pointer = bool(inner) and inner[0] == "*"
        found = _name(inner, False, depth + 1)
        if found is None:
            return None
        after = tokens[close + 1 : close + 2]
        return found[0], found[1] or (not pointer and after == ["("])
    if not (token[0].isalpha() or token[0] in "_$"):
        return None
    return token, tokens[index + 1 : index + 2] == ["("]


def _after_specifiers(tokens: list[str]) -> int:
    """Where the first declarator begins.

    A type is one tag (`struct x`), some type words, or one typedef name.
    """
    index = 0
    typed = False
    while index < len(tokens):
        token = tokens[index]
        if token in ("struct", "union", "enum"):
            index += 1
            if index < len(tokens) and _is_word(tokens[index]):
                index += 1
            if index < len(tokens) and tokens[index] == "{}":
                index += 1
            typed = True
            continue
        if token in SPECIFIERS:
            typed = typed or token in TYPES
            index += 1
            continue
        if _is_word(token) and not typed:
            following = tokens[index + 1] if index + 1 < len(tokens) else ""
            if following and (following == "*" or following == "(" or _is_word(following)):
                if following == "(" and not _starts_declarator(tokens, index + 1):
                    return index  # a function without a type
                typed = True
                index += 1
                continue
        return index
    return index


_MAX_NESTING: Final = 50


def _starts_declarator(tokens: list[str], opening: int) -> bool:
    """Tell `type (*name)...` and `type (name)(...)` from `name(parameters)`."""
    inner = tokens[opening + 1 : opening + 2]
    if inner == ["*"] or inner == ["("]:
        return True
    close = _closing(tokens, opening)
    return close == opening + 2 and tokens[close + 1 : close + 2] == ["("]


def _closing(tokens: list[str], opening: int) -> int:
    depth = 0
    for index in range(opening, len(tokens)):
        if tokens[index] == "(":
            depth += 1
        elif tokens[index] == ")":
            depth -= 1
            if depth == 0:
                return index
    return len(tokens)


def _is_word(token: str) -> bool:
    return token[0].isalpha() or token[0] in "_$"


def objects_in(text: str, start: int, end: int, braced: bool) -> Iterator[tuple[str, str]]:
    """The variables and functions that a declaration declares which is no plain prototype: kind of
    a chunk, name."""
    is_type = braced and text.startswith(("struct", "union", "enum"), start)
    if is_type and text[end - 2 : end] == "};" and "=" not in text[start : text.find("{", start)]:
        return
    for name, is_function in declared_names(text[start:end]):
        yield "prototype" if is_function else "variable", name
