# SPDX-License-Identifier: GPL-2.0-only
"""The headers of page-table entries as they are written: which names their code mentions.

The preprocessor replaces macros by their values; which code uses which macro can only be seen in
the text before it. Nothing here depends on what an architecture calls its macros.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ..errors import SourceError
from ..frontend import Unit
from ..tree import KernelTree

ENTRY_TYPE: Final = re.compile(r"\b(?:pte|pmd|pud|pgprot|swp_entry)(?:val)?_t\b")
_COMMENT: Final = re.compile(r'//[^\n]*+|/\*.*?(?:\*/|\Z)|"(?:[^"\\\n]|\\.)*+"', re.S)
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_INDEX: Final = re.compile(r"\[\s*([A-Za-z_]\w*)\s*\](?!\s*=)")
_ASKED: Final = re.compile(r"\b([A-Za-z_]\w*)\s*\(\s*([A-Za-z_]\w*)\s*\)")
_SHIFT: Final = re.compile(r"(?:<<|>>)\s*")
_NUMBERS: Final = re.compile(
    r"\b(?:_?BIT(?:UL|ULL|_ULL|_MASK)?|GENMASK(?:_ULL)?|(?:\w+_)?(?:set|clear|test|change)_bit(?:_\w+)?)"
    r"\s*(?=\()"
)
_QUANTITY: Final = re.compile(
    r"\b([A-Za-z_]\w*+)\s*+\)*+\s*+(?:[-+*/%]|<(?!<)|>(?!>))"
    r"|(?:[-+*/%]|(?<!<)<|(?<![>-])>)=?\s*+([A-Za-z_]\w*+)"
)
_UNSHIFTED: Final = re.compile(
    r"&\s*+([A-Za-z_]\w*+)\s*+\)\s*+\\?\s*+<<"
    r"|>>\s*+\(?\s*+\w++\s*+\)?\s*+\)?\s*+\\?\s*+&\s*+([A-Za-z_]\w*+)"
)
_ANSWERS: Final = re.compile(r"\b(?:bool|_Bool|int|void)\s+\w+\s*\(")
_BODY_LINES: Final = 400


class Source:
    """The text of the tree's files, comments and strings blanked, lines kept."""

    def __init__(self, tree: KernelTree) -> None:
        self._tree = tree
        self._texts: dict[str, str] = {}

    def text(self, path: str) -> str:
        """One file; '' where it cannot be read."""
        found = self._texts.get(path)
        if found is None:
            try:
                raw = self._tree.read(path).decode("latin-1")
            except SourceError:
                raw = ""
            found = _COMMENT.sub(_blank, raw)
            self._texts[path] = found
        return found

    def definition(self, path: str, line: int) -> str:
        """What begins in a line: up to the end of its body, or its semicolon."""
        lines = self.text(path).split("\n")[line - 1 : line - 1 + _BODY_LINES]
        depth = 0
        taken: list[str] = []
        for text in lines:
            taken.append(text)
            for character in text:
                if character == "{":
                    depth += 1
                elif character == "}":
                    depth -= 1
                    if depth <= 0:
                        return "\n".join(taken)
                elif character == ";" and depth == 0:
                    return "\n".join(taken)
        return "\n".join(taken)


def _blank(match: re.Match[str]) -> str:
    return " " + "\n" * match[0].count("\n")


def page_table_headers(source: Source, unit: Unit, arch: str) -> frozenset[str]:
    """The files of a unit that define entries: by name, or because they speak of their types."""
    found = set()
    for path in unit.files:
        name = path.rpartition("/")[2]
        own = path.startswith(f"arch/{arch}/include/")
        if ("pgtable" in name and not path.startswith("../")) or (
            own and ENTRY_TYPE.search(source.text(path))
        ):
            found.add(path)
    return frozenset(found)


def counts(text: str) -> frozenset[str]:
    """Names used as numbers: the right side of a shift, the argument of BIT(), an index."""
    found: set[str] = set()
    found.update(_INDEX.findall(text))
    for match in (*_SHIFT.finditer(text), *_NUMBERS.finditer(text)):
        found.update(_WORD.findall(_operand(text, match.end(), ends=match[0][0] not in "<>")))
    return frozenset(found)


