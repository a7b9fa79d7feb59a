# SPDX-License-Identifier: GPL-2.0-only
"""PTC101, 102, 108, 109: what the hooks count is not what the slot changed."""

from __future__ import annotations

from analyzer.rules.texts.rule import Rule

UNHOOKED = Rule(
    code="PTC101",
    name="unhooked",
    title="a counted entry is put in or taken out, and no hook runs",
    explanation="""\
On some path the helper changes which page frames the slot maps for user space, and none of the
page_table_check hooks runs on that path. An entry is counted if LEVEL_user_accessible_page() is
true for it and the framework does not skip it.

The witness shows one such path: the entry that was in the slot, the one that is left there, and
the counters that should have moved.""",
    why="""\
The counters of the page stay wrong from then on. A mapping that is not counted when it is made
cannot be found out when it is one too many, and one that is not counted when it goes away makes
the kernel stop later, when the page is freed or mapped by its next owner, far from the cause.""",
    bad="""\
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	return __pte(xchg(&pte_val(*ptep), 0));
}
""",
    good="""\
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	pte_t pte = __pte(xchg(&pte_val(*ptep), 0));

	page_table_check_pte_clear(mm, pte);

	return pte;
}
""",
    fix="""\
Where an entry is replaced or put in, call the SET hook of the level with the slot and the new
entry before the store. Where one is taken out, call the CLEAR hook with the old entry after it.
If only some callers need the hook, keep the raw store in a function of its own.""",
)

DOUBLE_HOOK = Rule(
    code="PTC102",
    name="double-hook",
    title="the same change is counted twice",
    explanation="""\
On some path more than one hook runs for one change of the slot, so the counters move further
than what the slot maps. Usual causes: the wrapper and the function that it calls both have the
hook; a clear is done by a setter that has a hook itself; SET and CLEAR are both called where an
entry is replaced, although SET already takes the old one out of the count.""",
    why="""\
A counter that went down twice becomes negative and stops the kernel at once; one that went up
twice stops it when the page is freed, or hides a mapping that really is one too many.""",
    bad="""\
static inline pmd_t pmdp_establish(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp,
				pmd_t pmd)
{
	pmd_t old = *pmdp;

	page_table_check_pmd_set(vma->vm_mm, pmdp, pmd);
	set_pmd_at(vma->vm_mm, addr, pmdp, pmd);

	return old;
}
""",
    good="""\
static inline pmd_t pmdp_establish(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp,
				pmd_t pmd)
{
	pmd_t old = *pmdp;

	set_pmd_at(vma->vm_mm, addr, pmdp, pmd);

	return old;
}
""",
    fix="""\
Leave exactly one hook on each path from the interface to the store: either in the wrapper or in
what it calls. If other callers need the callee with its hook, let the wrapper call a raw variant
of it instead.""",
)

MISCOUNTED = Rule(
    code="PTC108",
    name="miscounted",
    title="hooks run, but the counters move by something else than what the slot changed",
    explanation="""\
The helper calls hooks in a known order and with known arguments, and still the sum of what they
count differs from the difference between the final and the initial contents of the slots. Either
some of the slots that change have no hook, or the hook is called only under a condition that
leaves out counted entries: for example only if the new entry is present, although it may be
written over one that is mapped.""",
    why="""\
The counters drift a little with each call. Nothing shows it until, much later, the kernel stops
at a page that did nothing wrong.""",
    bad="""\
static inline void set_pte_at(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte)
{
	if (pte_present(pte))
		page_table_check_ptes_set(mm, ptep, pte, 1);
	set_pte(ptep, pte);
}
""",
    good="""\
static inline void set_pte_at(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte)
{
	page_table_check_ptes_set(mm, ptep, pte, 1);
	set_pte(ptep, pte);
}
""",
    fix="""\
Call the hook without a condition: it looks at the entries itself and does nothing where nothing
is counted. Where several slots change, one SET hook with their number, or one hook for each.""",
)

MODIFIER = Rule(
    code="PTC109",
    name="modifier-changes-count",
    title="a write-protect, young or access-flags helper changes what is counted",
    explanation="""\
Helpers that only change the flags of an entry (..._set_wrprotect, ..._test_and_clear_young,
..._clear_flush_young, ..._set_access_flags) need no hook because the frame and the answer of
LEVEL_user_accessible_page() stay the same. Here one of them does change.""",
    why="""\
No one calls a hook for such a change, and no one should: the helper has a name that promises
that the mapping stays. Either the helper does more than its name says, or the predicate depends
on a flag that it must not depend on (see PTC206).""",
    bad="""\
static inline void ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	set_pte(ptep, __pte(pte_val(*ptep) & ~(_PAGE_WRITE | _PAGE_USER)));
}
""",
    good="""\
static inline void ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	set_pte(ptep, __pte(pte_val(*ptep) & ~_PAGE_WRITE));
}
""",
    fix="""\
Change only the flag that the name says. If the bit has to change as well, let the predicate look
at bits that stay, or go through a setter that has a hook.""",
)
