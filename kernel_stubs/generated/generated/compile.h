/* SPDX-License-Identifier: GPL-2.0-only */
/* who built the kernel, and when */
#define UTS_MACHINE "ptcheck"
#define LINUX_COMPILE_BY "ptcheck"
#define LINUX_COMPILE_HOST "ptcheck"
#define LINUX_COMPILER "ptcheck"
