# SPDX-License-Identifier: GPL-2.0-only
"""From a tree to a CheckResult: variants, verdicts, findings merged over variants."""

from .run import check_tree

__all__ = ["check_tree"]
