// SPDX-License-Identifier: GPL-2.0-only
/* Generic code that changes entries of huge pages: the callers of the pmd and pud helpers. */
#include <linux/mm.h>
#include <linux/swapops.h>
#include <asm/pgalloc.h>
#include <asm/tlbflush.h>

void demo_huge_fault(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp,
		     struct page *page)
{
	pmd_t pmd = pmd_mkhuge(pfn_pmd(page_to_pfn(page), vma->vm_page_prot));

	set_pmd_at(vma->vm_mm, addr, pmdp, pmd_mkdirty(pmd));
}

void demo_huge_touch(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp)
{
	pmdp_set_access_flags(vma, addr, pmdp, pmd_mkyoung(pmdp_get(pmdp)), 0);
}

void demo_huge_fork(struct mm_struct *child, struct mm_struct *parent,
		    unsigned long addr, pmd_t *to, pmd_t *from)
{
	pmdp_set_wrprotect(parent, addr, from);
	set_pmd_at(child, addr, to, pmd_wrprotect(pmd_mkold(pmdp_get(from))));
}

void demo_huge_zap(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp, int full)
{
	pmdp_huge_get_and_clear_full(vma, addr, pmdp, full);
	flush_tlb_range(vma, addr, addr + PMD_SIZE);
}

void demo_huge_mprotect(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp)
{
	pmd_t old = pmdp_invalidate(vma, addr, pmdp);

	set_pmd_at(vma->vm_mm, addr, pmdp, pmd_modify(old, vma->vm_page_prot));
}

void demo_huge_age(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp)
{
	if (pmdp_test_and_clear_young(vma, addr, pmdp))
		return;
	pmdp_huge_clear_flush(vma, addr, pmdp);
}

void demo_huge_move(struct mm_struct *mm, unsigned long from, unsigned long to,
		    pmd_t *from_pmdp, pmd_t *to_pmdp)
{
	set_pmd_at(mm, to, to_pmdp, pmdp_huge_get_and_clear(mm, from, from_pmdp));
}

/* The huge page becomes many small ones: table is filled, then takes its place. */
void demo_huge_split(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp,
		     pgtable_t table)
{
	pmd_t old = pmdp_invalidate(vma, addr, pmdp);
	pte_t *ptep = __va(page_to_pfn(table) << PAGE_SHIFT);

	set_ptes(vma->vm_mm, addr, ptep, pfn_pte(pmd_pfn(old), vma->vm_page_prot),
		 PMD_SIZE / PAGE_SIZE);
	pmd_populate(vma->vm_mm, pmdp, table);
}

/* Many small pages become a huge one. */
void demo_huge_collapse(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp,
			struct page *page)
{
	pmd_t table = pmdp_collapse_flush(vma, addr, pmdp);

	page_table_check_pte_clear_range(vma->vm_mm, addr, table);
	demo_huge_fault(vma, addr, pmdp, page);
}

void demo_giant_fault(struct vm_area_struct *vma, unsigned long addr, pud_t *pudp,
		      unsigned long pfn)
{
	set_pud_at(vma->vm_mm, addr, pudp, pud_mkhuge(pfn_pud(pfn, vma->vm_page_prot)));
}

void demo_giant_zap(struct vm_area_struct *vma, unsigned long addr, pud_t *pudp, int full)
{
	if (full)
		pudp_huge_get_and_clear_full(vma, addr, pudp, full);
	else
		pudp_huge_clear_flush(vma, addr, pudp);
}
