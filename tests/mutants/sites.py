# SPDX-License-Identifier: GPL-2.0-only
"""Every call of a hook in a piece of kernel source, found by its text alone.

Written without the analyzer, on purpose: what `ptcheck check` reaches is compared with it. Only
comments, strings and directives are told apart from code; no configuration is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

HOOK: Final = re.compile(r"\bpage_table_check_(pte|pmd|pud)s?_(set|clear)\s*\(")
_SKIP: Final = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
_DIRECTIVE: Final = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$", re.M)
_GUARD: Final = re.compile(r"^[ \t]*#[ \t]*(if|ifdef|ifndef|else|elif|endif)\b[ \t]*(\w*)", re.M)
_NAME: Final = re.compile(r"\b([A-Za-z_]\w*)\s*\([^(){};]*\)\s*$")


@dataclass(frozen=True, slots=True)
class Function:
    """The function around a call: the offsets of its braces and the words before its name."""

    name: str
    head: int
    body: int  # of the `{`
    end: int  # of the `}`
    returns: str  # 'pte_t', 'void', ...


@dataclass(frozen=True, slots=True)
class Site:
    """One call `hook(args);` at text[start:end], the semicolon included."""

    path: str
    line: int
    hook: str
    level: str
    kind: str  # 'set' | 'clear'
    args: tuple[str, ...]
    start: int
    end: int
    function: Function
    first_line: int  # of the function
    last_line: int
    guards: tuple[str, ...]  # names of the #ifndef around it: what an architecture overrides

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.function.name}"


def blanked(text: str) -> str:
    """The text with comments, strings and character constants as spaces; offsets stay."""
    return _SKIP.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def code_only(text: str) -> str:
    """The text with directives blanked too."""
    return _DIRECTIVE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), blanked(text))


def find_sites(path: str, text: str) -> Iterator[Site]:
    """The hook calls of one file in order; declarations and definitions of hooks are not calls."""
    plain = blanked(text)
    code = code_only(text)
    for match in HOOK.finditer(code):
        function = enclosing(code, match.start())
        if function is None:
            continue
        close = closing(code, match.end() - 1)
        end = code.index(";", close) + 1
        yield Site(
            path=path,
            line=line_of(text, match.start()),
            hook=match[0].rstrip("( \t\n"),
            level=match[1],
            kind=match[2],
            args=split_arguments(code[match.end() : close]),
            start=match.start(),
            end=end,
            function=function,
            first_line=line_of(text, function.head),
            last_line=line_of(text, function.end),
            guards=_guards(plain, match.start()),
        )


def line_of(text: str, offset: int) -> int:
    """The line of an offset, counted from 1."""
    return text.count("\n", 0, offset) + 1


def closing(code: str, start: int) -> int:
    """The offset of the bracket that closes the one at `start`."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    opened, closed = code[start], pairs[code[start]]
    depth = 0
    for offset in range(start, len(code)):
        if code[offset] == opened:
            depth += 1
        elif code[offset] == closed:
            depth -= 1
            if depth == 0:
                return offset
    raise ValueError(f"{opened} is never closed")


def enclosing(code: str, offset: int) -> Function | None:
    """The function whose body holds `offset`; None outside of any.

    Goes back over lines: in kernel style a body opens with `{` at the start of a line and closes
    with `}` there.
    """
    body = code.rfind("\n{", 0, offset)
    if body < 0 or code.find("\n}", body, offset) >= 0:
        return None
    body += 1
    before = code[:body].rstrip()
    match = _NAME.search(before[-2000:])
    if match is None:
        return None
    name_at = len(before) - len(before[-2000:]) + match.start(1)
    head = max(code.rfind(c, 0, name_at) for c in ";}") + 1
    head += len(code[head:]) - len(code[head:].lstrip())
    words = code[head:name_at].split()
    returns = " ".join(w for w in words if w not in ("static", "inline", "__always_inline"))
    return Function(match[1], head, body, closing(code, body), returns)


def split_arguments(text: str) -> tuple[str, ...]:
    """The arguments of a call, cut at the commas outside of brackets."""
    parts, depth, last = [], 0, 0
    for offset, char in enumerate(text):
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[last:offset])
            last = offset + 1
    parts.append(text[last:])
    return tuple(" ".join(part.split()) for part in parts)


def _guards(plain: str, offset: int) -> tuple[str, ...]:
    stack: list[str] = []
    for match in _GUARD.finditer(plain, 0, offset):
        word, name = match[1], match[2]
        if word in ("if", "ifdef", "ifndef"):
            stack.append(name if word == "ifndef" else "")
        elif word == "endif" and stack:
            stack.pop()
        elif stack:
            stack[-1] = ""
    return tuple(name for name in stack if name and not name.startswith("_LINUX"))
