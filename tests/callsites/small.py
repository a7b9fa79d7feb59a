# SPDX-License-Identifier: GPL-2.0-only
"""A small tree around a piece of C: which call sites does it have?"""

from __future__ import annotations

from typing import Final

from analyzer.callsites import CallSite, find_sites
from analyzer.tree import MemoryTree

GENERIC: Final = """
#ifndef set_ptes
static inline void set_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte,
		unsigned int nr)
{
	page_table_check_ptes_set(mm, ptep, pte, nr);
	for (; nr; nr--, ptep++)
		set_pte(ptep, pte);
}
#endif
#define set_pte_at(mm, addr, ptep, pte) set_ptes(mm, addr, ptep, pte, 1)

static inline pte_t ptep_get(pte_t *ptep)
{
	return READ_ONCE(*ptep);
}

static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	pte_t pte = ptep_get(ptep);

	pte_clear(mm, addr, ptep);
	page_table_check_pte_clear(mm, pte);
	return pte;
}

#define pte_clear_not_present_full(mm, addr, ptep, full) pte_clear(mm, addr, ptep)
"""

HEADER: Final = """
#define set_pte(ptep, pte) (*(ptep) = (pte))
#define set_pmd(pmdp, pmd) (*(pmdp) = (pmd))
#define set_pud(pudp, pud) (*(pudp) = (pud))
#define pte_clear(mm, addr, ptep) set_pte(ptep, __pte(0))
#define pmd_clear(pmdp) set_pmd(pmdp, __pmd(0))

static inline void pud_clear(pud_t *pudp)
{
	set_pud(pudp, __pud(0));
}

static inline void set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp, pmd_t pmd)
{
	page_table_check_pmd_set(mm, pmdp, pmd);
	set_pmd(pmdp, pmd);
}

static inline void set_pud_at(struct mm_struct *mm, unsigned long addr, pud_t *pudp, pud_t pud)
{
	page_table_check_pud_set(mm, pudp, pud);
	set_pud(pudp, pud);
}

static inline void pmdp_set_wrprotect(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp)
{
	set_pmd(pmdp, pmd_wrprotect(*pmdp));
}

static inline void pmd_populate(struct mm_struct *mm, pmd_t *pmdp, struct page *table)
{
	set_pmd(pmdp, __pmd(page_to_phys(table) | _PAGE_TABLE));
}
"""


def tree(code: str, path: str = "mm/code.c", header: str = HEADER, **more: str) -> MemoryTree:
    """The tree with `code` in one file; `more` are further files (`__` for `/`, `_c` for `.c`)."""
    files = {
        "Makefile": "",
        "include/linux/pgtable.h": GENERIC,
        "arch/demo/include/asm/pgtable.h": header,
        path: code,
    }
    files.update({name.replace("__", "/").replace("_c", ".c"): text for name, text in more.items()})
    return MemoryTree(files)


def sites(code: str, path: str = "mm/code.c", header: str = HEADER, **more: str) -> list[CallSite]:
    """The call sites in the file of the code."""
    scan = find_sites(tree(code, path, header, **more), ("demo",))
    assert not scan.problems
    return [site for site in scan.sites if site.location.path == path]


def said(code: str, **more: str) -> list[tuple[str, int, str, str, str]]:
    """Helper, line, mapping, judgement and rule of each call site."""
    return [
        (s.helper, s.location.line, s.mapping.value, s.judgement.value, s.rule)
        for s in sites(code, **more)
    ]
