# SPDX-License-Identifier: GPL-2.0-only
"""The original text of C functions: where they begin, their parameters and statements.

What is judged is preprocessed; what is edited is the text as its author wrote it. Nothing here
knows types: comments, strings and directives are blanked out, and brackets are matched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NOISE = re.compile(
    r"/\*.*?(?:\*/|\Z)|//[^\n]*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'"
    r"|(?m:^[ \t]*#(?:[^\n\\]|\\.|\\\n)*)",
    re.S,
)
_OPEN: Final = {"(": ")", "[": "]", "{": "}"}
_LEVEL = re.compile(r"^(?:const\s+)?(pte|pmd|pud)_t$")
_KEYWORD = re.compile(r"(if|while|for|switch|do|else|return|goto|break|continue|case|default)\b")
_MACRO_LOOP: Final = re.compile(r"[A-Za-z_]\w*\s*\(")
_DECLARATION = re.compile(
    r"^(?:(?:const|volatile|static|register|unsigned|signed|struct\s+\w+|union\s+\w+|enum\s+\w+"
    r"|long|short|int|char|bool|[A-Za-z_]\w*)\s+)+[\s*]*(?!return\b)[A-Za-z_]\w*\s*"
    r"(?:\[[^\]]*\]\s*)?(?:__\w+\s*)?(?=[=;,])"
)


def blank(text: str) -> str:
    """The text with comments, strings and directives as spaces; positions and lines stay."""
    return _NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def closing(masked: str, at: int) -> int:
    """The position of the bracket that closes the one at `at`; -1 where none does."""
    stack = [_OPEN[masked[at]]]
    for index in range(at + 1, len(masked)):
        char = masked[index]
        if char in _OPEN:
            stack.append(_OPEN[char])
        elif char in ")]}":
            if char != stack.pop():
                return -1
            if not stack:
                return index
    return -1


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter: `type` with its stars, `name` ('' where there is none)."""

    type: str
    name: str

    @property
    def slot(self) -> str:
        """The level of the entry that it points to, else ''."""
        match = re.match(r"^(?:const\s+)?(pte|pmd|pud)_t\s*\*$", self.type)
        return match[1] if match else ""

    @property
    def level(self) -> str:
        """The level of the entry that it is, else ''."""
        match = _LEVEL.match(self.type)
        return match[1] if match else ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a body: text[start:end]; `block` where its parent is a { } block."""

    start: int
    end: int
    kind: str  # 'simple' | 'declaration' | 'compound' | 'block'
    children: tuple[Statement, ...] = ()
    block: bool = True


@dataclass(frozen=True, slots=True)
class Function:
    """A function definition in a file's text."""

    name: str
    start: int  # of its first line
    open: int  # of '{'
    close: int  # of '}'
    returns: str
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    inside: tuple[int, int]  # of the parameter list, brackets left out


def line_of(text: str, position: int) -> int:
    """The line of a position, counted from 1."""
    return text.count("\n", 0, position) + 1


def split_parameters(text: str) -> tuple[Parameter, ...]:
    """The parameters of a list such as `struct mm_struct *mm, pte_t pte`."""
    found = []
    for one in text.split(","):
        words = " ".join(one.split())
        match = re.match(r"^(.*?[\s*])(\w+)(\[\])?$", words)
        if words in ("", "void"):
            continue
        if match is None:
            found.append(Parameter(words, ""))
            continue
        kind = re.sub(r"\s*\*\s*", "*", match[1].strip())
        found.append(Parameter(re.sub(r"\*+$", lambda m: " " + m[0], kind), match[2]))
    return tuple(found)


def split_arguments(text: str) -> list[str]:
    """The arguments of a call, brackets left out."""
    depth = 0
    parts = [""]
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


def find_function(text: str, name: str, line: int, masked: str = "") -> Function | None:
    """The definition of `name` that holds `line`, else the one nearest to it.

    `masked`: what `blank` makes of the text, where that is known already.
    """
    masked = masked or blank(text)
    best: Function | None = None
    distance = len(text)
    for match in re.finditer(rf"\b{re.escape(name)}\s*\(", masked):
        opened = match.end() - 1
        closed = closing(masked, opened)
        if closed < 0:
            continue
        after = re.compile(r"\s*(?:__\w+\s*(?:\([^()]*\))?\s*)*\{").match(masked, closed + 1)
        if after is None:
            continue
        brace = after.end() - 1
        end = closing(masked, brace)
        if end < 0:
            continue
        away = abs(line_of(text, match.start()) - line)
        if line_of(text, match.start()) <= line <= line_of(text, end):
            away = 0
        if away >= distance:
            continue
        head = _head(masked, match.start())
        if not masked[head : match.start()].strip():
            continue  # a statement expression after a macro, not a definition
        returns = " ".join(masked[head : match.start()].split())
        best = Function(
            name, head, brace, end, _return_type(returns),
            split_parameters(masked[opened + 1 : closed]),
            _statements(masked, brace + 1, end, True), (opened + 1, closed),
        )  # fmt: skip
        distance = away
    return best


