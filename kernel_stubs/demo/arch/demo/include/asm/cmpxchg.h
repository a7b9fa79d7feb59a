/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_DEMO_CMPXCHG_H
#define _ASM_DEMO_CMPXCHG_H

#define arch_xchg(ptr, val) __atomic_exchange_n(ptr, val, __ATOMIC_SEQ_CST)
#define arch_try_cmpxchg(ptr, oldp, val) \
	__atomic_compare_exchange_n(ptr, oldp, val, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

#endif
