# SPDX-License-Identifier: GPL-2.0-only
"""`#if` lines that ask about configuration symbols only, answered without a preprocessor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from analyzer.frontend.kbuild import ConfigValues

_DIRECTIVE: Final = re.compile(r"[ \t]*#[ \t]*(ifdef|ifndef|if|elif|else|endif)\b(.*)")
_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_TOKEN: Final = re.compile(r"\s*(\d+|\w+|&&|\|\||[<>=!]=|[<>!()+-])")
_LEVELS: Final = (("||",), ("&&",), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"))
_IS_ENABLED: Final = frozenset({"IS_ENABLED", "IS_BUILTIN", "IS_REACHABLE", "defined"})


def active_lines(text: str, config: ConfigValues) -> Iterator[str]:
    """Yield the lines of C text (comments removed) that the configuration leaves in."""
    taken: list[tuple[bool, bool]] = []  # (this arm is active, an arm was)
    for line in _COMMENT.sub(" ", text).split("\n"):
        found = _DIRECTIVE.match(line)
        if found is None:
            if all(active for active, _ in taken):
                yield line
            continue
        word, rest = found[1], found[2]
        if word == "endif":
            if taken:
                taken.pop()
        elif word in ("elif", "else"):
            if taken:
                _, before = taken.pop()
                arm = not before and (word == "else" or holds(rest, config))
                taken.append((arm, before or arm))
        else:
            if word != "if":
                rest = f"{'!' if word == 'ifndef' else ''}defined({rest.strip()})"
            arm = holds(rest, config)
            taken.append((arm, arm))


def holds(expression: str, config: ConfigValues) -> bool:
    """Evaluate an `#if` expression over CONFIG_ symbols; everything else in it counts as 0.

    One that nests too deeply is false.
    """
    try:
        return bool(_Expression(expression, config).value())
    except RecursionError:
        return False


class _Expression:
    def __init__(self, text: str, config: ConfigValues) -> None:
        self._tokens = _TOKEN.findall(text)[:400]
        self._config = config
        self._at = 0

    def value(self) -> int:
        return self._binary(0)

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _binary(self, level: int) -> int:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self._peek() in _LEVELS[level]:
            operator = self._next()
            right = self._binary(level + 1)
            left = {
                "||": int(bool(left or right)),
                "&&": int(bool(left and right)),
                "==": int(left == right),
                "!=": int(left != right),
                "<": int(left < right),
                ">": int(left > right),
                "<=": int(left <= right),
                ">=": int(left >= right),
                "+": left + right,
                "-": left - right,
            }[operator]
        return left

    def _unary(self) -> int:
        token = self._next()
        if token == "!":
            return int(not self._unary())
        if token == "-":
            return -self._unary()
        if token == "(":
            inside = self._binary(0)
            if self._peek() == ")":
                self._next()
            return inside
        if token in _IS_ENABLED:
            return self._defined()
        if token.isdigit():
            return int(token)
        return self._number(token)

    def _defined(self) -> int:
        parenthesis = self._peek() == "("
        if parenthesis:
            self._next()
        name = self._next()
        if parenthesis and self._peek() == ")":
            self._next()
        if not name.startswith("CONFIG_"):
            return 0
        return int(self._config.value(name.removeprefix("CONFIG_")) not in ("n", ""))

    def _number(self, name: str) -> int:
        if not name.startswith("CONFIG_"):
            return 0
        text = self._config.value(name.removeprefix("CONFIG_"))
        if text == "y":
            return 1
        try:
            return int(text, 0)
        except ValueError:
            return 0
