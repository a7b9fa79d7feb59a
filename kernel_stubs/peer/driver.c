/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads events, gives each to the tree's hooks, writes what came of it.
 *
 * "peer_build.h" is generated: PTC_BLOCKS (runs of page frames), PTC_CALL_* (the hooks of this
 * tree with their arguments), PTC_IN_PAGE_EXT, PTC_SLOTS and PTC_MMS. "peer_tree.c" is the
 * tree's own file.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include "peer_build.h"
#include "peer.h"
#include "peer_tree.c"

enum { EVENT_SET, EVENT_CLEAR, EVENT_RANGE, EVENT_ALLOC, EVENT_FREE, EVENT_PAGE, EVENT_STORE,
       EVENT_RESET };

struct ptc_event {
	u8 op, level, kind, order;
	u32 nr, mm, slot;
	u64 value, step, pfn;
};

struct ptc_block {
	unsigned long first, nr;
};

static const struct ptc_block ptc_blocks[] = { PTC_BLOCKS };
static struct page ptc_pages[PTC_PAGES];
static struct page_ext ptc_ext[PTC_PAGES];
static pte_t ptc_ptes[PTC_MMS][PTC_SLOTS];
static pmd_t ptc_pmds[PTC_MMS][PTC_SLOTS];
static pud_t ptc_puds[PTC_MMS][PTC_SLOTS];
static struct mm_struct ptc_mms[PTC_MMS];
struct mm_struct init_mm;
pte_t *ptc_range;

static jmp_buf ptc_out;
static int ptc_line;
static u32 ptc_warned;

void ptc_bug(int line)
{
	ptc_line = line;
	longjmp(ptc_out, 1);
}

bool ptc_warn(bool condition)
{
	ptc_warned += condition;
	return condition;
}

static long ptc_index(unsigned long pfn)
{
	long before = 0;
	size_t i;

	for (i = 0; i < sizeof(ptc_blocks) / sizeof(*ptc_blocks); i++) {
		if (pfn - ptc_blocks[i].first < ptc_blocks[i].nr)
			return before + (long)(pfn - ptc_blocks[i].first);
		before += (long)ptc_blocks[i].nr;
	}
	return -1;
}

bool pfn_valid(unsigned long pfn)
{
	long index = ptc_index(pfn);

	return index >= 0 && ptc_pages[index].kind != PTC_INVALID;
}

struct page *pfn_to_page(unsigned long pfn)
{
	long index = ptc_index(pfn);

	if (index < 0) {
		fprintf(stderr, "peer: there is no frame %#lx\n", pfn);
		exit(3);
	}
	return &ptc_pages[index];
}

unsigned long page_to_pfn(const struct page *page)
{
	unsigned long index = (unsigned long)(page - ptc_pages);
	size_t i = 0;

	while (index >= ptc_blocks[i].nr)
		index -= ptc_blocks[i++].nr;
	return ptc_blocks[i].first + index;
}

struct page_ext *lookup_page_ext(const struct page *page)
{
	return page->kind == PTC_NO_PAGE_EXT ? NULL : &ptc_ext[page - ptc_pages];
}

static void ptc_reset(void)
{
	size_t i;

	memset(ptc_ext, 0, sizeof(ptc_ext));
	memset(ptc_ptes, 0, sizeof(ptc_ptes));
	memset(ptc_pmds, 0, sizeof(ptc_pmds));
	memset(ptc_puds, 0, sizeof(ptc_puds));
	memset(ptc_pages, 0, sizeof(ptc_pages));
	for (i = 0; i < PTC_PAGES; i++)
		ptc_pages[i].kind = PTC_FILE;
}

