# SPDX-License-Identifier: GPL-2.0-only
"""The properties of one block, parsed when they are asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from analyzer.kconfig.expression import (
    YES,
    Expression,
    ExpressionError,
    conjunction,
    operand,
    parse,
    split_condition,
)
from analyzer.kconfig.macros import clause_end
from analyzer.kconfig.scan import FileIndex, help_end

#: Expands the macros of a text found at an offset of the file. Raises ValueError.
Expand = Callable[[str, int], str]


@dataclass(slots=True)
class Conditional:
    """`select NAME if ...`, `default EXPRESSION if ...`, `range LOW HIGH if ...`."""

    value: Expression
    condition: Expression
    text: str | None  # the condition as written, None where there is none
    offset: int
    second: Expression | None = None


@dataclass(slots=True)
class Properties:
    """What stands in a block: the lists are in the order of the file."""

    type: str = ""
    prompts: list[Expression] = field(default_factory=list)
    defaults: list[Conditional] = field(default_factory=list)
    depends: list[Expression] = field(default_factory=list)
    visible: list[Expression] = field(default_factory=list)
    selects: list[Conditional] = field(default_factory=list)
    implies: list[Conditional] = field(default_factory=list)
    ranges: list[Conditional] = field(default_factory=list)
    optional: bool = False
    environment: str = ""  # `option env="NAME"` (before 4.18)
    errors: list[tuple[int, str]] = field(default_factory=list)

    @property
    def dependency(self) -> Expression:
        """All `depends on` lines together."""
        return conjunction(self.depends)


_WORD = re.compile(r"[ \t]*([\w-]+)")
_TYPES = frozenset(("bool", "boolean", "tristate", "string", "hex", "int"))
_PLAIN = re.compile(r"[\w./-]+")
_HELP = frozenset(("help", "---help---"))


def lines(index: FileIndex, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Logical lines of `text[start:end]` with their offsets; help texts are left out."""
    text = index.text
    position = start
    while position < end:
        newline = text.find("\n", position, end)
        newline = end if newline < 0 else newline
        line = text[position:newline]
        offset = position
        if line.endswith("\\"):
            parts = []
            while line.endswith("\\") and newline < end:
                parts.append(line[:-1])
                position = newline + 1
                newline = text.find("\n", position, end)
                newline = end if newline < 0 else newline
                line = text[position:newline]
            parts.append(line)
            line = " ".join(parts)
        position = newline + 1
        stripped = line.strip()
        if stripped.split("#", 1)[0].rstrip() in _HELP:
            position = max(position, help_end(text, newline) + 1)
            continue
        if stripped and not stripped.startswith("#"):
            yield offset, stripped


def parse_block(index: FileIndex, start: int, end: int, expand: Expand) -> Properties:
    """Parse the lines of a block behind its first. Errors are kept in the result."""
    properties = Properties()
    for number, (offset, line) in enumerate(lines(index, start, end)):
        if number == 0:
            continue
        try:
            _property(properties, line, offset, expand)
        except ValueError as error:
            properties.errors.append((offset, str(error)))
    return properties


def condition_of(index: FileIndex, start: int, expand: Expand) -> Expression:
    """The expression of an `if` block. Raises ValueError."""
    for offset, line in lines(index, start, len(index.text)):
        words, behind = split_condition(_text(line[2:], offset, expand))
        if behind is not None:
            raise ExpressionError("a condition in a condition")
        return parse(words)
    return YES


def _text(text: str, offset: int, expand: Expand) -> str:
    """Expand macros; a result outside quotes stays one word, as in scripts/kconfig/lexer.l."""
    if "$(" not in text:
        return text
    parts: list[str] = []
    position = 0
    quote = ""
    while position < len(text):
        character = text[position]
        if text.startswith("$(", position):
            end = clause_end(text, position + 2)
            result = expand(text[position:end], offset)
            if quote:
                parts.append(_quoted(result, quote)[1:-1])
            else:
                parts.append(result if _PLAIN.fullmatch(result) else _quoted(result, '"'))
            position = end
            continue
        if character == "\\" and quote:
            parts.append(text[position : position + 2])
            position += 2
            continue
        if character == quote:
            quote = ""
        elif not quote and character in "\"'":
            quote = character
        elif not quote and character == "#":
            break
        parts.append(character)
        position += 1
    return "".join(parts)


