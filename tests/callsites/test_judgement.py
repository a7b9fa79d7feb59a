# SPDX-License-Identifier: GPL-2.0-only
"""Each judgement on small C: what is proved, what is excused, and what stays unknown."""

from __future__ import annotations

import pytest

from tests.callsites.small import HEADER, said, sites

MOVE = """
static void move(struct vm_area_struct *vma, unsigned long addr, pud_t *from, pud_t *to)
{
	pud_t pud;
	GUARD
	pud = *from;
	TAKE;
	set_pud_at(vma->vm_mm, addr, to, pud);
}
"""
CLEAR = """
static void clear(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmd, pte_t *ptep)
{
	BODY
}
"""


def move(take: str, guard: str = "") -> str:
    return MOVE.replace("TAKE", take).replace("GUARD", guard)


def clear(body: str) -> str:
    return CLEAR.replace("BODY", body)


def judged(code: str, helper: str) -> tuple[str, str, str]:
    (one,) = [s for s in sites(code) if s.helper == helper]
    return one.mapping.value, one.judgement.value, one.rule


@pytest.mark.parametrize(
    "take",
    ["pud_clear(from)", "set_pud(from, __pud(0))", "WRITE_ONCE(*from, __pud(0))",
     "*from = __pud(0)", "xchg(from, __pud(0))"],
)  # fmt: skip
def test_taken_out_without_a_hook_and_put_back_with_one(take: str) -> None:
    found = [s for s in sites(move(take)) if s.judgement.value == "finding"]
    assert [(s.rule, s.function, s.location.line) for s in found] == [("PTC110", "move", 7)]
    assert [step.kind for step in found[0].path][-2:] == ["store", "hook"]


@pytest.mark.parametrize(
    "guard",
    ["if (!pud_leaf(*from)) return; pud = *from; if (pud_leaf(pud)) return;",
     "if (pud_leaf(*from)) return;", "if (!pud_none(*from)) return;",
     "if (pud_present(*from) || !vma) goto out;"],
)  # fmt: skip
def test_no_finding_where_a_test_excludes_the_leaf(guard: str) -> None:
    assert not [row for row in said(move("pud_clear(from)", guard)) if row[3] == "finding"]


def test_a_hooked_clear_before_the_set_is_right() -> None:
    code = MOVE.replace("pud = *from;", "").replace("TAKE", "pud = take(mm, from)")
    assert not [row for row in said(code.replace("GUARD", "")) if row[3] == "finding"]


def test_the_caller_that_takes_a_copy_afterwards_is_no_finding() -> None:
    code = MOVE.replace("pud = *from;\n\tTAKE;", "pud_clear(from);\n\tpud = *from;")
    assert not [row for row in said(code.replace("GUARD", "")) if row[3] == "finding"]


