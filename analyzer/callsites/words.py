# SPDX-License-Identifier: GPL-2.0-only
"""The words by which code says whose table it works on: one table, each row with its reason.

Only names of generic code, of C, and forms of names stand here. What can be found in the tree is
found there: which mm belongs to the kernel, who calls a function, what a pointer was made of.
"""

from __future__ import annotations

import re
from typing import Final

_KERNEL_WORDS: Final = (
    (r"\b(?:\w+_)?init_mm(?:_gfp)?\b|\bswapper_pg_dir\b", "the kernel's own table"),
    (r"\bp[gmtu4][de]_(?:off|offset)_k\b|\bpgd_offset_kernel\b", "walks down from init_mm"),
    (r"\bvirt_to_kpte\b|\bp\wd_alloc_k\w*|\bpte_alloc_kernel\w*", "an entry of init_mm"),
    (r"\bwalk_kernel_page_table_range\w*", "walks the kernel's own table"),
    (r"\blookup_address\b", "looks the kernel's own mapping up"),
    (r"\b(?:PAGE|PROT)_KERNEL\w*|\b__?PAGE_KERNEL\w*", "a protection of the kernel"),
    (r"\b_?KERNPG_\w+", "an entry for a table of the kernel"),
    (r"\b(?:__)?fix_to_virt\b|\bFIXADDR_\w+|\bPKMAP_\w+", "fixed and temporary mappings"),
    (r"\bVMALLOC_\w+|\bMODULES_\w+|\bVMEMMAP_\w+", "ranges that only the kernel maps"),
    (r"\bkasan_early_shadow\w*|\bKASAN_SHADOW\w*", "the shadow of KASAN"),
    (
        r"\b(?!(?:ELF|TASK|MMAP|STACK|USER)_)[A-Z][A-Z0-9]*_BASE(?:_ADDR)?\b(?=\s*(?:[),;+]|$))",
        "an address that the kernel's layout fixes: users choose theirs at run time",
    ),
    (r"\bmemblock_\w*alloc\w*", "memory from before there are users"),
)
KERNEL: Final = re.compile("|".join(pattern for pattern, _ in _KERNEL_WORDS))
"""Says that a mapping is the kernel's."""

USER: Final = re.compile(
    r"\bvm_mm\b|\bvm_page_prot\b|\bcurrent->(?:active_)?mm\b|\bcurrent->mm\b|->mm\b(?!->)"
    r"|\bget_task_mm\b|\bfind_vma\w*|\bvma_lookup\b"
)
"""Says that a mapping is a user's: the mm of a task, or a vma."""

ENTRY_OF_USER: Final = re.compile(r"\bvm_page_prot\b|\bvm_get_page_prot\b|\bmaybe_mkwrite\b")
KERNEL_ENTRY: Final = re.compile(r"\b_*(?:PAGE|PROT)_KERNEL\w*|\b_?KERNPG_\w+")
TASK: Final = re.compile(r"\bvm_mm\b|->mm\b(?!\s*=)|\bmm_alloc\b")
"""Why a function that is gone after boot may work on a table that a process has."""

_OTHERS_TYPES: Final = (
    (r"\bstruct kvm\w*\*|\bkvm_\w+\*", "a guest's table maps for the guest, no process"),
    (r"\bstruct gmap\*", "s390's name for a guest's table"),
    (r"\bstruct kimage\*", "the table that kexec starts the next kernel with"),
)
OTHERS_TYPE: Final = re.compile("|".join(pattern for pattern, _ in _OTHERS_TYPES))
"""What tables are reached by that are neither a process's nor the running kernel's."""

USER_TYPE: Final = re.compile(
    r"\bstruct (?:vm_area_struct|vm_fault|page_vma_mapped_walk|mmu_gather|task_struct)\*?"
)
NUMBER: Final = re.compile(
    r"^(?:(?:unsigned|signed|long|int|short|char)(?: (?:long|int|char))*|bool|[us](?:8|16|32|64)"
    r"|phys_addr_t|pgprot_t|pgtable_t|size_t|\w+addr_t|spinlock_t\*|struct page\*|struct folio\*"
    r"|(?:const )?void\*)$"
)
"""Types of which a variable's own words count, not whose it may be."""

ALLOCATED: Final = re.compile(
    r"\bget_zeroed_page\w*\s*\(|\b__get_free_pages?\w*\s*\(|\bget_safe_page\s*\("
    r"|\bspp_getpage\s*\(|\b\w*(?<!pte_)(?<!pmd_)(?<!pud_)alloc_pages?\w*\s*\("
    r"|\b(?:__)?(?:pte|pmd|pud)_alloc_one\w*\s*\(|\bpagetable_alloc\w*\s*\(|\bkm?[vz]?alloc\w*\s*\("
    r"|\bkmem_cache_z?alloc\w*\s*\(|\bpmd_huge_pte\s*\("
)
"""Makes a table that nothing maps yet (pmd_huge_pte: one that is kept in reserve)."""

UPPER: Final = re.compile(r"^(?:p4d|pgd)_t\*$")
"""Entries of these levels are never counted: there is no predicate for them."""

PROMISED: Final = (
    (
        re.compile(r"^move_(?:ptes|huge_pte)$"),
        re.compile(r"^(?:new|dst)_pte\w*$"),
        "mremap() has unmapped the destination before it moves entries there",
    ),
    (
        re.compile(r"^(?:pte|pmd|pud)_clear_bad$"),
        re.compile(r"^(?:pte|pmd|pud)$"),
        "it is called for entries that are damaged (p??_none_or_clear_bad())",
    ),
)
"""Functions of generic code, the slot, and what their callers have seen to; see mm/mremap.c."""
