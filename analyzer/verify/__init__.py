# SPDX-License-Identifier: GPL-2.0-only
"""Proof by counting: every helper, and sequences of helpers as generic code calls them, run in
the evaluator with their hooks wired to the reference model; then the page tables are recounted.
"""

from __future__ import annotations

from .run import verify_tree
from .values import Agreement, VerifyResult

__all__ = ["Agreement", "VerifyResult", "verify_tree"]
