/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_DEMO_PGTABLE_H
#define _ASM_DEMO_PGTABLE_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/mm_types.h>
#include <asm/pgtable-bits.h>
#include <linux/page_table_check.h>

#define PMD_SHIFT 21
#define PMD_SIZE (1UL << PMD_SHIFT)
#define PMD_MASK (~(PMD_SIZE - 1))
#define PUD_SHIFT 30
#define PUD_SIZE (1UL << PUD_SHIFT)
#define PUD_MASK (~(PUD_SIZE - 1))
#define PGDIR_SHIFT 39
#define PTRS_PER_PTE 512
#define PTRS_PER_PMD 512
#define PTRS_PER_PUD 512
#define PTRS_PER_PGD 512

/* pte: tests */

#define pte_none(pte) (!pte_val(pte))
#define pte_present(pte) (!!(pte_val(pte) & (_PAGE_PRESENT | _PAGE_PROTNONE)))
#define pte_write(pte) (!!(pte_val(pte) & _PAGE_WRITE))
#define pte_dirty(pte) (!!(pte_val(pte) & _PAGE_DIRTY))
#define pte_young(pte) (!!(pte_val(pte) & _PAGE_ACCESSED))
#define pte_special(pte) (!!(pte_val(pte) & _PAGE_SPECIAL))
#define pte_same(a, b) (pte_val(a) == pte_val(b))
#define pte_pfn(pte) ((pte_val(pte) & _PAGE_PFN_MASK) >> _PAGE_PFN_SHIFT)

static inline bool pte_protnone(pte_t pte)
{
	return (pte_val(pte) & (_PAGE_PRESENT | _PAGE_PROTNONE)) == _PAGE_PROTNONE;
}

/* pte: makers */

static inline pte_t pte_set_bits(pte_t pte, unsigned long bits)
{
	return __pte(pte_val(pte) | bits);
}

static inline pte_t pte_clear_bits(pte_t pte, unsigned long bits)
{
	return __pte(pte_val(pte) & ~bits);
}

#define pte_wrprotect(pte) pte_clear_bits(pte, _PAGE_WRITE)
#define pte_mkwrite_novma(pte) pte_set_bits(pte, _PAGE_WRITE)
#define pte_mkdirty(pte) pte_set_bits(pte, _PAGE_DIRTY)
#define pte_mkclean(pte) pte_clear_bits(pte, _PAGE_DIRTY)
#define pte_mkyoung(pte) pte_set_bits(pte, _PAGE_ACCESSED)
#define pte_mkold(pte) pte_clear_bits(pte, _PAGE_ACCESSED)
#define pte_mkspecial(pte) pte_set_bits(pte, _PAGE_SPECIAL)

static inline pte_t pte_mkwrite(pte_t pte, struct vm_area_struct *vma)
{
	return pte_mkwrite_novma(pte);
}

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	return __pte((pfn << _PAGE_PFN_SHIFT) | pgprot_val(prot));
}

static inline pte_t pte_modify(pte_t pte, pgprot_t prot)
{
	return __pte((pte_val(pte) & _PAGE_CHG_MASK) | pgprot_val(prot));
}

/* pmd: the same bits; LEAF tells a huge page from a table of ptes */

#define pmd_none(pmd) (!pmd_val(pmd))
#define pmd_write(pmd) (!!(pmd_val(pmd) & _PAGE_WRITE))
#define pmd_dirty(pmd) (!!(pmd_val(pmd) & _PAGE_DIRTY))
#define pmd_young(pmd) (!!(pmd_val(pmd) & _PAGE_ACCESSED))
#define pmd_pfn(pmd) ((pmd_val(pmd) & _PAGE_PFN_MASK) >> _PAGE_PFN_SHIFT)
#define pmd_bad(pmd) (!!(pmd_val(pmd) & (_PAGE_LEAF | _PAGE_RWX)))

