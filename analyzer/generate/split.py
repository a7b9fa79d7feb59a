# SPDX-License-Identifier: GPL-2.0-only
"""Splits a raw variant off a setter: what it did goes on under another name, without a hook.

Entries of other levels are stored through the setter as well, and are counted where they come
from. The setter keeps its name, and its hook; those call what has no hook.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .ctext import Function, blank, find_function, wrap_call
from .forms import Change
from .shapes import Raw, roles_of

_WHY = "entries of other levels are stored through it, too, and are counted where they come from"


@dataclass(frozen=True, slots=True)
class Split:
    """What a setter becomes: changes of its file and of prototypes, and how it is called raw."""

    name: str
    changes: tuple[Change, ...]
    raw: Raw
    why: str = _WHY


def raw_name(setter: str, taken: Iterable[str]) -> str:
    """A name for the raw variant that nothing else has."""
    known = set(taken)
    names = (f"__{setter}", f"{setter}_unchecked", f"__{setter}_unchecked")
    return next((one for one in names if one not in known), f"__{setter}_raw")


def split_setter(text: str, setter: str, line: int, name: str) -> Split | None:
    """The setter renamed, and a new one behind it that calls it; None where it returns anything."""
    parsed = find_function(text, setter, line)
    if parsed is None or parsed.returns != "void" or not all(p.name for p in parsed.parameters):
        return None
    head = text[parsed.start : parsed.inside[0] - 1]
    at = parsed.start + head.rindex(setter)
    call = wrap_call("\t", name, [one.name for one in parsed.parameters])
    opening = text[parsed.start : parsed.open].rstrip()
    renamed = _aligned(text, parsed, name)
    wrapper = f"\n\n{opening}\n{{\n{call}\n}}"
    roles = roles_of(parsed.parameters)
    raw = Raw(name, tuple(roles.get(one.name, one.name) for one in parsed.parameters))
    changes = (
        Change(at, parsed.open, f"{renamed}\n"),
        Change(parsed.close + 1, parsed.close + 1, wrapper),
    )
    return Split(name, changes, raw)


def _aligned(text: str, parsed: Function, name: str) -> str:
    """The name and parameters of a definition, wrapped again where they were."""
    inner = text[parsed.inside[0] : parsed.inside[1]]
    parts = [" ".join(part.split()) for part in inner.split(",")]
    line = text.rfind("\n", 0, parsed.inside[0]) + 1
    before = text[line : parsed.inside[0]]
    indent = before[: before.rindex(parsed.name)]
    made = wrap_call("", f"{indent}{name}", parts, ")")
    return made[len(indent) :]


def prototype_change(text: str, setter: str, name: str) -> Change | None:
    """The declaration of the raw variant, behind that of the setter; None without one."""
    masked = blank(text)
    for match in re.finditer(rf"\b{re.escape(setter)}\s*\([^(){{}};]*\)\s*;", masked):
        begin = masked.rfind("\n", 0, match.start()) + 1
        words = masked[begin : match.start()].split()
        if not words or words[0] in ("return", "else") or masked[begin : begin + 1].isspace():
            continue
        inner = text[text.index("(", match.start()) + 1 : text.rindex(")", 0, match.end())]
        parts = [" ".join(part.split()) for part in inner.split(",")]
        head = text[begin : match.start()].removeprefix("extern ")
        new = wrap_call("", f"{head}{name}", parts, ");")
        return Change(match.end(), match.end(), f"\n{new}")
    return None
