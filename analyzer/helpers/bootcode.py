# SPDX-License-Identifier: GPL-2.0-only
"""The numbers that the code of arch/*/boot gives to variables of the kernel.

Where a line is run on some machines only, the others are another state of the machine: the
variable is zero there, or keeps the number without what the line takes away or adds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_NOISE = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'", re.S)
_NUMBER = re.compile(r"^[ \t]+([a-z_]\w*)[ \t]*=[ \t]*(-?[0-9]\w*)[ \t]*;", re.M)
_CHANGED = re.compile(r"^[ \t]+([a-z_]\w*)[ \t]*([&|])=[ \t]*([\w~() \t|&+]+);", re.M)
_LEAVES = re.compile(r"\b(?:return|goto|break|continue)\b")
_HEAD = re.compile(r"\)\s*$")


@dataclass(frozen=True, slots=True)
class AtBoot:
    """A variable, the number it is given, and what it has where that is not so ("": nowhere)."""

    name: str
    value: str
    otherwise: str


def numbers(data: bytes, declared: Collection[str]) -> Iterator[AtBoot]:
    """The first number that a file gives to each of the variables that are declared."""
    text = _NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), data.decode("latin-1"))
    seen: set[str] = set()
    for match in _NUMBER.finditer(text):
        name, value = match.groups()
        if name not in declared or name in seen:
            continue
        seen.add(name)
        changed = value
        for other in _CHANGED.finditer(text, match.end()):
            if other[1] == name:
                changed = f"({changed}) {other[2]} ({' '.join(other[3].split())})"
        if not _is_always_run(text, match.start(1)):
            yield AtBoot(name, value, "0")
        else:
            yield AtBoot(name, value, changed if changed != value else "")


def _is_always_run(text: str, at: int) -> bool:
    """Whether a statement stands in the outermost block of its function, behind nothing that
    leaves it."""
    depth, start = 0, -1
    for position in range(at - 1, -1, -1):
        if text[position] == "}":
            depth += 1
        elif text[position] == "{":
            if depth == 0:
                start = position
                break
            depth -= 1
    before = text[start + 1 : at]
    if start < 0 or _LEAVES.search(before) or not _ends(before):
        return False
    outside = text[:start]
    return outside.count("{") == outside.count("}") and _HEAD.search(outside) is not None


def _ends(before: str) -> bool:
    """Whether a statement ends there: no `if (...)`, `else` or `case` is in front."""
    return before.rstrip()[-1:] in ("", ";", "{", "}")
