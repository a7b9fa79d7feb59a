# SPDX-License-Identifier: GPL-2.0-only
"""The shortest conjunction of tests that gives what the laws ask for, for every level.

`Level` holds what every test says about every entry; nothing here looks at the tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from ..helpers.interface import LEVELS
from .atoms import Atom

MAX_TERMS: Final = 4
OPTIONS: Final = {
    "pte": "MMU",
    "pmd": "TRANSPARENT_HUGEPAGE",
    "pud": "HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry to be told apart: in which variant, what it is, what the law wants (None: free)."""

    variant: str
    name: str
    raw: int
    want: bool | None
    kernel: bool = False


@dataclass(frozen=True, slots=True)
class Predicate:
    """The predicate of one level, with what it rests on."""

    level: str
    terms: tuple[Atom, ...]  # empty: never true
    user_bit: bool
    asked: int  # entries
    option: str = ""  # without it the level maps nothing

    def expression(self) -> str:
        """The condition as C, without `return`."""
        if not self.terms:
            return "false"
        if len(self.terms) == 1:
            text = self.terms[0].spelled(self.level)
            return text[1:-1] if text.startswith("(") and text.endswith(")") else text
        return " && ".join(term.spelled(self.level) for term in self.terms)


@dataclass(frozen=True, slots=True)
class Synthesis:
    """All levels; `missing` says what could not be found and why."""

    predicates: tuple[Predicate, ...]
    missing: tuple[tuple[str, str], ...]
    variants: tuple[str, ...]
    lost: tuple[tuple[str, str], ...] = ()  # variants that have entries nobody can make, and why


@dataclass(slots=True)
class Level:
    atoms: tuple[Atom, ...]
    bad: dict[str, set[int]]  # atoms that a variant cannot answer
    entries: list[Entry]
    answers: dict[tuple[str, int, int], bool]  # (variant, raw, atom)
    alike: list[tuple[int, int]]  # places of entries that are to be answered alike
    leaves: set[str]  # variants whose configuration has leaves of the level

    @property
    def usable(self) -> set[int]:
        """Atoms that every variant can answer."""
        return set(range(len(self.atoms))) - set().union(*self.bad.values())

    def narrow(self) -> Level:
        """The same of the variants that have leaves."""
        entries = [e for e in self.entries if e.variant in self.leaves]
        moved = {
            old: new
            for new, old in enumerate(
                n for n, e in enumerate(self.entries) if e.variant in self.leaves
            )
        }
        alike = [(moved[a], moved[b]) for a, b in self.alike if a in moved]
        bad = {name: atoms for name, atoms in self.bad.items() if name in self.leaves}
        return Level(self.atoms, bad, entries, self.answers, alike, self.leaves)


def solve(
    tables: Mapping[str, Level], variants: tuple[str, ...], lost: tuple[tuple[str, str], ...]
) -> Synthesis:
    found: list[Predicate] = []
    missing: list[tuple[str, str]] = []
    none_counted: dict[str, bool] = {}
    best: tuple[list[Predicate], list[tuple[str, str]]] | None = None
    for kernel in (False, True):  # first one that is false for kernel entries
        found, missing = [], []
        none_counted = {}
        for level in LEVELS:
            if not variants:
                why = lost[0][1] if lost else "no variant could be read"
                missing.append((level, why))
                continue
            one = _level(level, tables[level], kernel, none_counted)
            if one is None and level != "pte" and tables[level].leaves:
                one = _level(level, tables[level].narrow(), kernel, none_counted)
                one = None if one is None else replace(one, option=OPTIONS[level])
            if one is None:
                missing.append((level, _in_the_way(level, tables[level])))
                continue
            found.append(one)
        if best is None or len(missing) < len(best[1]):
            best = found, missing
        if not missing:
            break
    assert best is not None
    return Synthesis(tuple(best[0]), tuple(best[1]), variants, lost)


