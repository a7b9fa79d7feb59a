# SPDX-License-Identifier: GPL-2.0-only
"""What a helper is asked: entries before, entries given, batches, and its other arguments."""

from __future__ import annotations

import pytest

from analyzer.evaluate.values import Int, Opaque, Pointer
from analyzer.helpers.asking import FRAMES
from analyzer.helpers.contracts import contract_for
from analyzer.helpers.entries import Entry
from analyzer.helpers.interface import Signature
from analyzer.law.arguments import bind, given_in
from analyzer.law.cases import Cases
from analyzer.law.outcome import Case
from analyzer.law.runs import Runner
from tests.helpers.bench import ENTRIES, PREDICATE, session

FLAGS = """\
static pte_t pte_mkdirty(pte_t p) { p.pte |= 16; return p; }
static pte_t pte_mkyoung(pte_t p) { p.pte |= 32; return p; }
static pte_t pte_modify(pte_t p, pgprot_t to) { p.pte = (p.pte & ~7UL) | to.prot; return p; }
"""
SLOT = ("struct mm_struct *mm", "unsigned long addr", "pte_t *ptep")
A, B = FRAMES[64]
PRESENT = {"user-readonly", "user-writable", "user-exec-only", "protnone", "special"}


def cases(name: str, *more: str, text: str = "") -> list[Case]:
    runner = Runner(session(PREDICATE + FLAGS + text))
    signature = Signature(name, (*SLOT, *more), "pte", "t.c")
    return list(runner.cases(signature, contract_for(name)))


def olds(found: list[Case]) -> set[str]:
    return {case.old.name for case in found}


def test_helper_without_a_value_meets_every_entry() -> None:
    found = cases("demo_take")
    assert olds(found) == {*PRESENT, "none"}
    assert all((case.new, case.nr, case.neighbours) == (None, 1, ()) for case in found)


def test_contract_narrows_the_entries() -> None:
    assert olds(cases("ptep_set_wrprotect")) == PRESENT
    assert olds(cases("pte_clear")) == {"none", "protnone", "special"}  # those that do not count
    assert olds(cases("pmdp_collapse_flush")) == {"none"}


def test_entries_given_are_those_of_the_tree() -> None:
    found = cases("demo_put", "pte_t pte")
    pairs = {(c.old.name, c.new.name, c.new.pfn == A) for c in found if c.new is not None}
    assert olds(found) == {*PRESENT, "none"}
    assert ("user-writable", "user-readonly", True) in pairs  # the same frame
    assert ("user-writable", "user-readonly", False) in pairs  # another one
    assert ("user-writable", "none", False) in pairs
    assert ("none", "special", True) in pairs
    assert ("protnone", "user-writable", True) in pairs
    assert {c.new.pfn for c in found if c.new is not None} == {0, A, B}
    assert all(c.nr == 1 for c in found)


def test_access_flags_get_the_same_entry_with_more_flags() -> None:
    found = cases("ptep_set_access_flags", "pte_t entry", "int dirty")
    assert olds(found) == PRESENT
    for case in found:
        assert case.new is not None
        assert case.new.raw == case.old.raw | 48
    without = cases("ptep_set_access_flags", "pte_t entry")
    assert len(without) == len(found)


def test_access_flags_without_modifiers_are_asked_all_the_same() -> None:
    runner = Runner(session(PREDICATE))
    signature = Signature("ptep_set_access_flags", (*SLOT, "pte_t entry"), "pte", "t.c")
    found = list(runner.cases(signature, contract_for(signature.name)))
    assert found
    assert all(case.new is not None and case.new.raw == case.old.raw for case in found)


def test_transaction_gets_the_entry_with_another_protection() -> None:
    found = cases("ptep_modify_prot_commit", "pte_t old_pte", "pte_t pte")
    assert olds(found) == PRESENT
    given = {(c.old.name, c.new.raw & 7) for c in found if c.new is not None}
    assert {("user-readonly", 3), ("user-readonly", 4), ("protnone", 4), ("protnone", 3)} <= given
    assert all(c.new is not None and c.new.raw >> 12 == A for c in found)


