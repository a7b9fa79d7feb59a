// SPDX-License-Identifier: GPL-2.0-only
/* Generic code that changes single entries: the callers of the pte helpers. */
#include <linux/mm.h>
#include <linux/swapops.h>
#include <asm/tlbflush.h>

struct mm_struct init_mm;
struct page *mem_map;
unsigned long max_mapnr;
unsigned long zero_pfn;

/* A page for the first access; reading gets the page of zeros. */
void demo_fault(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
		struct page *page)
{
	pte_t pte = mk_pte(page, vma->vm_page_prot);

	if (!(vma->vm_flags & VM_WRITE))
		pte = pte_mkspecial(pfn_pte(zero_pfn, vma->vm_page_prot));
	set_pte_at(vma->vm_mm, addr, ptep, maybe_mkwrite(pte_mkdirty(pte), vma));
}

void demo_fault_around(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
		       struct page *page, unsigned int nr)
{
	set_ptes(vma->vm_mm, addr, ptep, mk_pte(page, vma->vm_page_prot), nr);
}

void demo_write_fault(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
		      struct page *copy)
{
	pte_t pte = ptep_get(ptep);

	if (!copy) {
		pte = maybe_mkwrite(pte_mkdirty(pte_mkyoung(pte)), vma);
		ptep_set_access_flags(vma, addr, ptep, pte, 1);
		return;
	}
	ptep_clear_flush(vma, addr, ptep);
	set_pte_at(vma->vm_mm, addr, ptep, mk_pte(copy, vma->vm_page_prot));
}

void demo_fork(struct mm_struct *child, struct mm_struct *parent, unsigned long addr,
	       pte_t *to, pte_t *from, unsigned int nr)
{
	wrprotect_ptes(parent, addr, from, nr);
	set_ptes(child, addr, to, pte_wrprotect(pte_mkold(ptep_get(from))), nr);
}

void demo_zap(struct mm_struct *mm, unsigned long addr, pte_t *ptep, unsigned int nr,
	      int full)
{
	pte_t pte = ptep_get(ptep);

	if (pte_present(pte))
		clear_full_ptes(mm, addr, ptep, nr, full);
	else if (is_swap_pte(pte))
		pte_clear_not_present_full(mm, addr, ptep, full);
}

void demo_mprotect(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep)
{
	pte_t old = ptep_modify_prot_start(vma, addr, ptep);

	ptep_modify_prot_commit(vma, addr, ptep, old, pte_modify(old, vma->vm_page_prot));
}

void demo_swap_out(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
		   unsigned long type, unsigned long offset)
{
	if (ptep_test_and_clear_young(vma, addr, ptep))
		return;
	ptep_clear_flush(vma, addr, ptep);
	set_pte_at(vma->vm_mm, addr, ptep, swp_entry_to_pte(swp_entry(type, offset)));
}

void demo_migrate(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep)
{
	pte_t old = ptep_get_and_clear_full(vma->vm_mm, addr, ptep, 0);

	set_pte_at(vma->vm_mm, addr, ptep,
		   swp_entry_to_pte(make_readable_migration_entry(pte_pfn(old))));
	flush_tlb_page(vma, addr);
}

void demo_move(struct mm_struct *mm, unsigned long from, unsigned long to,
	       pte_t *from_ptep, pte_t *to_ptep)
{
	set_pte_at(mm, to, to_ptep, ptep_get_and_clear(mm, from, from_ptep));
}

void demo_drop(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	ptep_clear(mm, addr, ptep);
}
