# SPDX-License-Identifier: GPL-2.0-only
"""Predicates of all configurations: one set of them, or one for each header or option that tells
sub-architectures apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..check.unit import FRAMEWORK
from ..evaluate.values import PathEnds, Unjudged
from ..helpers.session import Session
from .api import PredicateShape
from .conjunctions import OPTIONS
from .groups import header_groups
from .judge import Bench, Judgement
from .kconfig_edit import holds, simple_guards
from .predicate_text import Block, lacking, lacking_ahead, predicates_edits
from .predicates import NO_PREDICATE, Synthesis, synthesise

if TYPE_CHECKING:
    from .search import Search

_MAX_GROUPS: Final = 4  # headers of some variants that are tried


@dataclass(frozen=True, slots=True)
class Part:
    """A header, and what goes into it: the predicates of each option ('' for all)."""

    path: str
    blocks: tuple[tuple[str, Synthesis], ...]


def find_parts(bench: Bench, before: Judgement, shape: PredicateShape) -> list[Part]:
    """The predicates, and the headers to put them into: the one that all variants read, else those
    of some variants for which there are predicates."""
    path = f"arch/{bench.arch}/include/asm/pgtable.h"
    first = synthesise(bench, None, before, shape)
    if _complete(first):
        return [_by_option(bench, path, first, before, shape) or Part(path, (("", first),))]
    found: list[Part] = []
    told: set[str] = set()
    for header, names in header_groups(before.units, bench.arch)[:_MAX_GROUPS]:
        if told & names:
            continue
        other = _of_group(bench, names, before, shape)
        if _complete(other):
            told |= names
            found.append(Part(header, (("", other),)))
    return found or [Part(path, (("", first),))]


def _complete(found: Synthesis) -> bool:
    return not found.missing and not found.changed


def _by_option(
    bench: Bench, path: str, first: Synthesis, before: Judgement, shape: PredicateShape
) -> Part | None:
    """Where only some configurations have entries that say whose they are, and an option tells
    those apart: predicates of theirs, and of the others."""
    if all(one.user_bit for one in first.predicates):
        return None
    say = frozenset(v.name for v in bench.variants if _says_user(bench, before, v.name))
    every = frozenset(v.name for v in bench.variants)
    guard = telling(bench, say, every) if say else None
    if not guard:
        return None
    one, other = (synthesise(bench, names, before, shape) for names in (say, every - say))
    if not _complete(one) or not _complete(other) or not all(p.user_bit for p in one.predicates):
        return None
    return Part(path, ((guard, one), (opposite(guard), other)))


def _says_user(bench: Bench, before: Judgement, name: str) -> bool:
    """Whether the tree's own test tells a user's pte from the kernel's in a variant."""
    unit = before.units.get(name)
    if unit is None:
        return False
    session = Session(unit, next(v for v in bench.variants if v.name == name))
    try:
        said = {
            entry.kind.kernel: session.test("pte", "user", entry.raw)
            for entry in session.classes("pte")
            if entry.kind is not None and entry.kind.present
        }
    except (Unjudged, PathEnds):
        return False
    return said.get(True) == 0 and bool(said.get(False))


def opposite(guard: str) -> str:
    """The condition that is true where an option is off, or on."""
    return guard.removeprefix("!") if guard.startswith("!") else f"!{guard}"


def telling(bench: Bench, good: frozenset[str], read: frozenset[str]) -> str | None:
    """The option that is on (`!`: off) in some variants and in no others of `read`; '' where
    there are no others, None where no option tells them apart."""
    inside = [v for v in bench.variants if v.name in good]
    others = [v for v in bench.variants if v.name in read - good]
    if not others:
        return ""
    for guard in simple_guards(bench.tree.read(f"arch/{bench.arch}/Kconfig").decode("latin-1")):
        if all(holds(guard, v) for v in inside) and not any(holds(guard, v) for v in others):
            return guard
    return None


def _of_group(
    bench: Bench, names: frozenset[str], before: Judgement, shape: PredicateShape
) -> Synthesis:
    """Predicates of some variants; if need be without those that have leaves of a level at which
    nothing tells what an invalidate leaves apart."""
    found = synthesise(bench, names, before, shape)
    levels = {*(level for level, _ in found.missing), *found.changed} - {"pte"}
    without = frozenset(
        v.name for v in bench.variants
        if v.name in names and not any(v.config.on(OPTIONS[level]) for level in levels)
    )  # fmt: skip
    if not levels or not without or without == names:
        return found
    fewer = synthesise(bench, without, before, shape)
    reason = f"what an invalidate leaves at the {min(levels)} level cannot be told from a leaf"
    lost = tuple((n, reason if n in names - without else r) for n, r in fewer.lost)
    return replace(fewer, lost=lost)


def put(
    search: Search, now: Judgement, part: Part, shape: PredicateShape
) -> tuple[Judgement, tuple[str, ...]]:
    """The predicates in a header; what the framework lacks in some variants that count it."""
    path = part.path
    partly: list[str] = []
    blocks: list[Block] = []
    for option, found in part.blocks:
        mine = frozenset(found.variants)
        units = {n: u for n, u in now.units.items() if not option or n in mine}
        read = {name: unit for name, unit in units.items() if path in unit.files} or units
        counted = {one.level for one in found.predicates if one.terms}
        stubs: dict[str, str] = {}
        for name, variants in lacking(read, FRAMEWORK).items():
            guard = telling(search.bench, variants, frozenset(read))
            if name[:3] in counted or guard is None:
                partly.append(name)
            else:
                stubs[name] = guard
        blocks.append(Block(option, found.predicates, stubs))
    options = list(predicates_edits(search.text(path), path, blocks, shape))
    names = {name for _, found in part.blocks for name in found.variants}
    for edit in options:
        search.keep([edit])
        now = search.judge()
        where = [unit for name, unit in now.units.items() if name in names]
        if not lacking_ahead(where, path) or edit is options[-1]:
            break
        search.drop([edit])
    return now, tuple(partly)


def together(parts: list[Part]) -> Synthesis:
    """What was found for several headers or options as one: variants are lost that none has."""
    every = [found for part in parts for _, found in part.blocks]
    variants = tuple(name for one in every for name in one.variants)
    lost = tuple(
        (name, reason) for name, reason in every[0].lost
        if name not in variants and all(name in dict(one.lost) for one in every)
    )  # fmt: skip
    reasons = {n: r for one in every for n, r in one.lost if r != NO_PREDICATE}
    lost = tuple((name, reasons.get(name, reason)) for name, reason in lost)
    return replace(every[0], variants=variants, lost=lost, option=parts[0].blocks[0][0])
