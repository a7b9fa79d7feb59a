/* SPDX-License-Identifier: GPL-2.0-only */
#define UTS_VERSION "#1"
