# SPDX-License-Identifier: GPL-2.0-only
"""PTC301 to 304: hooks, Kconfig and callers do not fit together."""

from __future__ import annotations

from analyzer.rules.texts.rule import Rule

HOOK_ARITY = Rule(
    code="PTC301",
    name="hook-arity",
    title="a hook is called with other arguments than the tree's header declares",
    explanation="""\
The number of arguments of the call is not the one that include/linux/page_table_check.h of this
tree declares, or the tree has no hook of that name. The interface changed several times: the
address was dropped and came back, the pte hook was renamed as it got a number of entries.""",
    why="""\
It does not build as soon as the option is switched on. Patches that were ported from one kernel
version to another carry such calls into architectures that are seldom built with it.""",
    bad="""\
static inline void set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp, pmd_t pmd)
{
	page_table_check_pmd_set(mm, addr, pmdp, pmd); /* the header says: (mm, pmdp, pmd) */
	set_pmd(pmdp, pmd);
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
Write the call as the header of this tree declares it: `ptcheck archs` prints the prototypes.""",
)

HOOK_WITHOUT_SELECT = Rule(
    code="PTC302",
    name="hook-without-select",
    title="an architecture calls a hook but never selects the option",
    explanation="""\
The code of the architecture calls page_table_check hooks, and no Kconfig of it selects
ARCH_SUPPORTS_PAGE_TABLE_CHECK under any condition.""",
    why="""\
The hooks are always the empty ones: nothing is checked, and whoever reads the code believes that
it is. As nothing builds them, they also become wrong unnoticed.""",
    bad="""\
/* arch/demo/Kconfig has no line: select ARCH_SUPPORTS_PAGE_TABLE_CHECK */
static inline void set_pud_at(struct mm_struct *mm, unsigned long addr, pud_t *pudp, pud_t pud)
{
	page_table_check_pud_set(mm, pudp, pud);
	set_pud(pudp, pud);
}
""",
    good="""\
/* arch/demo/Kconfig: select ARCH_SUPPORTS_PAGE_TABLE_CHECK */
static inline void set_pud_at(struct mm_struct *mm, unsigned long addr, pud_t *pudp, pud_t pud)
{
	page_table_check_pud_set(mm, pudp, pud);
	set_pud(pudp, pud);
}
""",
    fix="""\
Complete the support (predicates, the other hooks) and add the select, or remove the hook.""",
)

SELECT_WITHOUT_PREDICATE = Rule(
    code="PTC303",
    name="select-without-predicate",
    title="an architecture selects the option but has no predicates",
    explanation="""\
The architecture selects ARCH_SUPPORTS_PAGE_TABLE_CHECK, and in none of its configurations, or in
none of those that the condition of the select allows, LEVEL_user_accessible_page() is
defined.""",
    why="""\
mm/page_table_check.c cannot be built for it.""",
    bad="""\
/* arch/demo/Kconfig: select ARCH_SUPPORTS_PAGE_TABLE_CHECK */
static inline bool pte_user(pte_t pte)
{
	return pte_val(pte) & _PAGE_USER;
}
""",
    good="""\
/* arch/demo/Kconfig: select ARCH_SUPPORTS_PAGE_TABLE_CHECK */
static inline bool pte_user(pte_t pte)
{
	return pte_val(pte) & _PAGE_USER;
}

static inline bool pte_user_accessible_page(pte_t pte)
{
	return pte_present(pte) && pte_user(pte);
}

static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return pmd_leaf(pmd) && pte_user_accessible_page(pmd_pte(pmd));
}

static inline bool pud_user_accessible_page(pud_t pud)
{
	return pud_leaf(pud) && pte_user_accessible_page(pud_pte(pud));
}
""",
    fix="""\
Define the three predicates in <asm/pgtable.h>, or give the select the condition under which they
exist (`select ARCH_SUPPORTS_PAGE_TABLE_CHECK if MMU`).""",
)

RAW_CALL_SITE = Rule(
    code="PTC304",
    name="raw-call-site",
    title="a raw store or clear can hit an entry that is mapped for a user",
    explanation="""\
set_pte(), set_pmd(), pud_clear() and their like store and count nothing: they are for tables and
for mappings of the kernel. pte_clear() and pte_clear_not_present_full() are for entries that are
not present. This call uses one of them on a slot of a user mapping whose entry can be counted.
The finding is about the caller, not about the function that it calls.""",
    why="""\
The mapping changes behind the back of the counters. If a hooked setter follows, it sees an empty
slot: the old mapping stays counted for ever.""",
    bad="""\
static void replace_huge(struct mm_struct *mm, unsigned long addr, pud_t *pudp, pud_t new)
{
	pud_clear(pudp);
	set_pud_at(mm, addr, pudp, new);
}
""",
    good="""\
static void replace_huge(struct mm_struct *mm, unsigned long addr, pud_t *pudp, pud_t new)
{
	pudp_huge_get_and_clear(mm, addr, pudp);
	set_pud_at(mm, addr, pudp, new);
}
""",
    fix="""\
Call the helper that belongs to user mappings: set_pte_at(), ptep_get_and_clear() and their
counterparts at the other levels.""",
)