def _level(level: str, table: Level, kernel: bool, agreed: dict[str, bool]) -> Predicate | None:
    if not any(entry.want for entry in table.entries):
        return Predicate(level, (), not kernel, len(table.entries))
    usable = sorted(table.usable, key=lambda index: table.atoms[index])
    useful = [i for i in usable if _admits(table, i)]
    true_of = {i: _column(table, i) for i in useful}
    must, never, twins = _wanted(table, kernel, agreed)
    best: tuple[tuple[int, int], tuple[int, ...]] | None = None
    for count in range(1, MAX_TERMS + 1):
        for chosen in combinations(useful, count):
            cost = (sum(table.atoms[i].cost for i in chosen) + 4 * count, count)
            if best is not None and cost >= best[0]:
                continue
            answers = must
            for index in chosen:
                answers &= true_of[index]
            if answers != must or not _complete(level, table, chosen, kernel):
                continue
            answers = -1
            for index in chosen:
                answers &= true_of[index]
            if answers & never or answers & twins[0] != twins[1]:
                continue
            if any((answers >> a ^ answers >> b) & 1 for a, b in table.alike):
                continue
            best = (cost, chosen)
    if best is None:
        return None
    for entry in table.entries:
        if entry.name == "protnone":
            agreed.setdefault(entry.variant, _answer(table, entry, best[1]))
    order = {"leaf": 0, "present": 1, "mask": 2, "user": 3}
    terms = sorted((table.atoms[i] for i in best[1]), key=lambda a: (order[a.role], a))
    return Predicate(level, tuple(terms), not kernel, len(table.entries))


def _in_the_way(level: str, table: Level) -> str:
    """Why no predicate was found: what even all useful tests together accept."""
    useful = [i for i in table.usable if _admits(table, i)]
    reason = "no conjunction of the tree's own tests obeys the laws"
    if not useful:
        return f"{reason}: none is true for every {level} entry that is to be counted"
    for entry in table.entries:
        if entry.want is False and _answer(table, entry, tuple(useful)):
            return f"{reason}: they do not tell {entry.name} ({entry.variant}) apart"
    roles = {table.atoms[i].role for i in useful}
    for role in ("present",) if level == "pte" else ("leaf",):
        if role not in roles:
            return f"{reason}: none that says {role} is true for all that are to be counted"
    return reason


def _complete(level: str, table: Level, chosen: tuple[int, ...], kernel: bool) -> bool:
    """Whether a conjunction says what a reader expects of it: present, a leaf, and the user's."""
    roles = {table.atoms[i].role for i in chosen}
    if level == "pte" and "present" not in roles:
        return False
    if level != "pte" and "leaf" not in roles:
        return False
    return kernel or "user" in roles


def _admits(table: Level, index: int) -> bool:
    """Whether an atom is true for every entry that must be counted."""
    return all(
        table.answers.get((entry.variant, entry.raw, index), False)
        for entry in table.entries
        if entry.want
    )


def _answer(table: Level, entry: Entry, chosen: tuple[int, ...]) -> bool:
    return all(table.answers.get((entry.variant, entry.raw, i), False) for i in chosen)


def _column(table: Level, index: int) -> int:
    """The entries for which an atom is true, one bit each."""
    return sum(
        1 << place
        for place, entry in enumerate(table.entries)
        if table.answers.get((entry.variant, entry.raw, index), False)
    )


def _wanted(
    table: Level, kernel: bool, agreed: Mapping[str, bool]
) -> tuple[int, int, tuple[int, int]]:
    """Entries that must be counted, that must not, and what is agreed for PROT_NONE."""
    must = never = asked = said = 0
    for place, entry in enumerate(table.entries):
        bit = 1 << place
        if entry.want is True:
            must |= bit
        elif entry.want is False or (entry.kernel and not kernel):
            never |= bit
        if entry.name == "protnone" and entry.variant in agreed:
            asked |= bit
            said |= bit if agreed[entry.variant] else 0
    return must, never, (asked, said)
