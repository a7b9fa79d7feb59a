/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file that creates trace points includes its trace header again and again from here, by a
 * computed include. What that makes is no concern of page tables: nothing is made.
 */
