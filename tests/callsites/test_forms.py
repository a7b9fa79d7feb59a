# SPDX-License-Identifier: GPL-2.0-only
"""Stores of every form, bits that change and tables that are filled: found, excused or unknown."""

from __future__ import annotations

import pytest

from analyzer.callsites import CallSite
from tests.callsites.small import HEADER, sites

USER = """
void work(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmd, pte_t *ptep, int i)
{
	BODY
}
"""
BITS = """
#define _PAGE_PRESENT	(1 << 0)
#define _PAGE_WRITE	(1 << 1)
#define _PAGE_ACCESSED	(1 << 2)
#define _PAGE_DIRTY	(1 << 3)
#define _PAGE_CACHE	(1 << 4)
#define _PAGE_BIT_ACCESSED 2
#define pte_present(pte)	(pte_val(pte) & _PAGE_PRESENT)
#define pte_young(pte)	(pte_val(pte) & _PAGE_ACCESSED)
#define pte_dirty(pte)	(pte_val(pte) & _PAGE_DIRTY)
#define pte_mkyoung(pte) __pte(pte_val(pte) | BIT(_PAGE_BIT_ACCESSED))
"""
KERNEL = "void work(unsigned long addr, pmd_t *pmd, int i) { pte_t *ptep; BODY }"
FRESH = "pte_t *ptep = (pte_t *)get_zeroed_page(GFP_KERNEL);"


def raw(body: str, path: str = "mm/code.c", around: str = USER, header: str = HEADER) -> CallSite:
    """The one plain store in a piece of C."""
    (one,) = [
        site
        for site in sites(around.replace("BODY", body), path, header + BITS)
        if site.helper == "*"
    ]
    return one


def judged(body: str, path: str = "mm/code.c", around: str = USER) -> tuple[str, str]:
    one = raw(body, path, around)
    return one.judgement.value, one.rule


NONE = {
    "first of a table": ("pte_present(ptep[0])", "ptep[0] = __pte(0)"),
    "element": ("pte_present(ptep[i])", "ptep[i] = __pte(0)"),
    "the slot of an element": ("pte_present(ptep_get(&ptep[i]))", "ptep[i] = __pte(0)"),
    "and on": ("pte_present(*ptep)", "*ptep++ = __pte(0)"),
    "and on, in parentheses": ("pte_present(*ptep)", "*(ptep++) = __pte(0)"),
    "value of an element": ("pte_present(ptep[i])", "pte_val(ptep[i]) = 0"),
    "through a cast": ("pte_present(*ptep)", "*(unsigned long *)ptep = 0"),
    "through a cast, once": ("pte_present(*ptep)", "WRITE_ONCE(*(u64 *)ptep, 0)"),
    "as another level": ("pmd_leaf(*pmd)", "*(pte_t *)pmd = __pte(0)"),
    "as another pointer": ("pte_present(*ptep)", "u64 *p = (u64 *)ptep; *p = 0"),
    "as an element of another": ("pte_present(*ptep)", "u64 *p = (u64 *)ptep; p[0] = 0"),
    "exchanged through a cast": ("pte_present(*ptep)", "xchg((unsigned long *)ptep, 0)"),
    "compared and exchanged": ("pte_present(*ptep)", "cmpxchg64((u64 *)ptep, old, 0)"),
    "exchanged for all": ("pte_present(*ptep)", "atomic_long_xchg((atomic_long_t *)ptep, 0)"),
    "filled": ("pte_present(*ptep)", "memset(ptep, 0, PAGE_SIZE)"),
    "filled with words": ("pte_present(*ptep)", "memset64((u64 *)ptep, 0, PTRS_PER_PTE)"),
    "a page": ("pte_present(*ptep)", "clear_page(ptep)"),
    "after an if": ("pte_present(*ptep)", "if (i) *ptep++ = __pte(0)"),
}  # fmt: skip


@pytest.mark.parametrize("form", NONE)
def test_what_is_there_is_taken_out(form: str) -> None:
    test, store = NONE[form]
    assert judged(f"if ({test}) {{ {store}; }}") == ("finding", "PTC110")


