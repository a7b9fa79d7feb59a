# SPDX-License-Identifier: GPL-2.0-only
"""Reads unified diffs, as git and diff write them."""

from __future__ import annotations

import re
from typing import Final

from .model import FileChange, Hunk, SeriesError

_HUNK: Final = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_GIT: Final = re.compile(rb'^diff --git (?:"a/(?P<qa>(?:[^"\\]|\\.)*)"|a/(?P<a>\S+)) ')
_ESCAPE: Final = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS: Final = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b'"': b'"', b"\\": b"\\"}
_NO_NEWLINE: Final = b"\\ "
_MOVES: Final = {
    b"rename from ": "old", b"rename to ": "new", b"copy from ": "old", b"copy to ": "new",
}  # fmt: skip
_HEADS: Final = (
    b"index ", b"old mode ", b"new mode ", b"similarity index ", b"dissimilarity index ",
    b"new file mode ", b"deleted file mode ", *_MOVES,
)  # fmt: skip


def parse_diff(text: bytes, name: str, first: int) -> tuple[FileChange, ...]:
    """The changes of all files in a text; everything around them is passed over.

    `first` is the number of the first line in the file `name`, for messages. Raises SeriesError.
    """
    return _Diff(text, name, first).files()


class _Diff:
    def __init__(self, text: bytes, name: str, first: int) -> None:
        self.lines = text.splitlines(keepends=True) if b"\r" not in text else _split(text)
        self.name = name
        self.first = first
        self.at = 0

    def files(self) -> tuple[FileChange, ...]:
        found: list[FileChange] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.startswith(b"diff --git "):
                found.append(self._git())
            elif line.startswith(b"--- ") and self._next(1).startswith(b"+++ "):
                found.append(self._plain(self.at))
            elif _HUNK.match(line):
                raise self._wrong("a hunk that belongs to no file")
            else:
                self.at += 1
        return tuple(found)

    def _next(self, ahead: int) -> bytes:
        place = self.at + ahead
        return self.lines[place] if place < len(self.lines) else b""

    def _wrong(self, message: str) -> SeriesError:
        return SeriesError(f"{self.name}:{self.first + self.at}: {message}")

    def _git(self) -> FileChange:
        """`diff --git`: what its extended headers say, then the hunks, if there are any."""
        begin = self.at
        named = _GIT.match(self.lines[begin])
        if named is None:
            raise self._wrong("the names of the files cannot be read")
        both = named["a"] if named["qa"] is None else _unquoted(named["qa"])
        names: dict[str, str | None] = {"old": self._path(both), "new": self._path(both)}
        copied = False
        self.at += 1
        while self.at < len(self.lines) and self.lines[self.at].startswith(_HEADS):
            line = self.lines[self.at].rstrip(b"\r\n")
            copied = copied or line.startswith(b"copy from ")
            if line.startswith(b"new file mode "):
                names["old"] = None
            elif line.startswith(b"deleted file mode "):
                names["new"] = None
            for head, side in _MOVES.items():
                if line.startswith(head):
                    names[side] = self._path(_name(line[len(head) :]))
            self.at += 1
        if self._next(0).startswith((b"GIT binary patch", b"Binary files ")):
            raise self._wrong("a binary patch")
        if self._next(0).startswith(b"--- ") and self._next(1).startswith(b"+++ "):
            change = self._plain(begin)
            if (change.old or change.new) is None:
                raise self._wrong("from nothing to nothing")
            return FileChange(change.old, change.new, change.hunks, change.line, copied)
        return FileChange(names["old"], names["new"], (), self.first + begin, copied)

    def _plain(self, begin: int) -> FileChange:
        """`---`, `+++` and hunks."""
        old = self._side(self.lines[self.at], b"a/")
        self.at += 1
        new = self._side(self.lines[self.at], b"b/")
        self.at += 1
        hunks: list[Hunk] = []
        while match := _HUNK.match(self._next(0)):
            hunks.append(self._hunk(match))
        if not hunks:
            raise self._wrong("no hunk where one is expected")
        return FileChange(old, new, tuple(hunks), self.first + begin)

    def _side(self, line: bytes, prefix: bytes) -> str | None:
        name = _name(line[4:].rstrip(b"\r\n").partition(b"\t")[0].rstrip())
        if name == b"/dev/null":
            return None
        if not name.startswith(prefix):
            raise self._wrong(f"the file is not called {prefix.decode()}... (git diff, or -p1)")
        return self._path(name[2:])

    def _path(self, name: bytes) -> str:
        path = name.decode("utf-8", "surrogateescape")
        parts = path.split("/")
        if not path or path.startswith("/") or {"", ".", "..", ".git"} & set(parts):
            raise self._wrong(f"no path in a tree: {path}")
        return path

    def _hunk(self, head: re.Match[bytes]) -> Hunk:
        line = self.first + self.at
        start, olds, _, news = (int(number or b"1") for number in head.groups())
        old: list[bytes] = []
        new: list[bytes] = []
        self.at += 1
        while len(old) < olds or len(new) < news:
            if self.at >= len(self.lines):
                raise self._wrong("the hunk is cut off")
            text = self.lines[self.at]
            kind, rest = text[:1], text[1:]
            if text in (b"\n", b"\r\n"):  # a mailer took the blank of an empty line away
                kind, rest = b" ", text
            if kind not in b" +-":
                raise self._wrong("the hunk has fewer lines than its head says")
            if kind != b"+":
                old.append(rest)
            if kind != b"-":
                new.append(rest)
            self.at += 1
            if self._next(0).startswith(_NO_NEWLINE):
                for side, used in ((old, kind != b"+"), (new, kind != b"-")):
                    if used:
                        side[-1] = side[-1].rstrip(b"\n")
                self.at += 1
        if len(old) != olds or len(new) != news:
            raise self._wrong("the hunk has other lines than its head says")
        return Hunk(start, tuple(old), tuple(new), line)


def _split(text: bytes) -> list[bytes]:
    """Lines end in a newline only; splitlines() would end them at a lone CR too."""
    return [line for line in re.split(rb"(?<=\n)", text) if line]


def _name(text: bytes) -> bytes:
    return _unquoted(text[1:-1]) if text[:1] == text[-1:] == b'"' else text


def _unquoted(text: bytes) -> bytes:
    """A path as git quotes it: octal, and the usual letters."""

    def letter(match: re.Match[bytes]) -> bytes:
        code = match[1]
        return bytes([int(code, 8) & 255]) if len(code) == 3 else _LETTERS.get(code, code)

    return _ESCAPE.sub(letter, text)
