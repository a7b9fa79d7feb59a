# SPDX-License-Identifier: GPL-2.0-only
"""What `ptcheck diff` compares of a tree besides verdicts: predicates and bits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..model import CheckResult
from ..tree import KernelTree
from .judging import Facts

_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
_DEFINITION: Final = re.compile(
    r"^[^\n;{}#]*\b((?:pte|pmd|pud)_user_accessible_page)\s*\([^;{}]*\)\s*\{"
    r"|^[ \t]*#[ \t]*define[ \t]+((?:pte|pmd|pud)_user_accessible_page)\b(?:[^\n]*\\\n)*[^\n]*",
    re.M,
)
_MAX_BODY: Final = 4000  # characters; the longest of a real tree has 300


@dataclass(frozen=True, slots=True)
class Predicate:
    """One definition of a predicate, its text without comments and layout."""

    arch: str
    name: str
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """One bit or field in the base configuration of an architecture."""

    arch: str
    level: str
    name: str
    mask: str
    role: str


@dataclass(frozen=True, slots=True)
class ArchFacts:
    """What is compared of one architecture besides verdicts; `problems` with its bits."""

    predicates: tuple[Predicate, ...]
    fields: tuple[Field, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is compared of one tree."""

    result: CheckResult
    archs: tuple[ArchFacts, ...]


def arch_facts(tree: KernelTree, arch: str, facts: Facts | None = None) -> ArchFacts:
    """The predicates and bits of an architecture, remembered or read now."""

    def compute(noted: KernelTree) -> ArchFacts:
        return ArchFacts(predicates(noted, arch), *_bits(noted, arch))

    if facts is None:
        return compute(tree)
    name: Sequence[str] = ("arch facts", arch)
    return facts.recall(tree, name, ArchFacts) or facts.keep(tree, name, compute)


def predicates(tree: KernelTree, arch: str) -> tuple[Predicate, ...]:
    """The definitions of the user accessible predicates in an architecture's headers."""
    found = []
    for path, data in tree.read_many(tree.walk(f"arch/{arch}/include", (".h",))):
        if b"_user_accessible_page" not in data:
            continue
        text = _COMMENT.sub(" ", data.decode("latin-1"))
        for match in _DEFINITION.finditer(text):
            end = _closing(text, match.end()) if match[1] else match.end()
            words = " ".join(text[match.start() : end].replace("\\\n", " ").split())
            found.append(Predicate(arch, match[1] or match[2], path, words))
    return tuple(sorted(found, key=lambda p: (p.name, p.path, p.text)))


def _closing(text: str, start: int) -> int:
    depth = 1
    for at in range(start, min(len(text), start + _MAX_BODY)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if not depth:
            return at + 1
    return min(len(text), start + _MAX_BODY)


def _bits(tree: KernelTree, arch: str) -> tuple[tuple[Field, ...], tuple[str, ...]]:
    from ..bits import bit_tables

    result = bit_tables(tree, (arch,))
    rows = {
        Field(arch, table.level, row.bit.name, f"{row.bit.mask:#x}", row.bit.role)
        for table in result.tables
        for row in table.rows
        if row.bit.name
    }
    return tuple(sorted(rows, key=lambda f: (f.level, f.name, f.mask, f.role))), result.problems
