# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees: a folder, a revision of a git repository, either with edits in memory."""

from __future__ import annotations

from analyzer.tree.base import MAX_FILE_BYTES, Entry, KernelTree, Kind
from analyzer.tree.folder import FolderTree
from analyzer.tree.gitrev import GitTree
from analyzer.tree.history import History
from analyzer.tree.opening import is_kernel_tree, open_tree
from analyzer.tree.overlay import MemoryTree, OverlayTree

__all__ = [
    "MAX_FILE_BYTES",
    "Entry",
    "FolderTree",
    "GitTree",
    "History",
    "KernelTree",
    "Kind",
    "MemoryTree",
    "OverlayTree",
    "is_kernel_tree",
    "open_tree",
]
