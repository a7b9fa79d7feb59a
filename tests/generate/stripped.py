# SPDX-License-Identifier: GPL-2.0-only
"""The command `ptcheck` on a tree from which the support of an architecture was taken out.

    python -m tests.generate.stripped generate -C TREE --arch A ...

is `ptcheck generate -C TREE --arch A ...`, but the tree is as it was before somebody enabled A.
"""

from __future__ import annotations

import argparse
import sys
from typing import TextIO
from unittest import mock

from analyzer import cli
from analyzer.commands import common
from analyzer.tree import KernelTree, OverlayTree
from tests.generate.strip import strip


def main(arguments: list[str]) -> int:
    """Run the command; its own exit code."""
    choose = common.choose_tree

    def chosen(
        args: argparse.Namespace, err: TextIO, *, demo: bool = True
    ) -> tuple[KernelTree, bool]:
        tree, is_demo = choose(args, err, demo=demo)
        for arch in args.arch:
            texts = {path: text.encode("latin-1") for path, text in strip(tree, arch).items()}
            tree = OverlayTree(tree, texts)
        return tree, is_demo

    with mock.patch.object(common, "choose_tree", chosen):
        return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
