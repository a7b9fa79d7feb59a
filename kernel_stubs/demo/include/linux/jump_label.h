/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_JUMP_LABEL_H
#define _LINUX_JUMP_LABEL_H

#include <linux/atomic.h>

struct static_key {
	atomic_t enabled;
};

struct static_key_true {
	struct static_key key;
};

#define DEFINE_STATIC_KEY_TRUE(name) \
	struct static_key_true name = { .key = { .enabled = { 1 } } }

#define static_key_enabled(x) (atomic_read(&(x)->key.enabled) > 0)
#define static_branch_likely(x) likely(static_key_enabled(x))
#define static_branch_unlikely(x) unlikely(static_key_enabled(x))
#define static_branch_disable(x) ((x)->key.enabled.counter = 0)

#endif
