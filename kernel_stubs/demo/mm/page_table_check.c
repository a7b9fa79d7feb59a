// SPDX-License-Identifier: GPL-2.0-only
/* Counts, page by page, how many user entries map it. Two kinds must not mix. */
#include <linux/mm.h>
#include <linux/page_table_check.h>

DEFINE_STATIC_KEY_TRUE(page_table_check_disabled);

/* One more or one less mapping of one kind; there must be none of the other kind. */
static int page_count(atomic_t *kind, const atomic_t *other, bool up)
{
	BUG_ON(atomic_read(other));
	return up ? atomic_inc_return(kind) : atomic_dec_return(kind);
}

/* The first of some pages, which tells what all of them are; NULL if there are none. */
static struct page *first_page(unsigned long pfn)
{
	struct page *page = pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;

	BUG_ON(page && PageSlab(page));
	return page;
}

/* Frames from pfn on lose a mapping. */
static void page_table_check_clear(unsigned long pfn, unsigned long pgcnt)
{
	struct page *page = first_page(pfn);
	bool anon = page && PageAnon(page);

	for (; page && pgcnt; pgcnt--, page++) {
		if (anon)
			BUG_ON(page_count(&page->anon_map_count, &page->file_map_count, false) < 0);
		else
			BUG_ON(page_count(&page->file_map_count, &page->anon_map_count, false) < 0);
	}
}

/* Frames from pfn on gain a mapping: shared writable memory is never anonymous. */
static void page_table_check_set(unsigned long pfn, unsigned long pgcnt, bool rw)
{
	struct page *page = first_page(pfn);
	bool anon = page && PageAnon(page);
	int maps;

	for (; page && pgcnt; pgcnt--, page++) {
		if (anon)
			maps = page_count(&page->anon_map_count, &page->file_map_count, true);
		else
			maps = page_count(&page->file_map_count, &page->anon_map_count, true);
		BUG_ON(anon ? rw && maps > 1 : maps < 0);
	}
}

/* Pages that leave the free list, or go to it, are mapped nowhere. */
void __page_table_check_zero(struct page *page, unsigned int order)
{
	struct page *end = page + (1UL << order);

	BUG_ON(PageSlab(page));
	for (; page < end; page++)
		BUG_ON(atomic_read(&page->anon_map_count) || atomic_read(&page->file_map_count));
}

/* A special entry has no page of its own to count. */
static bool pte_counts(struct mm_struct *mm, pte_t pte)
{
	return mm != &init_mm && pte_user_accessible_page(pte) && !pte_special(pte);
}

void __page_table_check_pte_clear(struct mm_struct *mm, pte_t pte)
{
	if (pte_counts(mm, pte))
		page_table_check_clear(pte_pfn(pte), 1);
}

void __page_table_check_pmd_clear(struct mm_struct *mm, pmd_t pmd)
{
	if (mm == &init_mm)
		return;
	if (pmd_user_accessible_page(pmd))
		page_table_check_clear(pmd_pfn(pmd), PMD_SIZE >> PAGE_SHIFT);
}

void __page_table_check_pud_clear(struct mm_struct *mm, pud_t pud)
{
	if (mm == &init_mm)
		return;
	if (pud_user_accessible_page(pud))
		page_table_check_clear(pud_pfn(pud), PUD_SIZE >> PAGE_SHIFT);
}

void __page_table_check_ptes_set(struct mm_struct *mm, pte_t *ptep, pte_t pte,
				 unsigned int nr)
{
	pte_t *end = ptep + nr;

	for (; ptep < end; ptep++)
		__page_table_check_pte_clear(mm, ptep_get(ptep));
	if (pte_counts(mm, pte))
		page_table_check_set(pte_pfn(pte), nr, pte_write(pte));
}

void __page_table_check_pmd_set(struct mm_struct *mm, pmd_t *pmdp, pmd_t pmd)
{
	if (mm == &init_mm)
		return;

	__page_table_check_pmd_clear(mm, pmdp_get(pmdp));
	if (pmd_user_accessible_page(pmd))
		page_table_check_set(pmd_pfn(pmd), PMD_SIZE >> PAGE_SHIFT, pmd_write(pmd));
}

void __page_table_check_pud_set(struct mm_struct *mm, pud_t *pudp, pud_t pud)
{
	if (mm == &init_mm)
		return;

	__page_table_check_pud_clear(mm, READ_ONCE(*pudp));
	if (pud_user_accessible_page(pud))
		page_table_check_set(pud_pfn(pud), PUD_SIZE >> PAGE_SHIFT, pud_write(pud));
}

void __page_table_check_pte_clear_range(struct mm_struct *mm, unsigned long addr,
					pmd_t pmd)
{
	pte_t *ptep = pte_offset_map(&pmd, addr);
	unsigned long i;

	if (mm == &init_mm || pmd_bad(pmd) || pmd_leaf(pmd))
		return;

	for (i = 0; i < PTRS_PER_PTE; i++)
		__page_table_check_pte_clear(mm, ptep_get(ptep + i));
}
