// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <asm/tlbflush.h>

pte_t ptep_clear_flush(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep)
{
	pte_t old = ptep_get_and_clear(vma->vm_mm, addr, ptep);

	if (pte_present(old))
		flush_tlb_page(vma, addr);
	return old;
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE

int pmdp_set_access_flags(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp,
			  pmd_t entry, int dirty)
{
	int changed = pmd_val(pmdp_get(pmdp)) != pmd_val(entry);

	if (changed) {
		set_pmd_at(vma->vm_mm, addr, pmdp, entry);
		flush_tlb_range(vma, addr, addr + PMD_SIZE);
	}
	return changed;
}

pmd_t pmdp_huge_clear_flush(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp)
{
	pmd_t old = pmdp_huge_get_and_clear(vma->vm_mm, addr, pmdp);

	flush_tlb_range(vma, addr, addr + PMD_SIZE);
	return old;
}

/* Takes a table of ptes away, to put a huge page in its place. */
pmd_t pmdp_collapse_flush(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp)
{
	pmd_t table = pmdp_huge_get_and_clear(vma->vm_mm, addr, pmdp);

	flush_tlb_range(vma, addr, addr + PMD_SIZE);
	return table;
}

/* What is left in the slot maps nothing: a table of ptes is written over it. */
pmd_t pmdp_invalidate(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp)
{
	pmd_t old = pmdp_establish(vma, addr, pmdp, pmd_mkinvalid(pmdp_get(pmdp)));

	flush_tlb_range(vma, addr, addr + PMD_SIZE);
	return old;
}

pud_t pudp_huge_clear_flush(struct vm_area_struct *vma, unsigned long addr, pud_t *pudp)
{
	pud_t old = pudp_huge_get_and_clear(vma->vm_mm, addr, pudp);

	flush_tlb_range(vma, addr, addr + PUD_SIZE);
	return old;
}

#endif
