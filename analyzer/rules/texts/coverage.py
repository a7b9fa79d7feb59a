# SPDX-License-Identifier: GPL-2.0-only
"""PTC901 to 903: not defects of the tree, but what could not be judged."""

from __future__ import annotations

from analyzer.rules.texts.rule import Rule

UNJUDGED = Rule(
    code="PTC901",
    name="unjudged",
    title="a helper could not be judged",
    explanation="""\
The evaluator met something on the way through the helper that it cannot follow: assembler that
may store to the slot, a call through a pointer whose target it does not know, a value that
decides what is stored and that is known only when the kernel runs, or a limit of time or of
steps. The reason and the place are given. It says nothing about whether the helper is right.""",
    why="""\
What was not judged is not clean. A run with such helpers and without findings ends with exit
code 3, so that no one takes it for a pass.""",
    bad="""\
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	pte_t pte = firmware_ops.exchange(virt_to_phys(ptep), 0);

	page_table_check_pte_clear(mm, pte);

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
Read the helper yourself, starting at the place that is named. If it is a construct that others
will meet too, tell us: most of them can be taught.""",
)

UNREADABLE = Rule(
    code="PTC902",
    name="unreadable",
    title="a file of the tree, or a part of it, could not be read as C or Kconfig",
    explanation="""\
A file that is needed is missing, too large, binary, cut off, or has a part that does not parse.
Only what depends on that part is affected; it is unknown. The file and, where there is one, the
line are given.""",
    why="""\
A definition that cannot be read may be the one that matters. As with PTC901, a run with such
files and without findings ends with exit code 3.""",
    bad="""\
static inline void set_pte(pte_t *ptep, pte_t pte)
{
	store_entry(ptep, pte); /* and this file ends in the middle of the next line */
}
""",
    good="""\
static inline void set_pte(pte_t *ptep, pte_t pte)
{
	WRITE_ONCE(*ptep, pte);
}
""",
    fix="""\
If a compiler accepts the file, this is a defect of ptcheck: tell us. If not, mend the file.""",
)

NO_COUNTED_CLASS = Rule(
    code="PTC903",
    name="no-counted-class",
    title="no entry that would be counted could be made at this level",
    explanation="""\
Helpers are tried with entries that the tree's own functions make (pfn_pte(), pmd_mkhuge(), ...).
At this level none of them is counted: the functions are missing, could not be followed, or the
predicate is false for all of them. With nothing to count, every helper would look right.""",
    why="""\
An answer that holds only because nothing was tried is no answer: the helpers of that level are
unknown instead of balanced.""",
    bad="""\
static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return false;
}
""",
    good="""\
static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return pmd_leaf(pmd) && (pmd_val(pmd) & _PAGE_PRESENT) && (pmd_val(pmd) & _PAGE_USER);
}
""",
    fix="""\
If the level has no leaves in this configuration, this is as it should be. Otherwise look at the
predicate, and at the reasons why the entries could not be made (`-v` lists them).""",
)
