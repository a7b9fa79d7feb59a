# SPDX-License-Identifier: GPL-2.0-only
"""PTC105, 106, 107: the hook is there, but about something else."""

from __future__ import annotations

from analyzer.rules.texts.rule import Rule

WRONG_LEVEL = Rule(
    code="PTC105",
    name="wrong-level",
    title="the hook belongs to another level than the entry",
    explanation="""\
The slot is an entry of one level (pte, pmd, pud), and the hook that runs is the one of another.
A cast of the pointer hides this from the compiler.""",
    why="""\
The hook uses the predicate of its own level, which may look at other bits, and counts as many
page frames as an entry of its own level maps: one instead of 512, or 512 instead of one.""",
    bad="""\
static inline void set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp, pmd_t pmd)
{
	page_table_check_ptes_set(mm, (pte_t *)pmdp, __pte(pmd_val(pmd)), 1);
	set_pmd(pmdp, pmd);
}
""",
    good="""\
static inline void set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp, pmd_t pmd)
{
	page_table_check_pmd_set(mm, pmdp, pmd);
	set_pmd(pmdp, pmd);
}
""",
    fix="""\
Call the hook of the level of the slot. If set_pmd_at() is made of the pte setter, split the raw
store out of that one, so that each of the two calls the hook of its own level.""",
)

WRONG_MM = Rule(
    code="PTC106",
    name="wrong-mm",
    title="the hook is given another mm than the one the slot belongs to",
    explanation="""\
The mm argument of the hook is not the mm (or vma->vm_mm) that the helper was called with: it is
&init_mm, current->mm, or a null pointer.""",
    why="""\
The framework does nothing at all for init_mm, so a hook with &init_mm is no hook. current->mm is
often the right mm and sometimes not: when another process is being changed, or in a kernel
thread, where it is null.""",
    bad="""\
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	pte_t pte = __pte(xchg(&pte_val(*ptep), 0));

	page_table_check_pte_clear(&init_mm, pte);

	return pte;
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
Hand on the mm of the helper, or vma->vm_mm where it has a vma.""",
)

WRONG_SLOT = Rule(
    code="PTC107",
    name="wrong-slot",
    title="the hook is given another slot, address or number than what is stored",
    explanation="""\
The slot, the address or the number of entries that the hook is given is not what the helper
changes: a pointer to a neighbour or to a copy on the stack, an address that does not advance in
a loop although the slot does, a number of 1 where nr entries are written, or a hook for all nr
entries inside of the loop over them.""",
    why="""\
The wrong mapping is taken out of the count, or only some of the entries are counted. Where the
predicate looks at the address, one that stands still gives the answer for another page.""",
    bad="""\
static inline void set_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte,
			unsigned int nr)
{
	page_table_check_ptes_set(mm, ptep, pte, 1);
	for (; nr; nr--, ptep++, pte = pte_next_pfn(pte))
		set_pte(ptep, pte);
}
""",
    good="""\
static inline void set_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte,
			unsigned int nr)
{
	page_table_check_ptes_set(mm, ptep, pte, nr);
	for (; nr; nr--, ptep++, pte = pte_next_pfn(pte))
		set_pte(ptep, pte);
}
""",
    fix="""\
One hook with nr before the loop. Where there has to be one for each entry, advance the slot, the
entry and the address together.""",
)
