# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck check`: the verdict for every helper, the findings with their witnesses."""

from __future__ import annotations

import argparse
from typing import TextIO

from analyzer.check import check_tree
from analyzer.commands import common
from analyzer.model import CheckResult
from analyzer.report.formats import FORMATS, find_format
from analyzer.report.options import ReportOptions

NAME = "check"
HELP = "judge every helper of the tree: balanced, neutral, finding or unknown"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    common.add_common_arguments(parser, [known.name for known in FORMATS])
    parser.add_argument(
        "--variant",
        metavar="V[,W]",
        action="append",
        help="only these variants of each architecture (default: all; see ptcheck archs)",
    )
    parser.add_argument(
        "--as-if-enabled",
        action="store_true",
        help="findings of architectures that do not select the option count, too",
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Judge the tree and write the reports; the exit code says what was found."""
    wanted = common.outputs(args)
    tree, _ = common.choose_tree(args, err)
    with tree:
        archs = common.choose_archs(args, tree)
        only = None
        if args.variant:
            only = frozenset(name for text in args.variant for name in text.split(",") if name)
        result = check_tree(
            tree,
            archs,
            only=only,
            jobs=common.jobs(args),
            note=lambda text: common.note(args, err, text, 1),
        )
    options = ReportOptions(
        color=common.use_color(out),
        verbose=args.verbose > 0,
        as_if_enabled=args.as_if_enabled,
    )

    def render(name: str, color: bool) -> str:
        chosen = (
            options
            if color
            else ReportOptions(verbose=options.verbose, as_if_enabled=options.as_if_enabled)
        )
        return find_format(name).render(result, chosen)

    renderers = {
        output.format: (lambda o=output: render(o.format, o.file is None)) for output in wanted
    }
    common.write_outputs(wanted, renderers, out)
    return exit_code(result, args.as_if_enabled)


def exit_code(result: CheckResult, as_if_enabled: bool) -> int:
    """0 clean, 1 findings that count, 3 nothing found but not everything could be judged."""
    if any(as_if_enabled or not finding.if_enabled for finding in result.findings):
        return common.Exit.FINDINGS
    return common.Exit.INCOMPLETE if result.incomplete else common.Exit.CLEAN
