# SPDX-License-Identifier: GPL-2.0-only
"""The `select` in an architecture's Kconfig: its place in the list, and its guard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import Final

from ..kconfig import Variant

SUPPORT: Final = "ARCH_SUPPORTS_PAGE_TABLE_CHECK"
_SELECT = re.compile(r"^([ \t]+)select[ \t]+(\w+)(?:[ \t]+if[ \t]+([^\n]*?))?[ \t]*\n", re.M)
_ABSENT: Final = ("!TRANSPARENT_HUGEPAGE", "!HUGETLB_PAGE")
_MORE_LEVELS: Final = "PGTABLE_LEVELS > "
_CONFIG = re.compile(r"^(?:menu)?config[ \t]+(\w+)[ \t]*\n", re.M)


def place(text: str, good: Sequence[Variant] = ()) -> tuple[int, str] | None:
    """Where the line goes (a position) and how it is indented; None without a list of selects.

    The list is the longest one of a `config` that is on in all `good` variants (of any, if there
    is none such); among its ARCH_ lines the order is that of names.
    """
    blocks = [(m.start(), m[1]) for m in _CONFIG.finditer(text)] + [(len(text), "")]
    lists = [
        (all(v.config.on(name) for v in good), list(_SELECT.finditer(text, start, end)))
        for (start, name), (end, _) in pairwise(blocks)
    ]
    lists = [(on, found) for on, found in lists if found]
    if not lists:
        return None
    _, best = max(lists, key=lambda one: (one[0], len(one[1])))
    gaps = [
        (_alike(one[2], two[2]), two)
        for one, two in pairwise(best)
        if one[2] < SUPPORT < two[2] and one.end() == two.start()
    ]
    if gaps:
        after = max(gaps, key=lambda gap: gap[0])[1]  # the first of the best
        return after.start(), after[1]
    before = [m for m in best if m[2] < SUPPORT and m[2].startswith("ARCH_")]
    if not before:
        return best[0].start(), best[0][1]
    last = max(before, key=lambda m: (m[2], m.start()))
    return last.end(), last[1]


def _shared(name: str) -> int:
    return next(
        (at for at, (a, b) in enumerate(zip(name, SUPPORT, strict=False)) if a != b), len(name)
    )


def _alike(before: str, after: str) -> int:
    """How much of its name the option shares with a neighbour."""
    return max(_shared(name) for name in (before, after))


def guards(text: str) -> tuple[str, ...]:
    """Conditions that the file's own selects use, the most frequent and shortest first."""
    counted: dict[str, int] = {}
    for match in _SELECT.finditer(text):
        if match[3] and re.fullmatch(r"!?\w+(?: && !?\w+)?", match[3]):
            counted[match[3]] = counted.get(match[3], 0) + 1
    return tuple(sorted(counted, key=lambda g: ("&&" in g, -counted[g], len(g), g)))


def simple_guards(text: str) -> Iterator[str]:
    """Options that the file's own selects ask for, each as it is and negated."""
    for name in dict.fromkeys(("64BIT", *(term for g in guards(text) for term in g.split(" && ")))):
        if re.fullmatch(r"!?\w+", name):
            plain = name.lstrip("!")
            yield from (plain, f"!{plain}")


def holds(guard: str, variant: Variant) -> bool:
    """Whether a condition is true in a variant."""
    return all(_holds(term, variant) for term in guard.split(" && "))


def _holds(term: str, variant: Variant) -> bool:
    if term.startswith(_MORE_LEVELS):
        return (variant.levels or 0) > int(term.removeprefix(_MORE_LEVELS))
    return variant.config.on(term.lstrip("!")) != term.startswith("!")


def _by_levels(good: Sequence[Variant], bad: Sequence[Variant]) -> tuple[str, ...]:
    """The condition on the number of levels, if every bad variant has fewer than any good one.

    It says more than an option that happens to go with few levels: others may go with them, too.
    Not where the word size differs as well: that decides more than the levels.
    """
    if len({variant.bits for variant in (*good, *bad)}) > 1:
        return ()
    few = [variant.levels for variant in bad]
    many = [variant.levels for variant in good]
    known = [levels for levels in few if levels is not None]
    if not known or len(known) < len(few) or any(n is None or n <= max(known) for n in many):
        return ()
    return (f"{_MORE_LEVELS}{max(known)}",)


def guard_for(
    text: str, good: Sequence[Variant], bad: Sequence[Variant], nommu: Iterable[Variant]
) -> str | None:
    """The condition that is true in the good variants and in none of the others.

    '' where there are no others. Where no condition of the file, or two of them, tells all
    apart, the one that leaves fewest good variants out, but not the first; None without one.
    """
    others = [*bad, *nommu]
    if not others:
        return ""
    own = [f"!{name}" for v in bad for name, value in sorted(dict(v.wants).items()) if value == "y"]
    single = [g for g in ("MMU", "64BIT", *guards(text), *_ABSENT, *own) if g.count("&") == 0]
    single = [g for g in dict.fromkeys(single) if holds(g, good[0])]
    pairs = [f"{a} && {b}" for a, b in combinations(single, 2)]
    best: tuple[int, str] | None = None
    for guard in ("MMU", "64BIT", *_by_levels(good, bad), *guards(text), *single, *pairs):
        if not holds(guard, good[0]) or any(holds(guard, v) for v in others):
            continue
        kept = sum(holds(guard, v) for v in good)
        if kept == len(good):
            return guard
        if best is None or kept > best[0]:
            best = kept, guard
    return None if best is None else best[1]


def line(indent: str, guard: str) -> str:
    """The line itself."""
    return f"{indent}select {SUPPORT}{f' if {guard}' if guard else ''}\n"
