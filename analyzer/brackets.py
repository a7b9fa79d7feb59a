# SPDX-License-Identifier: GPL-2.0-only
"""Brackets, and what commas separate between them, in C text without comments and strings."""

from __future__ import annotations

import re
from typing import Final

_BRACKETS: Final = re.compile(r"[(){}\[\]]")
_SEPARATORS: Final = re.compile(r"[(){}\[\],]")


def closing(text: str, start: int) -> int:
    """The position after the bracket that closes the one at `start`; -1 if there is none."""
    depth = 0
    for match in _BRACKETS.finditer(text, start):
        depth += 1 if match[0] in "({[" else -1
        if depth == 0:
            return match.end()
    return -1


def split_arguments(text: str) -> tuple[str, ...]:
    """The arguments between the parentheses of a call, each with its spaces made single."""
    found: list[str] = []
    depth = start = 0
    for match in _SEPARATORS.finditer(text):
        if match[0] == ",":
            if depth == 0:
                found.append(" ".join(text[start : match.start()].split()))
                start = match.end()
        else:
            depth += 1 if match[0] in "({[" else -1
    last = " ".join(text[start:].split())
    return (*found, last) if found or last else ()
