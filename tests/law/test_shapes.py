# SPDX-License-Identifier: GPL-2.0-only
"""Shapes of entries and helpers: each sound, and with a mistake that only its shape hides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pytest

from tests.law.demo import Bench, Edit, arch, found, unknown

PAGE: Final = "arch/demo/include/asm/page.h"
SET_PMD: Final = (
    "static inline void set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp,\n"
    "\t\t\t      pmd_t pmd)\n{\n"
    "\tpage_table_check_pmd_set(mm, pmdp, pmd);\n"
    "\tset_pmd(pmdp, pmd);\n}\n"
)
RAW_PTE: Final = "\tWRITE_ONCE(*ptep, pte);\n"
XCHG: Final = "\tpte_t old = __pte(xchg(&ptep->pte, 0UL));\n"
HOOK: Final = "\n\tpage_table_check_pte_clear(mm, old);\n"
CLEAR_PTE: Final = "\tset_pte(ptep, __pte(0));\n"
HELPERS: Final = "/* Helpers for user mappings. */\n"


@dataclass(frozen=True, slots=True)
class Shape:
    """Edits that are sound with `good` in the place of MARK, and give `rules` with `bad`."""

    title: str
    edits: tuple[Edit, ...]
    good: str
    bad: str
    rules: frozenset[tuple[str, str]]


def _with(edit: Edit, text: str) -> Edit:
    return Edit(edit.path, edit.before, edit.after.replace("MARK", text))


def page(before: str, after: str) -> Edit:
    """An edit of the types of entries."""
    return Edit(PAGE, before, after)


SHAPES: Final = (
    Shape(
        "tests and modifiers that a macro generates",
        (
            arch("#define pte_wrprotect(pte) pte_clear_bits(pte, _PAGE_WRITE)\n",
                 "#define DEMO_BIT_FUNC(fn, op) \\\n"
                 "static inline pte_t pte_##fn(pte_t pte) { pte_val(pte) op; return pte; }\n"
                 "DEMO_BIT_FUNC(wrprotect, &= ~(_PAGE_WRITE MARK))\n"),
            arch("\t\tbarrier();\n", "\t\tbarrier();\n\tset_pte(ptep, pte_wrprotect(*ptep));\n"),
        ),
        "", "| _PAGE_USER", frozenset({("PTC109", "ptep_set_wrprotect")}),
    ),
    Shape(
        "setters that a macro generates",
        (
            arch(SET_PMD,
                 "#define DEMO_SETTER(l) \\\n"
                 "static inline void set_##l##_at(struct mm_struct *mm, unsigned long addr, \\\n"
                 "\t\t\t\tl##_t *slot, l##_t entry) \\\n"
                 "{ MARK set_##l(slot, entry); }\n"
                 "DEMO_SETTER(pmd)\n"),
        ),
        "page_table_check_pmd_set(mm, slot, entry);", "",
        frozenset({("PTC101", "set_pmd_at")}),
    ),
    Shape(
        "a helper that is a statement expression",
        (
            arch(SET_PMD,
                 "#define set_pmd_at(mm, addr, pmdp, pmd) ({ \\\n"
                 "\tpmd_t *__slot = (pmdp); \\\n"
                 "\tMARK; set_pmd(__slot, (pmd)); \\\n"
                 "})\n"),
        ),
        "page_table_check_pmd_set(mm, __slot, pmd)", "(void)0",
        frozenset({("PTC101", "set_pmd")}),
    ),
    Shape(
        "entries that memory holds in the other order of bytes",
        (
            page("#define pte_val(x) ((x).pte)", "#define pte_val(x) __builtin_bswap64((x).pte)"),
            page("#define __pte(x) ((pte_t) { (x) })",
                 "#define __pte(x) ((pte_t) { __builtin_bswap64(x) })"),
            arch("(pte_t pte, unsigned long bits)\n{\n\treturn __pte(pte_val(pte) | bits);",
                 "(pte_t pte, unsigned long bits)\n{\n\treturn __pte(pte_val(pte) | bits);"),
            arch(XCHG + HOOK, "\tpte_t old = (pte_t) { xchg(&ptep->pte, 0UL) };\n\n"
                 "\tpage_table_check_pte_clear(mm, MARK);\n"),
            arch("\tunsigned long old = READ_ONCE(ptep->pte);\n\n"
                 "\twhile (!try_cmpxchg(&ptep->pte, &old, old & ~_PAGE_WRITE))",
                 "\tunsigned long old = READ_ONCE(ptep->pte);\n\n"
                 "\twhile (!try_cmpxchg(&ptep->pte, &old,\n"
                 "\t\t\t    old & ~__builtin_bswap64(_PAGE_WRITE)))"),
            Edit("arch/demo/mm/pgtable.c", "new = old | (pte_val(entry) & flags);",
                 "new = old | __builtin_bswap64(pte_val(entry) & flags);"),
        ),
        "old", "__pte(old.pte)", frozenset({("PTC104", "ptep_get_and_clear")}),
    ),
    Shape(
        "an empty entry that is not zero",
        (
            arch("#define pte_none(pte) (!pte_val(pte))", "#define DEMO_EMPTY 0x400000UL\n"
                 "#define pte_none(pte) (pte_val(pte) == DEMO_EMPTY)"),
            arch(CLEAR_PTE, "\tset_pte(ptep, __pte(DEMO_EMPTY));\n"),
            arch(XCHG + HOOK, XCHG.replace("0UL", "DEMO_EMPTY")
                 + "\n\tif (pte_val(old) MARK DEMO_EMPTY)\n"
                 "\t\tpage_table_check_pte_clear(mm, old);\n"),
        ),
        "!=", "==", frozenset({("PTC101", "ptep_get_and_clear")}),
    ),
    Shape(
        "an atomic bit operation",
        (
            arch(HELPERS,
                 "void clear_bit(long nr, volatile unsigned long *addr);\n\n" + HELPERS),
            arch("\twhile (!try_cmpxchg(&ptep->pte, &old, old & ~_PAGE_WRITE))\n\t\tbarrier();\n",
                 "\t(void)old;\n\tclear_bit(__builtin_ctzl(MARK), (unsigned long *)ptep);\n"),
        ),
        "_PAGE_WRITE", "_PAGE_USER", frozenset({("PTC109", "ptep_set_wrprotect")}),
    ),
    Shape(
        "a slot that a cast made another pointer",
        (
            arch(SET_PMD,
                 SET_PMD.replace("\tset_pmd(pmdp, pmd);\n",
                                 "\tvoid *any = pmdp;\n\tunsigned long where = (unsigned long)any;"
                                 "\n\n\t*(volatile unsigned long *)where = MARK;\n")),
        ),
        "pmd_val(pmd)", "pmd_val(pmd) & ~_PAGE_USER", frozenset({("PTC103", "set_pmd_at")}),
    ),
    Shape(
        "a function pointer of an initializer",
        (
            arch(SET_PMD,
                 "struct demo_ops { void (*store)(pmd_t *pmdp, pmd_t pmd); };\n"
                 "static const struct demo_ops demo_ops = { .store = set_pmd };\n\n"
                 + SET_PMD.replace("\tset_pmd(pmdp", "\tdemo_ops.store(pmdp")
                 .replace("\tpage_table_check_pmd_set(mm, pmdp, pmd);\n", "\tMARK\n")),
        ),
        "page_table_check_pmd_set(mm, pmdp, pmd);", "", frozenset({("PTC101", "set_pmd_at")}),
    ),
)  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.title)
def test_a_sound_one_is_clean(demo: Bench, shape: Shape) -> None:
    result = demo.judge(*(_with(edit, shape.good) for edit in shape.edits))
    assert found(result) == set(), [(f.rule, f.function, f.message) for f in result.findings]
    assert unknown(result) == {}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.title)
def test_a_mistake_is_found(demo: Bench, shape: Shape) -> None:
    result = demo.judge(*(_with(edit, shape.bad) for edit in shape.edits))
    assert found(result) == shape.rules, [(f.rule, f.function) for f in result.findings]
    assert unknown(result) == {}