def unshifted(text: str) -> frozenset[str]:
    """Masks that are applied to a number before it is shifted into its place, or after."""
    return frozenset(name for pair in _UNSHIFTED.findall(text) for name in pair if name)


def quantities(text: str) -> frozenset[str]:
    """Names that are added, multiplied or compared for size: numbers, not bits of an entry."""
    found = set()
    for left, right in _QUANTITY.findall(text):
        found.add(left or right)
    return frozenset(found)


def _operand(text: str, at: int, ends: bool) -> str:
    """The operand that begins at a place: a word, or what stands in parentheses.

    Of a call of set_bit() and its like only the first argument counts.
    """
    if text[at : at + 1] != "(":
        match = _WORD.match(text, at)
        return match[0] if match else ""
    depth = 0
    for end in range(at, min(len(text), at + 200)):
        character = text[end]
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return text[at:end]
        elif character == "," and depth == 1 and ends and "bit" in text[max(0, at - 12) : at]:
            return text[at:end]
    return ""


class Mentions:
    """Who mentions whom among the functions and macros of the entries' own code."""

    def __init__(self, source: Source, unit: Unit, headers: frozenset[str], arch: str) -> None:
        self._source = source
        self._unit = unit
        self._headers = headers
        self._own = f"arch/{arch}/"
        self._words: dict[str, frozenset[str]] = {}
        self.macros = {
            name: macro
            for name, macro in unit.macros.items()
            if macro.location.path in headers and macro.body
        }

    def has(self, path: str) -> bool:
        """Whether a file is one of the page-table headers."""
        return path in self._headers

    def functions(self) -> Iterable[str]:
        """Functions of the architecture and of the page-table headers."""
        for name, chunks in self._unit.functions.items():
            path = self._unit.path(chunks[0])
            if path.startswith(self._own) or path in self._headers:
                yield name

    def head(self, name: str) -> str:
        """Return type and parameters of a function."""
        chunk = self._unit.functions[name][0]
        text = self._unit.text
        return text[chunk.start : text.find("{", chunk.start, chunk.end)]

    def features(self, text: str) -> frozenset[str]:
        """Names handed to functions that answer about something else than an entry: features."""
        found = set()
        for callee, argument in _ASKED.findall(text):
            if callee in self._unit.functions:
                head = self.head(callee)
                if _ANSWERS.search(head) and not ENTRY_TYPE.search(head):
                    found.add(argument)
        return frozenset(found)

    def words(self, name: str) -> frozenset[str]:
        """The identifiers in the definition of a function or macro, as it is written."""
        known = self._words.get(name)
        if known is None:
            found: set[str] = set()
            macro = self.macros.get(name)
            if macro is not None:
                found.update(_WORD.findall(macro.body))
                found.difference_update(macro.params or ())
            for chunk in self._unit.functions.get(name, ()):
                place = self._unit.location(chunk)
                if _ANSWERS.search(head := self.head(name)) and not ENTRY_TYPE.search(head):
                    continue  # a question about something else than an entry
                if place.path.startswith(self._own) or place.path in self._headers:
                    found.update(_WORD.findall(self._source.definition(place.path, place.line)))
            found.discard(name)
            known = self._words[name] = frozenset(found)
        return known

    def protections(self) -> frozenset[str]:
        """Macros that lead to a pgprot_t, through others or at once."""
        users: dict[str, list[str]] = {}
        todo = []
        for name, macro in self.macros.items():
            words = _WORD.findall(macro.body)
            if any("pgprot" in word for word in words):
                todo.append(name)
            for word in words:
                users.setdefault(word, []).append(name)
        found: set[str] = set()
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo.extend(users.get(name, ()))
        return frozenset(found)

    def closure(self, roots: Iterable[str]) -> frozenset[str]:
        """Everything mentioned from `roots` on."""
        seen: set[str] = set()
        todo = list(roots)
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo.extend(self.words(name) - seen)
        return frozenset(seen)
