# SPDX-License-Identifier: GPL-2.0-only
"""The page-table helpers of the generic interface: which there are, what they are called with."""
