# SPDX-License-Identifier: GPL-2.0-only
"""Helpers of hugetlb: entries as hugetlb makes them, counted at one level by all helpers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from analyzer.model import Verdict
from tests.law.demo import CALLERS, Bench, Edit, bench, found, generic, unknown, verdict

PLACE = "#ifdef CONFIG_TRANSPARENT_HUGEPAGE\n\n/* pmd */\n"
CALL = "void demo_drop(struct mm_struct *mm, unsigned long addr, pte_t *ptep)\n{\n"
MAKE = (
    "static inline pte_t arch_make_huge_pte(pte_t entry, unsigned int shift, unsigned long flags)\n"
    "{{\n\treturn {};\n}}\n\n"
)
LEAF = "shift == PMD_SHIFT ? __pte(pte_val(entry) | _PAGE_LEAF) : entry"
SET = {
    "pte": "page_table_check_ptes_set(mm, ptep, pte, 1);",
    "pmd": "page_table_check_pmd_set(mm, (pmd_t *)ptep, __pmd(pte_val(pte)));",
    "": "",
}
CLEAR = {
    "pte": "page_table_check_pte_clear(mm, old);",
    "pmd": "page_table_check_pmd_clear(mm, __pmd(pte_val(old)));",
    "": "",
}


@pytest.fixture(scope="module")
def demo() -> Iterator[Bench]:
    with bench() as one:
        yield one


def helpers(put: str, take: str, leaf: str = LEAF) -> tuple[Edit, ...]:
    text = (
        MAKE.format(leaf)
        + "static inline void set_huge_pte_at(struct mm_struct *mm, unsigned long addr,"
        + " pte_t *ptep, pte_t pte, unsigned long sz)\n"
        + f"{{\n\t{SET[put]}\n\tset_pte(ptep, pte);\n}}\n\n"
        + "static inline pte_t huge_ptep_get_and_clear(struct mm_struct *mm, unsigned long addr,"
        + " pte_t *ptep)\n"
        + "{\n\tpte_t old = __pte(xchg(&ptep->pte, 0UL));\n\n"
        + f"\t{CLEAR[take]}\n\treturn old;\n}}\n\n"
    )
    calls = (
        "\tset_huge_pte_at(mm, addr, ptep, __pte(0), 0);\n"
        "\thuge_ptep_get_and_clear(mm, addr, ptep);\n"
    )
    return generic(PLACE, text + PLACE), Edit(CALLERS, CALL, f"{CALL}{calls}")


@pytest.mark.parametrize("level", ["pte", "pmd"])
def test_one_level_for_all_is_balanced(demo: Bench, level: str) -> None:
    result = demo.judge(*helpers(level, level))
    assert verdict(result, "set_huge_pte_at").verdict is Verdict.BALANCED
    assert verdict(result, "huge_ptep_get_and_clear").verdict is Verdict.BALANCED
    assert not found(result)


def test_the_entry_is_made_as_hugetlb_makes_it(demo: Bench) -> None:
    # without the leaf bit the tree's own pmd predicate counts nothing
    result = demo.judge(*helpers("pmd", "pmd", "entry"))
    assert found(result) == {
        ("PTC105", "set_huge_pte_at"),
        ("PTC105", "huge_ptep_get_and_clear"),
    }


def test_two_levels_are_held_against_the_pte(demo: Bench) -> None:
    result = demo.judge(*helpers("pmd", "pte"))
    assert found(result) == {("PTC105", "set_huge_pte_at")}
    assert verdict(result, "huge_ptep_get_and_clear").verdict is Verdict.BALANCED


def test_a_hook_that_is_too_late_is_no_matter_of_levels(demo: Bench) -> None:
    edits = helpers("pte", "pte")
    call = SET["pte"]
    late = edits[0].after.replace(
        f"\t{call}\n\tset_pte(ptep, pte);", f"\tset_pte(ptep, pte);\n\t{call}"
    )
    assert late != edits[0].after
    result = demo.judge(Edit(edits[0].path, edits[0].before, late), *edits[1:])
    assert found(result) == {("PTC103", "set_huge_pte_at")}


def test_one_that_is_unhooked(demo: Bench) -> None:
    result = demo.judge(*helpers("pmd", ""))
    assert found(result) == {("PTC101", "huge_ptep_get_and_clear")}


FORM = (
    "static inline pte_t demo_to_huge(pte_t pte)\n"
    "{\n\treturn __pte(pte_val(pte) ? pte_val(pte) ^ _PAGE_USER : 0UL);\n}\n\n"
    "static inline pte_t demo_from_huge(pte_t pte)\n"
    "{\n\treturn __pte(pte_val(pte) ? pte_val(pte) ^ _PAGE_USER : 0UL);\n}\n\n"
    "static inline pte_t huge_ptep_get(pte_t *ptep)\n"
    "{\n\treturn demo_from_huge(READ_ONCE(*ptep));\n}\n\n"
    "static inline void set_huge_pte_at(struct mm_struct *mm, unsigned long addr,"
    " pte_t *ptep, pte_t pte)\n"
    "{\n\tset_pte(ptep, demo_to_huge(pte));\n}\n\n"
    "static inline int huge_ptep_set_access_flags(struct vm_area_struct *vma,"
    " unsigned long addr, pte_t *ptep, pte_t pte, int dirty)\n"
    "{\n\tset_huge_pte_at(vma->vm_mm, addr, ptep, pte);\n\treturn 1;\n}\n\n"
    "static inline pte_t huge_ptep_get_and_clear(struct mm_struct *mm, unsigned long addr,"
    " pte_t *ptep)\n"
    "{\n\tpte_t old = demo_from_huge(__pte(xchg(&ptep->pte, 0UL)));\n\n\t{}\treturn old;\n}\n\n"
)
USES = (
    "\tset_huge_pte_at(mm, addr, ptep, huge_ptep_get(ptep));\n"
    "\thuge_ptep_set_access_flags(0, addr, ptep, __pte(0), 1);\n"
    "\thuge_ptep_get_and_clear(mm, addr, ptep);\n"
)


def in_another_form(hook: str) -> tuple[Edit, ...]:
    text = FORM.replace("\n\n\t{}\t", f"\n\n\t{hook}\t")
    return generic(PLACE, text + PLACE), Edit(CALLERS, CALL, f"{CALL}{USES}")


def test_a_slot_in_another_form_is_read_as_the_tree_reads_it(demo: Bench) -> None:
    result = demo.judge(*in_another_form(""))
    assert verdict(result, "huge_ptep_set_access_flags").verdict is Verdict.NEUTRAL
    assert found(result) == {
        ("PTC101", "set_huge_pte_at"),
        ("PTC101", "huge_ptep_get_and_clear"),
    }


def test_what_is_taken_out_of_such_a_slot_may_be_hooked(demo: Bench) -> None:
    result = demo.judge(*in_another_form("page_table_check_pte_clear(mm, old);\n"))
    assert verdict(result, "huge_ptep_get_and_clear").verdict is Verdict.BALANCED
    assert found(result) == {("PTC101", "set_huge_pte_at")}


def test_a_getter_that_may_read_another_table_is_asked_about_its_slot(demo: Bench) -> None:
    getter = "\n{\n\treturn demo_from_huge(READ_ONCE(*ptep));\n}\n"
    other = (
        "\n{\n\textern pte_t *demo_other(void);\n\n\tif (ptep == demo_other())\n"
        "\t\treturn *demo_other();\n\treturn demo_from_huge(READ_ONCE(*ptep));\n}\n"
    )
    edits = in_another_form("page_table_check_pte_clear(mm, old);\n")
    assert getter in edits[0].after
    result = demo.judge(
        Edit(edits[0].path, edits[0].before, edits[0].after.replace(getter, other)), edits[1]
    )
    assert unknown(result) == {}
    assert verdict(result, "huge_ptep_get_and_clear").verdict is Verdict.BALANCED


@pytest.mark.parametrize("kept", ["pte", "pte_mkyoung(pte)"])
def test_a_getter_that_says_more_than_the_slot_is_not_asked(demo: Bench, kept: str) -> None:
    """Nor where the setter adds a bit to what it is given."""
    hooked = helpers("pte", "pte")
    getter = (
        "static inline pte_t huge_ptep_get(pte_t *ptep)\n"
        "{\n\tpte_t pte = READ_ONCE(*ptep);\n\n"
        "\treturn pte_val(pte) ? __pte(pte_val(pte) | _PAGE_USER_BASE) : pte;\n}\n\n"
    )
    assert "set_pte(ptep, pte);" in hooked[0].after
    text = hooked[0].after.replace("set_pte(ptep, pte);", f"set_pte(ptep, {kept});", 1)
    text = text.replace(PLACE, getter + PLACE)
    result = demo.judge(Edit(hooked[0].path, hooked[0].before, text), *hooked[1:])
    assert verdict(result, "set_huge_pte_at").verdict is Verdict.BALANCED
    assert not found(result)


UNCOUNTED = (
    ("pte_val(pte) ? pte_val(pte) ^ _PAGE_USER : 0UL",
     "pte_val(pte) & _PAGE_PRESENT ? (pte_val(pte) ^ _PAGE_PRESENT) | _PAGE_INVAL : pte_val(pte)"),
    ("pte_val(pte) ? pte_val(pte) ^ _PAGE_USER : 0UL",
     "pte_val(pte) & _PAGE_INVAL ? (pte_val(pte) ^ _PAGE_INVAL) | _PAGE_PRESENT : pte_val(pte)"),
)  # fmt: skip


def uncounted(hook: str) -> tuple[Edit, ...]:
    """Slots in a form that the predicate never counts."""
    first, *rest = in_another_form(hook)
    text = first.after
    for old, new in UNCOUNTED:
        text = text.replace(old, new, 1)
    return Edit(first.path, first.before, text), *rest


def test_a_form_that_is_never_counted_needs_no_hook(demo: Bench) -> None:
    result = demo.judge(*uncounted(""))
    assert not found(result)
    for helper in ("set_huge_pte_at", "huge_ptep_get_and_clear"):
        assert verdict(result, helper).verdict is Verdict.NEUTRAL
        assert verdict(result, helper).reason.startswith("no page of hugetlb is counted")
    others = [one for one in result.helpers if "huge_pte" not in one.helper]
    assert not any(one.reason for one in others if one.verdict is Verdict.NEUTRAL)


def test_one_hook_and_the_other_helpers_lack_theirs(demo: Bench) -> None:
    result = demo.judge(*uncounted("page_table_check_pte_clear(mm, old);\n"))
    assert ("PTC101", "set_huge_pte_at") in found(result)


MANY = (
    "static inline void demo_fill(pte_t *ptep, unsigned long set, unsigned long clear, int nr)\n"
    "{\n\tint i;\n\n\tfor (i = 0; i < nr; i++, ptep++)\n"
    "\t\tset_pte(ptep, __pte((pte_val(*ptep) & ~clear) | set));\n}\n\n"
    "static inline void set_huge_pte_at(struct mm_struct *mm, unsigned long addr, pte_t *ptep,"
    " pte_t pte)\n"
    "{\n\textern int demo_large(unsigned long addr);\n\tint i, nr = demo_large(addr) ? 16 : 4;\n\n"
    "\tfor (i = 0; i < nr; i++, ptep++, pte = __pte(pte_val(pte) + PAGE_SIZE))\n"
    "\t\tset_pte(ptep, pte);\n}\n\n"
    "static inline void huge_ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr,"
    " pte_t *ptep)\n"
    "{\n\textern int demo_large(unsigned long addr);\n\n"
    "\tdemo_fill(ptep, 0, _PAGE_WRITE, demo_large(addr) ? 16 : 4);\n}\n\n"
    "static inline int huge_ptep_set_access_flags(struct vm_area_struct *vma,"
    " unsigned long addr, pte_t *ptep, pte_t pte, int dirty)\n"
    "{\n\tset_huge_pte_at(vma->vm_mm, addr, ptep, pte);\n\treturn 1;\n}\n\n"
)


def test_a_page_that_fills_many_slots(demo: Bench) -> None:
    """What its helpers change in place stands in all of the slots, not only in the first."""
    uses = (
        "\tset_huge_pte_at(mm, addr, ptep, __pte(0));\n"
        "\thuge_ptep_set_wrprotect(mm, addr, ptep);\n"
        "\thuge_ptep_set_access_flags(0, addr, ptep, __pte(0), 1);\n"
    )
    edits = generic(PLACE, MANY + PLACE), Edit(CALLERS, CALL, f"{CALL}{uses}")
    result = demo.judge(*edits)
    assert unknown(result) == {}
    assert verdict(result, "huge_ptep_set_wrprotect").verdict is Verdict.NEUTRAL
    assert found(result) == {("PTC101", "set_huge_pte_at")}
    spoilt = edits[0].after.replace("0, _PAGE_WRITE, demo", "0, _PAGE_PRESENT, demo")
    result = demo.judge(Edit(edits[0].path, edits[0].before, spoilt), edits[1])
    assert ("PTC109", "huge_ptep_set_wrprotect") in found(result)


SIZES = (
    "#define HPAGE_SHIFT {}\n#define HPAGE_SIZE (1UL << HPAGE_SHIFT)\n\n"
    "static inline void set_huge_pte_at(struct mm_struct *mm, unsigned long addr, pte_t *ptep,"
    " pte_t pte, unsigned long sz)\n"
    "{{\n\tif (sz != {}UL || !(pte_val(pte) & _PAGE_LEAF))\n\t\treturn;\n"
    "\tset_pte(ptep, pte);\n}}\n\n"
)


@pytest.mark.parametrize(
    ("shift", "size"),
    [
        ("22", 1 << 22),  # hugetlb has no pages of PMD_SIZE
        ("PAGE_SHIFT", 1 << 21),  # no hugetlb, or one that says nothing
        ("demo_shift", 1 << 21),  # found out at boot
    ],
)
def test_the_size_that_is_asked_about_is_one_of_hugetlb(demo: Bench, shift: str, size: int) -> None:
    leaf = MAKE.format(f"(1UL << shift) == {size}UL ? __pte(pte_val(entry) | _PAGE_LEAF) : entry")
    text = "extern unsigned int demo_shift;\n" + leaf + SIZES.format(shift, size)
    uses = "\tset_huge_pte_at(mm, addr, ptep, __pte(0), 0);\n"
    result = demo.judge(generic(PLACE, text + PLACE), Edit(CALLERS, CALL, f"{CALL}{uses}"))
    assert found(result) == {("PTC101", "set_huge_pte_at")}
