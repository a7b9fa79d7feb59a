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
