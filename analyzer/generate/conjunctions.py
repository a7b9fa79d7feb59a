# SPDX-License-Identifier: GPL-2.0-only
"""The shortest conjunction of tests that gives what the laws ask for, for every level.

`Level` holds what every test says about every entry; nothing here looks at the tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Final

from ..helpers.interface import LEVELS
from .atoms import Atom

MAX_TERMS: Final = 4
INVALIDATED: Final = "invalidated"
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
    address: str = ""  # a test of the address, where no bit says whose the entry is

    def spelled(self) -> list[str]:
        """The tests as C."""
        found = [term.spelled(self.level) for term in self.terms]
        return [*found, self.address] if self.address else found

    def expression(self) -> str:
        """The condition as C, without `return`."""
        if not self.terms:
            return "false"
        if len(self.spelled()) == 1:
            text = self.terms[0].spelled(self.level)
            return text[1:-1] if text.startswith("(") and text.endswith(")") else text
        return " && ".join(self.spelled())


@dataclass(frozen=True, slots=True)
class Synthesis:
    """All levels; `missing` says what could not be found and why."""

    predicates: tuple[Predicate, ...]
    missing: tuple[tuple[str, str], ...]
    variants: tuple[str, ...]
    lost: tuple[tuple[str, str], ...] = ()  # variants that have entries nobody can make, and why
    changed: tuple[str, ...] = ()  # levels at which an invalidate has to leave something else
    option: str = ""  # the predicates are those of variants with it; others have their own

    def masks(self, level: str) -> tuple[str, ...]:
        """The bits that an entry of a level has to have for being counted."""
        return tuple(
            bit
            for one in self.predicates
            if one.level == level
            for term in one.terms
            if (bit := bit_of(term, level))
        )


def bit_of(term: Atom, level: str) -> str:
    """The bit that a test asks for; '' for tests of another kind, and for what makes a leaf."""
    if "LEAF" in term.mask or "HUGE" in term.mask:
        return ""
    return term.mask if term.text == f"({level}_val({{x}}) & {term.mask})" else ""


@dataclass(slots=True)
class Level:
    atoms: tuple[Atom, ...]
    bad: dict[str, set[int]]  # atoms that a variant cannot answer
    entries: list[Entry]
    answers: dict[tuple[str, int, int], bool]  # (variant, raw, atom)
    alike: list[tuple[int, int]]  # places of entries that are to be answered alike
    leaves: set[str]  # variants whose configuration has leaves of the level
    given: bool = False  # one of the bits is what an invalidate gives up

    @property
    def usable(self) -> set[int]:
        """Atoms that every variant can answer."""
        return set(range(len(self.atoms))) - set().union(*self.bad.values())

    @property
    def invalidates(self) -> bool:
        """Whether it has entries that an invalidate leaves."""
        return any(entry.name == INVALIDATED for entry in self.entries)

    def ignoring(self) -> Level:
        """The same where an invalidate may leave what cannot be told apart."""
        entries = [
            replace(entry, want=None) if entry.name == INVALIDATED else entry
            for entry in self.entries
        ]
        return replace(self, entries=entries, given=True)

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
        return Level(self.atoms, bad, entries, self.answers, alike, self.leaves, self.given)


def solve(
    tables: Mapping[str, Level], variants: tuple[str, ...], lost: tuple[tuple[str, str], ...]
) -> Synthesis:
    """The predicates that want least: first ones that are false for kernel entries, that may
    answer either way for PROT_NONE, and that tell what an invalidate leaves apart."""
    if not variants:
        why = lost[0][1] if lost else "no variant could be read"
        return Synthesis((), tuple((level, why) for level in LEVELS), variants, lost)
    best: Synthesis | None = None
    for changed, uncounted, kernel in product((False, True), repeat=3):
        if changed and not any(table.invalidates for table in tables.values()):
            continue
        agreed = {e.variant: False for e in tables["pte"].entries} if uncounted else {}
        one = _levels(tables, kernel, agreed, changed)
        found = Synthesis(one[0], one[1], variants, lost, one[2])
        if best is None or len(found.missing) < len(best.missing):
            best = found
        if not found.missing:
            break
    assert best is not None
    return best


def _levels(
    tables: Mapping[str, Level], kernel: bool, agreed: dict[str, bool], changed: bool
) -> tuple[tuple[Predicate, ...], tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Predicates, levels without one, and levels whose invalidates have to change."""
    found: list[Predicate] = []
    missing: list[tuple[str, str]] = []
    levels: list[str] = []
    for level in LEVELS:
        one = _with_leaves(level, tables[level], kernel, agreed)
        if one is None and changed and tables[level].invalidates:
            one = _with_leaves(level, tables[level].ignoring(), kernel, agreed)
            levels += [level] if one is not None else []
        if one is None:
            missing.append((level, _in_the_way(level, tables[level])))
        else:
            found.append(one)
    return tuple(found), tuple(missing), tuple(levels)


def _with_leaves(
    level: str, table: Level, kernel: bool, agreed: dict[str, bool]
) -> Predicate | None:
    """A predicate of all variants, else one of those that have leaves of the level."""
    one = _level(level, table, kernel, agreed)
    if one is None and level != "pte" and table.leaves:
        one = _level(level, table.narrow(), kernel, agreed)
        one = None if one is None else replace(one, option=OPTIONS[level])
    return one


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
    if table.given and not any(bit_of(table.atoms[i], level) for i in chosen):
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
