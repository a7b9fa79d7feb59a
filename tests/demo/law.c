// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the helpers of the demonstration tree on the host and compares the counters of its own
 * mm/page_table_check.c with what stands in the slots: one line for each helper and entry.
 */
#include <linux/mm.h>
#include <linux/swapops.h>

int printf(const char *format, ...);
void *calloc(unsigned long number, unsigned long size);
void exit(int status) __attribute__((__noreturn__));

#define FRAMES (2 * (PUD_SIZE >> PAGE_SHIFT))
#define SLOTS 4

static const char *what = "start";
static struct mm_struct mm;
static struct vm_area_struct vma = { .vm_mm = &mm, .vm_flags = VM_READ | VM_WRITE };
static pte_t ptes[SLOTS];
static pmd_t pmds[1];
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
static pud_t puds[1];
#endif
static short *mapped; /* how often each frame should be mapped */

void panic(const char *fmt, ...)
{
	printf("%s panic\n", what);
	exit(0);
}

void flush_tlb_range(struct vm_area_struct *v, unsigned long start, unsigned long end) { }

static void expect(unsigned long pfn, unsigned long number, int by)
{
	for (unsigned long i = 0; i < number; i++)
		mapped[pfn + i] += by;
}

/* The law: a counted entry contributes its frames. Asked of the predicates alone. */
static void expect_slots(int by)
{
	for (int i = 0; i < SLOTS; i++)
		if (pte_user_accessible_page(ptes[i]) && !pte_special(ptes[i]))
			expect(pte_pfn(ptes[i]), 1, by);
	if (pmd_user_accessible_page(pmds[0]))
		expect(pmd_pfn(pmds[0]), PMD_SIZE >> PAGE_SHIFT, by);
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	if (pud_user_accessible_page(puds[0]))
		expect(pud_pfn(puds[0]), PUD_SIZE >> PAGE_SHIFT, by);
#endif
}

static void begin(const char *name)
{
	what = name;
	for (unsigned long i = 0; i < FRAMES; i++)
		mem_map[i].file_map_count.counter = 0;
	expect_slots(1);
	for (unsigned long i = 0; i < FRAMES; i++)
		mem_map[i].file_map_count.counter = mapped[i];
	expect_slots(-1);
}

static void end(void)
{
	int right = 1;

	expect_slots(1);
	for (unsigned long i = 0; i < FRAMES; i++)
		right &= mem_map[i].file_map_count.counter == mapped[i];
	expect_slots(-1);
	printf("%s %s\n", what, right ? "holds" : "broken");
	for (int i = 0; i < SLOTS; i++)
		ptes[i] = __pte(0);
	pmds[0] = __pmd(0);
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	puds[0] = __pud(0);
#endif
}

#define TRY(name, slot, old, call) do { \
	slot = old; \
	begin(name); \
	call; \
	end(); \
} while (0)

#define ADDR 0x40000000UL

static void try_pte(pte_t old, pte_t new)
{
	TRY("set_pte_at", ptes[0], old, set_pte_at(&mm, ADDR, ptes, new));
	TRY("ptep_get_and_clear", ptes[0], old, ptep_get_and_clear(&mm, ADDR, ptes));
	TRY("ptep_get_and_clear_full", ptes[0], old, ptep_get_and_clear_full(&mm, ADDR, ptes, 1));
	TRY("ptep_clear", ptes[0], old, ptep_clear(&mm, ADDR, ptes));
	TRY("ptep_clear_flush", ptes[0], old, ptep_clear_flush(&vma, ADDR, ptes));
	TRY("clear_full_ptes", ptes[2], old, clear_full_ptes(&mm, ADDR, ptes, SLOTS, 0));
	TRY("ptep_modify_prot", ptes[0], old,
	    ptep_modify_prot_commit(&vma, ADDR, ptes, ptep_modify_prot_start(&vma, ADDR, ptes),
				    new));
	if (!pte_present(old)) {
		TRY("pte_clear_not_present_full", ptes[0], old,
		    pte_clear_not_present_full(&mm, ADDR, ptes, 0));
		return;
	}
	TRY("ptep_set_wrprotect", ptes[0], old, ptep_set_wrprotect(&mm, ADDR, ptes));
	TRY("wrprotect_ptes", ptes[1], old, wrprotect_ptes(&mm, ADDR, ptes, SLOTS));
	TRY("ptep_test_and_clear_young", ptes[0], pte_mkyoung(old),
	    ptep_test_and_clear_young(&vma, ADDR, ptes));
	TRY("ptep_set_access_flags", ptes[0], old,
	    ptep_set_access_flags(&vma, ADDR, ptes, pte_mkdirty(pte_mkyoung(old)), 1));
}

