/* SPDX-License-Identifier: GPL-2.0-only */
/* loongarch: header of the compiler */
