# SPDX-License-Identifier: GPL-2.0-only
"""Whether a function that stands on other lines now does what it did: `__LINE__` is a number."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

_TOKEN: Final = re.compile(r"\"[^\"\\]*(?:\\.[^\"\\]*)*\"|\w+|\S", re.S)
_NUMBER: Final = re.compile(r"\"?\d+\"?\Z")
_NAME: Final = re.compile(r"[A-Za-z_]\w*\Z")
_ASM: Final = frozenset({"asm", "__asm", "__asm__"})
_BESIDE_ASM: Final = frozenset(
    {"volatile", "__volatile", "__volatile__", "inline", "__inline", "__inline__"}
)
_NO_CALLS: Final = frozenset(
    {"if", "while", "for", "switch", "return", "sizeof", "typeof", "__typeof__", "_Static_assert"}
)
_CONSTANTS: Final = frozenset({'"i"', '"n"'})
"""Constraints of operands that are numbers or addresses known when the kernel is built."""


def only_told(old: str, new: str, functions: Container[str]) -> bool:
    """Whether two texts of a function differ in numbers only that nothing is made of: they are
    operands of assembler that gives no value back and is given constants only (a table of
    warnings), or are told to functions that the unit does not have (`functions`: those it has)."""
    was, now = _TOKEN.findall(old), _TOKEN.findall(new)
    if len(was) != len(now):
        return False
    other = [at for at, (one, two) in enumerate(zip(was, now, strict=True)) if one != two]
    if not all(_NUMBER.match(was[at]) and _NUMBER.match(now[at]) for at in other):
        return False
    around = _brackets(was)
    return all(_is_told(was, around, at, functions) for at in other)


def _brackets(tokens: list[str]) -> list[int]:
    """For each token where the bracket around it begins, -1 where there is none."""
    found = []
    open_: list[int] = []
    for at, token in enumerate(tokens):
        if token in (")", "]", "}") and open_:
            open_.pop()
        found.append(open_[-1] if open_ else -1)
        if token in ("(", "[", "{"):
            open_.append(at)
    return found


def _is_told(tokens: list[str], around: list[int], at: int, functions: Container[str]) -> bool:
    inner = around[at]
    if inner > 0 and tokens[inner] == "(" and at > inner and tokens[at - 1] in ("(", ","):
        name = tokens[inner - 1]
        alone = tokens[at + 1 : at + 2] in ([")"], [","])
        if alone and _NAME.match(name) and name not in _NO_CALLS | _ASM | _BESIDE_ASM:
            return name not in functions and not name.startswith("__builtin")
    while inner > 0:
        head = inner - 1
        while head > 0 and tokens[head] in _BESIDE_ASM:
            head -= 1
        if tokens[inner] == "(" and tokens[head] in _ASM:
            return _gives_nothing(tokens, inner, around)
        inner = around[inner]
    return False


def _gives_nothing(tokens: list[str], start: int, around: list[int]) -> bool:
    """Whether assembler has no operands but constants."""
    at = start + 1
    while at < len(tokens) - 1 and around[at] != around[start]:
        operand = around[at] == start and tokens[at].startswith('"') and tokens[at + 1] == "("
        if operand and tokens[at] not in _CONSTANTS:
            return False
        at += 1
    return True


__all__ = ["only_told"]
