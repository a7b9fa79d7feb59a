# SPDX-License-Identifier: GPL-2.0-only
"""Finds `pXX_user_accessible_page()`: a conjunction of the tree's own tests that obeys the laws.

Every test is evaluated on every entry that the tree can make, in every variant; a conjunction is
taken if its answers are what the laws ask for, the shortest first, accessors before masks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from ..errors import SourceError
from ..evaluate.values import Int, Opaque, PathEnds, Unjudged
from ..frontend import Unit, read_unit
from ..helpers.interface import LEVELS
from ..helpers.probes import PROTECTION, probe_text
from ..helpers.session import Session
from ..kconfig import Variant
from .addresses import address_probe, by_address, usable_tests
from .api import PredicateShape
from .atoms import (
    ATOM,
    NAMED,
    SWAP,
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
from .conjunctions import INVALIDATED, OPTIONS, Entry, Level, Predicate, Synthesis, solve
from .judge import Bench, Judgement

NO_PREDICATE: Final = "its headers have no predicate"
_CHANGES: Final = ("mkyoung", "mkold", "mkdirty", "mkclean", "mksoft_dirty", "wrprotect")


def synthesise(
    bench: Bench,
    only: frozenset[str] | None = None,
    before: Judgement | None = None,
    shape: PredicateShape | None = None,
) -> Synthesis:
    """Predicates for every level of an architecture, proved on all entries of all variants.

    `only` some variants, by name, where the others have a header, and predicates, of their own.
    What `before` says that is left by an invalidate must not be counted. Where no bit says whose
    an entry is, and `shape` has an address, that is asked.
    """
    tables: dict[str, Level] = {}
    read: list[str] = []
    lost: list[tuple[str, str]] = []
    addresses: list[frozenset[str]] = []
    bench.put({})
    stage, index = bench.stage, bench.index
    base = probe_text(bench.interface.signatures, index.initial_values(), index.set_at_boot())
    chosen = [v for v in bench.variants if only is None or v.name in only]
    lost += [(v.name, NO_PREDICATE) for v in bench.variants if v not in chosen]
    names, values = _mask_names(bench, chosen)
    for level in LEVELS:
        atoms = (*accessors(level), *masks(level, names), *fields(level, values))
        tables[level] = Level(atoms, {}, [], {}, [], set())
    probes = "".join(
        probe(level, tables[level].atoms) + swap_probe(level)[0] + protection_probe(level)
        for level in LEVELS
    )
    for variant in chosen:
        try:
            built = tuple(p for p in bench.hint if index.built(p, variant.config))
            text = base + probes + address_probe()
            unit = read_unit(stage, variant, built, "", text, True, cache=bench.cache)
        except SourceError:
            continue
        sessions = _sessions(unit, variant)
        problem = ""
        for level in LEVELS:
            reasons = [_lacks(session, variant, level) for session in sessions]
            problem = problem or ("" if "" in reasons else reasons[0])
        if problem:
            lost.append((variant.name, problem))
            continue
        read.append(variant.name)
        if shape is not None and shape.address:
            addresses.append(usable_tests(unit, sessions[0], f"arch/{bench.arch}/"))
        left = before.left if before is not None else {}
        _ask_all(sessions[0], unit, variant, tables, variant.name, left)
        for session in _all_on(sessions, unit, variant):
            _ask_all(session, unit, variant, tables, f"{variant.name} (all on)", left)
    found = solve(tables, tuple(read), tuple(lost))
    return replace(found, predicates=by_address(found.predicates, addresses))


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


def _lacks(session: Session, variant: Variant, level: str) -> str:
    """Why nothing can be said about a level that maps memory in a variant; '' where it can."""
    if not variant.config.on(OPTIONS[level]):
        return ""
    if level == "pud" and not variant.config.on(OPTIONS["pmd"]):
        return ""
    if session.folded(level):
        return f"{level} is folded, and there are huge pages of its size" if level == "pmd" else ""
    if session.leafless(level):
        return ""
    kinds = [one.kind for one in session.classes(level)]
    if any(kind is not None and kind.accessible for kind in kinds):
        return ""
    return f"no accessible {level} entry can be made"


def _sessions(unit: Unit, variant: Variant) -> list[Session]:
    """The states of the processor that entries depend on: all off and, if there are any, all on."""
    first = Session(unit, variant)
    for level in LEVELS:
        for entry in () if first.folded(level) else first.classes(level):
            first.test(level, "present", entry.raw)  # it may depend on more than they do
    world = first.machine.world
    return [first, Session(unit, variant, dict.fromkeys(world, 1))] if world else [first]


def _all_on(asked: list[Session], unit: Unit, variant: Variant) -> list[Session]:
    """The further states of those sessions; the tests that the first was asked may depend on more
    than its entries do."""
    world = asked[0].machine.world
    if len(asked) > 1 and asked[1].machine.world.keys() >= world.keys():
        return asked[1:]
    return [Session(unit, variant, dict.fromkeys(world, 1))] if world else []


def _ask_all(
    session: Session,
    unit: Unit,
    variant: Variant,
    tables: Mapping[str, Level],
    name: str,
    left: Mapping[tuple[str, str], set[int]],
) -> None:
    """Asks one state of a variant, `name`, at every level."""
    for level, table in tables.items():
        if variant.config.on(OPTIONS[level]):
            table.leaves.add(name)
        _ask(session, unit, level, table, name, frozenset(left.get((variant.name, level), ())))


def _ask(
    session: Session, unit: Unit, level: str, table: Level, variant: str, left: frozenset[int]
) -> None:
    every = range(len(table.atoms))
    bad = table.bad.setdefault(variant, set())
    bad |= {i for i in every if not available(unit, table.atoms[i])}
    if session.folded(level):
        return
    entries = list(_entries(session, level, variant))
    free = {entry.raw for entry in entries if entry.want is not False}
    entries += [Entry(variant, INVALIDATED, raw, False) for raw in sorted(left - free)]
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
        if kind is None or one.name in ("swap", "migration", INVALIDATED):
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


__all__ = ["Entry", "Predicate", "Synthesis", "synthesise"]
