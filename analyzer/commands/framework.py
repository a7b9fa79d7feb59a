# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck generate --framework`: page table check for a tree that has none."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from analyzer.commands import common
from analyzer.errors import UsageError
from analyzer.report.escape import visible

if TYPE_CHECKING:
    from analyzer.framework.series import Whole
    from analyzer.generate.series import Mail
    from analyzer.generate.trial import Tried
    from analyzer.tree import KernelTree


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the framework."""
    parser.add_argument(
        "--framework",
        action="store_true",
        help="first bring page table check itself to a tree that lacks it, or complete it"
        " (without --arch nothing else)",
    )
    parser.add_argument(
        "--api",
        metavar="GENERATION",
        help="with --framework: the hooks as they are called since this release: 5.19, 6.6, 6.16,"
        " 7.0 or 7.1 (default: the newest that the tree can carry)",
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Write the series; 0 all decided or nothing to do, 2 refused, 3 something is left."""
    from analyzer.framework import bring
    from analyzer.framework.series import assemble
    from analyzer.generate.output import prepare_folder, write_folder
    from analyzer.generate.series import one_diff

    wanted = common.outputs(args, "series")
    if args.cocci or any(output.format not in ("series", "diff") for output in wanted):
        raise UsageError("--framework adds files; it is written as a series, or as one diff")
    if args.recipients:
        raise UsageError("whom the framework goes to only the sender knows; no --recipients")
    tree, _ = common.choose_tree(args, err)
    with tree:
        archs = common.choose_archs(args, tree) if args.arch else ()
        folder = Path(args.output) if args.output else None
        if folder is not None:
            prepare_folder(folder, args.force)
        found = bring(tree, args.api, archs)
        if found.refused:
            raise UsageError(
                "the tree's page table check cannot be completed: "
                + visible("; ".join(found.refused))
            )
        if found.whole:
            common.note(args, err, "the tree has page table check; the framework stays as it is")
        whole = assemble(found, archs, lambda text: common.note(args, err, text, 1))
        complete = not whole.undecided and not whole.problems
        for problem in whole.problems:
            common.note(args, err, f"after the series: {problem}")
        for one in whole.undecided:
            common.note(args, err, f"not decided: {one.helper}: {visible(one.reason)}")
        for text in found.left:
            common.note(args, err, f"for the sender: {visible(text)}", 1)
        status = common.Exit.CLEAN if complete else common.Exit.INCOMPLETE
        if not whole.patches:
            common.note(args, err, "nothing to do")
            return status
        if args.strict and not complete:
            common.note(args, err, "not everything is decided: nothing is written (--strict)")
            return common.Exit.INCOMPLETE
        mails = whole.mails()
        tried = _tried(args, whole, tree, mails, archs, err)
        if any(one.failed for one in tried) and args.strict:
            common.note(args, err, "a step of --check failed: nothing is written (--strict)")
            return common.Exit.FINDINGS
        for output in wanted:
            if output.format == "series" and folder is not None and output.file is None:
                for path in write_folder(folder, mails, args.force):
                    out.write(f"{path}\n")
                continue
            renderers = {
                "series": lambda: "".join(mail.text for mail in mails),
                "diff": lambda: one_diff(whole.base, whole.patches),
            }
            common.write_outputs([output], renderers, out)
        common.note(
            args, err,
            f"{len(found.steps)} patches for the framework, {len(whole.patches) - len(found.steps)}"
            f" for {', '.join(archs) or 'no architecture'}; {len(whole.problems)} findings,"
            f" {len(whole.undecided)} not decided, {len(found.left)} for the sender to look at",
        )  # fmt: skip
    if any(one.failed for one in tried):
        return common.Exit.FINDINGS
    return common.Exit.INCOMPLETE if any(one.skipped for one in tried) else status


def _tried(
    args: argparse.Namespace, whole: Whole, tree: KernelTree, mails: list[Mail],
    archs: Sequence[str], err: TextIO,
) -> list[Tried]:  # fmt: skip
    """The rows of `--check`, printed."""
    if not args.check:
        return []
    from analyzer.generate.trial import Amount, render, try_series

    tried = try_series(
        tree, whole.summary(), list(whole.patches), mails, Amount(args.check),
        common.jobs(args), lambda text: common.note(args, err, text, 1), archs,
    )  # fmt: skip
    err.write(render(tried))
    return tried
