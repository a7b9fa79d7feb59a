/* SPDX-License-Identifier: GPL-2.0-only */
/* um: constants of the host */
