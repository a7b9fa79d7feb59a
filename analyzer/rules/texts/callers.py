# SPDX-License-Identifier: GPL-2.0-only
"""PTC110 to 112: a caller goes around the hooks."""

from __future__ import annotations

from analyzer.rules.texts.rule import Rule

RAW_CALL_SITE = Rule(
    code="PTC110",
    name="raw-call-site",
    title="a raw store or clear can hit an entry that is mapped for a user",
    explanation="""\
set_pte(), set_pmd(), pud_clear(), a plain assignment and their like store and count nothing: they
are for tables and for mappings of the kernel. This call uses one of them on a slot of a user
mapping, and the code around it shows that a counted entry is taken out or put in: the test above
says that a leaf stands there, the entry that is cleared is put back by a setter that counts, or
the new entry has the protection of a vma. The finding is about the caller, not about the function
that it calls.""",
    why="""\
The mapping changes behind the back of the counters. What was taken out stays counted for ever,
and is counted a second time when it is put back.""",
    bad="""\
static void move_huge(struct mm_struct *mm, unsigned long addr, pud_t *from, pud_t *to)
{
	pud_t pud = *from;

	pud_clear(from);
	set_pud_at(mm, addr, to, pud);
}
""",
    good="""\
static void move_huge(struct mm_struct *mm, unsigned long addr, pud_t *from, pud_t *to)
{
	pud_t pud = pudp_huge_get_and_clear(mm, addr, from);

	set_pud_at(mm, addr, to, pud);
}
""",
    fix="""\
Call the helper that belongs to user mappings: set_pte_at(), ptep_get_and_clear() and their
counterparts at the other levels.""",
)

BROKEN_CONTRACT = Rule(
    code="PTC111",
    name="broken-contract",
    title="a helper for entries that are not present is called where one is present",
    explanation="""\
pte_clear(), pte_clear_not_present_full(), huge_pte_clear() and pmd_populate() call no hook: what
they overwrite must not be counted. This call is made where the tests on the way say that the entry
is present (or a leaf), in a user mapping.""",
    why="""\
The helper is right, and the counter is wrong all the same: the page stays counted after its
mapping is gone.""",
    bad="""\
static void drop(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep)
{
	if (pte_present(*ptep))
		pte_clear(vma->vm_mm, addr, ptep);
}
""",
    good="""\
static void drop(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep)
{
	if (pte_present(*ptep))
		ptep_get_and_clear(vma->vm_mm, addr, ptep);
	else
		pte_clear(vma->vm_mm, addr, ptep);
}
""",
    fix="""\
Take present entries out with ptep_get_and_clear() or its counterpart, and leave the other helper
to what is not present.""",
)

TABLE_WITH_ENTRIES = Rule(
    code="PTC112",
    name="table-with-entries",
    title="a table is given away while page table check still counts what its entries map",
    explanation="""\
pmdp_collapse_flush() takes a table of ptes out of a page table, with all that stands in it, and
its hook counts a leaf only. Whoever frees the table, or lays it aside for later, has to say so:
page_table_check_pte_clear_range() un-counts every entry of the table at once, or each one is
taken out by ptep_clear() or its like before. This caller does neither, and does not walk the
table.""",
    why="""\
The pages that the entries map stay counted for ever. The next time one of them is freed, or mapped
for somebody else, the kernel stops.""",
    bad="""\
static void retract(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp)
{
	pmd_t pmd = pmdp_collapse_flush(vma, addr, pmdp);

	mm_dec_nr_ptes(vma->vm_mm);
	pte_free(vma->vm_mm, pmd_pgtable(pmd));
}
""",
    good="""\
static void retract(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp)
{
	pmd_t pmd = pmdp_collapse_flush(vma, addr, pmdp);

	mm_dec_nr_ptes(vma->vm_mm);
	page_table_check_pte_clear_range(vma->vm_mm, addr, pmd);
	pte_free(vma->vm_mm, pmd_pgtable(pmd));
}
""",
    fix="""\
Call page_table_check_pte_clear_range() with the entry that was taken out, before the table is
given away.""",
)
