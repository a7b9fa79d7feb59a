/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_DEMO_PGALLOC_H
#define _ASM_DEMO_PGALLOC_H

#include <linux/mm.h>

/* Lets a pmd point to a table of ptes. It maps nothing itself: no hook. */
static inline void pmd_populate(struct mm_struct *mm, pmd_t *pmdp, pgtable_t table)
{
	set_pmd(pmdp, __pmd((page_to_pfn(table) << _PAGE_PFN_SHIFT) | _PAGE_PRESENT));
}

#endif
