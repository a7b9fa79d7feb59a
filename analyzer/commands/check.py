# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck check`: the verdict for every helper, the findings with their witnesses."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TextIO

from analyzer.check import check_tree
from analyzer.check.limits import MEBIBYTES, SECONDS, Limits
from analyzer.commands import against, common, policy
from analyzer.errors import UsageError
from analyzer.kconfig import architectures
from analyzer.model import CheckResult
from analyzer.report.formats import FORMATS, find_format
from analyzer.report.options import ReportOptions
from analyzer.report.summary import counts
from analyzer.triage import read_baseline

NAME = "check"
HELP = "judge every helper of the tree: balanced, neutral, finding or unknown"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    common.add_common_arguments(parser, [known.name for known in FORMATS])
    common.add_variant_argument(parser)
    parser.add_argument(
        "--as-if-enabled",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="findings of architectures that do not select the option count, too",
    )
    parser.add_argument(
        "--time-limit",
        metavar="SECONDS",
        type=common.number_up_to(policy.MAX_SECONDS),
        help=f"seconds for the whole run (default: {SECONDS}); what is left then is not judged",
    )
    parser.add_argument(
        "--memory-limit",
        metavar="MIB",
        type=common.number_up_to(policy.MAX_MEBIBYTES),
        help=f"memory for each process (default: {MEBIBYTES}); what needs more is not judged",
    )
    parser.add_argument(
        "--timing",
        action="store_true",
        help="put the seconds it took into the reports, which then differ from run to run",
    )
    policy.add_arguments(parser)
    against.add_arguments(parser)


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Judge the tree and write the reports; the exit code says what was found."""
    if args.base is not None:
        return against.run(args, out, err)
    if args.head is not None:
        raise UsageError("--head names the revision to compare with that of --base")
    source = policy.source_of(args)
    tree, _ = common.choose_tree(args, err)
    with tree, common.facts(args, err) as facts:
        settings, said = policy.apply_settings(args, source, tree, err)
        wanted = common.outputs(args)
        archs = common.choose_archs(args, tree)
        if args.baseline is not None:
            read_baseline(args.baseline)  # a mistake is told before the work is done
        only = common.chosen_variants(args)
        result = check_tree(
            tree,
            archs,
            only=only,
            jobs=common.jobs(args),
            note=lambda text: common.note(args, err, text, 1),
            facts=facts,
            limits=Limits(args.time_limit or SECONDS, args.memory_limit or MEBIBYTES),
        )
        result = policy.judge(args, result, tree, settings, said, architectures(tree))
    common.note(args, err, f"took {result.seconds:.1f} s", 0 if err.isatty() else 1)
    options = ReportOptions(
        color=common.use_color(out),
        verbose=args.verbose > 0,
        as_if_enabled=bool(args.as_if_enabled),
        timing=args.timing,
    )

    def render(name: str, color: bool) -> str:
        chosen = options if color else replace(options, color=False)
        return find_format(name).render(result, chosen)

    renderers = {
        output.format: (lambda o=output: render(o.format, o.file is None)) for output in wanted
    }
    common.write_outputs(wanted, renderers, out)
    return exit_code(result, options)


def exit_code(result: CheckResult, options: ReportOptions) -> int:
    """0 clean, 1 findings that count, 3 nothing found but not everything could be judged."""
    if any(counts(finding, options) for finding in result.findings):
        return common.Exit.FINDINGS
    return common.Exit.INCOMPLETE if result.incomplete else common.Exit.CLEAN
