# SPDX-License-Identifier: GPL-2.0-only
"""Kconfig expressions: text to a small tree of tuples.

    ('sym', name)  ('str', text)  ('not', e)  ('and', (e, ...))  ('or', (e, ...))
    ('=' | '!=' | '<' | '<=' | '>' | '>=', left, right)      left and right: 'sym' or 'str'

Precedence as in scripts/kconfig/parser.y: comparison, `!`, `&&`, `||`.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

Expression: TypeAlias = tuple[Any, ...]

YES: Expression = ("str", "y")
NO: Expression = ("str", "n")

_TOKEN = re.compile(
    r"\s*(&&|\|\||!=|<=|>=|[=<>!()]"
    r"|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
    r"|[\w./-]+)"
)
_COMPARISONS = frozenset(("=", "!=", "<", "<=", ">", ">="))
_MAX_DEPTH = 64


class ExpressionError(ValueError):
    """The text is not an expression; the message says where it stopped making sense."""


def tokens(text: str) -> tuple[list[str], str]:
    """The tokens of `text` up to the first thing that is none; and that rest."""
    found: list[str] = []
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        if match is None:
            return found, text[position:].strip()
        found.append(match[1])
        position = match.end()


def split_condition(text: str) -> tuple[list[str], list[str] | None]:
    """Split `value if condition` into the tokens of both; None: there is no condition."""
    words, rest = tokens(text)
    if rest and not rest.startswith("#"):
        raise ExpressionError(f"cannot read {rest[:40]!r}")
    if "if" in words:
        at = words.index("if")
        return words[:at], words[at + 1 :]
    return words, None


def parse(words: list[str], condition: bool = True) -> Expression:
    """Parse tokens to an expression. Raises ExpressionError.

    In a condition (not in the value of a default) `m` means `m && MODULES`, as in menu.c.
    """
    parser = _Parser(words, condition)
    result = parser.alternative(0)
    if parser.at != len(words):
        raise ExpressionError(f"cannot read {words[parser.at]!r}")
    return result


def unquote(word: str) -> str:
    """The text of a quoted word; other words as they are."""
    if word[:1] in ('"', "'"):
        body = word[1:-1]
        return re.sub(r"\\(.)", r"\1", body) if "\\" in body else body
    return word


def operand(word: str) -> Expression:
    """A symbol or a constant."""
    if word[:1] in ('"', "'"):
        return ("str", unquote(word))
    if word in ("y", "m", "n"):
        return ("str", word)
    return ("sym", word)


def conjunction(terms: list[Expression]) -> Expression:
    """`a && b && ...`, YES for none."""
    if not terms:
        return YES
    return terms[0] if len(terms) == 1 else ("and", tuple(terms))


def symbols(expression: Expression) -> set[str]:
    """The names of the symbols that occur in an expression."""
    found: set[str] = set()
    work = [expression]
    while work:
        node = work.pop()
        if node[0] == "sym":
            found.add(node[1])
        elif node[0] in ("and", "or"):
            work.extend(node[1])
        elif node[0] != "str":
            work.extend(node[1:])
    return found


class _Parser:
    """Recursive descent; nesting is bounded, chains of && and || are not."""

    def __init__(self, words: list[str], condition: bool) -> None:
        self.words = words
        self.condition = condition
        self.at = 0

    def peek(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def alternative(self, depth: int) -> Expression:
        terms = [self.conjunct(depth)]
        while self.peek() == "||":
            self.at += 1
            terms.append(self.conjunct(depth))
        return terms[0] if len(terms) == 1 else ("or", tuple(terms))

    def conjunct(self, depth: int) -> Expression:
        terms = [self.factor(depth)]
        while self.peek() == "&&":
            self.at += 1
            terms.append(self.factor(depth))
        return terms[0] if len(terms) == 1 else ("and", tuple(terms))

    def factor(self, depth: int) -> Expression:
        negated = False
        while self.peek() == "!":
            self.at += 1
            negated = not negated
        word = self.peek()
        if not word:
            raise ExpressionError("the expression ends too early")
        self.at += 1
        if word == "(":
            if depth >= _MAX_DEPTH:
                raise ExpressionError("parentheses are nested too deep")
            result = self.alternative(depth + 1)
            if self.peek() != ")":
                raise ExpressionError("a parenthesis is not closed")
            self.at += 1
        elif word in _COMPARISONS or word in (")", "&&", "||"):
            raise ExpressionError(f"{word!r} where a symbol was expected")
        else:
            result = operand(word)
            if self.peek() in _COMPARISONS:
                result = (self.words[self.at], result, self._right())
            elif self.condition and result == ("str", "m"):
                result = ("and", (result, ("sym", "MODULES")))
        return ("not", result) if negated else result

    def _right(self) -> Expression:
        self.at += 1
        word = self.peek()
        if not word or word in _COMPARISONS or word in ("(", ")", "&&", "||", "!"):
            raise ExpressionError("nothing to compare with")
        self.at += 1
        return operand(word)
