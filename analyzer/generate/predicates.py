# SPDX-License-Identifier: GPL-2.0-only
"""Finds `pXX_user_accessible_page()`: a conjunction of the tree's own tests that obeys the laws.

Every test is evaluated on every entry that the tree can make, in every variant; a conjunction is
taken if its answers are what the laws ask for, the shortest first, accessors before masks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from ..errors import SourceError
from ..evaluate.values import Int, Opaque, PathEnds, Unjudged
from ..frontend import Unit, read_unit
from ..helpers.interface import LEVELS
from ..helpers.probes import PROTECTION, probe_text
from ..helpers.session import Session
from ..kconfig import Variant
from .atoms import (
    ATOM,
    NAMED,
    SWAP,
    Atom,
    accessors,
    available,
    field_names,
    fields,
    mask_names,
    masks,
    probe,
    protection_probe,
    protections,
    swap_probe,
)
from .judge import Bench

MAX_TERMS: Final = 4
_CHANGES: Final = ("mkyoung", "mkold", "mkdirty", "mkclean", "mksoft_dirty", "wrprotect")


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
class _Level:
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

    def narrow(self) -> _Level:
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
        return _Level(self.atoms, bad, entries, self.answers, alike, self.leaves)


def synthesise(bench: Bench, only: frozenset[str] | None = None) -> Synthesis:
    """Predicates for every level of an architecture, proved on all entries of all variants.

    `only` some variants, by name, where the others have a header, and predicates, of their own.
    """
    tables: dict[str, _Level] = {}
    read: list[str] = []
    lost: list[tuple[str, str]] = []
    bench.put({})
    stage, index = bench.stage, bench.index
    base = probe_text(bench.interface.signatures, index.initial_values())
    chosen = [v for v in bench.variants if only is None or v.name in only]
    lost += [(v.name, "its headers have no predicate") for v in bench.variants if v not in chosen]
    names, values = _mask_names(bench, chosen)
    for level in LEVELS:
        atoms = (*accessors(level), *masks(level, names), *fields(level, values))
        tables[level] = _Level(atoms, {}, [], {}, [], set())
    probes = "".join(
        probe(level, tables[level].atoms) + swap_probe(level)[0] + protection_probe(level)
        for level in LEVELS
    )
    for variant in chosen:
        try:
            built = tuple(p for p in bench.hint if index.built(p, variant.config))
            unit = read_unit(stage, variant, built, "", base + probes, True, cache=bench.cache)
        except SourceError:
            continue
        session = Session(unit, variant)
        problem = next(filter(None, (_lacks(session, variant, level) for level in LEVELS)), "")
        if problem:
            lost.append((variant.name, problem))
            continue
        read.append(variant.name)
        for level in LEVELS:
            if variant.config.on(_OPTIONS[level]):
                tables[level].leaves.add(variant.name)
            _ask(session, unit, level, tables[level], variant.name)
    return _solve(tables, tuple(read), tuple(lost))


def _mask_names(
    bench: Bench, chosen: list[Variant]
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Masks, and fields with a value, that the headers define in every variant."""
    folder = f"arch/{bench.arch}/"
    found: list[set[str]] = []
    values: list[set[tuple[str, str]]] = []
    for variant in chosen:
        try:
            unit = read_unit(bench.stage, variant, (), "", "", True, cache=bench.cache)
        except SourceError:
            continue
        found.append(set(mask_names(unit, folder)))
        values.append(set(field_names(unit, folder)))
    if not found:
        return (), ()
    return tuple(sorted(set.intersection(*found))), tuple(sorted(set.intersection(*values)))


_OPTIONS: Final = {
    "pte": "MMU",
    "pmd": "TRANSPARENT_HUGEPAGE",
    "pud": "HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD",
}


def _lacks(session: Session, variant: Variant, level: str) -> str:
    """Why nothing can be said about a level that maps memory in a variant; '' where it can."""
    if not variant.config.on(_OPTIONS[level]):
        return ""
    if level == "pud" and not variant.config.on(_OPTIONS["pmd"]):
        return ""
    if session.folded(level):
        return f"{level} is folded, and there are huge pages of its size" if level == "pmd" else ""
    if session.leafless(level):
        return ""
    kinds = [one.kind for one in session.classes(level)]
    if any(kind is not None and kind.accessible for kind in kinds):
        return ""
    return f"no accessible {level} entry can be made"


