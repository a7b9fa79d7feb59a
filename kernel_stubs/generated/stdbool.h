/* SPDX-License-Identifier: GPL-2.0-only */
/* header of the compiler */
