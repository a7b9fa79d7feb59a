/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_TYPES_H
#define _LINUX_TYPES_H

typedef _Bool bool;
typedef unsigned int u32;
typedef unsigned long u64;
typedef struct {
	int counter;
} atomic_t;

#define true 1
#define false 0
#define NULL ((void *)0)

#endif
