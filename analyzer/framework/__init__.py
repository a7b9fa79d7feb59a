# SPDX-License-Identifier: GPL-2.0-only
"""Brings page table check to a tree that has none: header, counting, hooks of generic code, text.

    found = bring(tree)                  # a Framework: patches, what was found, what is left out
    with_it = found.overlay(tree)        # the tree with all of them applied

Each fact is the presence of a declaration in the tree; no version and no architecture is asked.
"""

from __future__ import annotations

from .facts import Facts, read_facts
from .generations import GENERATIONS, Generation, choose
from .run import Framework, bring

__all__ = ["GENERATIONS", "Facts", "Framework", "Generation", "bring", "choose", "read_facts"]