@pytest.mark.parametrize("helper", ["pmd_clear", "pmd_populate"])
def test_a_leaf_is_overwritten(helper: str) -> None:
    call = {"pmd_clear": "pmd_clear(pmd)", "pmd_populate": "pmd_populate(vma->vm_mm, pmd, t)"}
    rule = {"pmd_clear": "PTC110", "pmd_populate": "PTC111"}
    code = clear(f"if (pmd_trans_huge(*pmd)) {call[helper]};")
    assert judged(code, helper) == ("user", "finding", rule[helper])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if (pte_present(*ptep)) pte_clear(vma->vm_mm, addr, ptep);", ("finding", "PTC111")),
        (("pte_t pte = ptep_get(ptep); if (!pte_present(pte)) return;"
         " pte_clear(vma->vm_mm, addr, ptep);"), ("finding", "PTC111")),
        (("pte_t pte = ptep_get(ptep); if (pte_present(pte)) return;"
         " pte_clear(vma->vm_mm, addr, ptep);"), ("uncounted", "")),
        ("if (pte_none(*ptep) || !pte_present(*ptep)) pte_clear(vma->vm_mm, addr, ptep);",
         ("unknown", "")),
        ("pte_clear(vma->vm_mm, addr, ptep);", ("unknown", "")),
        ("if (pte_present(*ptep)) { spin_unlock(x); pte_clear(vma->vm_mm, addr, ptep); }",
         ("unknown", "")),
        ("if (pte_present(*ptep)) { again: pte_clear(vma->vm_mm, addr, ptep); }",
         ("unknown", "")),
        ("if (pte_present(*ptep)) { ptep++; pte_clear(vma->vm_mm, addr, ptep); }",
         ("unknown", "")),
        ("if (pte_present(*ptep)) { ptep = other; pte_clear(vma->vm_mm, addr, ptep); }",
         ("unknown", "")),
        ("for (; addr; ptep++) if (is_swap_pte(*ptep)) pte_clear(vma->vm_mm, addr, ptep);",
         ("uncounted", "")),
        (("swp_entry_t e = pte_to_swp_entry(*ptep);"
         " if (is_migration_entry(e)) pte_clear(vma->vm_mm, addr, ptep);"), ("uncounted", "")),
        (("pte_t old = ptep_get_and_clear(vma->vm_mm, addr, ptep);"
         " pte_clear(vma->vm_mm, addr, ptep);"), ("uncounted", "")),
    ],
)  # fmt: skip
def test_contract_of_pte_clear(body: str, expected: tuple[str, str]) -> None:
    assert judged(clear(body), "pte_clear")[1:] == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if (pmd_leaf(*pmd)) return; pmd_clear(pmd);", "uncounted"),
        ("struct page *t = pmd_pgtable(*pmd); pmd_clear(pmd); pte_free(t);", "uncounted"),
        ("pte_t *p = pte_offset_kernel(pmd, addr); pmd_clear(pmd);", "uncounted"),
        ("if (pmd_none_or_clear_bad(pmd)) return; pmd_clear(pmd);", "uncounted"),
        ("if (pmd_present(*pmd)) pmd_clear(pmd);", "unknown"),
        ("if (pmd_bad(*pmd)) pmd_clear(pmd);", "uncounted"),
    ],
)
def test_a_table_is_taken_out(body: str, expected: str) -> None:
    assert judged(clear(body), "pmd_clear")[1] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("mk_pte(page, vma->vm_page_prot)", "finding"),
        ("pfn_pte(pfn, vma->vm_page_prot)", "finding"),
        ("pte_mkyoung(*ptep)", "uncounted"),
        ("pte_wrprotect(ptep_get(ptep))", "uncounted"),
        ("mk_pte(page, PAGE_KERNEL)", "uncounted"),
        ("entry", "unknown"),
        ("swp_entry_to_pte(e)", "unknown"),
    ],
)
def test_a_raw_set(value: str, expected: str) -> None:
    assert judged(clear(f"set_pte(ptep, {value});"), "set_pte")[1] == expected


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("void f(pte_t pte) { set_pte(pte_offset_kernel(pmd_off_k(a), a), pte); }", "kernel"),
        (("void f(pte_t *p) { p = pte_offset_kernel(m, a); set_pte(p, e); }\n"
         "void g(void) { f(virt_to_kpte(a)); }"), "kernel"),
        ("void __init f(pte_t *p) { set_pte(p, e); }", "kernel"),
        (("static pte_t own_table[512];\nvoid f(int i) { pte_t *p = &own_table[i];"
         " set_pte(p, e); }"), "kernel"),
        ("void f(struct kvm *kvm, pte_t *p) { set_pte(p, e); }", "kernel"),
        ("void f(int i) { pte_clear(&efi_mm, i, get_slot(i)); }", "kernel"),
        (("static void f(pte_t *p) { set_pte(p, e); }\n"
         "void g(struct vm_fault *vmf) { f(vmf->pte); }"), "user"),
        (("static int f(pte_t *p, unsigned long a, void *d) { set_pte(p, e); return 0; }\n"
         "void g(void) { apply_to_page_range(&init_mm, 0, 1, f, NULL); }"), "kernel"),
        (("static int f(pte_t *p, unsigned long a, struct mm_walk *walk) { set_pte(p, e); }\n"
         "static const struct mm_walk_ops ops = {\n\t.pte_entry = f,\n};\n"
         "void g(void) { walk_page_range_novma(&init_mm, 0, 1, &ops, NULL, NULL); }"), "kernel"),
        (("static pmd_t *at(long a) { pgd_t *g = pgd_offset_k(a); return pmd_offset(g, a); }\n"
         "void f(long a) { pmd_t *p = at(a); set_pmd(p, e); }"), "kernel"),
        (("static void f(pte_t *p) { set_pte(p, e); }\n"
         "void g(struct vm_fault *vmf) { f(vmf->pte); f(virt_to_kpte(a)); }"), "unknown"),
        ("void f(pte_t *p) { set_pte(p, e); }", "unknown"),
    ],
)  # fmt: skip
def test_whose_table_it_is(function: str, expected: str) -> None:
    rows = [row for row in said(function) if row[0] in ("set_pte", "set_pmd", "pte_clear")]
    assert {row[2] for row in rows} == {expected}
    assert {row[3] for row in rows} == {"uncounted" if expected == "kernel" else "unknown"}


