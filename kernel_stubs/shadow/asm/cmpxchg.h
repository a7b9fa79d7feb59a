/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exchanges are assembler in the tree's header; here they become calls of functions that the
 * evaluator knows: __ptc_xchg(p, new), __ptc_cmpxchg(p, old, new), __ptc_try_cmpxchg(p, &old, new).
 *
 * No guard around the macros on purpose: the tree's header may include itself in a circle, and
 * the last word has to be ours.
 */
#include_next <asm/cmpxchg.h>

#ifndef __PTC_SHADOW_CMPXCHG
#define __PTC_SHADOW_CMPXCHG
unsigned long __ptc_xchg();
unsigned long __ptc_cmpxchg();
_Bool __ptc_try_cmpxchg();
#endif

#define __ptc_do_xchg(p, v) ((__typeof__(*(p)))__ptc_xchg((p), (v)))
#define __ptc_do_cmpxchg(p, o, n) ((__typeof__(*(p)))__ptc_cmpxchg((p), (o), (n)))
#define __ptc_do_try_cmpxchg(p, o, n) ((_Bool)__ptc_try_cmpxchg((p), (o), (n)))

#if defined(arch_xchg) || defined(arch_xchg_relaxed) || defined(arch_cmpxchg) || \
	defined(arch_cmpxchg_relaxed)
#undef arch_xchg
#undef arch_xchg_relaxed
#undef arch_xchg_acquire
#undef arch_xchg_release
#undef arch_xchg_local
#define arch_xchg __ptc_do_xchg
#define arch_xchg_relaxed __ptc_do_xchg
#define arch_xchg_acquire __ptc_do_xchg
#define arch_xchg_release __ptc_do_xchg
#define arch_xchg_local __ptc_do_xchg

#undef arch_cmpxchg
#undef arch_cmpxchg_relaxed
#undef arch_cmpxchg_acquire
#undef arch_cmpxchg_release
#undef arch_cmpxchg_local
#define arch_cmpxchg __ptc_do_cmpxchg
#define arch_cmpxchg_relaxed __ptc_do_cmpxchg
#define arch_cmpxchg_acquire __ptc_do_cmpxchg
#define arch_cmpxchg_release __ptc_do_cmpxchg
#define arch_cmpxchg_local __ptc_do_cmpxchg

#undef arch_cmpxchg64
#undef arch_cmpxchg64_relaxed
#undef arch_cmpxchg64_acquire
#undef arch_cmpxchg64_release
#undef arch_cmpxchg64_local
#define arch_cmpxchg64 __ptc_do_cmpxchg
#define arch_cmpxchg64_relaxed __ptc_do_cmpxchg
#define arch_cmpxchg64_acquire __ptc_do_cmpxchg
#define arch_cmpxchg64_release __ptc_do_cmpxchg
#define arch_cmpxchg64_local __ptc_do_cmpxchg

#undef arch_try_cmpxchg
#undef arch_try_cmpxchg_relaxed
#undef arch_try_cmpxchg_acquire
#undef arch_try_cmpxchg_release
#undef arch_try_cmpxchg_local
#define arch_try_cmpxchg __ptc_do_try_cmpxchg
#define arch_try_cmpxchg_relaxed __ptc_do_try_cmpxchg
#define arch_try_cmpxchg_acquire __ptc_do_try_cmpxchg
#define arch_try_cmpxchg_release __ptc_do_try_cmpxchg
#define arch_try_cmpxchg_local __ptc_do_try_cmpxchg

#undef arch_try_cmpxchg64
#undef arch_try_cmpxchg64_relaxed
#undef arch_try_cmpxchg64_acquire
#undef arch_try_cmpxchg64_release
#undef arch_try_cmpxchg64_local
#define arch_try_cmpxchg64 __ptc_do_try_cmpxchg
#define arch_try_cmpxchg64_relaxed __ptc_do_try_cmpxchg
#define arch_try_cmpxchg64_acquire __ptc_do_try_cmpxchg
#define arch_try_cmpxchg64_release __ptc_do_try_cmpxchg
#define arch_try_cmpxchg64_local __ptc_do_try_cmpxchg
#else
/* before 5.13 the architectures defined the plain names */
#undef xchg
#undef xchg_relaxed
#undef xchg_acquire
#undef xchg_release
#undef xchg_local
#define xchg __ptc_do_xchg
#define xchg_relaxed __ptc_do_xchg
#define xchg_acquire __ptc_do_xchg
#define xchg_release __ptc_do_xchg
#define xchg_local __ptc_do_xchg

#undef cmpxchg
#undef cmpxchg_relaxed
#undef cmpxchg_acquire
#undef cmpxchg_release
#undef cmpxchg_local
#define cmpxchg __ptc_do_cmpxchg
#define cmpxchg_relaxed __ptc_do_cmpxchg
#define cmpxchg_acquire __ptc_do_cmpxchg
#define cmpxchg_release __ptc_do_cmpxchg
#define cmpxchg_local __ptc_do_cmpxchg

#undef cmpxchg64
#undef cmpxchg64_relaxed
#undef cmpxchg64_acquire
#undef cmpxchg64_release
#undef cmpxchg64_local
#define cmpxchg64 __ptc_do_cmpxchg
#define cmpxchg64_relaxed __ptc_do_cmpxchg
#define cmpxchg64_acquire __ptc_do_cmpxchg
#define cmpxchg64_release __ptc_do_cmpxchg
#define cmpxchg64_local __ptc_do_cmpxchg

#undef try_cmpxchg
#define try_cmpxchg __ptc_do_try_cmpxchg
#endif
