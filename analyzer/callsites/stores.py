# SPDX-License-Identifier: GPL-2.0-only
"""Plain stores to entries: `*ptep = x`, `*(ptep + i) = x`, `ptep->pte = x`, `pte_val(*ptep) = x`,
`WRITE_ONCE(*pmdp, x)`, `xchg(&ptep->pte, x)`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .body import Body, expression_at
from .text import closing, split_arguments

_ENTRY: Final = re.compile(r"^(pte|pmd|pud)_t\*$")
_MEMBER: Final = re.compile(r"(?:->|\.)(pte|pmd|pud)p?$")
_AT: Final = r"(?:^|[;{})])\s*"
_SLOT: Final = r"([A-Za-z_]\w*(?:(?:->|\.)\w+)*)"
_STORE: Final = re.compile(rf"{_AT}\*\s*\(?\s*([A-Za-z_][\w.>\-\[\]]*)\s*\)?\s*=(?!=)")
_OTHERS: Final = tuple(
    re.compile(_AT + form + r"\s*=(?!=)")
    for form in (
        rf"\*\s*(?P<slot>\(\s*{_SLOT}\s*[+-][^=;]*?\))",
        r"(?P<slot>([A-Za-z_]\w*))->(?:pte|pmd|pud)(?:_low|_high)?",
        rf"p(?:te|md|ud)_val\s*\(\s*\*\s*(?P<slot>{_SLOT})\s*\)",
    )
)
"""Less usual forms: with an offset, a member, the value of the entry itself."""
_WRITE: Final = re.compile(r"\b(WRITE_ONCE|xchg|cmpxchg|try_cmpxchg|set_64bit)\s*\(")
_VALUE: Final = re.compile(r"^[&\s(]*p(?:te|md|ud)_val\s*\(\s*(\*[^()]*)\)[)\s]*$")
_TARGET: Final = re.compile(r"^[*&(\s]*([A-Za-z_][\w.>\-\[\]]*?)(?:->\w+|\))*\s*$")


@dataclass(frozen=True, slots=True)
class Store:
    """A store through a pointer to an entry; `start` is its position in the file."""

    level: str
    slot: str
    value: str
    start: int


def stores(body: Body) -> Iterator[Store]:
    """Every plain store of a function."""
    base = body.function.start
    for match in _STORE.finditer(body.text):
        level = entry_level(body, match[1])
        if level:
            value = expression_at(body.text, match.end())
            yield Store(level, match[1], value, base + match.start(1))
    for pattern in _OTHERS:
        for match in pattern.finditer(body.text):
            level = entry_level(body, match[2])
            if level:
                value = expression_at(body.text, match.end())
                yield Store(level, " ".join(match[1].split()), value, base + match.start(1))
    for match in _WRITE.finditer(body.text):
        end = closing(body.text, match.end() - 1)
        arguments = split_arguments(body.text[match.end() : end - 1]) if end > 0 else ()
        if len(arguments) < 2:
            continue
        inner = _VALUE.match(arguments[0])
        target = _TARGET.match(inner[1] if inner else arguments[0])
        if target is None:
            continue
        slot = target[1].split("->pte_")[0]
        level = entry_level(body, slot)
        if level:
            yield Store(level, slot, arguments[-1], base + match.start())


def entry_level(body: Body, slot: str) -> str:
    """The level of an expression that points to an entry; '' if it is none."""
    match = _ENTRY.match(body.types.get(slot, ""))
    if match is None and ("->" in slot or "." in slot):
        match = _MEMBER.search(slot)
    return match[1] if match else ""
