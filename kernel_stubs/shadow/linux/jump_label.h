/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A static key is patched code in the tree; here it is a question that the evaluator answers
 * both ways: __ptc_static_key(&key). The key is the argument, so two tests of one key agree.
 */
#include_next <linux/jump_label.h>

#ifndef __PTC_SHADOW_JUMP_LABEL
#define __PTC_SHADOW_JUMP_LABEL
_Bool __ptc_static_key();
#endif

#undef static_branch_likely
#undef static_branch_unlikely
#undef static_key_enabled
#undef static_key_true
#undef static_key_false
#define static_branch_likely(x) __ptc_static_key(x)
#define static_branch_unlikely(x) __ptc_static_key(x)
#define static_key_enabled(x) __ptc_static_key(x)
#define static_key_true(x) __ptc_static_key(x)
#define static_key_false(x) __ptc_static_key(x)
