# SPDX-License-Identifier: GPL-2.0-only
"""On which line of a TOML document a key stands: what `tomllib` does not tell.

Only for documents that `tomllib` has accepted, so this reader need not find mistakes. A key is
a path of names and of places in an array: ('suppress', 1, 'reason').
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]

_NAME = r"(?:[A-Za-z0-9_-]+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*')"
_DOTTED = rf"{_NAME}(?:[ \t]*\.[ \t]*{_NAME})*"
_TABLE = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]\]?")
_KEY = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")
_ONE = re.compile(_NAME)
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*', re.S
)


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """The line (from 1) of every key and table of a valid document, inline tables included."""
    return _Reader(text.replace("\r\n", "\n")).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self.tables: dict[KeyPath, int] = {}  # arrays of tables: how many so far

    def read(self) -> Mapping[KeyPath, int]:
        table: KeyPath = ()
        while self.at < len(self.text):
            header = _TABLE.match(self.text, self.at)
            key = None if header else _KEY.match(self.text, self.at)
            if header:
                table = self._table(_names(header[2]), len(header[1]) == 2)
                self.at = header.end()
            elif key:
                path = (*table, *_names(key[1]))
                self._note(path)
                self.at = key.end()
                self._value(path)
            self._skip_line()
        return self.lines

    def _table(self, names: KeyPath, array: bool) -> KeyPath:
        path: KeyPath = ()
        for number, name in enumerate(names):
            path = (*path, name)
            last = number == len(names) - 1
            if last and array:
                self.lines.setdefault(path, self._line())
                count = self.tables.get(path, 0)
                self.tables[path] = count + 1
                path = (*path, count)
            elif path in self.tables:
                path = (*path, self.tables[path] - 1)
        self._note(path)
        return path

    def _note(self, path: KeyPath) -> None:
        for end in range(1, len(path) + 1):
            self.lines.setdefault(path[:end], self._line())

    def _line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    def _value(self, path: KeyPath) -> None:
        """Step over a value; of arrays and inline tables note what they hold."""
        self._blank(newlines=False)
        opening = self.text[self.at : self.at + 1]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline(path)
        else:
            string = _STRING.match(self.text, self.at)
            if string:
                self.at = string.end()
            else:
                while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                    self.at += 1

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        number = 0
        while self.at < len(self.text):
            self._blank()
            if self.text[self.at : self.at + 1] in ("]", ""):
                self.at += 1
                return
            self._note((*path, number))
            before = self.at
            self._value((*path, number))
            number += 1
            self._blank()
            if self.text[self.at : self.at + 1] == "," or self.at == before:
                self.at += 1

    def _inline(self, path: KeyPath) -> None:
        self.at += 1
        while self.at < len(self.text):
            self._blank()
            if self.text[self.at : self.at + 1] in ("}", ""):
                self.at += 1
                return
            key = _KEY.match(self.text, self.at)
            if key:
                names = (*path, *_names(key[1]))
                self._note(names)
                self.at = key.end()
                self._value(names)
            self._blank()
            if self.text[self.at : self.at + 1] == "," or not key:
                self.at += 1

    def _blank(self, newlines: bool = True) -> None:
        space = " \t\n" if newlines else " \t"
        while self.at < len(self.text):
            if self.text[self.at] in space:
                self.at += 1
            elif newlines and self.text[self.at] == "#":
                self._skip_line()
            else:
                return

    def _skip_line(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end + 1


def _names(dotted: str) -> KeyPath:
    return tuple(_plain(match[0]) for match in _ONE.finditer(dotted))


def _plain(name: str) -> str:
    if name[0] not in "\"'":
        return name
    return next(iter(tomllib.loads(f"{name} = 0")))
