# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck diff A B`: how two trees, or two revisions of one, differ."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TextIO

from analyzer.check.differences import differences
from analyzer.check.snapshot import Snapshot, arch_facts
from analyzer.commands import common
from analyzer.commands.revisions import judge_two
from analyzer.errors import UsageError
from analyzer.report import differences as report
from analyzer.report.options import ReportOptions
from analyzer.tree import History, KernelTree, open_tree

NAME = "diff"
HELP = "how two trees or revisions differ: API, helpers, hooks, verdicts, predicates, bits"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("before", metavar="A", help="a folder, or a revision of the repository")
    parser.add_argument("after", metavar="B", help="another one")
    common.add_common_arguments(parser)
    common.add_variant_argument(parser)


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Judge both and write what differs; exit code 1 where anything does, as diff(1)."""
    if args.rev is not None:
        raise UsageError("diff takes two revisions as arguments, not --rev")
    wanted = common.outputs(args)
    with ExitStack() as stack:
        before, after = (stack.enter_context(tree) for tree in _open(args))
        first, second = judge_two(args, before, after, common.chosen_variants(args), err)
        with common.facts(args, err) as facts:
            shots = [
                Snapshot(
                    result,
                    tuple(
                        arch_facts(tree, arch, facts)
                        for arch in dict.fromkeys(s.arch for s in result.summaries)
                    ),
                )
                for tree, result in ((before, first), (after, second))
            ]
    found = differences(*shots)
    options = ReportOptions(color=False, verbose=args.verbose > 0)
    renderers = {
        "text": partial(report.text, found, options),
        "json": partial(report.json, found, options),
    }
    common.write_outputs(wanted, renderers, out)
    if found.items:
        return common.Exit.FINDINGS
    return common.Exit.INCOMPLETE if found.comparison.incomplete else common.Exit.CLEAN


def _open(args: argparse.Namespace) -> list[KernelTree]:
    """The two trees: folders where both arguments are and no repository is named."""
    named = [args.before, args.after]
    if args.tree is None and all(Path(name).is_dir() for name in named):
        return [open_tree(name) for name in named]
    path = args.tree if args.tree is not None else "."
    history = History(path)
    for name in named:
        history.commit(name)  # or say how to fetch it
    return [open_tree(path, name) for name in named]
