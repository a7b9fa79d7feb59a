# SPDX-License-Identifier: GPL-2.0-only
"""What a file includes and which configuration symbols it names; includes made harmless.

Only plain `#include <x>` and `#include "x"` are followed. Everything else that would make a
preprocessor open a file (computed, absolute, disguised by splices, comments, digraphs, or a
pragma that compares the dates of files; `_Pragma` becomes a macro that does nothing) is turned
into an `#error` in the copy that the preprocessor sees, on the same line. Whether a header exists
is answered from the tree (`__has_include` of a plain name becomes a macro of ours) or denied.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_DIRECTIVE: Final = re.compile(
    rb"#[ \t\f\v]*(?:(include(?:_next)?|import|embed|line|pragma)\b([^\n]*)"
    rb"|(\d)[^\n]*|([a-z_]*\\|/\*))"
)
_PLAIN: Final = re.compile(rb"[ \t\f\v]*(?:<([^<>\"\\\n]+)>|\"([^\"\\\n]+)\")")
_QUESTION: Final = re.compile(
    rb"\b__has_include[ \t]*\([ \t]*(?:<([^<>\"\\\n]+)>|\"([^\"\\\n]+)\")[ \t]*\)"
)
_OLD_OPERATOR: Final = re.compile(rb"\b__has_include(_next)?__\b")  # gcc before 10
# No possessive group holds another pattern that can go back: Python before 3.11.5 gets that wrong.
_INSIDE: Final = rb"/\*[^*]*(?:\*(?!/)[^*]*)*"
_NOTHING: Final = re.compile(
    rb"(?:\s|\\\r?\n|//(?:[^\\\n]|\\\r?\n|\\(?!\r?\n))*(?=\n|\Z)|" + _INSIDE + rb"\*/)*\Z"
)
_CONFIG: Final = re.compile(rb"CONFIG_\w+")
_AFTER_COMMENT: Final = re.compile(rb"\*/[ \t\f\v]*#")
_LONE_RETURN: Final = re.compile(rb"\r(?!\n)")
_SPLICE: Final = rb"(?:\\[ \t\f\v]*\r?\n)*"
_GAP: Final = rb"(?:[ \t\f\v]++|\\[ \t\f\v]*\r?\n|/\*(?:[^*]|\*(?!/)){0,1000}\*/){0,50}"


_COMMENT: Final = _INSIDE + rb"(?:\*/|\Z)"
_LOGICAL: Final = re.compile(  # to the end of a directive, over splices and comments
    rb"(?:[^\n\\/]++|\\[ \t\f\v]*\r?\n|\\|" + _COMMENT + rb"|/)*"
)
_REMOVED: Final = re.compile(rb"\\[ \t\f\v]*\r?\n|" + _COMMENT)


def _spliced(word: bytes) -> bytes:
    return _SPLICE.join(bytes([c]) for c in word)


_DISGUISED: Final = re.compile(
    rb"(#|%"
    + _SPLICE
    + rb":|\?\?=)("
    + _GAP
    + rb")("
    + b"|".join(
        map(_spliced, (b"include_next", b"include", b"import", b"embed", b"line", b"pragma"))
    )
    + rb")(?![A-Za-z0-9_])"
)
MAX_CLIMB: Final = 8  # `..` in one include; the kernel needs five
_MAX_NAME: Final = 200
_MAX_PATH: Final = 1000
_MAX_INDENT: Final = 4096
_BLANK: Final = b" \t\f\v"
_MARK: Final = re.compile(rb"#|%" + _SPLICE + rb":|\?\?=")
_ENDLESS: Final = re.compile(rb"(?=(" + _GAP + rb"))\1(?:/\*|\\|[ \t\f\v])")  # a gap that goes on
_MAX_DIRECTIVES: Final = 100_000  # in one suspicious file; a generated header has 30,000
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Include:
    """One plain include directive."""

    name: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """One file: its plain includes, the symbols it names (without CONFIG_), its safe text.

    `text` is None where the file can be used as it is. `asked` are the names that a plain
    `__has_include` asks about; `null` is the line of the first NUL byte, 0 where there is none;
    `empty` tells that there is nothing but comments.
    """

    includes: tuple[Include, ...]
    symbols: frozenset[str]
    text: bytes | None
    asked: frozenset[str] = frozenset()
    null: int = 0
    empty: bool = False


def scan(data: bytes) -> Scan:
    """Scan one file of the tree."""
    original = data
    data = _normalised(data)
    includes: list[Include] = []
    patches: list[tuple[int, int, bytes]] = []
    for found in _DIRECTIVE.finditer(data):
        begin = found.start()
        if _before(data, begin).strip(_BLANK):
            continue  # not at the start of a line
        keyword = found[1]
        if keyword in (b"include", b"include_next"):
            plain = _PLAIN.match(found[2])
            if plain and _harmless(plain[1] or plain[2]):
                name = (plain[1] or plain[2]).decode("utf-8", "surrogateescape")
                includes.append(Include(name, plain[2] is not None))
                continue
        if keyword == b"pragma" and not _asks_for_a_file(data, found.end(1)):
            continue
        if keyword is not None:
            patches.append((begin, found.end(1), b"#error ptcheck: not followed: #" + keyword))
        elif found[3] is not None:
            patches.append((begin, begin + 1, b"#pragma "))
    if patches:
        data = _patched(data, patches)
    if _suspicious(data):
        data = _undisguised(data)
    asked: set[str] = set()
    if b"__has_" in data:
        data = _with_answers(data, asked)
    symbols = frozenset(name[7:].decode() for name in set(_CONFIG.findall(data)))
    null = original.find(b"\0")
    return Scan(
        includes=tuple(includes),
        symbols=symbols,
        text=None if data is original else data,
        asked=frozenset(asked),
        null=original.count(b"\n", 0, null) + 1 if null >= 0 else 0,
        empty=_NOTHING.match(data) is not None,
    )


def _asks_for_a_file(data: bytes, position: int) -> bool:
    """Whether it is `#pragma GCC dependency "file"`, which opens the file to compare its date."""
    logical = _LOGICAL.match(data, position)
    assert logical is not None  # it may be empty
    return b"dependency" in _REMOVED.sub(b"", logical[0])


def answer(name: str) -> str:
    """Return the macro that is 1 where a plain `__has_include` of `name` is to hold."""
    return f"__ptc_has_{name.encode('utf-8', 'surrogateescape').hex()}"


def _with_answers(data: bytes, asked: set[str]) -> bytes:
    """Put a macro of ours for each question whether a header exists that may be answered."""

    def macro(found: re.Match[bytes]) -> bytes:
        name = found[1] or found[2]
        if not _harmless(name):
            return found[0]  # predefined.h answers 0
        asked.add(name.decode("utf-8", "surrogateescape"))
        return answer(name.decode("utf-8", "surrogateescape")).encode()

    changed = _QUESTION.sub(macro, _OLD_OPERATOR.sub(rb"__has_include\1", data))
    return data if changed == data else changed


def _harmless(name: bytes) -> bool:
    """Relative, climbing no higher than a stage is deep, no name longer than a file's."""
    parts = name.split(b"/")
    return (
        not name.startswith(b"/")
        and name.strip() == name
        and parts.count(b"..") <= MAX_CLIMB
        and max(map(len, parts)) <= _MAX_NAME
        and len(name) <= _MAX_PATH
    )


