# SPDX-License-Identifier: GPL-2.0-only
"""What a tree has of the things that page table check is built on, by its declarations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .draft import Draft

PAGE_EXT: Final = "include/linux/page_ext.h"
PGTABLES: Final = ("include/linux/pgtable.h", "include/asm-generic/pgtable.h")
_SWAPOPS: Final = "include/linux/swapops.h"
_LEAFOPS: Final = "include/linux/leafops.h"
_HUGE: Final = "include/linux/huge_mm.h"
_WRITABLE: Final = (
    "is_writable_migration_entry", "is_writable_device_private_entry",
    "is_writable_device_exclusive_entry",
)  # fmt: skip
_SOFT_WRITABLE: Final = ("softleaf_is_migration_write", "softleaf_is_device_private_write")


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and forms; '' or False where the tree has nothing of the kind.

    `page_ext`: 'each' (an iterator over a range), 'get' (get and put) or 'lookup'.
    `writable`: the tests of a swap entry for write permission.
    """

    page_ext: str
    ext_next: bool
    ext_data: bool
    shared_flags: bool
    pgtable: str
    leaf: str
    ptep_get: bool
    pmdp_get: bool
    pudp_get: bool
    map_may_fail: bool
    set_ptes: bool
    kstrtox: str
    huge_zero: str
    writable: tuple[str, ...]
    swap_test: bool
    softleaf: bool  # entries that are not present are softleaf_t, not swp_entry_t
    protects: bool  # marking an entry for userfaultfd's write protection protects it, everywhere

    @property
    def flags(self) -> bool:
        """Whether an entry can be asked for write protection and write permission at once."""
        return self.protects and bool(self.writable) and (self.swap_test or self.softleaf)


def read_facts(draft: Draft, archs: Sequence[str] = ()) -> Facts:
    """The facts of a tree; a file that is missing has declared nothing.

    `archs`: those that are to be enabled; what each of them declares may be used as well.
    """
    ext = draft.text(PAGE_EXT) or ""
    pgtable = draft.first(*PGTABLES) or ""
    generic = draft.text(pgtable) or "" if pgtable else ""
    leaves = draft.text(_LEAFOPS) or ""
    softleaf = _declares(leaves, "softleaf_from_pte")
    swap = leaves if softleaf else draft.text(_SWAPOPS) or ""
    huge = draft.text(_HUGE) or ""
    form = ""
    if _declares(ext, "for_each_page_ext"):
        form = "each"
    elif _declares(ext, "page_ext_get"):
        form = "get"
    elif _declares(ext, "lookup_page_ext"):
        form = "lookup"
    kstrtox = next(
        (h for h in ("linux/kstrtox.h", "linux/kernel.h")
         if _declares(draft.text(f"include/{h}") or "", "kstrtobool")), "linux/string.h",
    )  # fmt: skip
    with_huge, _, without = huge.partition("#else /* CONFIG_TRANSPARENT_HUGEPAGE */")
    zero = [
        name for name in ("is_huge_zero_pmd", "is_huge_zero_page")
        if _declares(with_huge, name) and (not without or _declares(without, name))
    ]  # fmt: skip
    return Facts(
        page_ext=form,
        ext_next=_declares(ext, "page_ext_next"),
        ext_data=_declares(ext, "page_ext_data"),
        shared_flags=bool(re.search(r"\bneed_shared_flags\b", ext)),
        pgtable=pgtable,
        leaf=_leaf(draft, generic, archs),
        ptep_get=_declares(generic, "ptep_get"),
        pmdp_get=_declares(generic, "pmdp_get"),
        pudp_get=_declares(generic, "pudp_get"),
        map_may_fail=_map_may_fail(draft, generic),
        set_ptes=_declares(generic, "set_ptes") or _in_archs(draft, "set_ptes"),
        kstrtox=kstrtox,
        huge_zero=zero[0] if zero else "",
        writable=tuple(
            name for name in (_SOFT_WRITABLE if softleaf else _WRITABLE) if _declares(swap, name)
        ),
        swap_test=_declares(swap, "is_swap_pte"),
        softleaf=softleaf,
        protects=_protects(draft),
    )


def _map_may_fail(draft: Draft, generic: str) -> bool:
    """Since a table of ptes may be gone when it is looked up, there is a function for it."""
    return any(
        re.search(r"\b___?pte_offset_map\b", text)
        for text in (generic, draft.text("include/linux/mm.h") or "")
    )


def _declares(text: str, name: str) -> bool:
    """Whether a header declares, defines or #defines a name."""
    return bool(
        re.search(rf"^[ \t]*#[ \t]*define[ \t]+{name}\b", text, re.M)
        or re.search(rf"^[^#\n*/][^#\n;=()]*\b{name}\(", text, re.M)
        or re.search(rf"^{name}\(", text, re.M)
    )


def _pgtable_headers(draft: Draft) -> Iterable[tuple[str, str]]:
    for entry in draft.tree.entries("arch"):
        yield from _of(draft, entry.name)


def _of(draft: Draft, arch: str) -> Iterable[tuple[str, str]]:
    for path, text in draft.sources(f"arch/{arch}/include/asm", (".h",)):
        if "pgtable" in path.rpartition("/")[2]:
            yield path, text


def _in_arch(draft: Draft, arch: str, name: str) -> bool:
    return any(_declares(text, name) for _, text in _of(draft, arch) if name in text)


def _in_archs(draft: Draft, name: str) -> bool:
    return any(_declares(text, name) for _, text in _pgtable_headers(draft) if name in text)


def _leaf(draft: Draft, generic: str, archs: Sequence[str]) -> str:
    """The test for a pmd that maps memory: of generic code, else of all that are to be enabled."""
    for name in ("pmd_leaf", "pmd_large"):
        if _declares(generic, name):
            return name
        if archs and all(_in_arch(draft, arch, name) for arch in archs):
            return name
        if not archs and _in_archs(draft, name):
            return name
    return "pmd_trans_huge"


def _protects(draft: Draft) -> bool:
    """Whether every architecture that marks entries for userfaultfd protects them by that."""
    marks = 0
    for _, text in _pgtable_headers(draft):
        for match in re.finditer(
            r"\b(pte|pmd)_mkuffd_wp\s*\([^)]*\)\s*\{(.*?)^\}", text, re.M | re.S
        ):
            marks += 1
            if not re.search(rf"\b(?:{match[1]}_wrprotect|pte_mkuffd_wp)\s*\(", match[2]):
                return False
    return marks > 0
