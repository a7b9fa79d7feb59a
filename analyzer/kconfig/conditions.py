# SPDX-License-Identifier: GPL-2.0-only
"""Conditions of the C preprocessor over CONFIG_ symbols, as expressions of Kconfig.

What depends on anything else is "perhaps".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.kconfig.expression import Expression, ExpressionError, parse, symbols, tokens

if TYPE_CHECKING:
    from analyzer.kconfig.solve import Config

_DEFINED = re.compile(
    r"(?:\bdefined\s*\(?|\bIS_(?:ENABLED|BUILTIN|MODULE|REACHABLE)\s*\()\s*CONFIG_(\w+)\s*\)?"
)
_ASSEMBLER = re.compile(r"\bdefined\s*\(?\s*__ASSEMBL(?:Y|ER)__\s*\)?")
_OTHER = re.compile(r"\bdefined\s*\(?\s*\w+\s*\)?")
_NAME = re.compile(r"\b(?:CONFIG_(\w+)|[A-Za-z_]\w*)(\s*\()?")
_PERHAPS = "perhaps?"

_MAYBE: Expression = ("sym", _PERHAPS)


def condition_of(word: str, text: str) -> Expression:
    """A C condition as an expression over CONFIG_ symbols; what is unknown is perhaps."""
    text = text.replace("\\\n", " ").strip()
    if word != "if":
        name = text.split()[0] if text.split() else ""
        if name.startswith("CONFIG_"):
            value: Expression = ("sym", name[7:])
        elif name in ("__ASSEMBLY__", "__ASSEMBLER__"):
            value = ("str", "n")
        else:
            return _MAYBE
        return ("not", value) if word == "ifndef" else value
    text = _DEFINED.sub(r" CONFIG_\1 ", text)
    text = _ASSEMBLER.sub(" 0 ", text)
    text = _OTHER.sub(" ptc_perhaps ", text)
    if any(match[2] for match in _NAME.finditer(text)):
        return _MAYBE
    text = _NAME.sub(lambda m: f" {m[1]} " if m[1] else " ptc.perhaps ", text)
    words, rest = tokens(text.replace("==", "="))
    try:
        return _MAYBE if rest else _known(parse(words))
    except ExpressionError:
        return _MAYBE


def _known(expression: Expression) -> Expression:
    """Replace what stands for something unknown; a number is true unless it is 0."""
    kind = expression[0]
    if kind == "sym":
        if expression[1] == "ptc.perhaps":
            return _MAYBE
        if expression[1].isdigit():
            return ("str", "n" if int(expression[1][:9]) == 0 else "y")
        return expression
    if kind == "not":
        return ("not", _known(expression[1]))
    if kind in ("and", "or"):
        return (kind, tuple(_known(term) for term in expression[1]))
    return _MAYBE if "ptc.perhaps" in symbols(expression) else expression


def truth(expression: Expression, config: Config) -> int:
    """0: no, 1: perhaps, 2: yes (Kleene's logic, which is that of tristates)."""
    kind = expression[0]
    if expression is _MAYBE or expression == _MAYBE:
        return 1
    if kind == "sym":
        return 2 if config.value(expression[1]) not in ("n", "0", "") else 0
    if kind == "not":
        return 2 - truth(expression[1], config)
    if kind == "and":
        return min(truth(term, config) for term in expression[1])
    if kind == "or":
        return max(truth(term, config) for term in expression[1])
    return 2 if config.truth(expression) else 0
