# SPDX-License-Identifier: GPL-2.0-only
"""The last judge: a kernel with the check enforced, built from the tree and started in QEMU.

The only room that runs code of the tree (its Makefiles and what they build), and only when
`ptcheck verify --boot` asks for it.
"""
