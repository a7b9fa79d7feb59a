/* SPDX-License-Identifier: GPL-2.0-only */
/* offsets of structures, used by assembler only */
