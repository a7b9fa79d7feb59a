/* SPDX-License-Identifier: GPL-2.0-only */
/* offsets in struct rq, used by assembler-like inlines only */
#define RQ_nr_pinned 0