def test_callers_of_other_files_count() -> None:
    code = "void f(pte_t *p)\n{\n\tset_pte(p, e);\n}\n"
    caller = "void g(void)\n{\n\tf(pte_offset_kernel(pmd_off_k(a), a));\n}\n"
    assert said(code)[0][2] == "unknown"
    assert said(code, mm__other_c=caller)[0][2] == "kernel"


def test_through_a_hooked_helper() -> None:
    code = clear("set_pte_at(vma->vm_mm, addr, ptep, pte);\n\tpmdp_set_wrprotect(mm, addr, pmd);")
    assert [(row[0], row[1], row[3]) for row in said(code)] == [
        ("set_pte_at", 4, "hooked"),
        ("pmdp_set_wrprotect", 5, "helper"),
    ]


def test_what_a_helper_does_itself_is_judged_by_check() -> None:
    found = sites(HEADER, path="arch/demo/include/asm/pgtable.h")
    assert {s.judgement.value for s in found} == {"inside"}
    assert "set_pud" in {s.helper for s in found}


def test_without_a_hook_in_the_setter_nothing_is_counted_twice() -> None:
    header = HEADER.replace("page_table_check_pud_set(mm, pudp, pud);", "")
    found = sites(move("pud_clear(from)"), header=header)
    assert not [s for s in found if s.judgement.value == "finding"]


def test_a_hook_of_its_own_accounts_for_it() -> None:
    code = clear("if (pmd_leaf(*pmd)) { page_table_check_pmd_clear(mm, *pmd); pmd_clear(pmd); }")
    assert judged(code, "pmd_clear")[1] == "hooked"


def test_a_result_is_no_entry_of_a_table() -> None:
    code = (
        "static void f(pte_t *result) { *result = ptep_get(x); }\n"
        "void g(void) { pte_t pte; f(&pte); }"
    )
    assert said(code) == []
    assert said(code.replace("&pte", "slot"))[0][0] == "*"


@pytest.mark.parametrize(
    "store",
    [
        "*ptep = __pte(0)", "ptep->pte = 0", "pte_val(*ptep) = 0",
        "pte_val( * ptep ) = 0", "WRITE_ONCE(*ptep, __pte(0))", "xchg(&ptep->pte, 0)",
        "xchg(&pte_val(*ptep), 0)", "WRITE_ONCE(pte_val(*ptep), 0)",
    ],
)  # fmt: skip
def test_forms_of_a_plain_store(store: str) -> None:
    found = said(clear(f"if (pte_present(*ptep)) {store};"))
    assert [row[3] for row in found if row[0] == "*"] == ["finding"]


def test_a_store_beside_the_entry_that_was_tested() -> None:
    found = said(clear("if (pte_present(*ptep)) *(ptep + 1) = __pte(0);"))
    assert [row[3] for row in found if row[0] == "*"] == ["unknown"]


@pytest.mark.parametrize(
    "store",
    ["if (pte_val(*ptep) == 0)", "x = ptep->pte == 0", "entry.pte = 0", "pte_val(entry) = 0"],
)
def test_no_store_to_an_entry_of_a_table(store: str) -> None:
    found = said(clear(f"pte_t entry; if (pte_present(*ptep)) {store};"))
    assert not [row for row in found if row[0] == "*"]


PASSED_ON = """\
static void put(struct vm_area_struct *vma, pte_t *ptep)
{
	*ptep = mk_pte(page, vma->vm_page_prot);
}

static void middle(struct vm_area_struct *vma, pte_t *ptep)
{
	put(vma, ptep);
}

void outer(struct vm_area_struct *vma, pmd_t *pmd)
{
	pte_t one, table[4], *ptep = pte_offset_map(pmd, addr);

	middle(vma, GIVEN);
}
"""


@pytest.mark.parametrize(
    ("given", "judgements"),
    [("ptep", ["finding"]), ("&ptep[1]", ["finding"]), ("&one", []), ("NULL", ["finding"])],
)
def test_an_entry_that_is_passed_on_by_one_name_is_no_result(
    given: str, judgements: list[str]
) -> None:
    found = said(PASSED_ON.replace("GIVEN", given))
    assert [row[3] for row in found if row[0] == "*"] == judgements


