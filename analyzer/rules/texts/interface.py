# SPDX-License-Identifier: GPL-2.0-only
"""PTC301 to 304: hooks and Kconfig do not fit together."""

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
The architecture selects ARCH_SUPPORTS_PAGE_TABLE_CHECK, and none of its headers, and no generic
one, defines LEVEL_user_accessible_page().""",
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

SELECT_CONDITION = Rule(
    code="PTC304",
    name="select-condition",
    title="the option is selected in a configuration in which the predicates do not exist",
    explanation="""\
The condition of `select ARCH_SUPPORTS_PAGE_TABLE_CHECK` holds in configurations in which the
predicates are compiled out: they stand inside of an #if for the MMU, the word size or huge pages,
and the select does not ask for the same.""",
    why="""\
mm/page_table_check.c does not build there. Random configurations find it, long after the patch:
kernels without an MMU and 32-bit ones are built by few.""",
    bad="""\
/* arch/demo/Kconfig: select ARCH_SUPPORTS_PAGE_TABLE_CHECK */
#ifdef CONFIG_MMU
static inline bool pte_user_accessible_page(pte_t pte)
{
	return pte_present(pte) && pte_user(pte);
}
#endif
""",
    good="""\
/* arch/demo/Kconfig: select ARCH_SUPPORTS_PAGE_TABLE_CHECK if MMU */
#ifdef CONFIG_MMU
static inline bool pte_user_accessible_page(pte_t pte)
{
	return pte_present(pte) && pte_user(pte);
}
#endif
""",
    fix="""\
Give the select the condition of the #if, or move the predicates out of it. A single level that is
missing in some configuration is PTC209.""",
)
