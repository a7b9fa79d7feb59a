/* SPDX-License-Identifier: GPL-2.0-only */
#define UTS_RELEASE "0.0.0-ptcheck"
