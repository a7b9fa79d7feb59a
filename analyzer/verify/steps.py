# SPDX-License-Identifier: GPL-2.0-only
"""The words that sequences of helpers are written in.

A sequence is what a piece of generic code does to entries: calls of helpers (the first of
several names that the tree has), pages that are allocated and freed, tables that are dropped.
Entries are made by the tree's own constructors, or taken out of a slot and changed by its
modifiers, as generic code does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..reference import PageKind

FIRST: Final = 0
SECOND: Final = 1


@dataclass(frozen=True, slots=True)
class Slot:
    """An entry: of the table called `table`, `index` entries after its first."""

    table: str
    index: int = 0


@dataclass(frozen=True, slots=True)
class Make:
    """A new entry of a class, mapping a frame (FIRST or SECOND, `page` base pages further)."""

    kind: str
    frame: int = FIRST
    page: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What the last `Keep` found, changed by the tree's modifiers (wrprotect, mkold, ...)."""

    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """Call the first of `names` that there is on a slot. `nr` 0: as many entries as a huge page
    has base pages. `optional`: without such a helper the step is left out, not the sequence."""

    names: tuple[str, ...]
    slot: Slot
    value: Make | Taken | None = None
    nr: int = 1
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Keep:
    """Remember what a slot holds."""

    slot: Slot


@dataclass(frozen=True, slots=True)
class Page:
    """The pages of a frame are allocated, and are of this kind: as many as a leaf of `level`
    maps."""

    frame: int
    kind: PageKind
    level: str = "pte"


@dataclass(frozen=True, slots=True)
class Free:
    """The pages of a frame are freed: nothing may map them."""

    frame: int
    level: str = "pte"


@dataclass(frozen=True, slots=True)
class ClearRange:
    """A table of ptes is dropped as a whole; generic code says so to the framework itself."""

    table: str


Step = Call | Keep | Page | Free | ClearRange


@dataclass(frozen=True, slots=True)
class Sequence:
    """A named sequence. `tables`: (name, level) of the page tables it works on; `filled`: the
    entries that are there at first, by class ('table': one that points to a lower table);
    `hugetlb`: the ptes are what generic code takes them for, entries for a page of PMD_SIZE."""

    name: str
    description: str
    tables: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    filled: tuple[tuple[Slot, str], ...] = ()
    hugetlb: bool = False
