# SPDX-License-Identifier: GPL-2.0-only
"""Rules of the semantic patch language (SmPL) that make given edits, as spatch 1.1 reads it.

spatch copies what it does not change byte for byte, and prints what it adds in the kernel's
style: so a rule says a function whole, and what is new around functions hangs on a neighbour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from ..callsites.code import Function, functions
from ..callsites.text import Source

_COMMENT: Final = re.compile(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', re.S)
_TYPE: Final = re.compile(r"\b(?:\w+_t|bool|[us](?:8|16|32|64))\b")
_ATTRIBUTE: Final = re.compile(r"\b(?:__always_inline|__must_check|notrace|noinline|__ref)\b")
_INCLUDE: Final = re.compile(r"#include[ \t]+[<\"][^\n]*$")
_NAMEABLE: Final = re.compile(r"#define[ \t]+\w+$|extern [^;{}]*;$")
_STRUCT: Final = re.compile(r"(?:struct|union) \w+ \{$")
_BROKEN: Final = re.compile(r"(?:&&|\|\||[-+*/|&^?:=])\s*$")


class Unsayable(Exception):
    """The language has no words for an edit; the argument says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `folded` if spatch prints on one line what the edit has on several."""

    name: str
    text: str
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines [first, last) of the old text that become the lines `new`."""

    first: int
    last: int
    new: tuple[str, ...]


def hunks(before: Sequence[str], after: Sequence[str]) -> Iterator[Hunk]:
    """What differs, in the order of the file."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, first, last, start, end in matcher.get_opcodes():
        if tag != "equal":
            yield Hunk(first, last, tuple(after[start:end]))


def _up(lines: Sequence[str], hunk: Hunk) -> Hunk:
    """The same, with the empty line that is added before the rest, not behind it."""
    if hunk.first == hunk.last and hunk.new[-1] == "" == lines[hunk.first - 1]:
        return Hunk(hunk.first - 1, hunk.first - 1, ("", *hunk.new[:-1]))
    return hunk


def _down(lines: Sequence[str], hunk: Hunk) -> Hunk:
    """The same, with the empty line that is added behind the rest, not before it."""
    if hunk.first == hunk.last < len(lines) and hunk.new[0] == "" == lines[hunk.first]:
        return Hunk(hunk.first + 1, hunk.first + 1, (*hunk.new[1:], ""))
    return hunk


def changed(lines: Sequence[str], changes: Sequence[Hunk]) -> list[str]:
    """The lines with some of the hunks, which are in the order of the file."""
    new: list[str] = []
    line = 0
    for change in changes:
        new += [*lines[line : change.first], *change.new]
        line = change.last
    return [*new, *lines[line:]]


class File:
    """One file as it is, and where its functions stand."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines = text.split("\n")
        source = Source(path, text.encode("latin-1"))
        self.directives = {source.line(one.start) - 1 for one in source.directives}
        self.spans: list[tuple[int, int, Function]] = []
        for one in functions(source):
            named = source.code.rfind(f"{one.name}(", 0, one.start)  # the head may be `pmd_t`
            start = source.code.rfind(one.head.strip(), 0, named)
            if not one.is_macro and start >= 0:
                self.spans.append((source.line(start) - 1, source.line(one.end - 1), one))

    def around(self, hunk: Hunk) -> tuple[int, int, Function] | None:
        """The function that a hunk lies in."""
        for first, last, function in self.spans:
            if first <= hunk.first and max(hunk.last, hunk.first + 1) <= last:
                return first, last, function
        return None

    def named(self, name: str) -> int:
        """How many functions have a name (twins under #ifdef)."""
        return sum(function.name == name for _, _, function in self.spans)


def function_rule(file: File, span: tuple[int, int, Function], changes: Sequence[Hunk]) -> Rule:
    """A function with everything that changes in it. Raises Unsayable."""
    first, last, function = span
    if file.named(function.name) > 1:
        raise Unsayable("the file has several functions of that name, and a rule takes them all")
    if any(first <= line < last for line in file.directives):
        raise Unsayable("the function has conditional parts, which a rule does not match")
    body = "\n".join(file.lines[first:last])
    if re.search(r"\b(?:asm|__asm__)\b", body):
        raise Unsayable("the function has inline assembler, which a rule does not match")
    marks: list[tuple[str, str]] = []
    line = first
    for change in (_up(file.lines, one) for one in changes):
        marks += [(" ", one) for one in file.lines[line : change.first]]
        marks += [("-", one) for one in file.lines[change.first : change.last]]
        marks += [("+", one) for one in change.new]
        line = change.last
    marks += [(" ", one) for one in file.lines[line:last]]
    plain = _without_comments(marks)
    folded = any(mark == "+" and _BROKEN.search(one) is not None for mark, one in plain)
    return _rule(function.name, [f"{mark}{one}".rstrip() for mark, one in plain], folded)


def around_rules(file: File, hunk: Hunk) -> Iterator[Rule]:
    """Rules for what is added between functions: #include lines, and functions under an #if.

    Raises Unsayable where nothing that a rule can name stands beside it.
    """
    if hunk.first != hunk.last:
        raise Unsayable("lines between functions are changed")
    hunk = _down(file.lines, hunk)
    pieces = list(_pieces(hunk.new))
    made = [one for one in pieces if not one[0].startswith("#")]
    opened = [one[0] for one in pieces if re.match(r"#\s*if", one[0])]
    closed = [one[0] for one in pieces if re.match(r"#\s*endif", one[0])]
    included = [one[0] for one in pieces if re.match(r"#\s*include", one[0])]
    if len(made) + len(opened) + len(closed) + len(included) != len(pieces):
        raise Unsayable("it is neither a function nor an #include")
    if included and (made or opened):
        raise Unsayable("it is of several kinds")
    if included:
        yield _included(file, hunk, included)
        return
    if len(opened) != len(closed) or len(opened) > 1 or not made:
        raise Unsayable("its conditions are nested")
    yield from _added(file, hunk, made, opened, closed)