def _quoted(text: str, quote: str) -> str:
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


def _property(result: Properties, line: str, offset: int, expand: Expand) -> None:
    match = _WORD.match(line)
    if match is None:
        return
    word, rest = match[1], line[match.end() :]
    if word in _TYPES:
        result.type = result.type or ("bool" if word == "boolean" else word)
        if rest.strip() and not rest.lstrip().startswith("#"):
            result.prompts.append(_prompt(rest, offset, expand))
    elif word == "prompt":
        result.prompts.append(_prompt(rest, offset, expand))
    elif word in ("default", "def_bool", "def_tristate"):
        if word != "default":
            result.type = result.type or word[4:]
        result.defaults.append(_conditional(rest, offset, expand))
    elif word == "depends":
        rest = rest.lstrip().removeprefix("on")
        result.depends.append(_dependency(rest, offset, expand))
    elif word == "visible":
        rest = rest.lstrip().removeprefix("if")
        result.visible.append(_expression(rest, offset, expand))
    elif word == "select":
        result.selects.append(_conditional(rest, offset, expand))
    elif word == "imply":
        result.implies.append(_conditional(rest, offset, expand))
    elif word == "range":
        result.ranges.append(_range(rest, offset, expand))
    elif word == "optional":
        result.optional = True
    elif word == "option":
        found = re.match(r'\s*env\s*=\s*"([^"]*)"', rest)
        if found:
            result.environment = found[1]


def _dependency(text: str, offset: int, expand: Expand) -> Expression:
    """`depends on A if B`, which newer trees have, means A || (B = n) (scripts/kconfig/menu.c)."""
    words, behind = split_condition(_text(text, offset, expand))
    if behind is None:
        return parse(words)
    return ("or", (parse(words), _is_no(parse(behind))))


def _is_no(condition: Expression) -> Expression:
    """`condition = n`, which for m differs from `!condition` (expr_trans_compare())."""
    kind = condition[0]
    if kind in ("and", "or"):
        parts = tuple(_is_no(part) for part in condition[1])
        return ("or" if kind == "and" else "and", parts)
    if kind in ("sym", "str"):
        return ("=", condition, ("str", "n"))
    return ("not", condition)  # of a comparison; and `!B = n` holds where B is y or, here, m


def _expression(text: str, offset: int, expand: Expand) -> Expression:
    words, behind = split_condition(_text(text, offset, expand))
    if behind is not None:
        raise ExpressionError("'if' where no condition can stand")
    return parse(words)


def _prompt(text: str, offset: int, expand: Expand) -> Expression:
    """The condition of a prompt; its text is of no interest."""
    words, behind = split_condition(_text(_without_text(text), offset, expand))
    if words:
        raise ExpressionError(f"cannot read {words[0]!r}")
    return YES if behind is None else parse(behind)


def _without_text(text: str) -> str:
    """What is behind the quoted (or, in old trees, bare) text of a prompt."""
    text = text.strip()
    if text[:1] not in ('"', "'"):
        return text.split(None, 1)[1] if len(text.split(None, 1)) == 2 else ""
    quote = text[0]
    position = 1
    while position < len(text) and text[position] != quote:
        position += 2 if text[position] == "\\" else 1
    return text[position + 1 :]


def _conditional(text: str, offset: int, expand: Expand) -> Conditional:
    expanded = _text(text, offset, expand)
    words, behind = split_condition(expanded)
    written = None
    if behind is not None:
        raw = re.search(r"\bif\b(.*)", text, re.DOTALL)
        written = " ".join((raw[1] if raw else "").split("#", 1)[0].split())
    condition = YES if behind is None else parse(behind)
    return Conditional(parse(words, False), condition, written, offset)


def _range(text: str, offset: int, expand: Expand) -> Conditional:
    words, behind = split_condition(_text(text, offset, expand))
    if len(words) != 2:
        raise ExpressionError("a range needs two values")
    condition = YES if behind is None else parse(behind)
    low, high = operand(words[0]), operand(words[1])
    return Conditional(low, condition, None, offset, high)
