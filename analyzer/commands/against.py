# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck check --base REV`: what a change did to the findings, and nothing about the rest."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TextIO

from analyzer.check.compare import Comparison, compare, only_new
from analyzer.check.limits import MEBIBYTES, SECONDS, Limits
from analyzer.commands import common, policy
from analyzer.commands.revisions import judge_two
from analyzer.errors import UsageError
from analyzer.kconfig.facts import architectures
from analyzer.report import comparison as report
from analyzer.report.formats import find_format
from analyzer.report.options import ReportOptions
from analyzer.report.summary import counts
from analyzer.tree import History, KernelTree, open_tree


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the comparison."""
    group = parser.add_argument_group("only what a change did")
    group.add_argument(
        "--base",
        metavar="REV",
        help="report what is new since the commit that REV and the head have in common; only"
        " that counts for the exit status",
    )
    group.add_argument(
        "--head",
        metavar="REV",
        help="the revision to judge (default: --rev; else the working folder; HEAD of a bare"
        " repository)",
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Judge both, and report the difference."""
    if args.head is not None and args.rev is not None:
        raise UsageError("--head and --rev name the same thing, give one of them")
    source = policy.source_of(args)
    path = args.tree if args.tree is not None else "."
    history = History(path)
    rev = args.head if args.head is not None else args.rev
    if rev is None and history.bare:
        rev = "HEAD"
    tip = history.commit(rev or "HEAD")
    asked = history.commit(args.base)
    start = history.merge_base(asked, tip)
    if start == tip:  # the head is older: nothing was done to it since
        start = asked
    with ExitStack() as stack:
        head: KernelTree = stack.enter_context(open_tree(path, tip if rev else None))
        base: KernelTree = stack.enter_context(open_tree(path, start))
        settings, said = policy.apply_settings(args, source, head, err)
        wanted = common.outputs(args)
        limits = Limits(args.time_limit or SECONDS, args.memory_limit or MEBIBYTES)
        before, after = judge_two(args, base, head, common.chosen_variants(args), err, limits)
        after = policy.judge(args, after, head, settings, said, architectures(head))
    found = compare(before, after)
    against = f"{args.base} ({start[:12]})"
    if start != asked:
        against = f"{start[:12]}, which {args.base} and {rev or 'HEAD'} have in common"
    options = ReportOptions(
        color=common.use_color(out),
        verbose=args.verbose > 0,
        as_if_enabled=bool(args.as_if_enabled),
        timing=args.timing,
    )

    def render(output: common.Output) -> str:
        chosen = options if output.file is None else replace(options, color=False)
        if output.format == "text":
            return report.text(found, against, chosen)
        if output.format == "json":
            return report.json(found, args.base, against, chosen)
        return find_format(output.format).render(only_new(found, against), chosen)

    common.write_outputs(wanted, {o.format: partial(render, o) for o in wanted}, out)
    return exit_code(found, options)


def exit_code(found: Comparison, options: ReportOptions) -> int:
    """1: new findings that count; 3: none, but something cannot be judged any more."""
    if any(counts(finding, options) for finding in found.new):
        return common.Exit.FINDINGS
    return common.Exit.INCOMPLETE if found.incomplete else common.Exit.CLEAN
