# SPDX-License-Identifier: GPL-2.0-only
"""A series tried the way its recipients will: git am, checkpatch.pl, the compiler.

Runs programs of the tree (checkpatch.pl, its Makefiles), so only on request. The tree is not
written: patches are applied to a scratch repository, what is built is a private view of the
tree, and both are gone afterwards.
"""

from __future__ import annotations

from .run import Amount, try_series
from .values import State, Tried, render

__all__ = ["Amount", "State", "Tried", "render", "try_series"]
