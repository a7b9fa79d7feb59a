# SPDX-License-Identifier: GPL-2.0-only
"""Each rule has a mutant of the demonstration tree that gives exactly it, and a correct form.

`BAD` breaks one law; the finding must have that rule, at that function, and be the only one.
`GOOD` looks like it and must be clean.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.law.demo import (
    BODIES,
    FRAMEWORK,
    GENERIC,
    KCONFIG,
    PGALLOC,
    PGTABLE,
    Bench,
    Edit,
    arch,
    checked,
    found,
    generic,
    unknown,
)

XCHG_PTE = "\tpte_t old = __pte(xchg(&ptep->pte, 0UL));\n\n\tpage_table_check_pte_clear(mm, old);\n"
SET_PMD = "\tpage_table_check_pmd_set(mm, pmdp, pmd);\n\tset_pmd(pmdp, pmd);\n"
SET_PUD = "\tpage_table_check_pud_set(mm, pudp, pud);\n\tset_pud(pudp, pud);\n"
SET_PTES = "\tpage_table_check_ptes_set(mm, ptep, pte, nr);\n"
ESTABLISH = (
    "\tpage_table_check_pmd_set(vma->vm_mm, pmdp, pmd);\n\n"
    "\treturn __pmd(xchg(&pmdp->pmd, pmd_val(pmd)));\n"
)
YOUNG_PMD = "\tset_pmd_at(vma->vm_mm, addr, pmdp, pmd_mkold(pmd));\n"
PTE_PREDICATE = "\treturn demo_user_accessible(pte_val(pte));\n"
PMD_PREDICATE = "\treturn pmd_leaf(pmd) && demo_user_accessible(pmd_val(pmd));\n"
PUD_PREDICATE = "\treturn pud_leaf(pud) && demo_user_accessible(pud_val(pud));\n"
BOTH_BITS = "\treturn (entry & _PAGE_USER_BASE) == _PAGE_USER_BASE;\n"
PUD_FULL = "\treturn pudp_huge_get_and_clear(vma->vm_mm, addr, pudp);\n"
PUD_CLEAR = "\tpud_clear(pudp);\n\tpage_table_check_pud_clear(mm, old);\n"
POPULATE = Edit(
    PGALLOC,
    "/* Lets a pmd point",
    "static inline void pmd_populate_kernel(struct mm_struct *mm, pmd_t *pmdp, pte_t *ptep)\n"
    "{\n\tset_pmd(pmdp, __pmd((unsigned long)ptep | _PAGE_PRESENT));\n}\n\n/* Lets a pmd point",
)


@dataclass(frozen=True, slots=True)
class Case:
    """What is edited, and the rule and function that it must give ('' for a correct form)."""

    title: str
    rule: str
    function: str
    edits: tuple[Edit, ...]
    level: str = ""
    also: tuple[str, str] | None = None  # a helper that breaks because of it


BAD = (
    # PTC101: nothing accounts for the change
    Case("xchg without a hook", "PTC101", "ptep_get_and_clear",
         (arch(XCHG_PTE, XCHG_PTE.partition("\tpage_table")[0]),), "pte"),
    Case("setter without a hook", "PTC101", "set_pud_at",
         (arch(SET_PUD, "\tset_pud(pudp, pud);\n"),), "pud"),
    Case("store through a cast", "PTC101", "set_pud_at",
         (arch(SET_PUD, "\t*(unsigned long *)pudp = pud_val(pud);\n"),), "pud"),
    Case("a hook behind a static key of its own", "PTC101", "set_pud_at",
         (arch(SET_PUD, "\tif (!static_branch_likely(&pud_hooks_off))\n"
               "\t\tpage_table_check_pud_set(mm, pudp, pud);\n\tset_pud(pudp, pud);\n"),
          arch("/* Helpers for user mappings. */\n",
               ("#include <linux/jump_label.h>\n"
                "extern struct static_key_true pud_hooks_off;\n"))), "pud"),
    Case("a way out before the hook", "PTC101", "ptep_get_and_clear",
         (arch(XCHG_PTE, XCHG_PTE.replace("\n\tpage", ("\n\tif (mm->total_vm)\n"
                                                       "\t\treturn old;\n\tpage"))),),
         "pte"),
    # PTC102: twice
    Case("SET twice", "PTC102", "set_pmd_at",
         (arch(SET_PMD, "\tpage_table_check_pmd_set(mm, pmdp, pmd);\n" + SET_PMD),), "pmd"),
    Case("CLEAR twice", "PTC102", "ptep_get_and_clear",
         (arch(XCHG_PTE, XCHG_PTE + "\tpage_table_check_pte_clear(mm, old);\n"),), "pte"),
    Case("wrapper and callee", "PTC102", "pudp_huge_get_and_clear_full",
         (generic(PUD_FULL, "\tpud_t old = pudp_huge_get_and_clear(vma->vm_mm, addr, pudp);\n\n"
                  "\tpage_table_check_pud_clear(vma->vm_mm, old);\n\treturn old;\n"),), "pud"),
    Case("a clear through a hooked setter", "PTC102", "pudp_huge_get_and_clear",
         (generic(PUD_CLEAR, PUD_CLEAR.replace("pud_clear(pudp);", ("set_pud_at(mm, addr, pudp,"
                                                                    " __pud(0));"), 1)),),
         "pud"),
    Case("SET and CLEAR for one store", "PTC102", "pmdp_establish",
         (arch(ESTABLISH, "\tpmd_t old = *pmdp;\n" + ESTABLISH.replace(
             "\n\n", "\n\tpage_table_check_pmd_clear(vma->vm_mm, old);\n\n", 1)),), "pmd"),
    # PTC103: SET at the wrong moment, or another value
    Case("SET after the store", "PTC103", "set_pmd_at",
         (arch(SET_PMD, ("\tset_pmd(pmdp, pmd);\n"
                         "\tpage_table_check_pmd_set(mm, pmdp, pmd);\n")),), "pmd"),
    Case("SET after the stores of a loop", "PTC103", "set_ptes",
         (generic(SET_PTES, "\tpte_t first = pte;\n\tpte_t *slot = ptep;\n"),
          generic("\t\tpte = pte_next_pfn(pte);\n\t}\n",
                  ("\t\tpte = pte_next_pfn(pte);\n\t}\n"
                   "\tpage_table_check_ptes_set(mm, slot, first, nr);\n"))),
         "pte"),
    Case("a filter after the hook", "PTC103", "set_pmd_at",
         (arch(SET_PMD, SET_PMD.replace("\tset_pmd(pmdp, pmd);",
               ("\tif (!pmd_young(pmd))\n\t\tpmd = pmd_clear_bits(pmd, _PAGE_USER);\n"
                "\tset_pmd(pmdp, pmd);"))),),
         "pmd"),
    # PTC104: CLEAR with another value
    Case("read again after the clear", "PTC104", "ptep_get_and_clear",
         (arch(XCHG_PTE, XCHG_PTE.replace("(mm, old)", "(mm, *ptep)")),), "pte"),
    Case("a constant", "PTC104", "ptep_get_and_clear",
         (arch(XCHG_PTE, XCHG_PTE.replace("(mm, old)", "(mm, __pte(0))")),), "pte"),
    Case("without its user bit", "PTC104", "ptep_get_and_clear",
         (arch(XCHG_PTE, XCHG_PTE.replace("(mm, old)", "(mm, pte_clear_bits(old, _PAGE_USER))")),),
         "pte"),
    Case("of the next frame", "PTC104", "ptep_get_and_clear",
         (arch(XCHG_PTE, XCHG_PTE.replace("(mm, old)", "(mm, __pte(pte_val(old) + 4096))")),),
         "pte"),
    # PTC105: level
    Case("pte hook for a pmd", "PTC105", "set_pmd_at",
         (arch(SET_PMD, SET_PMD.replace("page_table_check_pmd_set(mm, pmdp, pmd)",
               "page_table_check_ptes_set(mm, (pte_t *)pmdp, __pte(pmd_val(pmd)), 1)")),), "pmd"),
    Case("pmd hook for a pte", "PTC105", "ptep_get_and_clear",
         (arch(XCHG_PTE, XCHG_PTE.replace("page_table_check_pte_clear(mm, old)",
               "page_table_check_pmd_clear(mm, __pmd(pte_val(old)))")),), "pte"),
    Case("pmd hook for a pud", "PTC105", "set_pud_at",
         (arch(SET_PUD, SET_PUD.replace("page_table_check_pud_set(mm, pudp, pud)",
               "page_table_check_pmd_set(mm, (pmd_t *)pudp, __pmd(pud_val(pud)))")),), "pud"),
    # PTC106: mm
    Case("init_mm", "PTC106", "set_pud_at",
         (arch(SET_PUD, "\textern struct mm_struct init_mm;\n"
               + SET_PUD.replace("_set(mm,", "_set(&init_mm,")),),
         "pud"),
    Case("a null pointer", "PTC106", "set_pud_at",
         (arch(SET_PUD, SET_PUD.replace("_set(mm,", "_set((struct mm_struct *)0,")),), "pud"),
    Case("some other mm", "PTC106", "ptep_get_and_clear",
         (arch(XCHG_PTE, XCHG_PTE.replace("(mm, old)", "(demo_current(), old)")),
          arch("/* Helpers for user mappings. */\n", "struct mm_struct *demo_current(void);\n")),
         "pte"),
    # PTC107: slot and number
    Case("the neighbour", "PTC107", "set_pmd_at",
         (arch(SET_PMD, SET_PMD.replace("(mm, pmdp,", "(mm, pmdp + 1,")),), "pmd"),
    Case("1 where nr are stored", "PTC107", "set_ptes",
         (generic(SET_PTES, SET_PTES.replace(", nr)", ", 1)")),), "pte"),
    Case("nr + 1 where nr are stored", "PTC107", "set_ptes",
         (generic(SET_PTES, SET_PTES.replace(", nr)", ", nr + 1)")),), "pte"),
    # PTC108: hooked, but not for all
    Case("only if the new entry is present", "PTC108", "set_pmd_at",
         (arch(SET_PMD, SET_PMD.replace("\tpage_table_check_pmd_set(mm, pmdp, pmd);",
               "\tif (!pmd_present(pmd))\n\t\tgoto store;\n\tif (pmd_write(pmd))\n"
               "\t\tpage_table_check_pmd_clear(mm, pmdp_get_old(pmdp));\n"
               "\telse\n\t\tpage_table_check_pmd_set(mm, pmdp, pmd);\nstore:")),
          arch("static inline void set_pmd_at(",
               "static inline pmd_t pmdp_get_old(pmd_t *pmdp) { return READ_ONCE(*pmdp); }\n"
               "static inline void set_pmd_at(")), "pmd"),
    Case("the first of several", "PTC101", "clear_full_ptes",
         (generic("\t\tptep_get_and_clear_full(mm, addr + i * PAGE_SIZE, ptep + i, full);\n",
                  "\t\tif (i)\n\t\t\tset_pte(ptep + i, __pte(0));\n\t\telse\n"
                  "\t\t\tptep_get_and_clear_full(mm, addr + i * PAGE_SIZE, ptep + i,"
                  " full);\n"),), "pte"),
    # PTC109: a modifier that changes what is counted
    Case("write protection takes the user bit", "PTC109", "ptep_set_wrprotect",
         (arch("old & ~_PAGE_WRITE", "old & ~(_PAGE_WRITE | _PAGE_USER)"),), "pte"),
    Case("ageing clears the entry", "PTC109", "pmdp_test_and_clear_young",
         (generic(YOUNG_PMD, "\tset_pmd(pmdp, __pmd(0));\n"),), "pmd"),
    Case("access flags put another frame in", "PTC109", "pmdp_set_access_flags",
         (Edit(BODIES, "\t\tset_pmd_at(vma->vm_mm, addr, pmdp, entry);\n",
               "\t\tset_pmd(pmdp, __pmd(pmd_val(entry) + PMD_SIZE));\n"),), "pmd"),
    # PTC2xx: the predicate
    Case("true for swap", "PTC201", "pte_user_accessible_page",
         (arch(PTE_PREDICATE, ("\treturn !pte_none(pte) && (!pte_present(pte) ||"
                               " demo_user_accessible(pte_val(pte)));\n")),),
         "pte"),
    Case("true for a table", "PTC202", "pmd_user_accessible_page",
         (arch(PMD_PREDICATE, "\treturn (pmd_val(pmd) && !pmd_bad(pmd) && pmd_present(pmd)) ||"
               " (pmd_leaf(pmd) && demo_user_accessible(pmd_val(pmd)));\n"), POPULATE), "pmd",
         ("PTC101", "pmd_populate")),
    Case("true while it is split", "PTC203", "pmd_user_accessible_page",
         (arch(PMD_PREDICATE, "\treturn pmd_leaf(pmd) && (pmd_val(pmd) & _PAGE_USER);\n"),), "pmd"),
    Case("false for exec-only", "PTC204", "pte_user_accessible_page",
         (arch(PTE_PREDICATE, ("\treturn demo_user_accessible(pte_val(pte)) && (pte_val(pte) &"
                               " _PAGE_READ);\n")),),
         "pte"),
    Case("true for the kernel", "PTC205", "pud_user_accessible_page",
         (arch(PUD_PREDICATE, "\treturn pud_leaf(pud) && (pud_val(pud) & _PAGE_PRESENT);\n"),
          arch("#define pte_write(pte)", ("#define pte_user(pte) (!!(pte_val(pte) & _PAGE_USER))\n"
                                          "#define pte_write(pte)"))),
         "pud"),
    Case("asks for young", "PTC206", "pmd_user_accessible_page",
         (arch(PMD_PREDICATE, "\treturn pmd_leaf(pmd) && demo_user_accessible(pmd_val(pmd))"
               " && (!pmd_dirty(pmd) || pmd_young(pmd));\n"),), "pmd"),
    Case("asks for protnone", "PTC207", "pte_user_accessible_page",
         (arch(PTE_PREDICATE, ("\treturn demo_user_accessible(pte_val(pte)) &&"
                               " !pte_protnone(pte);\n")),), "pte"),
    Case("levels disagree about protnone", "PTC208", "pmd_user_accessible_page",
         (arch(PMD_PREDICATE, "\treturn pmd_leaf(pmd) && (demo_user_accessible(pmd_val(pmd))"
               " || (pmd_val(pmd) & (_PAGE_PROTNONE | _PAGE_INVAL)) =="
               " _PAGE_PROTNONE);\n"),), "pmd"),
    Case("not defined", "PTC209", "pud_user_accessible_page",
         (arch(("static inline bool pud_user_accessible_page(pud_t"
                " pud)\n{\n") + PUD_PREDICATE + "}\n", ""),),
         "pud"),
    Case("special entries are counted", "PTC210", "pte_user_accessible_page",
         (Edit(FRAMEWORK, " && !pte_special(pte);", ";"),), "pte"),
    # PTC3xx
    Case("an argument too many", "PTC301", "set_pmd_at",
         (arch(SET_PMD, SET_PMD.replace("_set(mm, pmdp", "_set(mm, addr, pmdp")),), "pmd"),
)  # fmt: skip

GOOD = (
    Case("mended", "", "", ()),
    Case("SET before an exchange", "", "",
         (arch(XCHG_PTE, "\tpte_t old;\n\n\tpage_table_check_ptes_set(mm, ptep, __pte(0), 1);\n"
               "\told = __pte(xchg(&ptep->pte, 0UL));\n"),)),
    Case("CLEAR before the store", "", "",
         (generic(PUD_CLEAR, "\tpage_table_check_pud_clear(mm, old);\n\tpud_clear(pudp);\n"),)),
    Case("CLEAR only for what is present", "", "",
         (arch(XCHG_PTE, XCHG_PTE.replace("\tpage_table", ("\tif (pte_present(old))\n"
                                                           "\t\tpage_table"))),)),
    Case("a raw setter of its own", "", "",
         (arch("static inline void set_pmd_at(",
               "static inline void __set_pmd_at(struct mm_struct *mm, pmd_t *pmdp, pmd_t pmd)\n{\n"
               "\tset_pmd(pmdp, pmd);\n}\n\nstatic inline void set_pmd_at("),
          arch(SET_PMD, SET_PMD.replace("\tset_pmd(pmdp", "\t__set_pmd_at(mm, pmdp")))),
    Case("a clear through a hooked setter", "", "",
         (generic(PUD_CLEAR, "\tset_pud_at(mm, addr, pudp, __pud(0));\n"),)),
    Case("the hook inside of the loop", "", "",
         (generic(SET_PTES, ""),
          generic("\t\tset_pte(ptep + i, pte);\n",
                  ("\t\tpage_table_check_ptes_set(mm, ptep + i, pte, 1);\n"
                   "\t\tset_pte(ptep + i, pte);\n")))),
    Case("a filter before the hook", "", "",
         (arch(SET_PMD, ("\tif (!pmd_young(pmd))\n"
                         "\t\tpmd = pmd_clear_bits(pmd, _PAGE_DIRTY);\n") + SET_PMD),)),
    Case("a filter after the hook that changes no count", "", "",
         (arch(SET_PMD, SET_PMD.replace("\tset_pmd(pmdp, pmd);", ("\tset_pmd(pmdp,"
                                                                  " pmd_mkdirty(pmd));"))),)),
    Case("a way of its own for tables", "", "",
         (arch(SET_PMD, ("\tif (!pmd_leaf(pmd) && !pmd_leaf(*pmdp)) {\n\t\tset_pmd(pmdp, pmd);\n"
                         "\t\treturn;\n\t}\n")
               + SET_PMD),)),
    Case("write protection by a plain store", "", "",
         (arch("\twhile (!try_cmpxchg(&ptep->pte, &old, old & ~_PAGE_WRITE))\n\t\tbarrier();\n",
               "\tptep->pte = old & ~_PAGE_WRITE;\n"),)),
    Case("ageing without a hook", "", "",
         (generic(YOUNG_PMD, "\tset_pmd(pmdp, pmd_mkold(pmd));\n"),)),
    Case("ageing through a raw exchange", "", "",
         (generic(YOUNG_PMD, "\tset_pmd_at(vma->vm_mm, addr, pmdp, pmd_mkold(pmd));\n"
                  "\tpmdp->pmd |= _PAGE_DIRTY;\n"),)),
    Case("the same mm by another name", "", "",
         (arch(SET_PUD, "\tstruct mm_struct *same = mm;\n"
               + SET_PUD.replace("_set(mm,", "_set(same,")),)),
    Case("a cast to the setter of another level with the hook of this one", "", "",
         (arch(SET_PUD, SET_PUD.replace("\tset_pud(pudp, pud);", ("\tset_pte((pte_t *)pudp,"
                                                                  " __pte(pud_val(pud)));"))),)),
    Case("store by halves", "", "",
         (arch(SET_PUD, SET_PUD.replace("\tset_pud(pudp, pud);",
               ("\t((unsigned int *)pudp)[1] = pud_val(pud) >> 32;\n"
                "\t((unsigned int *)pudp)[0] = pud_val(pud);"))),)),
    Case("predicate by another order", "", "",
         (arch(BOTH_BITS, "\treturn (entry & _PAGE_USER) && (entry & _PAGE_PRESENT);\n"),)),
    Case("protnone counted at every level", "", "",
         (arch(BOTH_BITS, ("\treturn (entry & _PAGE_USER_BASE) == _PAGE_USER_BASE || ((entry &"
                           " 0xc01) == 0x400);\n")),)),
    Case("tables are no leaves", "", "", (POPULATE,)),
    Case("no entry is special", "", "",
         (Edit(FRAMEWORK, " && !pte_special(pte);", ";"),
          arch("(!!(pte_val(pte) & _PAGE_SPECIAL))", "0"),
          arch("pte_set_bits(pte, _PAGE_SPECIAL)", "(pte)"))),
)  # fmt: skip


@pytest.mark.parametrize("case", BAD, ids=lambda case: f"{case.rule}: {case.title}")
def test_mutant_gives_exactly_its_rule(demo: Bench, case: Case) -> None:
    result = demo.judge(*case.edits)
    wanted = {(case.rule, case.function), case.also} - {None}
    assert found(result) == wanted, [(f.rule, f.function, f.message) for f in result.findings]
    assert not unknown(result)
    for one in result.findings:
        if (one.rule, one.function) == case.also:
            continue
        assert one.level == case.level
        assert one.location.line > 0
        assert one.message
        assert one.helper in one.helpers
        if case.rule.startswith("PTC1"):
            assert one.witness is not None
            assert one.witness.path
            assert case.function in one.message


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.title)
def test_correct_form_is_clean(demo: Bench, case: Case) -> None:
    result = demo.judge(*case.edits)
    assert found(result) == set(), [(f.rule, f.function, f.message) for f in result.findings]
    assert not unknown(result)
    assert not result.problems
    assert result.summary.balanced > 15


def test_true_for_nothing(demo: Bench) -> None:
    """An empty entry that is counted breaks every helper that clears, too."""
    edit = arch(PTE_PREDICATE, "\treturn pte_none(pte) || demo_user_accessible(pte_val(pte));\n")
    assert ("PTC201", "pte_user_accessible_page") in found(demo.judge(edit))


SELECT = "\tselect ARCH_SUPPORTS_PAGE_TABLE_CHECK if MMU\n"


def test_hooks_without_select() -> None:
    """PTC302; other findings are then what would be found if the option were selected."""
    clean = checked(Edit(KCONFIG, SELECT, ""))
    assert [(f.rule, f.if_enabled) for f in clean.findings] == [("PTC302", False)]
    assert clean.findings[0].location.path == PGTABLE
    assert not any(summary.supported for summary in clean.summaries)

    unhooked = checked(Edit(KCONFIG, SELECT, ""), mended=False)
    assert {(f.rule, f.if_enabled) for f in unhooked.findings} == {
        ("PTC101", True),
        ("PTC302", False),
    }


@pytest.mark.parametrize("condition", ["", " if MMU", " if 64BIT"])
def test_hooks_with_select(condition: str) -> None:
    result = checked(Edit(KCONFIG, SELECT, SELECT.replace(" if MMU", condition)))
    assert result.findings == ()
    assert not result.incomplete


def test_every_rule_has_a_mutant() -> None:
    wanted = {f"PTC10{n}" for n in range(1, 10)} | {f"PTC20{n}" for n in range(1, 10)} | {"PTC210"}
    assert {case.rule for case in BAD} >= wanted | {"PTC301"}
    touched = {edit.path for case in (*BAD, *GOOD) for edit in case.edits}
    assert touched >= {PGTABLE, GENERIC, BODIES, PGALLOC}