def _included(file: File, hunk: Hunk, lines: list[str]) -> Rule:
    added = [f"+{line}" for line in lines]
    above = file.lines[hunk.first - 1] if hunk.first else ""
    if _INCLUDE.match(above) and hunk.new[0].strip() and file.lines.count(above) == 1:
        return _rule("include", [f" {_COMMENT.sub('', above).rstrip()}", *added])
    following = _following(file, hunk.first)
    if following is None or hunk.new[-1].strip() or above.strip():
        raise Unsayable("nothing that a rule can name stands beside it")
    return _rule("include", [*added, "+", *following])


def _added(
    file: File, hunk: Hunk, made: list[list[str]], opened: list[str], closed: list[str]
) -> Iterator[Rule]:
    at = hunk.first - 1
    while at >= 0 and not file.lines[at].strip():
        at -= 1
    if at < 0 or (at == hunk.first - 1) == bool(not hunk.new[-1].strip()):
        raise Unsayable("the empty lines around it cannot be kept")
    before = next((one for one in file.spans if one[1] == at + 1), None)
    if before is not None and file.named(before[2].name) == 1:
        anchor = _whole(file, before)
    elif _NAMEABLE.match(file.lines[at]) and file.lines.count(file.lines[at]) == 1:
        anchor = [f" {file.lines[at]}"]
    else:
        raise Unsayable("what stands before it is nothing that a rule can name")
    if any(" && " in line for line in opened):
        raise Unsayable("a condition of several options cannot be added")
    if any(not lines[0].startswith("static ") for lines in made):
        raise Unsayable("spatch spaces what is not static in a way of its own")
    names = []
    for lines in made:
        name = _name(lines)
        folded = any(_BROKEN.search(line) for line in lines)
        yield _rule(f"add_{name}", [*anchor, "+", *(f"+{line}" for line in lines)], folded)
        anchor = _dots(lines)
        names.append((name, anchor))
    if opened:
        name, lines = names[0]
        yield _rule(f"open_{name}", [f"+{opened[0]}", *lines])
        name, lines = names[-1]
        yield _rule(f"close_{name}", [*lines, f"+{closed[0]}"])


def _pieces(lines: Sequence[str]) -> Iterator[list[str]]:
    """Directives one by one, and functions whole; empty lines between them are left out."""
    current: list[str] = []
    for line in lines:
        if line.startswith("#"):
            if current:
                raise Unsayable("it is no whole function")
            yield [line]
        elif current or line.strip():
            current.append(line)
            if line == "}":
                yield current
                current = []
    if current:
        raise Unsayable("it is no whole function")


def _name(lines: Sequence[str]) -> str:
    found = re.search(r"(\w+)\s*\(", lines[0])
    if found is None:
        raise Unsayable("it is no whole function")
    return found[1]


def _dots(lines: Sequence[str]) -> list[str]:
    """A function of which only the head is told."""
    at = next((number for number, line in enumerate(lines) if line.startswith("{")), 0)
    if not at:
        raise Unsayable("its head cannot be told from its body")
    return [*(f" {line}" for line in lines[:at]), " {", " ...", " }"]


def _whole(file: File, span: tuple[int, int, Function]) -> list[str]:
    first, last, _ = span
    plain = _without_comments([(" ", line) for line in file.lines[first:last]])
    return _dots([line for _, line in plain])


def _following(file: File, line: int) -> list[str] | None:
    """The function or struct that follows, with nothing but comments before it, in dots."""
    span = next((one for one in file.spans if one[0] >= line), None)
    rest = "\n".join(file.lines[line : span[0] if span is not None else None])
    plain = [one for one in _COMMENT.sub("", rest).split("\n") if one.strip()]
    if plain and _STRUCT.match(plain[0]) and file.lines.count(plain[0]) == 1:
        return [f" {plain[0]}", " ...", " };"]
    if span is None or plain or file.named(span[2].name) > 1:
        return None
    return _whole(file, span)


def _without_comments(marks: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Lines without the comments of what is matched; those that are added stay."""
    kept = "\n".join("" if mark == "+" else line for mark, line in marks)
    bare = _COMMENT.sub(_blank, kept).split("\n")
    result = []
    for (mark, line), plain in zip(marks, bare, strict=True):
        if mark == "+":
            result.append((mark, line))
        elif plain.strip() or not line.strip():
            result.append((mark, plain))
    return result


def _blank(match: re.Match[str]) -> str:
    return match[0] if match[0][0] == '"' else re.sub(r"[^\n]", " ", match[0])


def _rule(name: str, lines: Sequence[str], folded: bool = False) -> Rule:
    text = "\n".join(lines)
    types = sorted(set(_TYPE.findall(text)))
    declared = [f"typedef {', '.join(types)};"] if types else []
    declared += [f"attribute name {one};" for one in sorted(set(_ATTRIBUTE.findall(text)))]
    return Rule(name, "\n".join([*declared, "@@", *lines]) + "\n", folded)
