# SPDX-License-Identifier: GPL-2.0-only
"""A small tree with what page table check is built on, and nothing of itself."""

from __future__ import annotations

from analyzer.tree import KernelTree, MemoryTree

PAGE_EXT = """\
struct page_ext_operations {
	unsigned long offset;
	unsigned long size;
	bool (*need)(void);
	void (*init)(void);
};
struct page_ext { unsigned long flags; };
struct page_ext *page_ext_get(struct page *page);
void page_ext_put(struct page_ext *ext);
static inline struct page_ext *page_ext_next(struct page_ext *ext)
{
	return ext + 1;
}
"""

PGTABLE = """\
#ifndef _LINUX_PGTABLE_H
#define _LINUX_PGTABLE_H
#include <asm/pgtable.h>

#ifndef __ASSEMBLY__
#ifdef CONFIG_MMU

#include <linux/mm_types.h>
#include <linux/bug.h>

#define pte_offset_map(dir, address) pte_offset_kernel((dir), (address))

#ifndef __HAVE_ARCH_PTEP_GET_AND_CLEAR
static inline pte_t ptep_get_and_clear(struct mm_struct *mm,
					unsigned long address, pte_t *ptep)
{
	pte_t old = *ptep;

	pte_clear(mm, address, ptep);
	return old;
}
#endif

static inline pte_t ptep_get(pte_t *ptep)
{
	return READ_ONCE(*ptep);
}

static inline pmd_t pmdp_huge_get_and_clear(struct mm_struct *mm,
						unsigned long address, pmd_t *pmdp)
{
	pmd_t old = *pmdp;

	pmd_clear(pmdp);
	return old;
}

static inline pud_t pudp_huge_get_and_clear(struct mm_struct *mm,
						unsigned long address, pud_t *pudp)
{
	pud_t old = *pudp;

	pud_clear(pudp);
	return old;
}

static inline void pte_clear_not_present_full(struct mm_struct *mm,
						unsigned long address,
						pte_t *ptep, int full)
{
	pte_clear(mm, address, ptep);
}

#define pmd_leaf(x) 0
#endif
#endif
#endif
"""

PAGE_ALLOC = """\
#include <linux/mm.h>
#include <linux/page_owner.h>

#include "internal.h"

static bool free_pages_prepare(struct page *page, unsigned int order)
{
	if (unlikely(PageHWPoison(page)) && !order) {
		reset_page_owner(page, order);
		return false;
	}

	if (is_bad(page))
		return false;

	reset_page_owner(page, order);

	arch_free_page(page, order);
	return true;
}

void post_alloc_hook(struct page *page, unsigned int order, gfp_t flags)
{
	arch_alloc_page(page, order);
	set_page_owner(page, order, flags);
}
"""

PAGE_EXT_C = """\
#include <linux/mm.h>
#include <linux/page_ext.h>

static struct page_ext_operations *page_ext_ops[] = {
#ifdef CONFIG_PAGE_OWNER
	&page_owner_ops,
#endif
};
"""

RMAP = """\
static void mark_anon(struct page *page, struct vm_area_struct *vma)
{
	page->mapping = (void *)vma->anon_vma + PAGE_MAPPING_ANON;
}

void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma)
{
	mark_anon(page, vma);
}
"""

MEMORY = """\
#include <linux/mm.h>

void late(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, pte_t pte)
{
	lock();
	set_pte_at(vma->vm_mm, addr, ptep, pte);
	count++;
	page_add_new_anon_rmap(page, vma);
	unlock();
}

void known(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, pte_t pte)
{
	set_pte_at(vma->vm_mm, addr, ptep, pte);
	if (PageAnon(page))
		page_add_new_anon_rmap(page, vma);
}

void apart(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, pte_t pte)
{
	set_pte_at(vma->vm_mm, addr, ptep, pte);
	spin_unlock(ptl);
	page_add_new_anon_rmap(page, vma);
}
"""