def _normalised(data: bytes) -> bytes:
    """Replace what preprocessors read differently: NUL bytes, lone returns, a byte order mark."""
    if data.startswith(_BOM):
        data = data[3:]
    if b"\0" in data:
        data = data.replace(b"\0", b" ")
    if b"\r" in data and _LONE_RETURN.search(data):
        data = _LONE_RETURN.sub(b" ", data)
    return data


def _suspicious(data: bytes) -> bool:
    if b"%:" in data or b"??=" in data or b"%\\\n" in data or _AFTER_COMMENT.search(data):
        return True
    return any(found[4] is not None for found in _DIRECTIVE.finditer(data))


def _before(data: bytes, position: int) -> bytes:
    """What stands before `position` on its line, as far as it matters."""
    start = max(0, position - _MAX_INDENT)
    return data[max(start, data.rfind(b"\n", start, position) + 1) : position]


def _undisguised(data: bytes) -> bytes:
    """Make each disguised directive an error on as many lines; plain ones stay."""
    patches: list[tuple[int, int, bytes]] = []
    tried = end = 0
    for mark in _MARK.finditer(data):
        begin = mark.start()
        before = _before(data, begin)
        if begin < end or before.rpartition(b"*/")[2].strip(_BLANK):
            continue  # in the middle of a line
        tried += 1
        if tried > _MAX_DIRECTIVES:
            lines = b"\n" * data.count(b"\n")
            return b"#error ptcheck: not read, made to take time\n" + lines[1:]
        found = _DISGUISED.match(data, begin)
        if found is None:
            if _ENDLESS.match(data, mark.end()):
                patches.append((begin, mark.end(), b"#error ptcheck: not followed "))
            continue
        plain = found[1] == b"#" and not found[2].strip(b" \t") and b"\n" not in found[0]
        if not plain or before.strip(_BLANK):
            lines = b"\\\n" * found[0].count(b"\n")
            end = found.end()
            patches.append((begin, end, b"#error ptcheck: not followed " + lines))
    return _patched(data, patches)


def _patched(data: bytes, patches: list[tuple[int, int, bytes]]) -> bytes:
    out = []
    last = 0
    for begin, end, text in patches:
        out += [data[last:begin], text]
        last = end
    out.append(data[last:])
    return b"".join(out)
