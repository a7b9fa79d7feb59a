/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_ATOMIC_H
#define _LINUX_ATOMIC_H

#include <linux/types.h>
#include <asm/cmpxchg.h>

#define xchg(ptr, val) arch_xchg(ptr, val)
#define try_cmpxchg(ptr, oldp, val) arch_try_cmpxchg(ptr, oldp, val)

static inline int atomic_read(const atomic_t *v)
{
	return *(const volatile int *)&v->counter;
}

static inline int atomic_inc_return(atomic_t *v)
{
	return __atomic_add_fetch(&v->counter, 1, __ATOMIC_SEQ_CST);
}

static inline int atomic_dec_return(atomic_t *v)
{
	return __atomic_sub_fetch(&v->counter, 1, __ATOMIC_SEQ_CST);
}

#endif
