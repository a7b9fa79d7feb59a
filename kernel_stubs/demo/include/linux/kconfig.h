/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_KCONFIG_H
#define _LINUX_KCONFIG_H

#include <generated/autoconf.h>

/* IS_ENABLED(CONFIG_X) is 1 if CONFIG_X is defined as 1, else 0. */
#define __demo_comma_1 0,
#define __demo_second(first, second, ...) second
#define __demo_pick(maybe_comma) __demo_second(maybe_comma 1, 0, 0)
#define __demo_paste(value) __demo_pick(__demo_comma_##value)
#define __demo_expand(value) __demo_paste(value)
#define IS_ENABLED(option) __demo_expand(option)

#endif
