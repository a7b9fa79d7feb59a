# SPDX-License-Identifier: GPL-2.0-only
"""PTC201 to 205 and 210: the predicate is wrong about a kind of entry."""

from __future__ import annotations

from analyzer.rules.texts.rule import Rule

COUNTS_ABSENT = Rule(
    code="PTC201",
    name="predicate-counts-absent",
    title="the predicate is true for an entry that maps nothing",
    explanation="""\
LEVEL_user_accessible_page() is true for the empty entry, a swap entry, a migration entry or
another entry that is not present. In these the bits have other meanings: the bit that is `user`
in a present entry may be part of the type or offset of a swap entry.""",
    why="""\
Whatever number stands in the place of the frame is counted as a page. Helpers for entries that
are not present (pte_clear_not_present_full) have no hook, so these counts never go away.""",
    bad="""\
static inline bool pte_user_accessible_page(pte_t pte)
{
	return pte_val(pte) & _PAGE_USER;
}
""",
    good="""\
static inline bool pte_user_accessible_page(pte_t pte)
{
	return (pte_val(pte) & _PAGE_PRESENT) && (pte_val(pte) & _PAGE_USER);
}
""",
    fix="""\
Test that the entry is present first, with the bit that the hardware looks at.""",
)

COUNTS_TABLE = Rule(
    code="PTC202",
    name="predicate-counts-table",
    title="the predicate is true for an entry that points to a table",
    explanation="""\
pmd_user_accessible_page() or pud_user_accessible_page() is true for an entry that is not a leaf:
it does not map memory, it points to a table of the next level.""",
    why="""\
The page of the table and the frames behind it would be counted as user memory. Tables are put in
and taken out by helpers that have no hook (pmd_populate, pmd_clear).""",
    bad="""\
static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return pmd_present(pmd) && pmd_user(pmd);
}
""",
    good="""\
static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return pmd_leaf(pmd) && pmd_present(pmd) && pmd_user(pmd);
}
""",
    fix="""\
Test pmd_leaf() or pud_leaf() as well, in a form that works in each configuration.""",
)

COUNTS_INVALIDATED = Rule(
    code="PTC203",
    name="predicate-counts-invalidated",
    title="the predicate is true for the entry that an invalidation leaves in the slot",
    explanation="""\
The entry that pmd_mkinvalid() makes, or that pmdp_invalidate() leaves in the slot, is still
counted. Such an entry cannot be accessed: the huge page is about to be split. Often it is
pmd_present() that has to be true for it, so pmd_present() is the wrong question here.""",
    why="""\
When a huge page is split, its small pages are counted one by one as the new table is filled;
then pmd_populate() writes the table over the slot, without a hook. What was still counted for
the invalidated entry is never taken out: each page of it is counted once too often.""",
    bad="""\
static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return pmd_leaf(pmd) && pmd_present(pmd) && pmd_user(pmd);
}
""",
    good="""\
static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return pmd_leaf(pmd) && (pmd_val(pmd) & _PAGE_PRESENT) && pmd_user(pmd);
}
""",
    fix="""\
Test the bit that the hardware looks at, the one that pmd_mkinvalid() takes away.""",
)

MISSES_USER = Rule(
    code="PTC204",
    name="predicate-misses-user",
    title="the predicate is false for an entry that a user can access",
    explanation="""\
LEVEL_user_accessible_page() is false for an entry made with one of the tree's own user
protections (protection_map[], PAGE_READONLY, PAGE_SHARED, PAGE_EXECONLY, ...). Memory that may
be executed but not read is the one that is easily forgotten: on some architectures it has no
`user` bit.""",
    why="""\
Mappings of that kind are not counted at all: a page can be mapped by two owners without notice,
which is what page table check is there to find.""",
    bad="""\
static inline bool pte_user_accessible_page(pte_t pte)
{
	return pte_valid(pte) && pte_user(pte);
}
""",
    good="""\
static inline bool pte_user_accessible_page(pte_t pte)
{
	return pte_valid(pte) && (pte_user(pte) || pte_user_exec(pte));
}
""",
    fix="""\
Go through the protections of the architecture, and let the predicate be true for each that lets
a user read, write or execute.""",
)

COUNTS_KERNEL = Rule(
    code="PTC205",
    name="predicate-counts-kernel",
    title="the predicate is true for a kernel mapping, although there is a user bit",
    explanation="""\
LEVEL_user_accessible_page() is true for an entry made with PAGE_KERNEL or another protection of
the kernel, on an architecture whose entries tell user and kernel apart. (Where they do not, the
predicate cannot know, and this rule does not ask.)""",
    why="""\
Some mappings of the kernel live in the mm of a process, and are put in by a helper with a hook
and taken out by one without, or the other way round. The counters of their pages drift.""",
    bad="""\
static inline bool pud_user_accessible_page(pud_t pud)
{
	return pud_leaf(pud) && (pud_val(pud) & _PAGE_PRESENT);
}
""",
    good="""\
static inline bool pud_user_accessible_page(pud_t pud)
{
	return pud_leaf(pud) && (pud_val(pud) & _PAGE_PRESENT) && (pud_val(pud) & _PAGE_USER);
}
""",
    fix="""\
Test the user bit too.""",
)

COUNTS_SPECIAL = Rule(
    code="PTC210",
    name="predicate-counts-special",
    title="special entries are counted, and the framework does not skip them",
    explanation="""\
A special entry maps a frame that has no page to account for: the page of zeros, or memory of a
device. In this tree the framework counts it like any other, because mm/page_table_check.c does
not ask for special entries; the predicate does not leave them out either. Newer kernels, and
older ones with the correction, skip them in the framework: there this rule does not ask.""",
    why="""\
The page of zeros is mapped any number of times by everyone; counted like a page with an owner,
it stops the kernel sooner or later.""",
    bad="""\
static inline bool pte_user_accessible_page(pte_t pte)
{
	return pte_present(pte) && pte_user(pte);
}
""",
    good="""\
static inline bool pte_user_accessible_page(pte_t pte)
{
	return pte_present(pte) && pte_user(pte) && !pte_special(pte);
}
""",
    fix="""\
Take over the correction of the framework (it skips special entries and the huge page of zeros),
which is better than leaving them out in each architecture.""",
)
