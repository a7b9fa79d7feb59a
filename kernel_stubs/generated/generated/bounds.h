/* SPDX-License-Identifier: GPL-2.0-only */
/* from kernel/bounds.c, where the compiler counts; a usual 64-bit configuration */
#define NR_PAGEFLAGS 25
#define MAX_NR_ZONES 4
#define NR_CPUS_BITS 8
#define SPINLOCK_SIZE 4
#define LRU_GEN_WIDTH 0
#define __LRU_REFS_WIDTH 0
