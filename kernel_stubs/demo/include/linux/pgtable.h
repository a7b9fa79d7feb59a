/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_PGTABLE_H
#define _LINUX_PGTABLE_H

#include <linux/bug.h>
#include <asm/pgtable.h>

extern pgprot_t protection_map[16];
pgprot_t vm_get_page_prot(unsigned long vm_flags);

/* Walking */

static inline pmd_t pmdp_get(pmd_t *pmdp)
{
	return READ_ONCE(*pmdp);
}

static inline pte_t ptep_get(pte_t *ptep)
{
	return READ_ONCE(*ptep);
}

static inline pte_t *pte_offset_map(pmd_t *pmdp, unsigned long addr)
{
	pte_t *table = __va(pmd_pfn(pmdp_get(pmdp)) << PAGE_SHIFT);

	return table + ((addr >> PAGE_SHIFT) & (PTRS_PER_PTE - 1));
}

/* pte: what generic code calls, where the architecture has nothing of its own */

#ifndef pte_next_pfn
static inline pte_t pte_next_pfn(pte_t pte)
{
	return __pte(pte_val(pte) + (1UL << _PAGE_PFN_SHIFT));
}
#endif

#ifndef set_ptes
static inline void set_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
			    pte_t pte, unsigned int nr)
{
	unsigned int i;

	page_table_check_ptes_set(mm, ptep, pte, nr);

	for (i = 0; i < nr; i++) {
		set_pte(ptep + i, pte);
		pte = pte_next_pfn(pte);
	}
}
#endif
#define set_pte_at(mm, addr, ptep, pte) set_ptes(mm, addr, ptep, pte, 1)

#ifndef __HAVE_ARCH_PTEP_GET_AND_CLEAR
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr,
				       pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	pte_clear(mm, addr, ptep);
	page_table_check_pte_clear(mm, old);
	return old;
}
#endif

static inline void ptep_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	ptep_get_and_clear(mm, addr, ptep);
}

#ifndef __HAVE_ARCH_PTEP_GET_AND_CLEAR_FULL
static inline pte_t ptep_get_and_clear_full(struct mm_struct *mm, unsigned long addr,
					    pte_t *ptep, int full)
{
	return ptep_get_and_clear(mm, addr, ptep);
}
#endif

#ifndef clear_full_ptes
static inline void clear_full_ptes(struct mm_struct *mm, unsigned long addr,
				   pte_t *ptep, unsigned int nr, int full)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		ptep_get_and_clear_full(mm, addr + i * PAGE_SIZE, ptep + i, full);
}
#endif

/* Only for entries that map nothing: swapped out, or in migration. */
#ifndef __HAVE_ARCH_PTE_CLEAR_NOT_PRESENT_FULL
static inline void pte_clear_not_present_full(struct mm_struct *mm, unsigned long addr,
					      pte_t *ptep, int full)
{
	pte_clear(mm, addr, ptep);
}
#endif

#ifndef __HAVE_ARCH_PTEP_SET_WRPROTECT
static inline void ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr,
				      pte_t *ptep)
{
	set_pte_at(mm, addr, ptep, pte_wrprotect(ptep_get(ptep)));
}
#endif

#ifndef wrprotect_ptes
static inline void wrprotect_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
				  unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		ptep_set_wrprotect(mm, addr + i * PAGE_SIZE, ptep + i);
}
#endif

#ifndef __HAVE_ARCH_PTEP_TEST_AND_CLEAR_YOUNG
static inline int ptep_test_and_clear_young(struct vm_area_struct *vma,
					    unsigned long addr, pte_t *ptep)
{
	pte_t pte = ptep_get(ptep);

	if (!pte_young(pte))
		return 0;
	set_pte_at(vma->vm_mm, addr, ptep, pte_mkold(pte));
	return 1;
}
#endif

/* Between the two the slot is empty: nothing can set a bit unseen. */
#ifndef __HAVE_ARCH_PTEP_MODIFY_PROT_TRANSACTION
static inline pte_t ptep_modify_prot_start(struct vm_area_struct *vma,
					   unsigned long addr, pte_t *ptep)
{
	return ptep_get_and_clear(vma->vm_mm, addr, ptep);
}

static inline void ptep_modify_prot_commit(struct vm_area_struct *vma,
					   unsigned long addr, pte_t *ptep, pte_t old,
					   pte_t pte)
{
	set_pte_at(vma->vm_mm, addr, ptep, pte);
}
#endif

int ptep_set_access_flags(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
			  pte_t entry, int dirty);
pte_t ptep_clear_flush(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep);

#ifdef CONFIG_TRANSPARENT_HUGEPAGE

/* pmd */

#ifndef __HAVE_ARCH_PMDP_HUGE_GET_AND_CLEAR
static inline pmd_t pmdp_huge_get_and_clear(struct mm_struct *mm, unsigned long addr,
					    pmd_t *pmdp)
{
	pmd_t old = pmdp_get(pmdp);

	pmd_clear(pmdp);
	page_table_check_pmd_clear(mm, old);
	return old;
}
#endif

static inline pmd_t pmdp_huge_get_and_clear_full(struct vm_area_struct *vma,
						 unsigned long addr, pmd_t *pmdp, int full)
{
	return pmdp_huge_get_and_clear(vma->vm_mm, addr, pmdp);
}

#ifndef __HAVE_ARCH_PMDP_SET_WRPROTECT
static inline void pmdp_set_wrprotect(struct mm_struct *mm, unsigned long addr,
				      pmd_t *pmdp)
{
	set_pmd_at(mm, addr, pmdp, pmd_wrprotect(pmdp_get(pmdp)));
}
#endif

#ifndef __HAVE_ARCH_PMDP_TEST_AND_CLEAR_YOUNG
static inline int pmdp_test_and_clear_young(struct vm_area_struct *vma,
					    unsigned long addr, pmd_t *pmdp)
{
	pmd_t pmd = pmdp_get(pmdp);

	if (!pmd_young(pmd))
		return 0;
	set_pmd_at(vma->vm_mm, addr, pmdp, pmd_mkold(pmd));
	return 1;
}
#endif

int pmdp_set_access_flags(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp,
			  pmd_t entry, int dirty);
pmd_t pmdp_huge_clear_flush(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp);
pmd_t pmdp_collapse_flush(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp);
pmd_t pmdp_invalidate(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp);

/* pud */

#ifndef __HAVE_ARCH_PUDP_HUGE_GET_AND_CLEAR
static inline pud_t pudp_huge_get_and_clear(struct mm_struct *mm, unsigned long addr,
					    pud_t *pudp)
{
	pud_t old = READ_ONCE(*pudp);

	pud_clear(pudp);
	page_table_check_pud_clear(mm, old);
	return old;
}
#endif

static inline pud_t pudp_huge_get_and_clear_full(struct vm_area_struct *vma,
						 unsigned long addr, pud_t *pudp, int full)
{
	return pudp_huge_get_and_clear(vma->vm_mm, addr, pudp);
}

pud_t pudp_huge_clear_flush(struct vm_area_struct *vma, unsigned long addr, pud_t *pudp);

#endif /* CONFIG_TRANSPARENT_HUGEPAGE */

#endif
