/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_DEMO_TLBFLUSH_H
#define _ASM_DEMO_TLBFLUSH_H

#include <linux/mm_types.h>

void flush_tlb_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);

static inline void flush_tlb_page(struct vm_area_struct *vma, unsigned long addr)
{
	flush_tlb_range(vma, addr, addr + PAGE_SIZE);
}

#endif
