# SPDX-License-Identifier: GPL-2.0-only
"""Tables that are taken out with the entries in them: un-counted, emptied, or forgotten."""

from __future__ import annotations

import pytest

from analyzer.callsites import CallSite
from tests.callsites.small import sites

COUNTING = "void __page_table_check_pte_clear(struct mm_struct *mm, pte_t *ptep)\n{\n}\n"
RETRACT = """
static void retract(struct vm_area_struct *vma, struct mm_struct *mm, unsigned long addr,
		pmd_t *pmdp)
{
	pmd_t pmd;
	pte_t *pte;

	BEFORE
	pmd = pmdp_collapse_flush(vma, addr, pmdp);
	AFTER
	GIVE;
}
"""
CLEARS = """
static void take_out(struct vm_area_struct *vma, unsigned long addr, pte_t *first)
{
	pte_t *ptep;

	for (ptep = first; ptep < first + 512; ptep++, addr += 4096)
		ptep_get_and_clear(vma->vm_mm, addr, ptep);
}
"""
FREE = "pte_free(mm, pmd_pgtable(pmd))"
RANGE = "page_table_check_pte_clear_range(mm, addr, pmd);"
WALK = "pte = pte_offset_map(&pmd, addr);"


def given(
    after: str = "", give: str = FREE, before: str = "", more: str = "", counting: str = COUNTING
) -> list[CallSite]:
    """The sites where a table is given away."""
    code = RETRACT.replace("BEFORE", before).replace("AFTER", after).replace("GIVE", give)
    found = sites(more + code, mm__page_table_check_c=counting)
    return [site for site in found if site.helper.startswith(("pte_free", "pgtable_"))]


def judged(after: str = "", give: str = FREE, before: str = "", more: str = "") -> tuple[str, str]:
    (one,) = given(after, give, before, more)
    return one.judgement.value, one.rule


@pytest.mark.parametrize(
    ("after", "give"),
    [("", FREE), ("", FREE.replace("pmd_pgtable", "pmd_page")),
     ("", "pte_free_defer(mm, pmd_pgtable(pmd))"),
     ("pgtable_t table = pmd_pgtable(pmd);", "pgtable_trans_huge_deposit(mm, pmdp, table)"),
     ("if (addr)\n\t\tpage_table_check_pte_clear_range(mm, addr, pmd);", FREE),
     ("page_table_check_pte_clear_range(mm, addr, other);", FREE),
     ("", f"{FREE};\n\t{RANGE}")],
)  # fmt: skip
def test_nobody_has_told_page_table_check(after: str, give: str) -> None:
    assert judged(after, give) == ("finding", "PTC112")


def test_the_finding_says_who_took_the_table_out() -> None:
    (one,) = given()
    assert "pmdp_collapse_flush()" in one.reason
    assert one.path[-1].kind == "store"
    assert (one.function, one.change) == ("retract", -1)


@pytest.mark.parametrize(
    ("after", "give"),
    [(RANGE, FREE), (f"mm_dec_nr_ptes(mm);\n\t{RANGE}", "pte_free_defer(mm, pmd_pgtable(pmd))"),
     (f"{RANGE}\n\tpgtable_t table = pmd_pgtable(pmd);",
      "pgtable_trans_huge_deposit(mm, pmdp, table)")],
)  # fmt: skip
def test_page_table_check_was_told(after: str, give: str) -> None:
    assert judged(after, give) == ("hooked", "")


def test_the_range_of_another_entry_that_has_the_name_later() -> None:
    assert judged(f"{RANGE}\n\tpmd = other;")[0] != "hooked"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (f"{WALK} take_out(vma, addr, pte);", "uncounted"),
        (f"{WALK} ptep_get_and_clear(mm, addr, pte);", "uncounted"),
        (f"{WALK} look_at(vma, addr, pte);", "unknown"),
        (f"{WALK} ptep_clear_flush_young(vma, addr, pte);", "unknown"),
    ],
)
def test_entries_are_taken_out_one_by_one(after: str, expected: str) -> None:
    assert judged(after, more=CLEARS)[0] == expected


def test_before_the_table_is_taken_out() -> None:
    walk = "pte = pte_offset_map_lock(mm, pmdp, addr, &lock); take_out(vma, addr, pte);"
    assert judged(before=walk, more=CLEARS)[0] == "uncounted"


GATHERED = """
static void free_table(struct mmu_gather *tlb, pmd_t *pmdp, unsigned long addr)
{
	pgtable_t table = pmd_pgtable(*pmdp);

	pmd_clear(pmdp);
	pte_free_tlb(tlb, table, addr);
}
"""
CLEARED = """
static void NAME(struct mm_struct *mm, pmd_t *pmdp, unsigned long addr)
{
	pgtable_t table = pmd_pgtable(*pmdp);

	pmd_clear(pmdp);
	pte_free(mm, table);
}
"""


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (GATHERED, "uncounted"),
        (CLEARED.replace("NAME", "pgd_free"), "uncounted"),
        (CLEARED.replace("NAME", "drop"), "unknown"),
    ],
)
def test_a_table_that_another_helper_takes_out(code: str, expected: str) -> None:
    found = sites(code, mm__page_table_check_c=COUNTING)
    assert [s.judgement.value for s in found if s.helper.startswith("pte_free")] == [expected]


def test_a_table_that_was_never_in_use() -> None:
    code = "static void f(struct mm_struct *mm, pgtable_t new)\n{\n\tpte_free(mm, new);\n}\n"
    assert not sites(code, mm__page_table_check_c=COUNTING)


def test_a_tree_without_page_table_check_has_nothing_to_tell() -> None:
    assert not given(counting="")