KHUGEPAGED = """\
#include <linux/mm.h>
#include <linux/swapops.h>

#include <asm/tlb.h>

static void copied(struct vm_area_struct *vma, unsigned long addr, pte_t *pte)
{
	for_each_entry(pte) {
		if (pte_none(*pte)) {
			pte_clear(vma->vm_mm, addr, pte);
		} else {
			pte_clear(vma->vm_mm, addr, pte);
		}
		if (pte_present(*pte))
			continue;
		else
			pte_clear(vma->vm_mm, addr, pte);
	}
	pte_clear(&init_mm, addr, pte);
}

static void retract(struct mm_struct *mm, struct vm_area_struct *vma, pmd_t *pmd)
{
	pmd_t old;

	for_each_vma(vma) {
		old = pmdp_collapse_flush(vma, haddr, pmd);
		pte_free(mm, pmd_pgtable(old));
	}
	kept();
}

static void put_back(struct mm_struct *mm, struct vm_area_struct *vma, pmd_t *pmd)
{
	pmd_t old = pmdp_collapse_flush(vma, haddr, pmd);

	pmd_populate(mm, pmd, pmd_pgtable(old));
}
"""

MREMAP = """\
#include <linux/mm.h>

static bool move_normal_pmd(struct vm_area_struct *vma, unsigned long old_addr,
		unsigned long new_addr, pmd_t *old_pmd, pmd_t *new_pmd)
{
	pmd = *old_pmd;
	pmd_clear(old_pmd);

	set_pmd_at(mm, new_addr, new_pmd, pmd);
	return true;
}

static bool move_huge_pud(struct vm_area_struct *vma, unsigned long old_addr,
		unsigned long new_addr, pud_t *old_pud, pud_t *new_pud)
{
	lock();

	/* Clear the pud */
	pud = *old_pud;
	pud_clear(old_pud);

	VM_BUG_ON(!pud_none(*new_pud));

	set_pud_at(mm, new_addr, new_pud, pud);
	return true;
}
"""

FILES = {
    "Kconfig": "source \"arch/Kconfig\"\nsource \"mm/Kconfig\"\n",
    "arch/Kconfig": "config HAVE_IT\n\tbool\n\nsource \"kernel/gcov/Kconfig\"\n\nendmenu\n",
    "mm/Kconfig": "config EXCLUSIVE_SYSTEM_RAM\n\tdef_bool y\n",
    "mm/Kconfig.debug": (
        "config PAGE_OWNER\n\tbool \"Owners\"\n\thelp\n\t  Owners.\n\n\t  More.\n\n"
        "config PAGE_POISONING\n\tbool \"Poison\"\n"
    ),
    "mm/Makefile": "obj-y := a.o\nobj-$(CONFIG_PAGE_OWNER) += page_owner.o\nobj-y += z.o\n",
    "mm/page_ext.c": PAGE_EXT_C,
    "mm/page_alloc.c": PAGE_ALLOC,
    "mm/rmap.c": RMAP,
    "mm/memory.c": MEMORY,
    "mm/khugepaged.c": KHUGEPAGED,
    "include/linux/page_ext.h": PAGE_EXT,
    "include/linux/pgtable.h": PGTABLE,
    "include/linux/kstrtox.h": "int kstrtobool(const char *text, bool *result);\n",
    "include/linux/huge_mm.h": "bool is_huge_zero_pmd(pmd_t pmd);\n",
    "Documentation/mm/index.rst": ".. toctree::\n\n   balance\n   page_owner\n   slub\n",
    "Documentation/admin-guide/kernel-parameters.txt": (
        "\tpage_owner=\t[KNL] Owners.\n\t\t\ton: yes\n\n\tpage_poison=\t[KNL] Poison.\n\n"
        "\tpanic=\t\t[KNL] Panic.\n"
    ),
    "MAINTAINERS": (
        "List\n====\n\nBEFORE\nM:\tA <a@b>\nF:\tx\n\nPAGE POOL\nM:\tA <a@b>\nF:\ty\n\n"
        "PANIC\nM:\tA <a@b>\nF:\tz\n"
    ),
}  # fmt: skip


def forest(**changes: str | None) -> KernelTree:
    """The tree; keywords replace files by the last part of their path, None removes one."""
    files = dict(FILES)
    for key, text in changes.items():
        name = key.replace("__", ".")
        path = next(p for p in files if p.rpartition("/")[2] == name or p == name)
        if text is None:
            del files[path]
        else:
            files[path] = text
    return MemoryTree({path: text.encode() for path, text in files.items()})
