/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/mm_types.h>
#include <linux/pgtable.h>

extern struct mm_struct init_mm;
extern struct page *mem_map;
extern unsigned long max_mapnr;
extern unsigned long zero_pfn;

static inline bool pfn_valid(unsigned long pfn)
{
	return pfn < max_mapnr;
}

static inline struct page *pfn_to_page(unsigned long pfn)
{
	return mem_map + pfn;
}

static inline unsigned long page_to_pfn(const struct page *page)
{
	return (unsigned long)(page - mem_map);
}

static inline bool PageAnon(const struct page *page)
{
	return page->flags & PG_anon;
}

static inline bool PageSlab(const struct page *page)
{
	return page->flags & PG_slab;
}

static inline pte_t mk_pte(const struct page *page, pgprot_t prot)
{
	return pfn_pte(page_to_pfn(page), prot);
}

static inline pte_t maybe_mkwrite(pte_t pte, struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_WRITE ? pte_mkwrite(pte, vma) : pte;
}

#endif
