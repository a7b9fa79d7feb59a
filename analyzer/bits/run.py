# SPDX-License-Identifier: GPL-2.0-only
"""The bit tables of architectures of a tree."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..errors import SourceError
from ..evaluate.values import PathEnds, Unjudged
from ..frontend import ParseCache, Stage, read_unit
from ..helpers.bodies import SourceIndex
from ..helpers.interface import LEVELS
from ..helpers.session import Session
from ..kconfig import KconfigFiles, Variant, load_kconfig, variants
from ..tree import KernelTree
from .behaviour import find_roles
from .candidates import Found, candidates
from .constants import Constant, constant_probes, evaluate_constant
from .probes import behaviour_probes
from .roles import Roles
from .table import BitTable, TableMaker
from .unit import read_bits_unit


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything `ptcheck bits` found out."""

    tree_label: str
    revision: str | None
    tables: tuple[BitTable, ...]
    problems: tuple[str, ...]  # headers that could not be read, one line each
    files_read: int
    seconds: float

    @property
    def incomplete(self) -> bool:
        """A table could not be made, or part of the headers could not be read."""
        return bool(self.problems) or not any(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True)
class Reading:
    """A variant read for its bits: the session to ask, the names, their values."""

    session: Session
    found: Found
    constants: dict[str, Constant]
    problems: tuple[str, ...]
    bodies: tuple[str, ...]

    def told(self) -> tuple[str, ...]:
        """What could not be read, one line each; more once the tables have been made."""
        unit = self.session.unit
        broken = [
            f"{location}: does not parse: {reason}"
            for location, reason in sorted(unit.unparsed.items())
            if self.found.mentions.has(location.path)
        ]
        return (*self.problems, *broken)


def read_bits(
    stage: Stage,
    variant: Variant,
    index: SourceIndex,
    cache: ParseCache | None = None,
    hint: tuple[str, ...] = (),
    extra: str = "",
) -> Reading:
    """Read a variant and evaluate every name that may stand for bits of an entry.

    `extra` is C of the caller, added to the unit. Raises SourceError where the headers cannot
    be read at all.
    """
    first = read_unit(stage, variant, with_macros=True, cache=cache)
    found = candidates(first, stage.tree, variant.arch)
    names = [candidate.name for candidate in found.candidates]
    probes = constant_probes(names) + behaviour_probes() + extra
    unit, bodies = read_bits_unit(stage, variant, index, probes, cache, hint)
    session = Session(unit, variant)
    constants = {name: evaluate_constant(session, name) for name in names}
    problems = [f"{d.location}: {d.message}" for d in first.diagnostics]
    if found.left_out:
        problems.append(f"{variant.label}: {found.left_out} names too many were left out")
    return Reading(session, found, constants, tuple(problems), bodies)


def variant_tables(reading: Reading, levels: Iterable[str] = LEVELS) -> tuple[BitTable, ...]:
    """The tables of one variant, from pte up; a level that is not there is a table without rows."""
    session = reading.session
    variant = session.variant
    maker = TableMaker(session, reading.found, reading.constants)
    wanted = set(levels)
    lower: Roles | None = None
    made = []
    for level in LEVELS:
        if session.folded(level):
            reason = "folded: this configuration has no such level"
            made.append(BitTable(variant.arch, variant.name, level, 0, reason=reason))
            continue
        try:
            roles = find_roles(session, level, lower)
        except (Unjudged, PathEnds, RecursionError) as problem:
            reason = str(problem) or type(problem).__name__
            made.append(BitTable(variant.arch, variant.name, level, 0, reason=reason))
            continue
        if level in wanted:
            made.append(maker.table(roles, lower))
        lower = lower or roles
    return tuple(table for table in made if table.level in wanted)


def bit_tables(
    tree: KernelTree,
    archs: Iterable[str],
    *,
    only: frozenset[str] | None = frozenset({"base"}),
    levels: Iterable[str] = LEVELS,
    note: Callable[[str], None] = lambda _: None,
) -> Tables:
    """The tables of `archs`: of the variants named in `only`, of all where it is None."""
    started = time.process_time()
    files = KconfigFiles(tree)
    cache = ParseCache()
    tables: list[BitTable] = []
    problems: list[str] = []
    with Stage(tree) as stage:
        for arch in archs:
            index = SourceIndex(tree, arch)
            hint: tuple[str, ...] = ()
            for variant in variants(tree, arch, load_kconfig(tree, arch, files)):
                if (only is not None and variant.name not in only) or not variant.has_mmu:
                    continue
                note(variant.label)
                try:
                    reading = read_bits(stage, variant, index, cache, hint)
                except SourceError as problem:
                    problems.append(f"{problem} [{variant.label}]")
                    continue
                hint = reading.bodies
                tables.extend(variant_tables(reading, levels))
                problems += [p for p in reading.told() if p not in problems]
        read = stage.files_read
    return Tables(
        tree.label, tree.revision, tuple(tables), tuple(problems), read,
        time.process_time() - started,
    )  # fmt: skip
