# SPDX-License-Identifier: GPL-2.0-only
"""Sequences of helpers as generic code calls them (mm/memory.c, mm/mprotect.c, mm/mremap.c,
mm/rmap.c, mm/migrate.c, mm/huge_memory.c, mm/khugepaged.c, mm/hugetlb.c)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

from ..reference import PageKind
from .steps import (
    FIRST,
    SECOND,
    Call,
    ClearRange,
    Free,
    Keep,
    Make,
    Page,
    Sequence,
    Slot,
    Step,
    Taken,
)

_ANON, _FILE = PageKind.ANONYMOUS, PageKind.FILE
_PTES: Final = (("parent", "pte"), ("child", "pte"))
_PARENT, _CHILD, _LATER = Slot("parent"), Slot("child"), Slot("parent", 40)

_SETS: Final = (("set_pte_at",), ("set_ptes",))
_CLEARS: Final = (
    ("ptep_get_and_clear",), ("ptep_get_and_clear_full",), ("ptep_clear_flush",), ("ptep_clear",),
    ("get_and_clear_full_ptes",), ("clear_full_ptes",), ("get_and_clear_ptes",), ("clear_ptes",),
)  # fmt: skip
_SET: Final = ("set_pte_at", "set_ptes")
_CLEAR: Final = ("ptep_get_and_clear",)
_UNMAP: Final = ("get_and_clear_full_ptes", "ptep_get_and_clear_full", "ptep_get_and_clear")
_FLUSH: Final = ("ptep_clear_flush",)
_WRPROTECT: Final = ("ptep_set_wrprotect", "wrprotect_ptes")
_ACCESSIBLE: Final = ("user-readonly", "user-writable", "user-exec-only", "user-old", "protnone")

_PMDS: Final = (("pmds", "pmd"), ("more", "pmd"), ("ptes", "pte"))
_PMD, _MOVED = Slot("pmds"), Slot("more")
_SET_PMD: Final = ("set_pmd_at",)
_ZAP_PMD: Final = ("pmdp_huge_get_and_clear_full", "pmdp_huge_get_and_clear")

_HUGE: Final = (("parent", "pte"), ("child", "pte"))
_SET_HUGE: Final = ("set_huge_pte_at",)
_ZAP_HUGE: Final = ("huge_ptep_get_and_clear",)

_PUDS: Final = (("puds", "pud"),)
_PUD: Final = Slot("puds")


def _ptes(count: int, names: tuple[str, ...], value: Make | None, table: str) -> list[Step]:
    """One call for each of `count` entries."""
    return [
        Call(names, Slot(table, i), None if value is None else Make(value.kind, value.frame, i))
        for i in range(count)
    ]


def _maybe(names: tuple[str, ...], slot: Slot, value: Make | None = None, nr: int = 1) -> Call:
    """A step that not every tree has a helper for."""
    return Call(names, slot, value, nr, optional=True)


def _small() -> Iterator[Sequence]:
    for (setter,), (clearer,), kind in product(_SETS, _CLEARS, (_ANON, _FILE)):
        yield Sequence(
            f"fault-unmap/{setter}/{clearer}/{kind.value}",
            "a page is mapped, ages, is unmapped and freed",
            _PTES,
            (
                Page(FIRST, kind),
                Call((setter,), _PARENT, Make("user-writable")),
                _maybe(("ptep_test_and_clear_young", "ptep_clear_flush_young"), _PARENT),
                Call((clearer,), _PARENT),
                Free(FIRST),
            ),
        )
    for name in _ACCESSIBLE:
        yield Sequence(
            f"replace/{name}",
            "an entry is set over one that maps another page",
            _PTES,
            (
                Page(FIRST, _ANON), Page(SECOND, _ANON),
                Call(_SET, _PARENT, Make(name)),
                Call(_SET, _PARENT, Make("user-readonly", SECOND)),
                Free(FIRST), Page(FIRST, _ANON),
                Call(_SET, _PARENT, Make(name)),
                Free(SECOND),
                Call(_UNMAP, _PARENT),
                Free(FIRST),
            ),
        )  # fmt: skip
    yield Sequence(
        "fork-write",
        "a page is shared by fork; the parent writes and gets a copy, the child exits",
        _PTES,
        (
            Page(FIRST, _ANON), Call(_SET, _PARENT, Make("user-writable")),
            Keep(_PARENT), Call(_WRPROTECT, _PARENT),
            Call(_SET, _CHILD, Taken(("wrprotect", "mkold"))),
            Page(SECOND, _ANON), Call(_FLUSH, _PARENT),
            Call(_SET, _PARENT, Make("user-writable", SECOND)),
            Call(_UNMAP, _CHILD), Free(FIRST), Call(_UNMAP, _PARENT), Free(SECOND),
        ),
    )  # fmt: skip
    yield Sequence(
        "fork-reuse",
        "a page is shared by fork; the child exits, the parent may write to it again",
        _PTES,
        (
            Page(FIRST, _ANON), Call(_SET, _PARENT, Make("user-writable")),
            Keep(_PARENT), Call(_WRPROTECT, _PARENT),
            Call(_SET, _CHILD, Taken(("wrprotect", "mkold"))),
            Call(_UNMAP, _CHILD),
            Call(("ptep_set_access_flags",), _PARENT, Make("user-writable")),
            Call(_UNMAP, _PARENT), Free(FIRST),
        ),
    )  # fmt: skip
    yield Sequence(
        "protect",
        "mprotect() takes all rights away and gives them back",
        _PTES,
        (
            Page(FIRST, _ANON), Call(_SET, _PARENT, Make("user-writable")),
            Keep(_PARENT),
            Call(("ptep_modify_prot", "modify_prot_ptes"), _PARENT, Taken(("none",))),
            Call(("ptep_modify_prot", "modify_prot_ptes"), _PARENT, Make("user-readonly")),
            Call(_UNMAP, _PARENT), Free(FIRST),
        ),
    )  # fmt: skip
    yield Sequence(
        "move",
        "mremap() moves an entry to another place",
        _PTES,
        (
            Page(FIRST, _ANON), Call(_SET, _PARENT, Make("user-writable")),
            Keep(_PARENT), Call(_CLEAR, _PARENT), Call(_SET, _LATER, Taken()),
            Call(_UNMAP, _LATER), Free(FIRST),
        ),
    )  # fmt: skip
    for names in (_FLUSH, _CLEAR):
        yield Sequence(
            f"swap/{names[0]}",
            "a page is swapped out, the swap entry is copied by fork, the page comes back",
            _PTES,
            (
                Page(FIRST, _ANON), Call(_SET, _PARENT, Make("user-writable")),
                Call(names, _PARENT), Call(_SET, _PARENT, Make("swap")), Free(FIRST),
                Call(_SET, _CHILD, Make("swap")), Page(SECOND, _ANON),
                Call(_SET, _PARENT, Make("user-readonly", SECOND)),
                Call(("pte_clear_not_present_full", "clear_not_present_full_ptes", "pte_clear"),
                     _CHILD),
                Call(_UNMAP, _PARENT), Free(SECOND),
            ),
        )  # fmt: skip
    yield Sequence(
        "migrate",
        "a page moves to another frame",
        _PTES,
        (
            Page(FIRST, _ANON), Call(_SET, _PARENT, Make("user-writable")),
            Call(_FLUSH, _PARENT), Call(_SET, _PARENT, Make("migration")),
            Page(SECOND, _ANON), Call(_SET, _PARENT, Make("user-readonly", SECOND)), Free(FIRST),
            Call(_UNMAP, _PARENT), Free(SECOND),
        ),
    )  # fmt: skip
    yield Sequence(
        "write-to-file-page",
        "a private mapping of a file gets a page of its own",
        _PTES,
        (
            Page(FIRST, _FILE), Page(SECOND, _ANON),
            Call(_SET, _PARENT, Make("user-readonly")), Call(_SET, _CHILD, Make("user-writable")),
            Call(_FLUSH, _PARENT), Call(_SET, _PARENT, Make("user-writable", SECOND)),
            Call(_UNMAP, _CHILD), Free(FIRST), Call(_UNMAP, _PARENT), Free(SECOND),
        ),
    )  # fmt: skip
    yield Sequence(
        "special",
        "an entry for a page that is not refcounted; the page may be freed while it is mapped",
        _PTES,
        (
            Page(FIRST, _FILE), Call(_SET, _PARENT, Make("special")),
            Call(_UNMAP, _PARENT), Free(FIRST),
        ),
    )  # fmt: skip
    for many in (("get_and_clear_full_ptes",), ("clear_full_ptes",), ("clear_ptes",)):
        yield Sequence(
            f"batch/{many[0]}",
            "several pages of a file are mapped, write-protected and unmapped at once",
            _PTES,
            (
                Page(FIRST, _FILE, "pmd"), Call(("set_ptes",), _PARENT, Make("user-writable"), 4),
                _maybe(("wrprotect_ptes",), _PARENT, None, 4), Call(many, _PARENT, None, 4),
                Free(FIRST, "pmd"),
            ),
        )  # fmt: skip


def _huge() -> Iterator[Sequence]:
    for names, kind in product(
        (("pmdp_huge_get_and_clear",), ("pmdp_huge_get_and_clear_full",),
         ("pmdp_huge_clear_flush",)), (_ANON, _FILE),
    ):  # fmt: skip
        yield Sequence(
            f"huge-unmap/{names[0]}/{kind.value}",
            "a huge page is mapped, ages, is write-protected, written to, unmapped and freed",
            _PMDS,
            (
                Page(FIRST, kind, "pmd"), Call(_SET_PMD, _PMD, Make("user-writable")),
                _maybe(("pmdp_test_and_clear_young", "pmdp_clear_flush_young"), _PMD),
                _maybe(("pmdp_set_wrprotect",), _PMD),
                _maybe(("pmdp_set_access_flags",), _PMD, Make("user-writable")),
                Call(names, _PMD), Free(FIRST, "pmd"),
            ),
        )  # fmt: skip
    for invalidate in (("pmdp_invalidate",), ("pmdp_huge_clear_flush",)):
        yield Sequence(
            f"split/{invalidate[0]}",
            "a huge page is split: its pages are mapped one by one, the table takes its place",
            _PMDS,
            (
                Page(FIRST, _ANON, "pmd"), Call(_SET_PMD, _PMD, Make("user-writable")),
                Call(invalidate, _PMD),
                Call(("set_ptes",), Slot("ptes"), Make("user-writable"), 0),
                Call(("pmd_populate",), _PMD),
                *_ptes(8, _UNMAP, None, "ptes"), Free(FIRST, "pmd"),
            ),
        )  # fmt: skip
    yield Sequence(
        "split-one-by-one",
        "as split, with a call for each page",
        _PMDS,
        (
            Page(FIRST, _ANON, "pmd"), Call(_SET_PMD, _PMD, Make("user-writable")),
            Call(("pmdp_invalidate",), _PMD),
            *_ptes(8, _SET, Make("user-readonly"), "ptes"), Call(("pmd_populate",), _PMD),
            *_ptes(8, _UNMAP, None, "ptes"), Free(FIRST, "pmd"),
        ),
    )  # fmt: skip
    yield Sequence(
        "split-migrating",
        "a huge page is taken out for migration and comes back in another frame",
        _PMDS,
        (
            Page(FIRST, _ANON, "pmd"), Call(_SET_PMD, _PMD, Make("user-writable")),
            Call(("pmdp_invalidate",), _PMD), Call(_SET_PMD, _PMD, Make("migration")),
            Page(SECOND, _ANON, "pmd"), Call(_SET_PMD, _PMD, Make("user-readonly", SECOND)),
            Free(FIRST, "pmd"), Call(_ZAP_PMD, _PMD), Free(SECOND, "pmd"),
        ),
    )  # fmt: skip
    for copied in (("ptep_clear",), ("ptep_get_and_clear",)):
        yield Sequence(
            f"collapse/{copied[0]}",
            "pages are copied to a huge page, which takes the place of their table",
            _PMDS,
            (
                Page(FIRST, _ANON, "pmd"), *_ptes(8, _SET, Make("user-writable"), "ptes"),
                Call(("pmdp_collapse_flush",), _PMD), *_ptes(8, copied, None, "ptes"),
                Page(SECOND, _ANON, "pmd"), Call(_SET_PMD, _PMD, Make("user-writable", SECOND)),
                Free(FIRST, "pmd"), Call(_ZAP_PMD, _PMD), Free(SECOND, "pmd"),
            ),
            ((_PMD, "table"),),
        )  # fmt: skip
    yield Sequence(
        "collapse-file",
        "the table over pages of a file is dropped, the huge page is mapped in its place",
        _PMDS,
        (
            Page(FIRST, _FILE, "pmd"), *_ptes(8, _SET, Make("user-readonly"), "ptes"),
            Call(("pmdp_collapse_flush",), _PMD), ClearRange("ptes"),
            Call(_SET_PMD, _PMD, Make("user-readonly")), Call(_ZAP_PMD, _PMD), Free(FIRST, "pmd"),
        ),
        ((_PMD, "table"),),
    )  # fmt: skip
    yield Sequence(
        "move-huge",
        "mremap() moves a huge page",
        _PMDS,
        (
            Page(FIRST, _ANON, "pmd"), Call(_SET_PMD, _PMD, Make("user-writable")), Keep(_PMD),
            Call(("pmdp_huge_get_and_clear",), _PMD), Call(_SET_PMD, _MOVED, Taken()),
            Call(_ZAP_PMD, _MOVED), Free(FIRST, "pmd"),
        ),
    )  # fmt: skip
    yield Sequence(
        "protect-huge",
        "mprotect() of a huge page, without a moment in which it is not there",
        _PMDS,
        (
            Page(FIRST, _ANON, "pmd"), Call(_SET_PMD, _PMD, Make("user-writable")), Keep(_PMD),
            Call(("pmdp_invalidate_ad", "pmdp_invalidate"), _PMD),
            Call(_SET_PMD, _PMD, Taken(("none",))),
            Call(("pmdp_invalidate_ad", "pmdp_invalidate"), _PMD),
            Call(_SET_PMD, _PMD, Make("user-readonly")), Call(_ZAP_PMD, _PMD), Free(FIRST, "pmd"),
        ),
    )  # fmt: skip
    yield Sequence(
        "fork-huge",
        "a huge page is shared by fork, both go",
        _PMDS,
        (
            Page(FIRST, _ANON, "pmd"), Call(_SET_PMD, _PMD, Make("user-writable")), Keep(_PMD),
            Call(("pmdp_set_wrprotect",), _PMD),
            Call(_SET_PMD, _MOVED, Taken(("wrprotect", "mkold"))),
            Call(_ZAP_PMD, _MOVED), Call(_ZAP_PMD, _PMD), Free(FIRST, "pmd"),
        ),
    )  # fmt: skip


def _reserved() -> Iterator[Sequence]:
    yield Sequence(
        "hugetlb-write",
        "a page of hugetlb is shared by fork; the parent gets a copy",
        _HUGE,
        (
            Page(FIRST, _ANON), Call(_SET_HUGE, _PARENT, Make("user-writable")), Keep(_PARENT),
            Call(("huge_ptep_set_wrprotect",), _PARENT),
            Call(_SET_HUGE, _CHILD, Taken(("wrprotect",))), Page(SECOND, _ANON),
            Call(("huge_ptep_clear_flush",), _PARENT),
            Call(_SET_HUGE, _PARENT, Make("user-writable", SECOND)),
            Call(_ZAP_HUGE, _CHILD), Free(FIRST), Call(_ZAP_HUGE, _PARENT), Free(SECOND),
        ),
        hugetlb=True,
    )  # fmt: skip
    yield Sequence(
        "hugetlb-protect",
        "mprotect() of a page of hugetlb",
        _HUGE,
        (
            Page(FIRST, _ANON), Call(_SET_HUGE, _PARENT, Make("user-writable")), Keep(_PARENT),
            Call(("huge_ptep_modify_prot",), _PARENT, Taken(("readonly",))),
            Call(_ZAP_HUGE, _PARENT), Free(FIRST),
        ),
        hugetlb=True,
    )  # fmt: skip
    yield Sequence(
        "hugetlb-migrate",
        "a page of hugetlb moves to another frame",
        _HUGE,
        (
            Page(FIRST, _ANON), Call(_SET_HUGE, _PARENT, Make("user-writable")),
            Call(("huge_ptep_clear_flush",), _PARENT),
            Call(_SET_HUGE, _PARENT, Make("migration")), Page(SECOND, _ANON),
            Call(_SET_HUGE, _PARENT, Make("user-readonly", SECOND)), Free(FIRST),
            Call(_ZAP_HUGE, _PARENT), Free(SECOND),
        ),
        hugetlb=True,
    )  # fmt: skip


def _giant() -> Iterator[Sequence]:
    for names in (("pudp_huge_get_and_clear",), ("pudp_huge_get_and_clear_full",),
                  ("pudp_huge_clear_flush",)):  # fmt: skip
        yield Sequence(
            f"giant-unmap/{names[0]}",
            "a leaf at the level of puds (a device of files) is mapped and unmapped",
            _PUDS,
            (
                Page(FIRST, _FILE, "pud"), Call(("set_pud_at",), _PUD, Make("user-readonly")),
                _maybe(("pudp_set_access_flags",), _PUD, Make("user-readonly")),
                Call(names, _PUD), Free(FIRST, "pud"),
            ),
        )  # fmt: skip
    yield Sequence(
        "giant-protect",
        "mprotect() of such a leaf",
        _PUDS,
        (
            Page(FIRST, _FILE, "pud"), Call(("set_pud_at",), _PUD, Make("user-readonly")),
            Call(("pudp_invalidate",), _PUD), Call(("set_pud_at",), _PUD, Make("user-readonly")),
            Call(("pudp_huge_get_and_clear_full", "pudp_huge_get_and_clear"), _PUD),
            Free(FIRST, "pud"),
        ),
    )  # fmt: skip


SEQUENCES: Final = (*_small(), *_huge(), *_reserved(), *_giant())
"""All of them, in the order of the report."""
