# SPDX-License-Identifier: GPL-2.0-only
"""Which macros and enumeration constants name bits of an entry, and at which levels.

No list of names: a candidate stands in a page-table header and is mentioned, directly or through
others, by code that handles an entry of the level; or its definition casts to the type of the
level's value; or it is written like a neighbour of which one of these is true.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from ..frontend import Unit
from ..helpers.interface import LEVELS
from ..model import Location
from ..tree import KernelTree
from .source import Mentions, Source, counts, page_table_headers, quantities, unshifted

_VALUE_TYPE: Final = re.compile(r"\b(pte|pmd|pud|p4d|pgd)val_t\b")
_ENTRY: Final = re.compile(r"\b(pte|pmd|pud|p4d|pgd)(?:val)?_t\b")
_GEOMETRY: Final = re.compile(
    r"(?:SHIFT|SIZE|ORDER)(?:_|$)|^PAGE_OFFSET$|^_*H?(?:PAGE|PTE|PMD|PUD|P4D|PGDIR|PGD)(?:_PAGE)?_(?:MASK|NR)$"
    r"|^(?:MAX_)?PTRS_PER_|(?:^|_)CONT_P(?:TE|MD)_MASK$"
)
MAX_CANDIDATES: Final = 2000
_LITERAL: Final = re.compile(r" [dx]( |$)|\|")
_MASKS: Final = re.compile(r"<<|0[xX]|\bBIT")
_TOKEN: Final = re.compile(r"[A-Za-z_]\w*|0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*|\S")
_PLAIN: Final = re.compile(r"^[A-Za-z_]\w*$")
PER_LEVEL: Final = {level: re.compile(rf"(?<![a-z]){level}p?(?:val)?(?![a-z])") for level in LEVELS}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name that may stand for bits of an entry."""

    name: str
    levels: tuple[str, ...]
    location: Location
    body: str  # of a macro; '' for an enumeration constant
    group: str  # how it is written, and where
    mentioned: bool
    unshifted: bool = False  # applied to a number that is not yet, or no more, in its place


@dataclass(frozen=True, slots=True)
class Found:
    """All candidates of a unit, and who mentions what."""

    candidates: tuple[Candidate, ...]
    mentions: Mentions
    left_out: int = 0  # beyond MAX_CANDIDATES: more than any architecture has


def candidates(unit: Unit, tree: KernelTree, arch: str) -> Found:
    """The candidates of a unit that was read with macros."""
    source = Source(tree)
    headers = page_table_headers(source, unit, arch)
    mentions = Mentions(source, unit, headers, arch)
    numbers: set[str] = set()
    low: set[str] = set()
    for path in headers:
        text = source.text(path)
        numbers |= counts(text) | quantities(text) | mentions.features(text)
        low |= unshifted(text)
    for name in [name for name in numbers if name in mentions.macros]:
        numbers.update(_PLAIN.findall(mentions.macros[name].body))
    used = {level: mentions.closure(_roots(mentions, level)) for level in LEVELS}
    plain: list[Candidate] = []
    counted: set[tuple[str, str]] = set()
    for name, (place, body, group) in _definitions(unit, mentions).items():
        if _is_number(name, body, numbers) or _GEOMETRY.search(name):
            counted.add((group, _stem(name)))
            continue
        typed = set(_VALUE_TYPE.findall(body))
        if typed and not typed & set(LEVELS):
            continue  # of a level that never maps memory
        levels = tuple(level for level in LEVELS if name in used[level])
        plain.append(Candidate(name, levels, place, body, group, bool(levels), name in low))
    groups: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    for item in plain:
        if item.mentioned:
            groups.setdefault((item.group, _stem(item.name)), []).append(item.levels)
    found = []
    for item in plain:
        mark = (item.group, _stem(item.name))
        levels = item.levels or _of_group(item, groups.get(mark, []), mark in counted)
        if levels:
            found.append(replace(item, levels=levels))
    return Found(tuple(found[:MAX_CANDIDATES]), mentions, max(0, len(found) - MAX_CANDIDATES))


def _is_number(name: str, body: str, numbers: set[str]) -> bool:
    """Whether a name counts bits or bytes, or is another name of one that does."""
    return name in numbers or (_PLAIN.match(body) is not None and body in numbers)


def _of_group(item: Candidate, near: list[tuple[str, ...]], counted: bool) -> tuple[str, ...]:
    """The levels of a name that no code mentions: those of its neighbours, else of its type.

    A neighbour is written in the same way in the same file, and its name begins alike; `near` are
    their levels. Where one of them is a number (`counted`) the others are taken to be numbers.
    """
    typed = set(_VALUE_TYPE.findall(item.body))
    if not typed and (counted or not _LITERAL.search(item.group)):
        return ()
    common = {level for level in LEVELS if 2 * sum(level in n for n in near) >= len(near) > 0}
    return tuple(level for level in LEVELS if level in (common or typed))


def _stem(name: str) -> str:
    return name.lstrip("_").partition("_")[0]


def _definitions(unit: Unit, mentions: Mentions) -> dict[str, tuple[Location, str, str]]:
    """Name to (place, body, group) of all macros without parameters and enumeration constants."""
    found: dict[str, tuple[Location, str, str]] = {}
    for name, macro in mentions.macros.items():
        if macro.params is not None or macro.body == name or "{" in macro.body:
            continue
        if _PLAIN.match(macro.body) and (
            macro.body in unit.functions
            or unit.prototype(macro.body) is not None
            or (macro.body in unit.macros and unit.macros[macro.body].params is not None)
        ):
            continue  # another name of a function
        group = f"{macro.location.path} {_shape(macro.body)}"
        found[name] = (macro.location, macro.body, group)
    text = unit.text
    for name, chunks in unit.enum_constants.items():
        start, end = chunks[0].start, chunks[0].end
        if name in found or not mentions.has(unit.path(chunks[0])):
            continue
        value = re.search(rf"\b{re.escape(name)}\s*=([^,}}]*)", text[start:end])
        if value and _MASKS.search(value[1]):  # others only count
            place = unit.location(chunks[0])
            found[name] = (place, "", f"{place.path} enum {start} d")
    return found


def _shape(body: str) -> str:
    """How a definition is written: operators and types as they are, names and numbers by kind."""
    words = []
    for token in _TOKEN.findall(body):
        if token[0] in "0123456789":
            words.append("x" if token[:2].lower() == "0x" else "d")
        elif token[0].isalpha() or token[0] == "_":
            words.append(token if token.endswith("_t") or "(" in token else "n")
        else:
            words.append(token)
    return " ".join(words)


def _roots(mentions: Mentions, level: str) -> list[str]:
    """The code of a level's entries: functions by their types, macros by their names."""
    roots = [name for name in mentions.functions() if _level(mentions.head(name)) == level]
    protections = mentions.protections()
    for name, macro in mentions.macros.items():
        if macro.params is not None:
            if PER_LEVEL[level].search(name) or (level == "pte" and "swp" in name):
                roots.append(name)
        elif name in protections:
            roots.append(name)  # for entries of every level
    return roots


def _level(head: str) -> str | None:
    """The level that a function belongs to: the highest of the entries it handles."""
    spoken = set(_ENTRY.findall(head))
    if not spoken:
        return "pte" if "swp_entry_t" in head else None
    return next(level for level in ("pgd", "p4d", "pud", "pmd", "pte") if level in spoken)
