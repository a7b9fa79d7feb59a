# SPDX-License-Identifier: GPL-2.0-only
"""Where a hook is called, by a search over lines: a second opinion, without parsing anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_CALL = re.compile(r"(?<![\w])page_table_check_(?:pte|pmd|pud)s?_(?:set|clear)[ \t]*\(")
_DEFINES = re.compile(r"^[ \t]*#|\bvoid[ \t]+$")


def hook_calls(top: Path, where: str) -> Iterator[tuple[str, int]]:
    """Path and line of every call below `where` (a folder or a file), comments left out."""
    root = top / where
    files = [root] if root.is_file() else sorted([*root.rglob("*.h"), *root.rglob("*.c")])
    for file in files:
        text = file.read_text("latin-1")
        if "page_table_check_" not in text:
            continue
        for number, line in enumerate(without_comments(text).split("\n"), 1):
            for match in _CALL.finditer(line):
                if not _DEFINES.search(line[: match.start()]):
                    yield file.relative_to(top).as_posix(), number


def without_comments(text: str) -> str:
    """The text with its comments gone and its lines where they were."""
    kept = []
    at = 0
    while at < len(text):
        two = text[at : at + 2]
        if two == "/*":
            end = text.find("*/", at + 2)
            end = len(text) if end < 0 else end + 2
            kept.append("\n" * text.count("\n", at, end))
            at = end
        elif two == "//":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif text[at] == '"':
            end = at + 1
            while end < len(text) and text[end] not in '"\n':
                end += 2 if text[end] == "\\" else 1
            kept.append(text[at : end + 1])
            at = end + 1
        else:
            kept.append(text[at])
            at += 1
    return "".join(kept)
