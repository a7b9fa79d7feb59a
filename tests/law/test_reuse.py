# SPDX-License-Identifier: GPL-2.0-only
"""Runs that are reused from another variant give the verdicts that the variant gives alone.

Each edit lets the two variants of the demonstration tree differ in one declaration that a helper
depends on, in one variant correctly, in the other not. The helper's own text is the same.
"""

from __future__ import annotations

import pytest

from analyzer.check import check_tree
from analyzer.model import CheckResult
from analyzer.tree import open_tree
from tests.law.demo import DEMO, FRAMEWORK, Edit, arch, generic, overlay

XCHG = "\tpte_t old = __pte(xchg(&ptep->pte, 0UL));\n\n\tpage_table_check_pte_clear(mm, old);\n"
ABOVE = "#define __HAVE_ARCH_PTEP_GET_AND_CLEAR\n"
PREDICATE = "\treturn demo_user_accessible(pte_val(pte));\n"


def either(yes: str, no: str) -> str:
    """C that the two variants see differently."""
    return f"#ifdef CONFIG_TRANSPARENT_HUGEPAGE\n{yes}\n#else\n{no}\n#endif\n"


def hooked_if(condition: str, declared: str) -> tuple[Edit, ...]:
    """The helper, hooked only if a condition holds that `declared` gives a meaning."""
    text = XCHG.replace("\tpage", f"\tif ({condition})\n\t\tpage")
    return arch(XCHG, text), arch(ABOVE, f"{declared}\n{ABOVE}")


