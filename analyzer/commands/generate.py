# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck generate`: the patch series that enables page table check for an architecture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TextIO

from analyzer.commands import common
from analyzer.errors import UsageError
from analyzer.report.escape import visible

NAME = "generate"
HELP = "write the patch series that enables page table check for an architecture"
_SERIES = "series"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    common.add_common_arguments(parser, (_SERIES, "diff", "cocci"))
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="folder for the series (made if need be; default: one mbox on standard output)",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace patches that are in the folder already"
    )
    parser.add_argument(
        "--strict", action="store_true", help="write nothing unless everything is decided"
    )
    parser.add_argument(
        "--check",
        choices=("mails", "all"),
        nargs="?",
        const="all",
        help="try the series (runs programs of the tree): git am and checkpatch.pl (mails), and"
        " compilation patch by patch (all, the default)",
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Write the series; 0 all decided (or nothing to do), 3 something is left undecided."""
    from analyzer.generate.commits import cover, patches
    from analyzer.generate.output import prepare_folder
    from analyzer.generate.run import plan
    from analyzer.generate.selfcheck import check_series
    from analyzer.generate.series import build

    wanted = common.outputs(args, _SERIES)
    if not args.arch:
        raise UsageError("name the architecture: --arch A")
    tree, _ = common.choose_tree(args, err)
    with tree:
        archs = common.choose_archs(args, tree)
        if len(archs) != 1:
            raise UsageError(f"one architecture at a time, not {len(archs)}: {', '.join(archs)}")
        folder = Path(args.output) if args.output else None
        if folder is not None:
            prepare_folder(folder, args.force)
        found = plan(tree, archs[0], lambda text: common.note(args, err, text, 1))
        if not found.edits:
            for one in found.undecided:
                level = f" ({one.level})" if one.level else ""
                common.note(args, err, f"not decided: {one.helper}{level}: {one.reason}")
            done = "already enabled and correct, nothing to do"
            left = "nothing can be generated"
            common.note(args, err, f"{found.arch}: {left if found.undecided else done}")
            return common.Exit.INCOMPLETE if found.undecided else common.Exit.CLEAN
        checked = check_series(tree, found)
        problems = [*checked.findings]
        for problem in problems:
            common.note(args, err, f"after the series: {problem}")
        complete = not found.undecided and not problems
        if args.strict and not complete:
            for one in found.undecided:
                common.note(args, err, f"not decided: {one.helper}: {one.reason}")
            common.note(args, err, "not everything is decided: nothing is written (--strict)")
            return common.Exit.INCOMPLETE
        steps = patches(found)
        mails = build(found.texts, steps, cover(found, len(steps)))
        for output in wanted:
            _write(output, mails, found, steps, folder, args, out, err)
        for one in found.undecided:
            common.note(args, err, f"not decided: {one.helper}: {visible(one.reason)}", 1)
        common.note(
            args, err,
            f"{found.arch}: {len(steps)} patches; with them {checked.balanced} helpers balanced,"
            f" {checked.neutral} neutral, {len(problems)} findings, {checked.unknown} unknown in"
            f" {len(checked.supported)} configurations; {len(found.undecided)} not decided",
        )  # fmt: skip
        if args.check:
            from analyzer.generate.precheck import check_mails, render

            results = check_mails(tree, found, steps, mails, args.check == "all")
            err.write(render(results))
            if any(not step.ok for step in results):
                return common.Exit.FINDINGS
    return common.Exit.CLEAN if complete else common.Exit.INCOMPLETE


def _write(output, mails, found, steps, folder, args, out, err) -> None:  # type: ignore[no-untyped-def]
    from analyzer.generate.output import write_folder
    from analyzer.generate.semantic import semantic_patch
    from analyzer.generate.series import Scratch

    if output.format == _SERIES:
        if folder is not None and output.file is None:
            for path in write_folder(folder, mails, args.force):
                out.write(f"{path}\n")
            return
        text = "".join(mail.text for mail in mails)
    elif output.format == "diff":
        with Scratch(found.texts) as scratch:
            for patch in steps:
                scratch.add(patch)
            text = scratch.diff(len(steps))
    else:
        text = semantic_patch(found)
    common.write_outputs([output], {output.format: lambda: text}, out)
