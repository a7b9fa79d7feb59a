/* SPDX-License-Identifier: GPL-2.0-only */
/* of a recent kernel; headers of a tree hardly test it */
#define LINUX_VERSION_CODE 0x060c00
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#define LINUX_VERSION_MAJOR 6
#define LINUX_VERSION_PATCHLEVEL 12
#define LINUX_VERSION_SUBLEVEL 0