def _ask(session: Session, unit: Unit, level: str, table: _Level, variant: str) -> None:
    every = range(len(table.atoms))
    bad = table.bad[variant] = {i for i in every if not available(unit, table.atoms[i])}
    if session.folded(level):
        return
    entries = list(_entries(session, level, variant))
    first = len(table.entries)
    pairs = [
        (entries.index(one), entries.index(other))
        for one, other in _pairs(session, level, variant, entries)
    ]
    table.alike += [(first + one, first + other) for one, other in pairs]
    for index in sorted(set(every) - bad):
        name = f"{ATOM}{level}_{index}"
        for entry in entries:
            try:
                value = session.machine.number(
                    session.evaluate(name, session.wrap(level, entry.raw))
                )
            except (Unjudged, PathEnds):
                value = Opaque("unknown")
            if isinstance(value, Opaque):
                bad.add(index)
                break
            table.answers[(variant, entry.raw, index)] = value.value != 0
    table.entries.extend(entries)


def _pairs(
    session: Session, level: str, variant: str, entries: list[Entry]
) -> list[tuple[Entry, Entry]]:
    """Entries without access, and what a change makes of them; those are added to `entries`."""
    found = []
    for one in [e for e in entries if e.name == "protnone"]:
        for change in _CHANGES:
            raw = session.apply(level, change, one.raw)
            if raw is not None and raw != one.raw:
                other = Entry(variant, f"{one.name} after {level}_{change}()", raw, None)
                entries.append(other)
                found.append((one, other))
    return found


def _entries(session: Session, level: str, variant: str) -> Iterable[Entry]:
    leaf = level == "pte"
    for one in session.classes(level):
        kind = one.kind
        want: bool | None = None
        if kind is None or one.name in ("swap", "migration", "invalidated"):
            want = False
        elif kind.accessible:
            want = True
            leaf = True
        elif kind.kernel:
            want = None
        yield Entry(variant, one.name, one.raw, want, bool(kind and kind.kernel))
        if want and kind is not None:
            yield from _cut(session, level, variant, one.raw)
            for change in _CHANGES:
                raw = session.apply(level, change, one.raw)
                if raw is not None and raw != one.raw:
                    yield Entry(variant, f"{one.name} after {level}_{change}()", raw, True)
    for index in range(swap_probe(level)[1]):
        try:
            made = session.evaluate(f"{SWAP}{level}_{index}")
            yield Entry(variant, "swap", session.raw(level, made), False)
        except (Unjudged, PathEnds):
            continue
    if not leaf:
        return
    frame = Int(session.frames[0], session.bits, False)
    for index in range(len(protections(level))):
        try:
            raw = session.raw(level, session.evaluate(f"{NAMED}{level}_{index}", frame))
            if session.test(level, "present", raw) != 0:  # some are completed at boot
                yield Entry(variant, "a named protection", raw, True)
        except (Unjudged, PathEnds):
            continue
    for flags in range(1, 16):
        if not flags & 7:
            continue
        for alternative in range(2):
            try:
                made = session.evaluate(f"{PROTECTION}{level}_{flags}_{alternative}", frame)
                yield Entry(variant, f"protection {flags}", session.raw(level, made), True)
                break
            except (Unjudged, PathEnds):
                continue


def _cut(session: Session, level: str, variant: str, raw: int) -> Iterable[Entry]:
    """The entry without one of its bits, where the tree no longer calls it present."""
    for bit in range(raw.bit_length()):
        other = raw & ~(1 << bit)
        if other != raw and session.test(level, "present", other) == 0:
            yield Entry(variant, f"without bit {bit}", other, False)


def _solve(
    tables: Mapping[str, _Level], variants: tuple[str, ...], lost: tuple[tuple[str, str], ...]
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
                one = None if one is None else replace(one, option=_OPTIONS[level])
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


def _level(level: str, table: _Level, kernel: bool, agreed: dict[str, bool]) -> Predicate | None:
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


def _in_the_way(level: str, table: _Level) -> str:
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


def _complete(level: str, table: _Level, chosen: tuple[int, ...], kernel: bool) -> bool:
    """Whether a conjunction says what a reader expects of it: present, a leaf, and the user's."""
    roles = {table.atoms[i].role for i in chosen}
    if level == "pte" and "present" not in roles:
        return False
    if level != "pte" and "leaf" not in roles:
        return False
    return kernel or "user" in roles


def _admits(table: _Level, index: int) -> bool:
    """Whether an atom is true for every entry that must be counted."""
    return all(
        table.answers.get((entry.variant, entry.raw, index), False)
        for entry in table.entries
        if entry.want
    )


def _answer(table: _Level, entry: Entry, chosen: tuple[int, ...]) -> bool:
    return all(table.answers.get((entry.variant, entry.raw, i), False) for i in chosen)


def _column(table: _Level, index: int) -> int:
    """The entries for which an atom is true, one bit each."""
    return sum(
        1 << place
        for place, entry in enumerate(table.entries)
        if table.answers.get((entry.variant, entry.raw, index), False)
    )


def _wanted(
    table: _Level, kernel: bool, agreed: Mapping[str, bool]
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
