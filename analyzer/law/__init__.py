# SPDX-License-Identifier: GPL-2.0-only
"""The conservation law: what the hooks move is what the slot changed."""