@pytest.mark.parametrize("form", NONE)
def test_what_is_not_there_is_overwritten(form: str) -> None:
    test, store = NONE[form]
    assert judged(f"if ({test}) return; {store};") == ("uncounted", "")


@pytest.mark.parametrize("form", NONE)
def test_what_is_not_tested_is_unknown(form: str) -> None:
    one = raw(f"{NONE[form][1]};")
    assert (one.judgement.value, one.reason) == (
        "unknown", "what stands in the slot is not tested here",
    )  # fmt: skip


def test_another_element_is_not_the_one_that_was_tested() -> None:
    assert judged("if (pte_present(ptep[0])) ptep[i] = __pte(0);")[0] == "unknown"
    assert judged("if (pte_present(ptep[i])) { i++; ptep[i] = __pte(0); }")[0] == "unknown"


@pytest.mark.parametrize(
    "store",
    ["*ptep = mk_pte(page, vma->vm_page_prot)", "ptep[i] = mk_pte(page, vma->vm_page_prot)",
     "*ptep++ = pfn_pte(pfn, vma->vm_page_prot)",
     "*(u64 *)ptep = pte_val(mk_pte(page, vma->vm_page_prot))"],
)  # fmt: skip
def test_an_entry_of_a_vma_is_put_in(store: str) -> None:
    assert judged(f"{store};") == ("finding", "PTC110")


@pytest.mark.parametrize(
    "code",
    ["pte_t copies[4]; copies[i] = *ptep;", "pte_t *tables[2]; tables[i] = ptep;",
     "pte_t *from = ptep, *to = NULL;", "pte_t **holder = &ptep; *holder = NULL;",
     "pte_t pte; memset(&pte, 0, sizeof(pte));", "u64 word; set_bit(1, &word);",
     "vmf->pte = ptep; vmf->pte += 1;", "pte_t pte; pte.pte |= 1;",
     "*(u64 *)(ptep + PTRS_PER_PTE) = 0;", "set_bit(PG_locked, &page->flags);"],
)  # fmt: skip
def test_what_is_no_entry_of_a_table(code: str) -> None:
    assert not [s for s in sites(USER.replace("BODY", code)) if s.helper == "*"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"{FRESH} memset(ptep, 0, PAGE_SIZE);", "uncounted"),
        (f"{FRESH} clear_page(ptep);", "uncounted"),
        (f"{FRESH} ptep[3] = __pte(0);", "uncounted"),
        ("pte_t *ptep = virt_to_kpte(a); memset(ptep, 0, 64);", "uncounted"),
        ("pte_t *ptep = other(a); memcpy(ptep, swapper_pg_dir + 8, 64);", "uncounted"),
        ("pte_t *ptep = other(a); memcpy(ptep, from, 64);", "unknown"),
        ("pte_t *ptep = other(a); copy_page(ptep, from);", "unknown"),
    ],
)
def test_whole_tables(body: str, expected: str) -> None:
    assert judged(body, around="void work(unsigned long a) { BODY }")[0] == expected


