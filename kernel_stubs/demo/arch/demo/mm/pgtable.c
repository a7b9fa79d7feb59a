// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <asm/tlbflush.h>

/* Indexed by VM_READ | VM_WRITE | VM_EXEC | VM_SHARED. */
pgprot_t protection_map[16] = {
	[0] = PAGE_NONE,
	[VM_READ] = PAGE_READONLY,
	[VM_WRITE] = PAGE_READONLY,
	[VM_WRITE | VM_READ] = PAGE_READONLY,
	[VM_EXEC] = PAGE_EXECONLY,
	[VM_EXEC | VM_READ] = PAGE_READONLY_EXEC,
	[VM_EXEC | VM_WRITE] = PAGE_READONLY_EXEC,
	[VM_EXEC | VM_WRITE | VM_READ] = PAGE_READONLY_EXEC,
	[VM_SHARED] = PAGE_NONE,
	[VM_SHARED | VM_READ] = PAGE_READONLY,
	[VM_SHARED | VM_WRITE] = PAGE_SHARED,
	[VM_SHARED | VM_WRITE | VM_READ] = PAGE_SHARED,
	[VM_SHARED | VM_EXEC] = PAGE_EXECONLY,
	[VM_SHARED | VM_EXEC | VM_READ] = PAGE_READONLY_EXEC,
	[VM_SHARED | VM_EXEC | VM_WRITE] = PAGE_SHARED_EXEC,
	[VM_SHARED | VM_EXEC | VM_WRITE | VM_READ] = PAGE_SHARED_EXEC,
};

pgprot_t vm_get_page_prot(unsigned long vm_flags)
{
	return protection_map[vm_flags & (VM_READ | VM_WRITE | VM_EXEC | VM_SHARED)];
}

/* The entry given has the frame of the old one: only flags are added. */
int ptep_set_access_flags(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
			  pte_t entry, int dirty)
{
	unsigned long flags = _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_WRITE;
	unsigned long old = READ_ONCE(ptep->pte);
	unsigned long new;

	do {
		new = old | (pte_val(entry) & flags);
		if (new == old)
			return 0;
	} while (!try_cmpxchg(&ptep->pte, &old, new));

	if (dirty)
		flush_tlb_page(vma, addr);
	return 1;
}
