# SPDX-License-Identifier: GPL-2.0-only
"""Which words macros may paste together with `##`, told from the texts that define and use them.

A piece that is written out is known. A parameter may be any word that a call gives there, or that
a macro that stands in such a call is made of: where pieces are parameters alone, these are looked
for, through all macros that hand their own parameters on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

ANY: Final = "*"  # a parameter among pieces
UNKNOWN: Final = "?"  # among words: it may be any word
_DEFINE: Final = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+([A-Za-z_$][\w$]*)(?:\(([^()\n]*)\))?([^\n]*)", re.M
)
_CHAIN: Final = re.compile(r"[\w$]+(?:\s*(?:##|%:%:)\s*[\w$]+)+")
_PASTE: Final = re.compile(r"\s*(?:##|%:%:)\s*")
_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*")
_NOISE: Final = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*|\"(?:[^\"\\\n]|\\.)*+\"?", re.S)
_SPLICE: Final = re.compile(r"\\[ \t]*\r?\n")
_ASKED: Final = re.compile(r"[ \t]*#[ \t]*(?:(undef|ifdef|ifndef)|if|elif|(define)[ \t]*\Z)\b")
_SHORT: Final = 3  # characters of what is written out: too few to tell anything
_MAX_MACROS: Final = 2000  # that hand their parameters on
_MAX_WORDS: Final = 4000


@dataclass(frozen=True, slots=True)
class _Macro:
    """A definition: `rest` tells that the last of the parameters may be several."""

    name: str
    given: tuple[str, ...]
    rest: bool
    body: str


class Pasting:
    """Finds the pieces; `text` gives a file as it stands, by its number, `files` those that
    mention a word, `defining` those that define a macro of a name."""

    def __init__(
        self,
        files: Callable[[str], Iterable[int]],
        defining: Callable[[str], Iterable[int]],
        text: Callable[[int], bytes],
    ) -> None:
        self._files = files
        self._defining = defining
        self._text = text
        self._read: dict[int, str] = {}
        self._defined: dict[int, dict[str, list[_Macro]]] = {}
        self.patterns: set[str] = set()
        self.words: set[str] = set()
        self._todo: list[tuple[str, int, bool]] = []  # macro, parameter, and all that follow
        self._seen: set[tuple[str, int, bool]] = set()

    def look(self, path: int) -> None:
        """Take in the macros of a file that paste."""
        for definitions in self._macros(path).values():
            for one in definitions:
                if "##" in one.body or "%:%:" in one.body:
                    self._take_in(one)

    def _take_in(self, macro: _Macro) -> None:
        for chain in _CHAIN.findall(macro.body):
            words = _PASTE.split(chain)
            pieces = [ANY if one in macro.given else one for one in words]
            written = [one for one in pieces if one != ANY]
            if sum(map(len, written)) <= _SHORT:
                self.words.update(written)
                for one in words:
                    if one in macro.given:
                        self._hand(macro, one)
            elif not pieces[0][0].isdigit():
                self.patterns.add(" ".join(pieces))

    def _hand(self, macro: _Macro, word: str) -> None:
        at = macro.given.index(word)
        found = macro.name, at, macro.rest and at + 1 == len(macro.given)
        if found not in self._seen:
            self._seen.add(found)
            self._todo.append(found)

    def finish(self) -> None:
        """Find the words that parameters may be."""
        while self._todo:
            name, position, rest = self._todo.pop()
            for path in self._files(name):
                self._calls(path, name, position, rest)
            if len(self._seen) > _MAX_MACROS or len(self.words) > _MAX_WORDS:
                self.words.add(UNKNOWN)
                return
        todo = list(self.words)
        while todo and len(self.words) <= _MAX_WORDS:
            word = todo.pop()
            for path in self._defining(word):
                for macro in self._macros(path).get(word, ()):
                    more = set(_WORD.findall(macro.body)) - self.words
                    self.words |= more
                    todo += more
        if todo:
            self.words.add(UNKNOWN)

    def _calls(self, path: int, name: str, position: int, rest: bool) -> None:
        text = self._plain(path)
        for found in re.finditer(rf"(?<![\w$]){re.escape(name)}(?![\w$])", text):
            start = text.rfind("\n", 0, found.start()) + 1
            asked = _ASKED.match(text, start, found.start())
            if asked is not None and (asked[1] or asked[2]):
                continue  # nothing is called: it is asked about, or defined
            arguments = _arguments(text, found.end())
            line = _DEFINE.match(text, start)
            macro = None if line is None else _macro(line)
            if arguments is None:
                if asked is None:
                    self._not_called(text, found.start(), found.end(), macro, (position, rest))
                continue
            given = arguments[position:] if rest else arguments[position : position + 1]
            for word in _WORD.findall(" ".join(given)):
                if macro is not None and word in macro.given:
                    self._hand(macro, word)
                else:
                    self.words.add(word)

    def _not_called(
        self, text: str, start: int, end: int, macro: _Macro | None, what: tuple[int, bool]
    ) -> None:
        """Take in a name that no bracket follows: it may be called by another name, or by a macro
        that it is given to."""
        pasted = text[max(0, start - 200) : start].rstrip().endswith(("##", "%:%:"))
        if macro is not None and not pasted and not text[end : text.find("\n", end)].strip():
            found = (macro.name, *what)
            if found not in self._seen:
                self._seen.add(found)
                self._todo.append(found)
            if macro.given:
                self.words.add(UNKNOWN)
        if any(self._calls_parameters(name) for name in _around(text, start)):
            self.words.add(UNKNOWN)

    def _calls_parameters(self, name: str) -> bool:
        """Whether a macro, or one that it is made of, calls what it is given."""
        todo = [name]
        seen = {name}
        while todo:
            one = todo.pop()
            for path in self._defining(one):
                for macro in self._macros(path).get(one, ()):
                    if any(
                        re.search(rf"(?<![\w$]){re.escape(given)}\s*\(", macro.body)
                        for given in macro.given
                        if given
                    ):
                        return True
                    new = {word for word in _WORD.findall(macro.body) if word not in seen}
                    seen |= new
                    todo += new
            if len(seen) > _MAX_MACROS:
                return True
        return False

    def _macros(self, path: int) -> dict[str, list[_Macro]]:
        known = self._defined.get(path)
        if known is None:
            known = self._defined[path] = {}
            for found in _DEFINE.finditer(self._plain(path)):
                known.setdefault(found[1], []).append(_macro(found))
        return known

    def _plain(self, path: int) -> str:
        known = self._read.get(path)
        if known is None:
            text = _SPLICE.sub(" ", self._text(path).decode("latin-1"))
            known = self._read[path] = _NOISE.sub(" ", text)
        return known


def _macro(found: re.Match[str]) -> _Macro:
    names = [one.strip() for one in found[2].split(",")] if found[2] else []
    rest = bool(names) and names[-1].endswith("...")
    if rest:
        names[-1] = names[-1].removesuffix("...").strip() or "__VA_ARGS__"
    return _Macro(found[1], tuple(names), rest, found[3])


def _arguments(text: str, start: int) -> list[str] | None:
    """What is given to a call that begins at a bracket; None where there is no call."""
    at = start
    while at < len(text) and text[at] in " \t\n":
        at += 1
    if at == len(text) or text[at] != "(":
        return None
    found: list[str] = []
    depth, since = 0, at + 1
    for position in range(at, min(len(text), at + 20_000)):
        one = text[position]
        if one in "([{":
            depth += 1
        elif one in ")]}":
            depth -= 1
            if not depth:
                return [*found, text[since:position]]
        elif one == "," and depth == 1:
            found.append(text[since:position])
            since = position + 1
    return None


def _around(text: str, position: int) -> list[str]:
    """The names that stand before the brackets that are open at a position, on its line."""
    found, depth = [], 0
    for at in range(position - 1, text.rfind("\n", 0, position), -1):
        if text[at] == ")":
            depth += 1
        elif text[at] == "(":
            depth -= 1
            if depth < 0:
                depth = 0
                name = re.search(r"([A-Za-z_$][\w$]*)\s*\Z", text[max(0, at - 200) : at])
                if name is not None:
                    found.append(name[1])
    return found


__all__ = ["ANY", "UNKNOWN", "Pasting"]
