# SPDX-License-Identifier: GPL-2.0-only
"""What goes into the model and what comes out: page kinds, events, rules, violations, traits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

LEVELS: Final = ("pte", "pmd", "pud")
INIT_MM: Final = 0
"""The number of the kernel's own mm; entries in it are never counted."""


class PageKind(Enum):
    """What a page is, as the framework tells it apart.

    Only ANONYMOUS is what `PageAnon()` says yes to; a page of which nothing is known, one that
    is free included, counts as FILE, in the kernel as here.
    """

    ANONYMOUS = "anonymous"
    FILE = "file"
    SLAB = "slab"
    ZERO = "zero"  # the zero page, and the huge zero page
    NO_PAGE_EXT = "no-page-ext"  # has a struct page, but no counters (ZONE_DEVICE)
    INVALID = "invalid"  # !pfn_valid(): no struct page


class Op(Enum):
    """What an event does; the values are the words of the log."""

    SET = "set"  # ptes_set, pmds_set, puds_set
    CLEAR = "clear"  # pte_clear, pmd_clear, pud_clear
    CLEAR_RANGE = "clear-range"  # pte_clear_range
    ALLOC = "alloc"
    FREE = "free"
    ZERO = "zero"  # alloc or free, it is not known which
    PAGE = "page"  # the pages become what `kind` says
    STORE = "store"  # an entry changes without a hook


class Rule(Enum):
    """What page table check forbids. The first five rows are those of the documented table."""

    ANON_SHARED_WRITABLE = "anonymous-shared-writable"
    FILE_OVER_ANON = "file-over-anonymous"
    ANON_OVER_FILE = "anonymous-over-file"
    ANON_NEGATIVE = "anonymous-count-negative"
    FILE_NEGATIVE = "file-count-negative"
    ALLOC_MAPPED = "allocated-while-mapped"
    FREE_MAPPED = "freed-while-mapped"
    ZERO_MAPPED = "allocated-or-freed-while-mapped"
    SLAB_MAPPED = "slab-mapped"
    SLAB_ALLOCATED = "slab-allocated-or-freed"
    NO_COUNTERS = "no-counters"  # trees that insist on page_ext
    WRITABLE_PROTECTED = "write-protected-writable"  # a warning: nothing stops


@dataclass(frozen=True, slots=True)
class Counters:
    """How often a page is mapped, as anonymous and as file memory."""

    anon: int = 0
    file: int = 0


class Event(NamedTuple):
    """One call of a hook, or what the model has to know besides.

    `slot` numbers an entry among those of its mm and level: neighbours in a table have numbers
    that follow each other (an address divided by what the entry maps, or `ptep` by its width).
    None: not known (hooks that are given neither address nor slot).
    `value`: the new entry (set, store), the old one (clear). `old`: what the slots held, where
    the log knows it; otherwise what the model has seen there. `number` counts from 1.
    """

    op: Op
    level: str = "pte"
    mm: int = 1
    slot: int | None = None
    value: int = 0
    nr: int = 1
    old: tuple[int, ...] | None = None
    pfn: int = 0
    order: int = 0
    kind: PageKind | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Mapping:
    """An entry that maps the page: where it stands, its raw value, and the event that set it."""

    mm: int
    level: str
    slot: int | None
    value: int
    number: int
    write: bool
    first: int  # pfn of the first page that the entry maps


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that an event breaks, at the first page where it does.

    `mappings`: the entries that contradict each other, the older first: the one that is
    already there (none, if the model has seen none) and the one of the event, where it makes one.
    `after` is what the counters show when the kernel stops: they move before they are checked.
    """

    rule: Rule
    pfn: int
    kind: PageKind
    before: Counters
    after: Counters
    event: Event
    mappings: tuple[Mapping, ...]


@dataclass(frozen=True, slots=True)
class Traits:
    """Where trees differ, as read from a tree's mm/page_table_check.c (`traits.read_traits`).

    The defaults are those of the current kernel. `batched`: levels whose set hook clears `nr`
    slots before it counts the new entries; at the others it is called entry by entry.
    """

    special_skipped: frozenset[str] = frozenset({"pte"})
    huge_zero_skipped: frozenset[str] = frozenset({"pmd"})
    flags_checked: frozenset[str] = frozenset({"pte", "pmd"})
    batched: frozenset[str] = frozenset(LEVELS)
    has_page_ext: bool = True
    page_ext_required: bool = False
    slab_refused: bool = True
    clear_checks_other: bool = True
    alloc_free_checked: bool = True