CASES = {
    "a constant": hooked_if("demo_on", either("static const int demo_on = 1;", "static const int demo_on;\nstatic const int demo_on = 0;")),
    "an enumeration": hooked_if("DEMO_ON", either("enum { DEMO_ON = 1 };", "enum { DEMO_ON };")),
    "a type": hooked_if(
        "sizeof(demo_t) == 8", either("typedef unsigned long demo_t;", "typedef unsigned int demo_t;")
    ),
    "a type behind a type": hooked_if(
        "sizeof(demo_t) == 8",
        either("typedef unsigned long demo_u;", "typedef unsigned int demo_u;") + "typedef demo_u demo_t;",
    ),
    "a structure": hooked_if(
        "((unsigned long)&((struct demo *)0)->b) == 8",
        either("struct demo { long a, b; };", "struct demo { int a, b; };"),
    ),
    "a structure behind a pointer": hooked_if(
        "sizeof(*((struct outer *)0)->in) == 16",
        either("struct demo { long a, b; };", "struct demo { int a, b; };") + "struct outer { struct demo *in; };",
    ),
    "a structure by arithmetic": hooked_if(
        "(unsigned long)((struct demo *)0 + 1) == 16",
        either("struct demo { long a, b; };", "struct demo { int a, b; };"),
    ),
    "a callee": hooked_if(
        "demo_on(1)",
        either("static inline int demo_on(int x) { return x; }", "static inline int demo_on(int x) { return !x; }"),
    ),
    "a callee's callee": hooked_if(
        "demo_on(1)",
        either("static inline int demo_in(int x) { return x; }", "static inline int demo_in(int x) { return !x; }")
        + "static inline int demo_on(int x) { return demo_in(x); }",
    ),
    "a callee's parameter": hooked_if(
        "demo_on(256)",
        either("typedef int demo_t;", "typedef unsigned char demo_t;")
        + "static inline int demo_on(demo_t x) { return x != 0; }",
    ),
    "a callee's result": hooked_if(
        "demo_on(256)",
        either("typedef int demo_t;", "typedef unsigned char demo_t;")
        + "static inline demo_t demo_on(int x) { return x; }",
    ),
    "a type that only typeof asks for": hooked_if(
        "sizeof(__typeof__(demo_out())) == 8", either("long demo_out(void);", "int demo_out(void);")
    ),
    "a table of functions": hooked_if(
        "demo_ops.on(1)",
        "struct demo_ops { int (*on)(int); };\nstatic inline int demo_yes(int x) { return x; }\n"
        "static inline int demo_no(int x) { return !x; }\n"
        + either("static const struct demo_ops demo_ops = { .on = demo_yes };",
                 "static const struct demo_ops demo_ops = { .on = demo_no };"),
    ),
    "a table in an array": hooked_if(
        "demo_map[DEMO_AT]",
        "static const int demo_map[2] = { 1, 0 };\n" + either("enum { DEMO_AT };", "enum { DEMO_AT = 1 };"),
    ),
    "an initialiser that names a constant": hooked_if(
        "demo_map[0]",
        either("enum { DEMO_ON = 1 };", "enum { DEMO_ON };") + "static const int demo_map[2] = { DEMO_ON, 0 };",
    ),
    "a local array's length": hooked_if(
        "({ char a_[DEMO_SIZE]; sizeof(a_) == 8; })",
        either("enum { DEMO_SIZE = 8 };", "enum { DEMO_SIZE = 4 };"),
    ),
    "a void callee that hooks": (
        arch(XCHG, XCHG.replace("page_table_check_pte_clear(mm, old)", "demo_account(mm, old)")),
        arch(ABOVE, either(
            "static inline void demo_in(struct mm_struct *mm, pte_t x) { page_table_check_pte_clear(mm, x); }",
            "static inline void demo_in(struct mm_struct *mm, pte_t x) { }")
            + "static inline void demo_account(struct mm_struct *mm, pte_t x) { demo_in(mm, x); }\n" + ABOVE),
    ),
    "the value of a bit": (
        arch(XCHG, XCHG.replace("(mm, old)", "(mm, __pte(pte_val(old) & ~demo_mask))")),
        arch(ABOVE, either("static const unsigned long demo_mask = 64;",
                           "static const unsigned long demo_mask = 16;") + ABOVE),
    ),
    "what is counted": (
        arch(PREDICATE, either("\treturn demo_user_accessible(pte_val(pte));\n",
                               "\treturn demo_user_accessible(pte_val(pte)) && pte_dirty(pte);")),
        generic("\tpage_table_check_ptes_set(mm, ptep, pte, nr);\n",
                "\tif (pte_dirty(pte) || pte_dirty(*ptep))\n\t\tpage_table_check_ptes_set(mm, ptep, pte, nr);\n"),
    ),
    "what the framework counts": (
        Edit(FRAMEWORK, "\t\tpage_table_check_clear(pte_pfn(pte), 1);\n",
             either("\t\tpage_table_check_clear(pte_pfn(pte), 1);", "\t\tpage_table_check_clear(pte_pfn(pte), 2);")),
        arch(XCHG, XCHG.replace("\tpage", "\tif (!pte_dirty(old))\n\t\tpage")),
    ),
    "no predicate": (
        arch("static inline bool pte_user_accessible_page(pte_t pte)\n{\n" + PREDICATE + "}\n",
             either("static inline bool pte_user_accessible_page(pte_t pte)\n{\n" + PREDICATE + "}\n", "")),
    ),
    "the number of arguments of a hook": (
        Edit("include/linux/page_table_check.h",
             "static inline void page_table_check_pte_clear(struct mm_struct *mm, pte_t pte)\n{\n\tif",
             either("static inline void page_table_check_pte_clear(struct mm_struct *mm, pte_t pte)\n{\n",
                    "static inline void page_table_check_pte_clear(struct mm_struct *mm, pte_t pte, int x)\n{\n")
             + "\tif"),
    ),
}  # fmt: skip


def told(result: CheckResult, variant: str) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
    """What a result says about one variant."""
    verdicts = {
        (v.helper, v.level, v.verdict.value, v.reason, str(v.location), str(v.hooks))
        for v in result.helpers
        if v.variant == variant
    }
    findings = {
        (f.rule, f.function, f.level, str(f.location), f.message)
        for f in result.findings
        if variant in f.variants
    }
    return verdicts, findings


@pytest.mark.parametrize("name", CASES)
def test_variants_together_are_as_alone(name: str) -> None:
    with open_tree(str(DEMO), None) as base:
        tree = overlay(base, CASES[name])
        together = check_tree(tree, ("demo",))
        alone = {v: check_tree(tree, ("demo",), only=frozenset({v})) for v in ("base", "nothp")}
    for variant, result in alone.items():
        assert told(together, variant) == told(result, variant), variant
    first, second = (told(alone[v], v)[0] for v in ("base", "nothp"))
    changed = {v[:4] for v in first ^ second if v[1] == "pte"}
    assert changed, "the two variants must differ, or this tests nothing"
