# SPDX-License-Identifier: GPL-2.0-only
"""The `select` in an architecture's Kconfig: its place in the list, and its guard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from ..kconfig import Variant

SUPPORT: Final = "ARCH_SUPPORTS_PAGE_TABLE_CHECK"
_SELECT = re.compile(r"^([ \t]+)select[ \t]+(\w+)(?:[ \t]+if[ \t]+([^\n]*?))?[ \t]*\n", re.M)
_CONFIG = re.compile(r"^(?:menu)?config[ \t]+(\w+)[ \t]*\n", re.M)


def place(text: str) -> tuple[int, str] | None:
    """Where the line goes (a position) and how it is indented; None without a list of selects.

    The list is the longest one of a `config`; among its ARCH_ lines the order is that of names.
    """
    blocks = [m.start() for m in _CONFIG.finditer(text)] + [len(text)]
    best: list[re.Match[str]] = []
    for start, end in zip(blocks, blocks[1:], strict=False):
        found = list(_SELECT.finditer(text, start, end))
        if len(found) > len(best):
            best = found
    if not best:
        return None
    arch = [m for m in best if m[2].startswith("ARCH_")] or best
    for match in arch:
        if match[2] > SUPPORT and match[2].startswith("ARCH_"):
            after = arch[arch.index(match) - 1] if match is not arch[0] else None
            if after is None or after[2] < SUPPORT:
                return match.start(), match[1]
    before = [m for m in arch if m[2] < SUPPORT]
    last = before[-1] if before else None
    if last is None:
        return best[0].start(), best[0][1]
    return last.end(), last[1]


def guards(text: str) -> tuple[str, ...]:
    """Conditions that the file's own selects use, the most frequent and shortest first."""
    counted: dict[str, int] = {}
    for match in _SELECT.finditer(text):
        if match[3] and re.fullmatch(r"!?\w+(?: && !?\w+)?", match[3]):
            counted[match[3]] = counted.get(match[3], 0) + 1
    return tuple(sorted(counted, key=lambda g: ("&&" in g, -counted[g], len(g), g)))


def _holds(guard: str, variant: Variant) -> bool:
    return all(
        variant.config.on(term.lstrip("!")) != term.startswith("!") for term in guard.split(" && ")
    )


def guard_for(
    text: str, good: Sequence[Variant], bad: Sequence[Variant], nommu: Iterable[Variant]
) -> str | None:
    """The condition that is true in all good variants and in none of the others.

    '' where there are no others; None where no condition of the file tells them apart.
    """
    others = [*bad, *nommu]
    if not others:
        return ""
    for guard in ("MMU", "64BIT", *guards(text)):
        if all(_holds(guard, v) for v in good) and not any(_holds(guard, v) for v in others):
            return guard
    return None


def line(indent: str, guard: str) -> str:
    """The line itself."""
    return f"{indent}select {SUPPORT}{f' if {guard}' if guard else ''}\n"