def _head(masked: str, at: int) -> int:
    """Where the declaration that holds `at` begins."""
    begin = max(masked.rfind(c, 0, at) for c in ";}")
    begin = begin + 1
    while begin < at and masked[begin] in " \t\n":
        begin += 1
    blank_line = masked.rfind("\n\n", begin, at)
    return begin if blank_line < 0 else blank_line + 2


def _return_type(words: str) -> str:
    noise = re.sub(
        r"\b(?:static|inline|extern|__always_inline|notrace|noinline|__\w+)\b", " ", words
    )
    return re.sub(r"\s*\*", " *", " ".join(noise.split()))


def _skip(masked: str, at: int, end: int) -> int:
    while at < end and masked[at] in " \t\n":
        at += 1
    return at


def _statements(masked: str, at: int, end: int, block: bool) -> tuple[Statement, ...]:
    found = []
    at = _skip(masked, at, end)
    while at < end:
        one = _statement(masked, at, end, block)
        if one is None:
            break
        found.append(one)
        at = _skip(masked, one.end, end)
    return tuple(found)


def _statement(masked: str, at: int, end: int, block: bool) -> Statement | None:
    if masked[at] == "{":
        last = closing(masked, at)
        if last < 0:
            return None
        return Statement(at, last + 1, "block", _statements(masked, at + 1, last, True), block)
    word = _KEYWORD.match(masked, at)
    key = word[1] if word else ""
    if key in ("if", "while", "for", "switch"):
        opened = masked.find("(", at, end)
        closed = closing(masked, opened) if opened >= 0 else -1
        if closed < 0:
            return None
        first = _skip(masked, closed + 1, end)
        if first >= end:
            return None
        inner = _statement(masked, first, end, False)
        if inner is None:
            return None
        children = [inner]
        last = inner.end
        follow = _skip(masked, last, end)
        if key == "if" and re.compile(r"else\b").match(masked, follow):
            other = _statement(masked, _skip(masked, follow + 4, end), end, False)
            if other is None:
                return None
            children.append(other)
            last = other.end
        return Statement(at, last, "compound", tuple(children), block)
    if key == "do":
        inner = _statement(masked, _skip(masked, at + 2, end), end, False)
        if inner is None:
            return None
        semicolon = masked.find(";", inner.end, end)
        return None if semicolon < 0 else Statement(at, semicolon + 1, "compound", (inner,), block)
    loop = None if key else _MACRO_LOOP.match(masked, at)
    closed = closing(masked, loop.end() - 1) if loop else -1
    if closed >= 0:
        first = _skip(masked, closed + 1, end)
        if first < end and masked[first] == "{":  # list_for_each_entry(...) { ... }
            inner = _statement(masked, first, end, False)
            return None if inner is None else Statement(at, inner.end, "compound", (inner,), block)
    position = at
    while position < end and masked[position] != ";":
        if masked[position] in _OPEN:
            position = closing(masked, position)
            if position < 0:
                return None
        position += 1
    if position >= end:
        return None
    kind = "declaration" if not key and _DECLARATION.match(masked[at : position + 1]) else "simple"
    return Statement(at, position + 1, kind, (), block)


def statement_at(body: tuple[Statement, ...], position: int) -> tuple[Statement, ...]:
    """The statements that hold a position, outermost first."""
    for one in body:
        if one.start <= position < one.end:
            return (one, *statement_at(one.children, position))
    return ()


def indent_at(text: str, position: int) -> str:
    """The white space at the beginning of the line of a position."""
    begin = text.rfind("\n", 0, position) + 1
    match = re.compile(r"[ \t]*").match(text, begin)
    return match[0] if match else ""


def wrap_call(indent: str, head: str, arguments: list[str], tail: str = ");") -> str:
    """A call on one line, or wrapped under its opening bracket by tabs and spaces."""
    line = f"{indent}{head}({', '.join(arguments)}{tail}"
    if len(line.expandtabs(8)) <= 80:
        return line
    column = len(f"{indent}{head}(".expandtabs(8))
    pad = "\t" * (column // 8) + " " * (column % 8)
    lines = []
    current = f"{indent}{head}("
    for index, one in enumerate(arguments):
        piece = one + (tail if index == len(arguments) - 1 else ",")
        fresh = current.endswith("(") or not current.strip()
        longer = f"{current}{piece}" if fresh else f"{current} {piece}"
        if len(longer.expandtabs(8)) > 80 and not fresh:
            lines.append(current)
            current = pad + piece
        else:
            current = longer
    return "\n".join([*lines, current])