static void try_pmd(pmd_t old, pmd_t new)
{
	TRY("set_pmd_at", pmds[0], old, set_pmd_at(&mm, ADDR, pmds, new));
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	TRY("pmdp_establish", pmds[0], old, pmdp_establish(&vma, ADDR, pmds, new));
	TRY("pmdp_huge_get_and_clear", pmds[0], old, pmdp_huge_get_and_clear(&mm, ADDR, pmds));
	TRY("pmdp_huge_get_and_clear_full", pmds[0], old,
	    pmdp_huge_get_and_clear_full(&vma, ADDR, pmds, 1));
	TRY("pmdp_huge_clear_flush", pmds[0], old, pmdp_huge_clear_flush(&vma, ADDR, pmds));
	if (!pmd_leaf(old)) {
		TRY("pmdp_collapse_flush", pmds[0], old, pmdp_collapse_flush(&vma, ADDR, pmds));
		return;
	}
	TRY("pmdp_invalidate", pmds[0], old, pmdp_invalidate(&vma, ADDR, pmds));
	TRY("pmdp_set_wrprotect", pmds[0], old, pmdp_set_wrprotect(&mm, ADDR, pmds));
	TRY("pmdp_test_and_clear_young", pmds[0], pmd_mkyoung(old),
	    pmdp_test_and_clear_young(&vma, ADDR, pmds));
	TRY("pmdp_set_access_flags", pmds[0], old,
	    pmdp_set_access_flags(&vma, ADDR, pmds, pmd_mkdirty(pmd_mkyoung(old)), 1));
#endif
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
static void try_pud(pud_t old, pud_t new)
{
	TRY("set_pud_at", puds[0], old, set_pud_at(&mm, ADDR, puds, new));
	TRY("pudp_huge_get_and_clear", puds[0], old, pudp_huge_get_and_clear(&mm, ADDR, puds));
	TRY("pudp_huge_get_and_clear_full", puds[0], old,
	    pudp_huge_get_and_clear_full(&vma, ADDR, puds, 1));
	TRY("pudp_huge_clear_flush", puds[0], old, pudp_huge_clear_flush(&vma, ADDR, puds));
}
#endif

static void try_predicates(void)
{
	for (unsigned long i = 0; i < 16; i++) {
		pte_t pte = pfn_pte(5, protection_map[i]);
		pmd_t pmd = pmd_mkhuge(pfn_pmd(512, protection_map[i]));
		int user = !!(pte_val(pte) & _PAGE_RWX);

		printf("protection_map %s\n", pte_user_accessible_page(pte) == user &&
		       pmd_user_accessible_page(pmd) == user &&
		       !pmd_user_accessible_page(pmd_mkinvalid(pmd)) ? "holds" : "broken");
	}
}

int main(void)
{
	pte_t pte[] = {
		__pte(0), pfn_pte(3, PAGE_READONLY), pfn_pte(4, PAGE_SHARED_EXEC),
		pfn_pte(4, PAGE_EXECONLY), pfn_pte(5, PAGE_NONE), pfn_pte(6, PAGE_KERNEL),
		pte_mkspecial(pfn_pte(7, PAGE_READONLY)), swp_entry_to_pte(swp_entry(31, 8)),
		swp_entry_to_pte(make_writable_migration_entry(9)),
	};
	pmd_t pmd[] = {
		__pmd(0), __pmd((9UL << _PAGE_PFN_SHIFT) | _PAGE_PRESENT),
		pmd_mkhuge(pfn_pmd(512, PAGE_SHARED)), pmd_mkhuge(pfn_pmd(1024, PAGE_EXECONLY)),
		pmd_mkhuge(pfn_pmd(512, PAGE_NONE)), swp_entry_to_pmd(swp_entry(31, 8)),
	};

	max_mapnr = FRAMES;
	mem_map = calloc(FRAMES, sizeof(*mem_map));
	mapped = calloc(FRAMES, sizeof(*mapped));
	static_branch_disable(&page_table_check_disabled);

	for (unsigned int i = 0; i < sizeof(pte) / sizeof(*pte); i++)
		for (unsigned int j = 0; j < sizeof(pte) / sizeof(*pte); j++)
			try_pte(pte[i], pte[j]);
	TRY("set_ptes", ptes[0], __pte(0), set_ptes(&mm, ADDR, ptes, pte[1], SLOTS));
	for (unsigned int i = 0; i < sizeof(pmd) / sizeof(*pmd); i++)
		for (unsigned int j = 0; j < sizeof(pmd) / sizeof(*pmd); j++)
			try_pmd(pmd[i], pmd[j]);
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	try_pud(pud_mkhuge(pfn_pud(0, PAGE_SHARED)), __pud(0));
	try_pud(__pud(0), pud_mkhuge(pfn_pud(0, PAGE_READONLY)));
#endif
	try_predicates();
	return 0;
}
