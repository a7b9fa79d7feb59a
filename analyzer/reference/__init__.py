# SPDX-License-Identifier: GPL-2.0-only
"""The rules of page table check as an executable model, and what is built on it.

    from analyzer.reference import Model, PageKind
    from analyzer.reference.session import SessionDecoder     # a Decoder, of a Session
    from analyzer.reference.traits import read_traits         # the Traits of its tree

    model = Model(SessionDecoder(session), read_traits(session))
    model.alloc(0x1000)
    model.page(0x1000, PageKind.ANONYMOUS)
    violation = model.ptes_set(mm=1, slot=5, raw=entry, nr=1)     # None, or a Violation

The operations are `ptes_set`, `pmds_set`, `puds_set`, `pte_clear`, `pmd_clear`, `pud_clear`,
`pte_clear_range`, `alloc`, `free`, and `page` (what a page is) and `store` (an entry that changes
without a hook); each gives None or the Violation. A set un-counts what the slot holds: what the
model has seen there, or `old`, if it is given. `counters(pfn)` and `counted_pages()` say what was
counted, `recount()` what the page tables say, `mappings(pfn)` who maps a page. Entries are raw
values; a Decoder tells what they mean. `Traits` are the differences between trees.
"""

from __future__ import annotations

from .decode import BaseDecoder, Decoder, Facts
from .model import Model
from .tables import UnknownSlotError
from .values import (
    INIT_MM,
    LEVELS,
    Counters,
    Event,
    Mapping,
    Op,
    PageKind,
    Rule,
    Traits,
    Violation,
)

__all__ = [
    "INIT_MM",
    "LEVELS",
    "BaseDecoder",
    "Counters",
    "Decoder",
    "Event",
    "Facts",
    "Mapping",
    "Model",
    "Op",
    "PageKind",
    "Rule",
    "Traits",
    "UnknownSlotError",
    "Violation",
]