ARCH = "arch/demo/mm/code.c"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("pte_val(*ptep) |= _PAGE_ACCESSED;", "uncounted"),
        ("pte_val(*ptep) |= _PAGE_ACCESSED | _PAGE_DIRTY;", "uncounted"),
        ("ptep->pte &= ~_PAGE_DIRTY;", "uncounted"),
        ("pte_val(ptep[i]) &= ~(_PAGE_DIRTY | _PAGE_ACCESSED);", "uncounted"),
        ("set_bit(_PAGE_BIT_ACCESSED, (unsigned long *)ptep);", "uncounted"),
        ("test_and_clear_bit(_PAGE_BIT_ACCESSED, (void *)&ptep->pte);", "uncounted"),
        ("atomic_long_or(_PAGE_DIRTY, (atomic_long_t *)ptep);", "uncounted"),
        ("unsigned long m = _PAGE_DIRTY; pte_val(*ptep) |= m;", "uncounted"),
        ("pte_val(*ptep) |= _PAGE_CACHE;", "unknown"),
        ("pte_val(*ptep) |= i;", "unknown"),
        ("pte_val(*ptep) &= _PAGE_ACCESSED;", "unknown"),
        ("pte_val(*ptep) ^= _PAGE_ACCESSED;", "unknown"),
        ("change_bit(_PAGE_BIT_ACCESSED, (unsigned long *)ptep);", "unknown"),
        ("set_bit(i, (unsigned long *)ptep);", "unknown"),
        ("pte_val(*ptep) &= ~_PAGE_PRESENT;", "unknown"),
        ("if (pte_present(*ptep)) pte_val(*ptep) &= ~_PAGE_PRESENT;", "finding"),
        ("if (pte_present(*ptep)) pte_val(*ptep) &= ~(_PAGE_PRESENT | _PAGE_DIRTY);", "finding"),
        ("if (pte_present(*ptep)) *ptep = __pte(pte_val(*ptep) & ~_PAGE_PRESENT);", "unknown"),
        ("if (!pte_present(*ptep)) pte_val(*ptep) |= _PAGE_PRESENT;", "finding"),
        ("if (pte_present(*ptep)) pte_val(*ptep) |= _PAGE_PRESENT;", "uncounted"),
        ("if (pte_present(*ptep)) pte_val(*ptep) |= _PAGE_PRESENT | _PAGE_CACHE;", "unknown"),
    ],
)  # fmt: skip
def test_bits_of_an_entry(body: str, expected: str) -> None:
    assert judged(body, ARCH)[0] == expected


def test_an_operand_of_assembler() -> None:
    change = 'asm volatile("mov %1, %0" : "=m" (*ptep) : "r" (i), "m" (*pmd) : "memory");'
    assert judged(change)[0] == "unknown"
    assert judged(f"ptep = virt_to_kpte(addr); {change}", around=KERNEL)[0] == "uncounted"
    assert not sites(USER.replace("BODY", 'asm("" : : "m" (*ptep));'))


def test_bits_say_nothing_where_they_are_not_defined() -> None:
    assert judged("pte_val(*ptep) |= _PAGE_ACCESSED;", "mm/code.c")[0] == "unknown"


def test_a_bit_that_the_predicate_asks_for_is_none_of_the_flags() -> None:
    more = (
        "static inline bool pte_user_accessible_page(pte_t pte)\n{\n"
        "\treturn pte_val(pte) & _PAGE_ACCESSED;\n}\n"
    )
    one = raw("pte_val(*ptep) |= _PAGE_ACCESSED;", ARCH, header=HEADER + more)
    assert one.judgement.value == "unknown"


UPDATE = """
static void hardware(struct vm_area_struct *vma, pte_t *ptep)
{
	pte_val(*ptep) |= _PAGE_PRESENT | _PAGE_ACCESSED;
}

void NAME(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep)
{
	hardware(vma, ptep);
}
"""


def test_generic_code_updates_for_an_entry_that_is_there() -> None:
    there = raw("", ARCH, UPDATE.replace("NAME", "update_mmu_cache"))
    assert there.judgement.value == "uncounted"
    assert "present already" in there.reason
    assert raw("", ARCH, UPDATE.replace("NAME", "other")).judgement.value == "unknown"
    header = HEADER + "#define update_mmu_tlb update_mmu_cache\n"
    raced = raw("", ARCH, UPDATE.replace("NAME", "update_mmu_cache"), header)
    assert raced.judgement.value == "unknown"


def test_a_primitive_that_returns_the_old_entry() -> None:
    update = (
        "static inline unsigned long swap_bits(pte_t *ptep, unsigned long clear)\n{\n"
        "\tunsigned long old = pte_val(*ptep);\n\t*ptep = __pte(old & ~clear);\n\treturn old;\n}\n"
    )
    found = sites(USER.replace("BODY", "swap_bits(ptep, i);"), ARCH, HEADER + update)
    assert [(site.helper, site.mapping.value) for site in found] == [("swap_bits", "user")]
