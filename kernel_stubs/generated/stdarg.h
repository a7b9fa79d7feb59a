/* SPDX-License-Identifier: GPL-2.0-only */
/* header of the compiler */
typedef __builtin_va_list va_list;
