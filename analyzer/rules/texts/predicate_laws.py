# SPDX-License-Identifier: GPL-2.0-only
"""PTC206 to 209: the predicate depends on what it must not depend on, or is not there."""

from __future__ import annotations

from analyzer.rules.texts.rule import Rule

DEPENDS_ON_FLAGS = Rule(
    code="PTC206",
    name="predicate-depends-on-flags",
    title="the predicate depends on accessed, dirty or soft-dirty",
    explanation="""\
LEVEL_user_accessible_page() gives different answers for two entries that differ only in the
accessed, dirty or soft-dirty flag.""",
    why="""\
These flags change without a hook: by helpers that make an entry young or old, and by the
hardware itself. An entry would be counted when it is put in and not be found when it goes.""",
    bad="""\
static inline bool pte_user_accessible_page(pte_t pte)
{
	return pte_present(pte) && pte_young(pte) && pte_user(pte);
}
""",
    good="""\
static inline bool pte_user_accessible_page(pte_t pte)
{
	return pte_present(pte) && pte_user(pte);
}
""",
    fix="""\
Look only at present, leaf and user. If a bit has two meanings, test it together with the one
that tells which it is.""",
)

DEPENDS_ON_NUMA = Rule(
    code="PTC207",
    name="predicate-depends-on-numa",
    title="the predicate depends on NUMA_BALANCING",
    explanation="""\
The predicate gives another answer for the same entry if CONFIG_NUMA_BALANCING is switched over:
usually because it calls pte_protnone() or pmd_protnone(), which are always false without it.""",
    why="""\
The entries without access exist in both configurations: mprotect() makes them, too. What is
counted would be right in one configuration and wrong in the other, and hardly anyone tests
both.""",
    bad="""\
static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return pmd_leaf(pmd) && !pmd_protnone(pmd) && pmd_user(pmd);
}
""",
    good="""\
static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return pmd_leaf(pmd) && (pmd_val(pmd) & _PAGE_PRESENT) && pmd_user(pmd);
}
""",
    fix="""\
Test the bits themselves instead of a function that depends on the configuration.""",
)

LEVELS_DISAGREE = Rule(
    code="PTC208",
    name="predicate-levels-disagree",
    title="the predicates of pte, pmd and pud disagree about the same protection",
    explanation="""\
For one and the same protection an entry is counted at one level and not at another: for instance
memory without access (PAGE_NONE) as a small page, but not as a huge one.""",
    why="""\
A huge page that is split, or small pages that are collapsed, carry their protection from one
level to the other. Helpers that go through the pte functions for larger entries (hugetlb) do it
as well. Disagreement lets counters drift at each such step.""",
    bad="""\
static inline bool pte_user_accessible_page(pte_t pte)
{
	return pte_present(pte) && pte_user(pte);
}

static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return pmd_leaf(pmd) && pmd_user(pmd) && pmd_write(pmd);
}
""",
    good="""\
static inline bool pte_user_accessible_page(pte_t pte)
{
	return pte_present(pte) && pte_user(pte);
}

static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return pmd_leaf(pmd) && pmd_user(pmd);
}
""",
    fix="""\
Let the three ask the same question about the same bits, and add only the leaf test above pte.""",
)

MISSING = Rule(
    code="PTC209",
    name="predicate-missing",
    title="a predicate is used in a configuration in which it is not defined",
    explanation="""\
The architecture selects ARCH_SUPPORTS_PAGE_TABLE_CHECK in this configuration, so
mm/page_table_check.c is built and calls the predicates of all three levels; but one of them has
no definition there. Often the definition stands inside of an #if for huge pages, for the number
of levels or for the word size.""",
    why="""\
That configuration does not build. It is found by whoever builds it next, not by who broke it.""",
    bad="""\
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return pmd_leaf(pmd) && pmd_user(pmd);
}
#endif
""",
    good="""\
static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return pmd_leaf(pmd) && pmd_user(pmd);
}
""",
    fix="""\
Move the predicate out of the #if, or give the other branch one that is always false. Functions
it calls must exist there too: pmd_leaf() has a generic fallback, others may not.""",
)
