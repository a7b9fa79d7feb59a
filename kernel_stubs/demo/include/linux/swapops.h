/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SWAPOPS_H
#define _LINUX_SWAPOPS_H

#include <linux/mm.h>

/* The last two types are not swap areas: pages on their way to another place. */
#define MAX_SWAPFILES 30
#define SWP_MIGRATION_READ 30
#define SWP_MIGRATION_WRITE 31

static inline swp_entry_t swp_entry(unsigned long type, unsigned long offset)
{
	return __swp_entry(type, offset);
}

static inline unsigned long swp_type(swp_entry_t entry)
{
	return __swp_type(entry);
}

static inline unsigned long swp_offset(swp_entry_t entry)
{
	return __swp_offset(entry);
}

static inline pte_t swp_entry_to_pte(swp_entry_t entry)
{
	return __swp_entry_to_pte(entry);
}

static inline swp_entry_t pte_to_swp_entry(pte_t pte)
{
	return __pte_to_swp_entry(pte);
}

static inline pmd_t swp_entry_to_pmd(swp_entry_t entry)
{
	return __swp_entry_to_pmd(entry);
}

static inline bool is_swap_pte(pte_t pte)
{
	return !pte_none(pte) && !pte_present(pte);
}

static inline swp_entry_t make_readable_migration_entry(unsigned long offset)
{
	return swp_entry(SWP_MIGRATION_READ, offset);
}

static inline swp_entry_t make_writable_migration_entry(unsigned long offset)
{
	return swp_entry(SWP_MIGRATION_WRITE, offset);
}

static inline bool is_migration_entry(swp_entry_t entry)
{
	return swp_type(entry) >= MAX_SWAPFILES;
}

#endif
