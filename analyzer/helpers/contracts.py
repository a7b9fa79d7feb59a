# SPDX-License-Identifier: GPL-2.0-only
"""What the generic interface promises when it calls a helper.

The C of a helper does not state its preconditions. They stand here, for generic names only, each
with its reason; the law is asked under them. Source: Documentation/mm/arch_pgtable_helpers.rst
and the callers in mm/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Old(Enum):
    """Which entries a helper may find in the slot."""

    ANY = "any entry"
    PRESENT = "a present leaf"
    UNCOUNTED = "an entry that is not counted"
    TABLE = "a table or nothing"


class New(Enum):
    """How the entry that a helper is given relates to the one in the slot."""

    ANY = "any entry"
    NO_TABLE = "any entry but a table"
    SAME = "the same frame, the same answer of the predicate"
    PROTECTED = "the entry in the slot with another protection"


@dataclass(frozen=True, slots=True)
class Contract:
    """One row: helpers whose names match, what they may assume, and why."""

    names: re.Pattern[str]
    old: Old
    new: New
    reason: str


def _row(pattern: str, old: Old, new: New, reason: str) -> Contract:
    return Contract(re.compile(rf"^(?:{pattern})$"), old, new, reason)


CONTRACTS: Final = (
    _row(
        r"(\w+_)?clear_no[nt]_?present(_\w+)?|(huge_)?pte_clear",
        Old.UNCOUNTED, New.ANY,
        "generic code clears non-present entries and markers with it (mm/memory.c, mm/mremap.c), "
        "and a name that says so is its promise",
    ),
    _row(
        r"(huge_)?(ptep|pmdp|pudp)_set_access_flags|(ptep|pmdp|pudp)_set_access_flags_\w+",
        Old.PRESENT, New.SAME,
        "only accessed, dirty and write permission may become more permissive",
    ),
    _row(
        r"_*(huge_)?(ptep|pmdp|pudp)_modify_prot(_start|_commit)?|modify_prot(_start|_commit)?_ptes",
        Old.PRESENT, New.PROTECTED,
        "a transaction: start takes the entry out, commit puts it back with another protection",
    ),
    _row(
        r"(huge_)?(ptep|pmdp|pudp)_set_wrprotect|wrprotect_ptes",
        Old.PRESENT, New.ANY,
        "write protection of a present entry (fork, userfaultfd, soft-dirty)",
    ),
    _row(
        r"(ptep|pmdp|pudp)_(test_and_clear|clear_flush|clear)_young(_\w+)?"
        r"|mkold_ptes|clear_young_dirty_ptes|(test_and_)?clear_(flush_)?young_ptes(_\w+)?",
        Old.PRESENT, New.ANY,
        "ageing looks at present entries only",
    ),
    _row(
        r"(pmdp|pudp)_invalidate(_ad)?",
        Old.PRESENT, New.ANY,
        "splitting starts from a present leaf",
    ),
    _row(
        r"pmdp_collapse_flush",
        Old.TABLE, New.ANY,
        "khugepaged takes a page table out; its entries are un-counted by pte_clear_range",
    ),
    _row(
        r"(pmd|pud|p4d)_populate(_kernel|_safe)?|pmd_install",
        Old.UNCOUNTED, New.ANY,
        "a table is put where nothing, or a leaf that was invalidated, stands",
    ),
    _row(
        r"update_mmu_cache(_\w+)?",
        Old.PRESENT, New.ANY,
        "called at the end of a fault for an entry that was just made (core-api/cachetlb.rst)",
    ),
    _row(
        r"set_(pmd|pud)_at",
        Old.ANY, New.NO_TABLE,
        "tables are put in by pmd_populate(), pud_populate(); mm/huge_memory.c gives leaves, "
        "migration entries and nothing. Needed where a setter makes a leaf of whatever it is "
        "given: powerpc book3s64, whose set_pmd_at() warns of anything else",
    ),
    _row(
        r"(get_and_)?clear_full_ptes|clear_ptes|get_and_clear_ptes",
        Old.PRESENT, New.ANY,
        "a batch of present entries that map consecutive pages of one folio",
    ),
)  # fmt: skip

NO_HELPERS: Final = (
    (
        re.compile(r"^_*(pte|pmd|pud|p4d)_(free|dtor|ctor|alloc)\w*$"),
        "its pointer is a table that is allocated or freed, not an entry",
    ),
    (
        re.compile(r"^pgtable_trans_huge_(deposit|withdraw)$"),
        "it keeps a spare table for a pmd and uses the entry only to find the place",
    ),
    (
        re.compile(r"^arch_kmap_local_\w+$"),
        "kmap_local maps addresses of the kernel",
    ),
)
"""Names that look like helpers and change no entry, each with the reason."""


def is_helper(name: str) -> bool:
    """Whether a candidate can change an entry at all."""
    return not any(pattern.match(name) for pattern, _ in NO_HELPERS)


_DEFAULT: Final = Contract(re.compile(""), Old.ANY, New.ANY, "nothing is promised")


def contract_for(helper: str) -> Contract:
    """The contract of a helper; without a row nothing is promised."""
    for row in CONTRACTS:
        if row.names.match(helper):
            return row
    return _DEFAULT