def test_a_result_that_is_passed_on_is_no_entry_of_a_table() -> None:
    code = PASSED_ON.replace("GIVEN", "&one").replace("put(vma, ptep)", "again(vma, ptep)")
    code += "static void again(struct vm_area_struct *vma, pte_t *ptep)\n{\n\tput(vma, ptep);\n"
    code += "\tif (more)\n\t\tmiddle(vma, ptep);\n}\n"
    assert [row for row in said(code) if row[0] == "*"] == []


def test_a_local_copy_is_no_entry_of_a_table() -> None:
    assert said("void f(void) { pmd_t copy; pmd_populate(mm, &copy, t); pmd_clear(&copy); }") == []


def test_the_condition_around_a_finding_is_kept() -> None:
    inner = "#ifdef CONFIG_C\n#else\n" + move("pud_clear(from)") + "\n#endif\n"
    code = "#if defined(CONFIG_A) && defined(CONFIG_B)\n" + inner + "#endif\n"
    (found,) = [s for s in sites(code) if s.judgement.value == "finding"]
    assert found.conditions == (
        "defined(CONFIG_A) && defined(CONFIG_B)",
        "!(defined(CONFIG_C))",
    )


def test_comments_strings_and_dead_text_have_no_calls() -> None:
    code = (
        "void f(struct vm_area_struct *vma, pte_t *p)\n{\n\t/* set_pte(p, 1) */\n"
        '\tprintk("set_pte(p, 1)");\n#if 0\n\tset_pte(p, 1);\n#endif\n}\n'
    )
    assert said(code) == []


def chain(length: int, first: str) -> str:
    """Functions that hand a slot down, each to the next; the outermost gets it from `first`."""
    code = "static void f0(pte_t *ptep)\n{\n\tset_pte(ptep, e);\n}\n"
    for number in range(1, length):
        code += f"static void f{number}(pte_t *ptep)\n{{\n\tf{number - 1}(ptep);\n}}\n"
    return code + f"void outermost(long a)\n{{\n\tf{length - 1}({first});\n}}\n"


@pytest.mark.parametrize("length", [2, 9])
def test_callers_say_whose_table_it_is_however_far_up(length: int) -> None:
    assert said(chain(length, "virt_to_kpte(a)"))[0][2:4] == ("kernel", "uncounted")
    assert said(chain(length, "current->mm->x"))[0][2] == "user"
    assert said(chain(length, "a"))[0][3] == "unknown"


def test_functions_that_call_each_other_end() -> None:
    code = (
        "static void g(pte_t *p);\nstatic void f(pte_t *p) { set_pte(p, e); g(p); }\n"
        "static void g(pte_t *p) { f(p); }\nvoid h(long a) { f(virt_to_kpte(a)); }\n"
    )
    assert said(code)[0][2] == "kernel"


def test_every_declaration_of_a_function_is_seen() -> None:
    code = (
        "void f(long a) { pmd_t one; pmd_t two; pmd_t three; pmd_clear(&two); pmd_clear(&three); }"
    )
    assert said(code) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if (pmd_leaf(*pmd)) pmdp_invalidate(vma, addr, pmd); else return;", "uncounted"),
        (("bool gone = is_pmd_migration_entry(*pmd); if (gone) addr++;"
          " else pmdp_invalidate(vma, addr, pmd);"), "uncounted"),
        (("bool gone = is_pmd_migration_entry(*pmd); pmd++; if (gone) addr++;"
          " else pmdp_invalidate(vma, addr, pmd);"), "unknown"),
        ("if (pmd_none(*pmd)) addr++; else if (!pmd_present(*pmd)) addr--; else return;",
         "uncounted"),
        ("if (pmd_none(*pmd)) addr++; else addr--;", "unknown"),
        ("if (!pmd_none(*pmd)) return; for (; addr; addr--) touch(addr);", "uncounted"),
        ("if (!pmd_none(*pmd)) return; for (; addr; addr--) touch(pmd);", "unknown"),
        ("if (!pmd_none(*pmd)) return; for (; addr; addr--) spin_unlock(ptl);", "unknown"),
        ("if (!pmd_none(*pmd)) return; spin_unlock(ptl);", "unknown"),
        ("if (!pmd_none(*pmd)) return; folio_unlock(folio);", "uncounted"),
        ("orig = pmdp_get(pmd); if (!pmd_none(orig) || !pmd_same(orig, *pmd)) return;",
         "uncounted"),
    ],
)  # fmt: skip
def test_ways_meet_and_loops_keep_what_they_do_not_touch(body: str, expected: str) -> None:
    invalidate = (
        "static inline pmd_t pmdp_invalidate(struct vm_area_struct *vma, unsigned long addr,"
        " pmd_t *pmdp)\n{\n\tpmd_t old = *pmdp;\n\tset_pmd_at(vma->vm_mm, addr, pmdp,"
        " pmd_mkinvalid(old));\n\treturn old;\n}\n"
    )
    code = clear(body + " pmd_populate(vma->vm_mm, pmd, table);")
    found = [s for s in sites(code, header=HEADER + invalidate) if s.helper == "pmd_populate"]
    assert [s.judgement.value for s in found] == [expected]