/* An entry that is being split counts as present, though nothing can access it. */
static inline bool pmd_present(pmd_t pmd)
{
	return pmd_val(pmd) & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_INVAL);
}

static inline bool pmd_leaf(pmd_t pmd)
{
	return pmd_present(pmd) && (pmd_val(pmd) & _PAGE_LEAF);
}
#define pmd_leaf pmd_leaf
#define pmd_trans_huge(pmd) pmd_leaf(pmd)

static inline pmd_t pmd_set_bits(pmd_t pmd, unsigned long bits)
{
	return __pmd(pmd_val(pmd) | bits);
}

static inline pmd_t pmd_clear_bits(pmd_t pmd, unsigned long bits)
{
	return __pmd(pmd_val(pmd) & ~bits);
}

#define pmd_wrprotect(pmd) pmd_clear_bits(pmd, _PAGE_WRITE)
#define pmd_mkwrite_novma(pmd) pmd_set_bits(pmd, _PAGE_WRITE)
#define pmd_mkdirty(pmd) pmd_set_bits(pmd, _PAGE_DIRTY)
#define pmd_mkyoung(pmd) pmd_set_bits(pmd, _PAGE_ACCESSED)
#define pmd_mkold(pmd) pmd_clear_bits(pmd, _PAGE_ACCESSED)
#define pmd_mkhuge(pmd) pmd_set_bits(pmd, _PAGE_LEAF)

static inline pmd_t pmd_mkwrite(pmd_t pmd, struct vm_area_struct *vma)
{
	return pmd_mkwrite_novma(pmd);
}

static inline pmd_t pmd_mkinvalid(pmd_t pmd)
{
	return pmd_set_bits(pmd_clear_bits(pmd, _PAGE_PRESENT), _PAGE_INVAL);
}

static inline pmd_t pfn_pmd(unsigned long pfn, pgprot_t prot)
{
	return __pmd((pfn << _PAGE_PFN_SHIFT) | pgprot_val(prot));
}

static inline pmd_t pmd_modify(pmd_t pmd, pgprot_t prot)
{
	return __pmd((pmd_val(pmd) & _PAGE_CHG_MASK) | pgprot_val(prot));
}

/* pud: as pmd, without the state of being split */

#define pud_none(pud) (!pud_val(pud))
#define pud_present(pud) (!!(pud_val(pud) & (_PAGE_PRESENT | _PAGE_PROTNONE)))
#define pud_write(pud) (!!(pud_val(pud) & _PAGE_WRITE))
#define pud_pfn(pud) ((pud_val(pud) & _PAGE_PFN_MASK) >> _PAGE_PFN_SHIFT)

static inline bool pud_leaf(pud_t pud)
{
	return pud_present(pud) && (pud_val(pud) & _PAGE_LEAF);
}
#define pud_leaf pud_leaf

#define pud_wrprotect(pud) __pud(pud_val(pud) & ~_PAGE_WRITE)
#define pud_mkwrite(pud) __pud(pud_val(pud) | _PAGE_WRITE)
#define pud_mkdirty(pud) __pud(pud_val(pud) | _PAGE_DIRTY)
#define pud_mkyoung(pud) __pud(pud_val(pud) | _PAGE_ACCESSED)
#define pud_mkhuge(pud) __pud(pud_val(pud) | _PAGE_LEAF)

static inline pud_t pfn_pud(unsigned long pfn, pgprot_t prot)
{
	return __pud((pfn << _PAGE_PFN_SHIFT) | pgprot_val(prot));
}

/* Page table check counts what a user can access, whatever the permissions. */

static inline bool demo_user_accessible(unsigned long entry)
{
	return (entry & _PAGE_USER_BASE) == _PAGE_USER_BASE;
}

static inline bool pte_user_accessible_page(pte_t pte)
{
	return demo_user_accessible(pte_val(pte));
}

static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return pmd_leaf(pmd) && demo_user_accessible(pmd_val(pmd));
}

