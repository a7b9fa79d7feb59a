# SPDX-License-Identifier: GPL-2.0-only
"""An evaluator of small kernel functions over concrete page table entries."""