CALLER = """
static void take(struct vm_fault *vmf)
{
	if (pte_same(vmf->orig_pte, ptep_get(vmf->pte)))
		pte_clear(vmf->vma->vm_mm, vmf->address, vmf->pte);
}
static void between(struct vm_fault *vmf)
{
	take(vmf);
}
void fault(struct vm_fault *vmf)
{
	TEST
		between(vmf);
}
"""


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("if (!pte_present(vmf->orig_pte))", "uncounted"),
        ("swp_entry_t e = pte_to_swp_entry(vmf->orig_pte); if (is_marker(e))", "uncounted"),
        ("if (!pte_present(vmf->orig_pte)) vmf->orig_pte = other; if (x)", "unknown"),
        ("if (pte_present(vmf->orig_pte)) between(vmf); else", "unknown"),
        ("if (vmf)", "unknown"),
    ],
)
def test_what_every_caller_has_tested_holds(test: str, expected: str) -> None:
    assert judged(CALLER.replace("TEST", test), "pte_clear")[1] == expected


def test_what_one_caller_has_not_tested_does_not_hold() -> None:
    code = CALLER.replace("TEST", "if (!pte_present(vmf->orig_pte))")
    assert (
        judged(code + "void other(struct vm_fault *v) { take(v); }\n", "pte_clear")[1] == "unknown"
    )
    assert judged(code + "struct ops o = { .f = take };\n", "pte_clear")[1] == "uncounted"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("pte_t *t = (pte_t *)get_zeroed_page(GFP); pte_clear(mm, addr, t);", "uncounted"),
        ("pte_t *t = (pte_t *)get_zeroed_page(GFP); set_pte(t, pfn_pte(p, PAGE_KERNEL));",
         "uncounted"),
        ("pte_t *t = (pte_t *)get_zeroed_page(GFP); set_pte(t, entry);", "unknown"),
        ("pte_t *t = get_zeroed_page(GFP); t = ptep; pte_clear(mm, addr, t);", "unknown"),
        ("pte_t *t = pte_alloc_map(mm, pmd, addr); pte_clear(mm, addr, t);", "unknown"),
    ],
)  # fmt: skip
def test_a_table_that_was_just_made(body: str, expected: str) -> None:
    found = sites(clear(body))
    assert [s.judgement.value for s in found] == [expected]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("pmd_t *k = pmd_off_k(addr); set_pmd(pmd, *k);", "uncounted"),
        ("pmd_t *k = pmd_off_k(addr); pmd_t v = READ_ONCE(*k); set_pmd(pmd, pmd_mkdirty(v));",
         "uncounted"),
        ("pmd_t *k = pmd_offset(pud_offset(vma->vm_mm, addr), addr); set_pmd(pmd, *k);", "unknown"),
        ("pmd_t *k = pmd_off_k(addr); set_pmd(pmd, pfn_pmd(*k, vma->vm_page_prot));", "finding"),
    ],
)  # fmt: skip
def test_a_copy_of_an_entry_of_the_kernel(code: str, expected: str) -> None:
    assert judged(clear(code), "set_pmd")[1] == expected


