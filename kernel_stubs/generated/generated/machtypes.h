/* SPDX-License-Identifier: GPL-2.0-only */
/* sh: numbers of machines */
