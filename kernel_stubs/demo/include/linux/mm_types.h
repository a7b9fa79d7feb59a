/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_TYPES_H
#define _LINUX_MM_TYPES_H

#include <linux/types.h>
#include <asm/page.h>

struct page {
	unsigned long flags;
	atomic_t anon_map_count;	/* used by mm/page_table_check.c only */
	atomic_t file_map_count;
};

struct mm_struct {
	pgd_t *pgd;
	unsigned long total_vm;
};

struct vm_area_struct {
	struct mm_struct *vm_mm;
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
	pgprot_t vm_page_prot;
};

#define VM_READ 0x1UL
#define VM_WRITE 0x2UL
#define VM_EXEC 0x4UL
#define VM_SHARED 0x8UL

#define PG_anon 0x1UL
#define PG_slab 0x2UL

#endif
