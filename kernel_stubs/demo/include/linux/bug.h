/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_BUG_H
#define _LINUX_BUG_H

void panic(const char *fmt, ...) __attribute__((__noreturn__));

#define BUG() do { panic("BUG"); } while (0)
#define BUG_ON(condition) do { if (unlikely(condition)) BUG(); } while (0)

#endif