@pytest.mark.parametrize("name", ["nr", "n", "count", "nr_pages", "__nr"])
def test_batches(name: str) -> None:
    found = [case for case in cases("demo_take", f"unsigned int {name}") if case.nr > 1]
    assert olds(found) == PRESENT
    for case in found:
        assert case.nr == 3
        assert [n.pfn for n in case.neighbours] == [A + 1, A + 2]
        assert {n.name for n in case.neighbours} == {case.old.name}
    put = [case for case in cases("set_ptes", "pte_t pte", f"unsigned int {name}") if case.nr > 1]
    assert olds(put) == {"none"}
    assert {case.new.name for case in put if case.new is not None} == PRESENT


def test_a_setter_of_huge_pages_is_given_no_table() -> None:
    none, table = Entry("none", 0, 0), Entry("table", 0, 0x1003)
    page = Entry("user-readonly", A, 3)
    for name, wanted in (("set_pmd_at", {"user-readonly"}), ("pmdp_establish", None)):
        contract = contract_for(name)
        made = session(PREDICATE)
        cases = Cases(made, Runner(made).slots)
        found = list(cases.with_value("pte", none, (table, page), contract, False))
        names = {case.new.name for case in found if case.new is not None}
        assert names == (wanted or {"table", "user-readonly"})


def test_no_batches_without_a_count() -> None:
    assert {case.nr for case in cases("demo_take", "int full")} == {1}


# -- arguments


def arguments(signature: Signature, text: str = "") -> list[object]:
    """What the helper is called with where `special` is put over `user-writable`."""
    runner = Runner(session(PREDICATE + FLAGS + text))
    case = next(
        c
        for c in runner.cases(signature, contract_for(signature.name))
        if c.old.name == "user-writable" and (c.new is None or c.new.name == "special")
    )
    it = runner.session
    run = it.fresh(())
    table = it.new_table("pte", 1024, 0)
    assert run.tables == [table]
    return list(bind(it, signature, given_in(case, table)))


def test_arguments() -> None:
    declared = (*SLOT, "pte_t *other", "pmd_t *pmd", "pte_t old_pte", "pte_t pte", "int full")
    mm, addr, slot, second, lower, old, new, full = arguments(
        Signature("demo", declared, "pte", "t.c")
    )
    assert repr(mm) == "?mm"
    assert isinstance(addr, Int)
    assert addr.value % 4096 == 0
    assert isinstance(slot, Pointer)
    assert isinstance(second, Pointer)
    assert second.obj is slot.obj
    assert second.offset > slot.offset + 8 * 32  # no batch reaches it
    assert isinstance(lower, Int)
    assert (str(old), str(new)) == (f"{{0:{A << 12 | 51:#x}}}", f"{{0:{A << 12 | 259:#x}}}")
    assert isinstance(full, Opaque)


def test_old_value_of_a_helper_that_gets_no_other() -> None:
    *_, old = arguments(Signature("demo", (*SLOT, "pte_t old"), "pte", "t.c"))
    assert str(old) == f"{{0:{A << 12 | 51:#x}}}"


def test_count_and_size() -> None:
    *_, nr, size = arguments(
        Signature("demo", (*SLOT, "unsigned int nr", "unsigned long sz"), "pte", "t.c")
    )
    assert isinstance(nr, Int)
    assert isinstance(size, Int)
    assert (nr.value, size.value) == (1, 1 << 21)
    vma, *_ = arguments(
        Signature("demo", ("struct vm_area_struct *vma", "pte_t *ptep"), "pte", "t.c")
    )
    assert repr(vma) == "?vma"


def test_vma_leads_to_the_mm() -> None:
    """A hook that is given vma->vm_mm is given the mm of the table."""
    text = """\
struct vm_area_struct { struct mm_struct *vm_mm; };
void page_table_check_pte_clear(struct mm_struct *mm, pte_t pte);
static void demo(struct vm_area_struct *vma, pte_t *ptep)
{
	struct vm_area_struct *same = vma;
	pte_t old = *ptep;

	ptep->pte = 0;
	page_table_check_pte_clear(same->vm_mm, old);
}
"""
    signature = Signature("demo", ("struct vm_area_struct *vma", "pte_t *ptep"), "pte", "t.c")
    it = session(PREDICATE + text, entries=ENTRIES, signatures=(signature,))
    assert {o.status for o in Runner(it).run(signature).outcomes} == {"balanced"}
