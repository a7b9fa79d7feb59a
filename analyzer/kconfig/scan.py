# SPDX-License-Identifier: GPL-2.0-only
"""The skeleton of one Kconfig file, found in one pass, independent of any architecture.

A tree has some 1700 Kconfig files and 20,000 symbols; a question about page tables concerns a few
hundred of them. So a file is only *indexed*: which blocks it has (config, menu, if, choice, ...),
how they nest, which symbols they define, select or imply, what it sources, which macros it
assigns. The properties of a block are parsed when somebody asks (`blocks.py`).

The shape of the language is that of scripts/kconfig/lexer.l and parser.y of the kernel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum

from analyzer.model import Location


class Kind(IntEnum):
    """What opens a block."""

    CONFIG = 1
    CHOICE = 2
    MENU = 3
    IF = 4
    COMMENT = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a Kconfig file that was not understood; reading went on behind it."""

    location: Location
    message: str


class Block:
    """A statement with what belongs to it: `text[start:end]` of its file.

    `context` is the number of the block of the same file that encloses it (-1: none).
    `last` is, for a block that encloses others, the number behind its last inner block.
    """

    __slots__ = ("context", "end", "kind", "last", "name", "start")

    def __init__(self, kind: Kind, name: str, context: int, start: int) -> None:
        self.kind = kind
        self.name = name
        self.context = context
        self.start = start
        self.end = start
        self.last = -1


@dataclass(frozen=True, slots=True)
class Source:
    """A `source` statement: `text` still holds quotes and macros."""

    offset: int
    context: int
    keyword: str
    text: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """`name := value`; `operator` is one of '=', ':=', '+='. An empty name: a bare `$(call)`."""

    offset: int
    name: str
    operator: str
    value: str


@dataclass(slots=True)
class FileIndex:
    """The skeleton of one file; never changed after `scan` returned it."""

    path: str
    text: str
    blocks: list[Block] = field(default_factory=list)
    defines: dict[str, list[int]] = field(default_factory=dict)
    selects: dict[str, list[int]] = field(default_factory=dict)
    implies: dict[str, list[int]] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, offset: int, message: str) -> None:
        """Record what was not understood; no more than 20 things of one file."""
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(Problem(Location(self.path, self.line(offset)), message))

    def line(self, offset: int) -> int:
        """The line, counted from 1, in which `offset` lies."""
        return self.text.count("\n", 0, offset)


_EVENT = re.compile(
    r"\n[ \t]*(?:"
    r"(config|menuconfig)[ \t]+([^\s#\"]+)"  # 1, 2
    r"|(select|imply)[ \t]+([^\s#\"]+)"  # 3, 4
    r"|(?:---)?(help)(?:---)?[ \t]*(?=[\n#])"  # 5
    r"|(if|menu|choice|comment|endif|endmenu|endchoice|mainmenu)(?![\w-])"  # 6
    r"|([or]?source|orsource)(?![\w-])[ \t]*([^\n]*)"  # 7, 8
    r"|([A-Za-z][\w-]*)[ \t]*(:=|\+=|=)[ \t]*([^\n]*)"  # 9, 10, 11
    r"|(?!(?:bool(?:ean)?|tristate|string|hex|int|prompt|default|def_bool|def_tristate|depends"
    r"|visible|range|option|optional|modules|transitional)(?![\w-])|\$\()"
    r"([^ \t\r\f\v\n#][^\n]*)"  # 12: no statement
    r")"
)
_HELP = re.compile(
    r"[^\n]*(?:\n[ \t]*)*?\n([ \t]+)[^ \t\n][^\n]*(?:\n(?:\1[^\n]*|[ \t]*(?=\n)))*(?=\n|\Z)"
)
_MERGE = re.compile(r"\n(?:<{7} |>{7} )")
_INDENT = re.compile(r"\n(?:[ \t]*\n)*([ \t]*)[^ \t\n]")

