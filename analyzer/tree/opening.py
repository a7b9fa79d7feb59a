# SPDX-License-Identifier: GPL-2.0-only
"""From what the user typed to a tree, or to one line that says why not."""

from __future__ import annotations

import os

from analyzer.errors import TreeError
from analyzer.tree.base import KernelTree, Kind
from analyzer.tree.folder import FolderTree
from analyzer.tree.gitrev import GitTree


def is_kernel_tree(tree: KernelTree) -> bool:
    """Whether a tree looks like a kernel, or the part of one that has to be there."""
    return tree.kind("arch") is Kind.DIRECTORY and tree.kind("include") is Kind.DIRECTORY


def open_tree(path: str | os.PathLike[str], rev: str | None = None) -> KernelTree:
    """Open a folder, or a revision of the git repository it is in, as a kernel tree.

    A partial tree will do, as long as it has folders `arch` and `include`. Raises TreeError,
    in one line, for a path that is absent or no folder, for what is not a kernel tree, and for
    a revision that is unknown or asked of a folder outside of git; ToolError without git.
    """
    tree: KernelTree = FolderTree(path) if rev is None else GitTree(path, rev)
    if is_kernel_tree(tree):
        return tree
    tree.close()
    message = f"not a kernel tree (no folders arch/ and include/): {tree.label}"
    if rev is None and _is_bare(tree):
        message = f"a bare git repository, name a revision with --rev: {tree.label}"
    raise TreeError(message)


def _is_bare(tree: KernelTree) -> bool:
    directories = all(tree.kind(name) is Kind.DIRECTORY for name in ("objects", "refs"))
    return directories and tree.kind("HEAD") is Kind.FILE