static void ptc_do(const struct ptc_event *e)
{
	struct mm_struct *mm = e->mm ? &ptc_mms[e->mm] : &init_mm;
	unsigned long shift = e->level == 0 ? PAGE_SHIFT : e->level == 1 ? PMD_SHIFT : PUD_SHIFT;
	unsigned long addr = (unsigned long)e->slot << shift;
	struct page *page = e->op >= EVENT_ALLOC && e->op <= EVENT_PAGE ? pfn_to_page(e->pfn) : NULL;
	unsigned int order = e->order, nr = e->nr, i;
	pte_t *ptep = &ptc_ptes[e->mm][e->slot], pte = __pte(e->value);
	pmd_t *pmdp = &ptc_pmds[e->mm][e->slot], pmd = __pmd(e->value);
	pud_t *pudp = &ptc_puds[e->mm][e->slot], pud = __pud(e->value);

	switch (e->op) {
	case EVENT_SET:
		if (e->level == 0) {
			PTC_CALL_PTE_SET
		} else if (e->level == 1) {
			PTC_CALL_PMD_SET
		} else {
			PTC_CALL_PUD_SET
		}
		/* fall through */
	case EVENT_STORE:
		for (i = 0; i < e->nr; i++) {
			if (e->level == 0)
				ptc_ptes[e->mm][e->slot + i].v = e->value + i * e->step;
			else if (e->level == 1)
				ptc_pmds[e->mm][e->slot + i].v = e->value + i * e->step;
			else
				ptc_puds[e->mm][e->slot + i].v = e->value + i * e->step;
		}
		break;
	case EVENT_CLEAR:
		if (e->level == 0) {
			PTC_CALL_PTE_CLEAR
			ptep->v = 0;
		} else if (e->level == 1) {
			PTC_CALL_PMD_CLEAR
			pmdp->v = 0;
		} else {
			PTC_CALL_PUD_CLEAR
			pudp->v = 0;
		}
		break;
	case EVENT_RANGE:
		ptc_range = ptep;
		PTC_CALL_RANGE
		if (e->mm && !pmd_bad(pmd) && !pmd_leaf(pmd))
			memset(ptep, 0, PTC_TABLE * sizeof(*ptep));
		break;
	case EVENT_ALLOC:
	case EVENT_FREE:
		if (e->op == EVENT_ALLOC) {
			PTC_CALL_ALLOC
		} else {
			PTC_CALL_FREE
		}
		for (i = 0; i < 1U << order; i++)
			if (page[i].kind <= PTC_SLAB)
				page[i].kind = PTC_FILE;
		break;
	case EVENT_PAGE:
		for (i = 0; i < e->nr; i++)
			page[i].kind = e->kind;
		break;
	case EVENT_RESET:
		ptc_reset();
		break;
	}
	(void)mm, (void)addr, (void)order, (void)nr, (void)pte, (void)pmd, (void)pud;
}

static void ptc_answer(void)
{
	static s32 out[2 + 2 * PTC_PAGES];
	size_t i;

	out[0] = ptc_line;
	out[1] = (s32)ptc_warned;
	for (i = 0; i < PTC_PAGES; i++) {
#ifdef PTC_IN_PAGE_EXT
		const struct page_table_check *ptc =
			page_ext_data(&ptc_ext[i], &page_table_check_ops);
#else
		const struct page *ptc = &ptc_pages[i];
#endif
		out[2 + 2 * i] = atomic_read(&ptc->anon_map_count);
		out[3 + 2 * i] = atomic_read(&ptc->file_map_count);
	}
	if (fwrite(out, sizeof(out), 1, stdout) != 1)
		exit(4);
}

int main(void)
{
	struct ptc_event event;

#ifdef PTC_IN_PAGE_EXT
	if (page_table_check_ops.size > PTC_EXT_SIZE) {
		fprintf(stderr, "peer: page_ext of %zu bytes\n", page_table_check_ops.size);
		return 3;
	}
	page_table_check_ops.offset = offsetof(struct page_ext, data);
	if (page_table_check_ops.need && !page_table_check_ops.need()) {
		fprintf(stderr, "peer: the check is off\n");
		return 3;
	}
	if (page_table_check_ops.init)
		page_table_check_ops.init();
#else
	static_branch_disable(&page_table_check_disabled);
#endif
	ptc_reset();
	while (fread(&event, sizeof(event), 1, stdin) == 1) {
		ptc_line = 0;
		ptc_warned = 0;
		if (event.mm >= PTC_MMS || event.slot > PTC_SLOTS || event.level > 2 ||
		    event.nr > PTC_SLOTS - event.slot) {
			fprintf(stderr, "peer: an event beyond the tables\n");
			return 3;
		}
		if (!setjmp(ptc_out))
			ptc_do(&event);
		ptc_answer();
	}
	return fflush(stdout) ? 4 : 0;
}
