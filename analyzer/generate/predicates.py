# SPDX-License-Identifier: GPL-2.0-only
"""Finds `pXX_user_accessible_page()`: a conjunction of the tree's own tests that obeys the laws.

Every test is evaluated on every entry that the tree can make, in every variant; a conjunction is
taken if its answers are what the laws ask for, the shortest first, accessors before masks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from ..errors import SourceError
from ..evaluate.values import Int, Opaque, PathEnds, Unjudged
from ..frontend import Unit, read_unit
from ..helpers.interface import LEVELS
from ..helpers.probes import PROTECTION, probe_text
from ..helpers.session import Session
from .atoms import (
    ATOM,
    NAMED,
    SWAP,
    Atom,
    accessors,
    available,
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


@dataclass(slots=True)
class _Level:
    expected: bool  # the configurations have huge pages of this level
    atoms: tuple[Atom, ...]
    usable: set[int]
    entries: list[Entry]
    answers: dict[tuple[str, int, int], bool]  # (variant, raw, atom)


def synthesise(bench: Bench) -> Synthesis:
    """Predicates for every level of an architecture, proved on all entries of all variants."""
    tables: dict[str, _Level] = {}
    read: list[str] = []
    bench.put({})
    stage, index = bench.stage, bench.index
    base = probe_text(bench.interface.signatures, index.initial_values())
    names = _mask_names(bench)
    for level in LEVELS:
        atoms = (*accessors(level), *masks(level, names))
        tables[level] = _Level(_expected(bench, level), atoms, set(range(len(atoms))), [], {})
    probes = "".join(
        probe(level, tables[level].atoms) + swap_probe(level)[0] + protection_probe(level)
        for level in LEVELS
    )
    for variant in bench.variants:
        try:
            built = tuple(p for p in bench.hint if index.built(p, variant.config))
            unit = read_unit(stage, variant, built, "", base + probes, True, cache=bench.cache)
        except SourceError:
            continue
        read.append(variant.name)
        session = Session(unit, variant)
        for level in LEVELS:
            _ask(session, unit, level, tables[level], variant.name)
    return _solve(tables, tuple(read))


def _mask_names(bench: Bench) -> tuple[str, ...]:
    """Masks that the headers of the architecture define in every variant that can be read."""
    found: list[set[str]] = []
    for variant in bench.variants:
        try:
            unit = read_unit(bench.stage, variant, (), "", "", True, cache=bench.cache)
        except SourceError:
            continue
        found.append(set(mask_names(unit, f"arch/{bench.arch}/")))
    return tuple(sorted(set.intersection(*found))) if found else ()


def _expected(bench: Bench, level: str) -> bool:
    symbols = {
        "pte": "MMU",
        "pmd": "TRANSPARENT_HUGEPAGE",
        "pud": "HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD",
    }
    return any(variant.config.on(symbols[level]) for variant in bench.variants)


def _ask(session: Session, unit: Unit, level: str, table: _Level, variant: str) -> None:
    table.usable &= {index for index, atom in enumerate(table.atoms) if available(unit, atom)}
    if session.folded(level):
        return
    entries = list(_entries(session, level, variant))
    for index in sorted(table.usable):
        name = f"{ATOM}{level}_{index}"
        for entry in entries:
            try:
                value = session.machine.number(
                    session.evaluate(name, session.wrap(level, entry.raw))
                )
            except (Unjudged, PathEnds):
                value = Opaque("unknown")
            if isinstance(value, Opaque):
                table.usable.discard(index)
                break
            table.answers[(variant, entry.raw, index)] = value.value != 0
    table.entries.extend(entries)


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
            made = session.evaluate(f"{NAMED}{level}_{index}", frame)
            yield Entry(variant, "a named protection", session.raw(level, made), True)
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


def _solve(tables: Mapping[str, _Level], variants: tuple[str, ...]) -> Synthesis:
    found: list[Predicate] = []
    missing: list[tuple[str, str]] = []
    none_counted: dict[str, bool] = {}
    best: tuple[list[Predicate], list[tuple[str, str]]] | None = None
    for kernel in (False, True):  # first one that is false for kernel entries
        found, missing = [], []
        none_counted = {}
        for level in LEVELS:
            if level not in tables:
                missing.append((level, "no variant could be read"))
                continue
            if tables[level].expected and not any(e.want for e in tables[level].entries):
                missing.append((level, f"no accessible {level} entry can be made"))
                continue
            one = _level(level, tables[level], kernel, none_counted)
            if one is None:
                missing.append((level, "no conjunction of the tree's own tests obeys the laws"))
                continue
            found.append(one)
        if best is None or len(missing) < len(best[1]):
            best = found, missing
        if not missing:
            break
    assert best is not None
    return Synthesis(tuple(best[0]), tuple(best[1]), variants)


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
            best = (cost, chosen)
    if best is None:
        return None
    for entry in table.entries:
        if entry.name == "protnone":
            agreed.setdefault(entry.variant, _answer(table, entry, best[1]))
    order = {"leaf": 0, "present": 1, "mask": 2, "user": 3}
    terms = sorted((table.atoms[i] for i in best[1]), key=lambda a: (order[a.role], a))
    return Predicate(level, tuple(terms), not kernel, len(table.entries))


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
