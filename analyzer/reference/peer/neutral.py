# SPDX-License-Identifier: GPL-2.0-only
"""Inline assembly taken out of C text: its results are 0, its jumps are not taken.

What an architecture's functions ask the processor by assembly (a control register, a patched
branch) has no meaning on another one. 0 is the state that the evaluator settles on too.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

_ASM: Final = re.compile(
    r"\b(?:asm|__asm__|__asm)\b(?:\s|\b(?:volatile|__volatile__|__volatile|goto|inline|__inline__"
    r"|__inline)\b)*\("
)
_OUTPUT: Final = re.compile(r"^\s*(?:\[\s*\w+\s*\])?\s*((?:\"[^\"]*\"\s*)+)\((.*)\)\s*$", re.S)


def without_assembly(text: str) -> str:
    """A function with every asm statement replaced by stores of 0 to what it only writes."""
    head, brace, body = text.partition("{")
    out = [head, brace]
    place = 0
    while (match := _ASM.search(body, place)) is not None:
        end = _closing(body, match.end())
        if end < 0:
            break
        out += [body[place : match.start()], _stores(body[match.end() : end])]
        place = end + 1
    return "".join([*out, body[place:]])


def _closing(text: str, start: int) -> int:
    """The position of the parenthesis that closes the one before `start`; -1: none."""
    return next((at for at, depth, _ in _walk(text, start) if depth < 0), -1)


def _walk(text: str, start: int) -> list[tuple[int, int, str]]:
    """(position, depth after it, character) of what is outside of strings, to the end of depth."""
    found = []
    depth, quoted, at = 0, False, start
    while at < len(text):
        character = text[at]
        if quoted:
            at += character == "\\"
            quoted = text[at : at + 1] != '"' or character == "\\"
        elif character == '"':
            quoted = True
        else:
            depth += (character in "([{") - (character in ")]}")
            found.append((at, depth, character))
            if depth < 0:
                break
        at += 1
    return found


def _split(text: str, separator: str) -> list[str]:
    cuts = [at for at, depth, character in _walk(text, 0) if depth == 0 and character == separator]
    bounds = [-1, *cuts, len(text)]
    return [text[a + 1 : b] for a, b in pairwise(bounds)]


def _stores(inside: str) -> str:
    """What stands for an asm statement, by the text in its parentheses."""
    sections = _split(inside, ":")
    written = []
    for operand in _split(sections[1], ",") if len(sections) > 1 else []:
        match = _OUTPUT.match(operand)
        if match is not None and match[1].strip('" ').startswith("="):
            written.append(f"({match[2]}) = 0;")
    return f"do {{ {' '.join(written)} }} while (0)"
