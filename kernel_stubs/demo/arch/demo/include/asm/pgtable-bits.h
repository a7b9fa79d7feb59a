/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_DEMO_PGTABLE_BITS_H
#define _ASM_DEMO_PGTABLE_BITS_H

/*
 * An entry of arch/demo that maps memory or points to a table:
 *
 *   63   52 51        12   11     10    9    8    7   6 5  4   3  2  1  0
 *   unused  frame number  INVAL PROTNONE -  SPEC LEAF D A USER X  W  R  PRESENT
 *
 * An entry that was swapped out, or is in migration, has neither PRESENT nor
 * PROTNONE nor INVAL: its type stands in bits 2 to 6, its offset from bit 12 up.
 */
#define _PAGE_PRESENT (1UL << 0)
#define _PAGE_READ (1UL << 1)
#define _PAGE_WRITE (1UL << 2)
#define _PAGE_EXEC (1UL << 3)
#define _PAGE_USER (1UL << 4)
#define _PAGE_ACCESSED (1UL << 5)
#define _PAGE_DIRTY (1UL << 6)
#define _PAGE_LEAF (1UL << 7)		/* pmd and pud: maps a huge page */
#define _PAGE_SPECIAL (1UL << 8)	/* software: no struct page to look at */
#define _PAGE_PROTNONE (1UL << 10)	/* software: there, but no access allowed */
#define _PAGE_INVAL (1UL << 11)		/* software: being split, no access allowed */

#define _PAGE_PFN_SHIFT 12
#define _PAGE_PFN_MASK 0x000ffffffffff000UL
#define _PAGE_RWX (_PAGE_READ | _PAGE_WRITE | _PAGE_EXEC)

/* What pte_modify() and pmd_modify() keep. */
#define _PAGE_CHG_MASK \
	(_PAGE_PFN_MASK | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_LEAF | _PAGE_SPECIAL)

#define __SWP_TYPE_SHIFT 2
#define __SWP_TYPE_MASK 0x1fUL
#define __SWP_OFFSET_SHIFT 12

#define _PAGE_USER_BASE (_PAGE_PRESENT | _PAGE_USER)
#define PAGE_NONE __pgprot(_PAGE_PROTNONE)
#define PAGE_READONLY __pgprot(_PAGE_USER_BASE | _PAGE_READ)
#define PAGE_READONLY_EXEC __pgprot(_PAGE_USER_BASE | _PAGE_READ | _PAGE_EXEC)
#define PAGE_EXECONLY __pgprot(_PAGE_USER_BASE | _PAGE_EXEC)
#define PAGE_SHARED __pgprot(_PAGE_USER_BASE | _PAGE_READ | _PAGE_WRITE)
#define PAGE_SHARED_EXEC __pgprot(_PAGE_USER_BASE | _PAGE_RWX)

#define _PAGE_KERNEL_BASE (_PAGE_PRESENT | _PAGE_READ | _PAGE_ACCESSED | _PAGE_DIRTY)
#define PAGE_KERNEL __pgprot(_PAGE_KERNEL_BASE | _PAGE_WRITE)
#define PAGE_KERNEL_RO __pgprot(_PAGE_KERNEL_BASE)
#define PAGE_KERNEL_EXEC __pgprot(_PAGE_KERNEL_BASE | _PAGE_WRITE | _PAGE_EXEC)

#endif