def test_an_address_of_the_layout_of_the_kernel() -> None:
    code = (
        "static void *place(int slot)\n{\n\treturn (void *)(SLOTS_BASE_ADDR + slot);\n}\n"
        "void f(struct mm_struct *mm, int slot)\n{\n\tlong va = (long)place(slot) + 1;\n"
        "\tpte_t *p = get_locked_pte(mm, va);\n\tpte_clear(mm, va, p);\n}\n"
    )
    assert said(code)[0][2:4] == ("kernel", "uncounted")
    assert said(code.replace("SLOTS_BASE_ADDR", "TASK_UNMAPPED_BASE"))[0][2:4] == (
        "user",
        "unknown",
    )


def test_a_table_that_is_put_back() -> None:
    code = (
        "static void back(struct vm_area_struct *vma, pmd_t *pmd, pmd_t old)\n{\n"
        "\tpmd_populate(vma->vm_mm, pmd, pmd_pgtable(old));\n}\n"
        "void f(struct vm_area_struct *vma, pmd_t *pmd)\n{\n\tpmd_t old = TAKE;\n"
        "\tspin_unlock(ptl);\n\tback(vma, pmd, old);\n}\n"
    )
    clear_out = (
        "static inline pmd_t pmdp_take(struct mm_struct *mm, pmd_t *pmdp)\n{\n"
        "\tpmd_t old = *pmdp;\n\tpage_table_check_pmd_clear(mm, old);\n"
        "\tpmd_clear(pmdp);\n\treturn old;\n}\n"
    )
    for take, expected in (
        ("pmdp_take(vma->vm_mm, pmd)", "uncounted"), ("pmdp_take(vma->vm_mm, other)", "unknown"),
        ("pmdp_get(pmd)", "unknown"),
    ):  # fmt: skip
        found = sites(code.replace("TAKE", take), header=HEADER + clear_out)
        (one,) = [s for s in found if s.helper == "pmd_populate"]
        assert one.judgement.value == expected, take


@pytest.mark.parametrize("first", [True, False])
def test_the_stub_of_another_configuration_says_nothing_of_a_helper(first: bool) -> None:
    code = (
        "void f(struct vm_area_struct *vma, pmd_t *pmd)\n{\n"
        "\tpmd_t old = pmdp_take(vma->vm_mm, pmd);\n"
        "\tpmd_populate(vma->vm_mm, pmd, pmd_pgtable(old));\n}\n"
    )
    head = "static inline pmd_t pmdp_take(struct mm_struct *mm, pmd_t *pmdp)\n{\n"
    stub = f"{head}\tBUILD_BUG();\n\treturn *pmdp;\n}}\n"
    real = f"{head}\tpmd_t old = *pmdp;\n\tpmd_clear(pmdp);\n\treturn old;\n}}\n"
    text = stub + real if first else real + stub
    (one,) = [s for s in sites(code, header=HEADER + text) if s.helper == "pmd_populate"]
    assert one.judgement.value == "uncounted"


def test_a_part_of_helpers_is_judged_with_them() -> None:
    part = "static void part(pte_t *p, pte_t pte)\n{\n\tset_pte(p, pte);\n}\n"
    helper = part + (
        "void pte_change(struct mm_struct *mm, pte_t *ptep, pte_t pte)\n{\n\tpart(ptep, pte);\n}\n"
    )
    header = HEADER + "void pte_change(struct mm_struct *mm, pte_t *ptep, pte_t pte);\n"
    path = "arch/demo/mm/code.c"
    found = sites(helper, path=path, header=header)
    assert {s.judgement.value for s in found} == {"inside"}
    more = helper + "void g(pte_t *p, pte_t e)\n{\n\tpart(p, e);\n}\n"
    found = sites(more, path=path, header=header)
    assert "unknown" in {s.judgement.value for s in found}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("static void set(pmd_t *p, pmd_t v) { *p = v; }\nstruct o x = { .set_pmd = set };",
         "inside"),
        ("static void set(pmd_t *p, pmd_t v) { *p = v; }\nvoid g(pmd_t *q) { set(q, e); }",
         "unknown"),
        ("static void set(p4d_t *p, p4d_t v) { set_pud((pud_t *)p, (pud_t){ v }); }", "uncounted"),
        (("static int got(pte_t *p) { *p = e; return 0; }\nstruct o x = { .fill = got };\n"
         "void g(struct o *o) { pte_t pte; o->fill(&pte); }"), None),
    ],
)  # fmt: skip
def test_functions_that_are_called_otherwise(code: str, expected: str | None) -> None:
    found = [s.judgement.value for s in sites(code) if s.function in ("set", "got")]
    assert found == ([expected] if expected else [])