_MAX_PROBLEMS = 20
_OPENERS = {"if": Kind.IF, "menu": Kind.MENU, "choice": Kind.CHOICE, "comment": Kind.COMMENT}
_CLOSERS = {"endif": Kind.IF, "endmenu": Kind.MENU, "endchoice": Kind.CHOICE}


def help_end(text: str, position: int) -> int:
    """Where the help text ends whose keyword ends at `position` (as lexer.l: by indentation)."""
    match = _HELP.match(text, position)
    if match is None:
        return position
    end = match.end()
    columns = len(match[1].expandtabs(8))
    while True:
        following = _INDENT.match(text, end)
        if following is None or not following[1]:
            return end
        if len(following[1].expandtabs(8)) < columns:
            return end
        newline = text.find("\n", following.end())
        end = len(text) if newline < 0 else newline


def scan(path: str, data: bytes) -> FileIndex:
    """Index one Kconfig file. Never fails: whatever is not Kconfig is skipped."""
    text = "\n" + data.decode("latin-1")
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    index = FileIndex(path, text)
    if "\0" in text:
        index.problem(text.index("\0"), "a NUL byte: this is no text file")
    marker = _MERGE.search(text)
    if marker is not None:
        index.problem(marker.start() + 1, "a merge that was not finished")
    blocks = index.blocks
    search = _EVENT.search
    position = 0
    context = -1
    current: Block | None = None
    number = -1
    while True:
        match = search(text, position)
        if match is None:
            break
        position = match.end()
        group = match.lastindex
        if group == 4:  # select, imply
            if current is not None and current.kind is Kind.CONFIG:
                table = index.selects if match[3] == "select" else index.implies
                table.setdefault(match[4], []).append(number)
            continue
        start = match.start()
        if group == 5:
            position = help_end(text, position)
            continue
        if start and text[start - 1] == "\\":  # the continuation of a line
            continue
        if group == 12:  # what stands around it is read all the same
            index.problem(start + 1, f"no statement of Kconfig: {match[12].rstrip()[:60]!a}")
            continue
        if current is not None:
            current.end = start
            current = None
        if group == 2:
            number = len(blocks)
            name = match[2]
            current = Block(Kind.CONFIG, name, context, start + 1)
            blocks.append(current)
            index.defines.setdefault(name, []).append(number)
        elif group == 6:
            word = match[6]
            opener = _OPENERS.get(word)
            if opener is not None:
                number = len(blocks)
                current = Block(opener, "", context, start + 1)
                blocks.append(current)
                if opener is not Kind.COMMENT:
                    context = number
            elif word in _CLOSERS:
                context = _close(index, context, _CLOSERS[word], start)
        elif group == 8:
            index.sources.append(Source(start + 1, context, match[7], match[8]))
        elif group == 11:
            position = _assignment(index, match, position)
    if current is not None:
        current.end = len(text)
    _unclosed(index, context)
    return index


def _close(index: FileIndex, context: int, kind: Kind, start: int) -> int:
    """Leave the innermost open block of `kind`; returns the context behind it."""
    blocks = index.blocks
    if context >= 0 and blocks[context].kind is kind:
        blocks[context].last = len(blocks)
        return blocks[context].context
    word = kind.name.lower()
    index.problem(start + 1, f"end{word} without its {word}")
    return context


def _unclosed(index: FileIndex, context: int) -> None:
    blocks = index.blocks
    while context >= 0:
        block = blocks[context]
        block.last = len(blocks)
        index.problem(block.start, f"{block.kind.name.lower()} is not closed")
        context = block.context


def _assignment(index: FileIndex, match: re.Match[str], position: int) -> int:
    """Record a macro assignment, with its continuation lines."""
    text = index.text
    value = match[11]
    while value.endswith("\\"):
        newline = text.find("\n", position + 1)
        newline = len(text) if newline < 0 else newline
        value = value[:-1] + text[position + 1 : newline]
        position = newline
        if position >= len(text):
            break
    index.assignments.append(Assignment(match.start() + 1, match[9], match[10], value))
    return position
