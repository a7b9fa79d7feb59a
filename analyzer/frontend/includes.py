# SPDX-License-Identifier: GPL-2.0-only
"""What a file includes and which configuration symbols it names; includes made harmless.

Only plain `#include <x>` and `#include "x"` are followed. Everything else that would make a
preprocessor open a file (computed, absolute, disguised by splices, comments, digraphs) is turned
into an `#error` in the copy that the preprocessor sees, on the same line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_DIRECTIVE: Final = re.compile(
    rb"#[ \t\f\v]*(?:(include(?:_next)?|import|embed|line)\b([^\n]*)|(\d)[^\n]*|([a-z_]*\\|/\*))"
)
_PLAIN: Final = re.compile(rb"[ \t\f\v]*(?:<([^<>\"\\\n]+)>|\"([^\"\\\n]+)\")")
_CONFIG: Final = re.compile(rb"CONFIG_\w+")
_AFTER_COMMENT: Final = re.compile(rb"\*/[ \t\f\v]*#")
_LONE_RETURN: Final = re.compile(rb"\r(?!\n)")
_SPLICE: Final = rb"(?:\\[ \t\f\v]*\r?\n)*+"
_GAP: Final = rb"(?:[ \t\f\v]|\\[ \t\f\v]*\r?\n|/\*(?:[^*]|\*(?!/)){0,2000}+\*/)*+"


def _spliced(word: bytes) -> bytes:
    return _SPLICE.join(bytes([c]) for c in word)


_DISGUISED: Final = re.compile(
    rb"(#|%" + _SPLICE + rb":|\?\?=)(" + _GAP + rb")("
    + b"|".join(map(_spliced, (b"include_next", b"include", b"import", b"embed", b"line")))
    + rb")(?![A-Za-z0-9_])"
)
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Include:
    """One plain include directive."""

    name: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """One file: its plain includes, the symbols it names (without CONFIG_), its safe text.

    `text` is None where the file can be used as it is.
    """

    includes: tuple[Include, ...]
    symbols: frozenset[str]
    text: bytes | None


def scan(data: bytes) -> Scan:
    """Scan one file of the tree."""
    original = data
    data = _normalised(data)
    includes: list[Include] = []
    patches: list[tuple[int, int, bytes]] = []
    for found in _DIRECTIVE.finditer(data):
        begin = found.start()
        if data[data.rfind(b"\n", 0, begin) + 1 : begin].strip(b" \t\f\v"):
            continue  # not at the start of a line
        keyword = found[1]
        if keyword in (b"include", b"include_next"):
            plain = _PLAIN.match(found[2])
            if plain and _harmless(plain[1] or plain[2]):
                name = (plain[1] or plain[2]).decode("utf-8", "surrogateescape")
                includes.append(Include(name, plain[2] is not None))
                continue
        if keyword is not None:
            patches.append((begin, found.end(1), b"#error ptcheck: not followed:"))
        elif found[3] is not None:
            patches.append((begin, begin + 1, b"#pragma "))
    if patches:
        data = _patched(data, patches)
    if _suspicious(data):
        data = _DISGUISED.sub(_defuse, data)
    symbols = frozenset(name[7:].decode() for name in set(_CONFIG.findall(data)))
    return Scan(tuple(includes), symbols, None if data is original else data)


def _harmless(name: bytes) -> bool:
    return not name.startswith((b"/", b"\\")) and b"\0" not in name and name.strip() == name


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


def _defuse(found: re.Match[bytes]) -> bytes:
    """Make a disguised directive an error on as many lines; plain ones stay."""
    whole = found[0]
    if found[1] == b"#" and not found[2].strip(b" \t") and b"\n" not in whole:
        begin = found.start()
        text = found.string
        if not text[text.rfind(b"\n", 0, begin) + 1 : begin].strip(b" \t\f\v"):
            return whole
    return b"#error ptcheck: not followed " + b"\\\n" * whole.count(b"\n")


def _patched(data: bytes, patches: list[tuple[int, int, bytes]]) -> bytes:
    out = []
    last = 0
    for begin, end, text in patches:
        out += [data[last:begin], text]
        last = end
    out.append(data[last:])
    return b"".join(out)