static inline bool pud_user_accessible_page(pud_t pud)
{
	return pud_leaf(pud) && demo_user_accessible(pud_val(pud));
}

/* swap entries */

#define __swp_type(entry) (((entry).val >> __SWP_TYPE_SHIFT) & __SWP_TYPE_MASK)
#define __swp_offset(entry) ((entry).val >> __SWP_OFFSET_SHIFT)
#define __swp_entry(type, offset) \
	((swp_entry_t) { ((unsigned long)(type) << __SWP_TYPE_SHIFT) | \
			 ((unsigned long)(offset) << __SWP_OFFSET_SHIFT) })
#define __swp_entry_to_pte(entry) __pte((entry).val)
#define __pte_to_swp_entry(pte) ((swp_entry_t) { pte_val(pte) })
#define __swp_entry_to_pmd(entry) __pmd((entry).val)
#define __pmd_to_swp_entry(pmd) ((swp_entry_t) { pmd_val(pmd) })

/* Stores that know neither mm nor address, so cannot be counted here. */

static inline void set_pte(pte_t *ptep, pte_t pte)
{
	WRITE_ONCE(*ptep, pte);
}

static inline void set_pmd(pmd_t *pmdp, pmd_t pmd)
{
	WRITE_ONCE(*pmdp, pmd);
}

static inline void set_pud(pud_t *pudp, pud_t pud)
{
	WRITE_ONCE(*pudp, pud);
}

static inline void pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	set_pte(ptep, __pte(0));
}

static inline void pmd_clear(pmd_t *pmdp)
{
	set_pmd(pmdp, __pmd(0));
}

static inline void pud_clear(pud_t *pudp)
{
	set_pud(pudp, __pud(0));
}

/* Helpers for user mappings. */

static inline void set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp,
			      pmd_t pmd)
{
	page_table_check_pmd_set(mm, pmdp, pmd);
	set_pmd(pmdp, pmd);
}

static inline void set_pud_at(struct mm_struct *mm, unsigned long addr, pud_t *pudp,
			      pud_t pud)
{
	page_table_check_pud_set(mm, pudp, pud);
	set_pud(pudp, pud);
}

#define __HAVE_ARCH_PTEP_GET_AND_CLEAR
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr,
				       pte_t *ptep)
{
	pte_t old = __pte(xchg(&ptep->pte, 0UL));

	page_table_check_pte_clear(mm, old);

	return old;
}

/* Only takes a permission away: what is counted does not change, no hook. */
#define __HAVE_ARCH_PTEP_SET_WRPROTECT
static inline void ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr,
				      pte_t *ptep)
{
	unsigned long old = READ_ONCE(ptep->pte);

	while (!try_cmpxchg(&ptep->pte, &old, old & ~_PAGE_WRITE))
		barrier();
}

#define __HAVE_ARCH_PTEP_SET_ACCESS_FLAGS
int ptep_set_access_flags(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
			  pte_t entry, int dirty);

#ifdef CONFIG_TRANSPARENT_HUGEPAGE

#define pmdp_establish pmdp_establish
static inline pmd_t pmdp_establish(struct vm_area_struct *vma, unsigned long addr,
				   pmd_t *pmdp, pmd_t pmd)
{
	page_table_check_pmd_set(vma->vm_mm, pmdp, pmd);

	return __pmd(xchg(&pmdp->pmd, pmd_val(pmd)));
}

/*
 * The defect of the demonstration: a huge page is taken out of the page table and
 * page_table_check_pmd_clear(mm, old) is not called. ptcheck reports this place.
 */
#define __HAVE_ARCH_PMDP_HUGE_GET_AND_CLEAR
static inline pmd_t pmdp_huge_get_and_clear(struct mm_struct *mm, unsigned long addr,
					    pmd_t *pmdp)
{
	pmd_t old = __pmd(xchg(&pmdp->pmd, 0UL));

	return old;
}

#endif

#endif
