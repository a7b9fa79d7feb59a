# SPDX-License-Identifier: GPL-2.0-only
"""Names and source text of a tree are not ours: what in them could act is made visible.

A file name with a newline must not forge a line of a report, one with an escape sequence must
not reach a terminal, one with `##[error]` must not talk to the CI system that reads the log.
"""

from __future__ import annotations

import re
import unicodedata

from analyzer.model import Location

# Categories: control, format (bidirectional overrides, zero width), surrogate, private use, not
# assigned (XML knows no U+FFFE), line separator, paragraph separator.
_ACTIVE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Commands in a log: `##[error]` (GitHub, Azure), `##vso[...]` (Azure), `##teamcity[...]`.
_LOG_COMMAND = re.compile(r"#(?=#[A-Za-z]{0,16}\[)")
_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: str) -> str:
    """`text` on one line, with everything escaped that could act instead of being read.

    Control characters become `\\x1b`, newlines `\\n`, a byte of a file name that is not UTF-8
    `\\xff`; printable characters of all scripts stay.
    """
    if text.isascii() and text.isprintable():
        shown = text
    else:
        shown = "".join(map(_visible_character, text))
    return _LOG_COMMAND.sub(r"\\x23", shown)


def visible_path(path: str) -> str:
    """A path for `path:line: message`: as `visible`, and without a colon of its own."""
    return visible(path).replace(":", r"\x3a")


def place(location: Location) -> str:
    """`path:line` escaped, or only the path where the whole file is meant."""
    path = visible_path(location.path)
    return f"{path}:{location.line}" if location.line else path


def without_surrogates(text: str) -> str:
    """`text` for formats with an escape of their own: only lone surrogates become visible."""
    return _SURROGATE.sub(lambda match: _visible_character(match.group()), text)


def _visible_character(character: str) -> str:
    if unicodedata.category(character) not in _ACTIVE:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that os.fsdecode() could not decode
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
