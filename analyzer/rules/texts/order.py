# SPDX-License-Identifier: GPL-2.0-only
"""PTC103, 104: the hook is there, but at the wrong moment or with the wrong value."""

from __future__ import annotations

from analyzer.rules.texts.rule import Rule

SET_ORDER = Rule(
    code="PTC103",
    name="set-order",
    title="the SET hook runs after the store, or sees another value than the one stored",
    explanation="""\
A SET hook reads the slot: what it finds there is taken out of the count, then the new entry is
counted. So it has to run before the store, and the value that it is given has to be the value
that is stored. Here it runs after the store, or the helper still changes the value in between
(filters bits, adds flags of the mm).""",
    why="""\
After the store the hook takes out the new entry and counts it again: the old mapping is never
taken out. With another value than the stored one, a page is counted that is not the page mapped,
or one that the user cannot access.""",
    bad="""\
static inline void set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp, pmd_t pmd)
{
	set_pmd(pmdp, pmd);
	page_table_check_pmd_set(mm, pmdp, pmd);
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
Move the hook directly in front of the store, behind everything that still changes the value.""",
)

CLEAR_VALUE = Rule(
    code="PTC104",
    name="clear-value",
    title="the CLEAR hook is called with another value than the one taken out",
    explanation="""\
A CLEAR hook does not look at the slot, it is told what was there. Here the value that it is
given is not the entry that the helper took out: it is read again after the clear, it is the new
value, or it is a copy from before that can be out of date.""",
    why="""\
The mapping that is gone stays in the count, and what was given instead is taken out: nothing, if
the value is empty, or a mapping that still exists.""",
    bad="""\
static inline pud_t pudp_huge_get_and_clear(struct mm_struct *mm, unsigned long addr, pud_t *pudp)
{
	pud_t pud = *pudp;

	pud_clear(pudp);
	page_table_check_pud_clear(mm, *pudp);

	return pud;
}
""",
    good="""\
static inline pud_t pudp_huge_get_and_clear(struct mm_struct *mm, unsigned long addr, pud_t *pudp)
{
	pud_t pud = *pudp;

	pud_clear(pudp);
	page_table_check_pud_clear(mm, pud);

	return pud;
}
""",
    fix="""\
Keep what the exchange or the read before the clear returned, and give exactly that to the hook.
Where the helper was `return xchg(...)`, it needs a variable.""",
)
