# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck generate`: the patch series that enables page table check for an architecture.

The analysis runs nothing of the tree. `--check` and `--recipients` run programs of it.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from analyzer.commands import common, framework
from analyzer.commands.policy import source_of
from analyzer.errors import UsageError
from analyzer.report.escape import visible

if TYPE_CHECKING:
    from analyzer.generate.result import Generated
    from analyzer.generate.trial import Tried
    from analyzer.tree import KernelTree

NAME = "generate"
HELP = "write the patch series that enables page table check for an architecture"
_SERIES = "series"
_FORMATS = (_SERIES, "diff", "cocci", "json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    common.add_common_arguments(parser, _FORMATS)
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="folder for the series (made if need be; default: one mbox on standard output)",
    )
    parser.add_argument(
        "--cocci",
        action="store_true",
        help="a semantic patch for spatch; the same as --format cocci",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="replace an older series in the folder, and files that are there already",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="write nothing unless everything is decided (and passes --check)",
    )
    framework.add_arguments(parser)
    parser.add_argument(
        "--check",
        choices=("mails", "all"),
        nargs="?",
        const="all",
        help="try the series (runs programs of the tree): git am and checkpatch.pl (mails), and"
        " compilation patch by patch (all, the default)",
    )
    parser.add_argument(
        "--recipients",
        action="store_true",
        help="address the patches to whom the tree's get_maintainer.pl names (runs it)",
    )
    config = parser.add_mutually_exclusive_group()
    config.add_argument(
        "--config",
        metavar="FILE",
        help="configuration (default: ptcheck.toml or pyproject.toml of the current folder)",
    )
    config.add_argument("--no-config", action="store_true", help="read no configuration")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Write the series.

    0: all decided, or nothing to do; 1: a step of --check failed; 3: something is left undecided,
    or a step of --check could not be tried.
    """
    from analyzer.generate.output import prepare_folder

    if args.framework:
        return framework.run(args, out, err)
    if args.api is not None:
        raise UsageError("--api goes with --framework; other trees have their hooks already")
    wanted = _wanted(args)
    _configure(args)
    if not args.arch:
        raise UsageError("name the architecture: --arch A")
    folder = Path(args.output) if args.output else None
    tree, _ = common.choose_tree(args, err)
    with tree:
        archs = common.choose_archs(args, tree)
        if len(archs) != 1:
            raise UsageError(f"one architecture at a time, not {len(archs)}: {', '.join(archs)}")
        if folder is not None:
            prepare_folder(folder, args.force)
        _spare_files(wanted, args.force)
        with _tidy_end():
            return _generate(args, tree, archs[0], wanted, folder, out, err)


@contextmanager
def _tidy_end() -> Iterator[None]:
    """Let a run that is told to end (SIGTERM) take its scratch folders and compilers with it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _generate(
    args: argparse.Namespace,
    tree: KernelTree,
    arch: str,
    wanted: tuple[common.Output, ...],
    folder: Path | None,
    out: TextIO,
    err: TextIO,
) -> int:
    from analyzer.generate.output import write_folder
    from analyzer.generate.result import generate

    found = generate(
        tree, arch, args.recipients, lambda text: common.note(args, err, text, 1)
    )  # fmt: skip
    _say(args, found, err)
    refused = args.strict and not found.complete
    if refused:
        common.note(args, err, "not everything is decided: nothing is written (--strict)")
        return common.Exit.INCOMPLETE
    tried = _tried(args, tree, found, out if _free(wanted, folder) else err, err)
    passed = not any(one.failed for one in tried)
    if args.strict and not passed:
        common.note(args, err, "a step of --check failed: nothing is written (--strict)")
        return common.Exit.FINDINGS
    others = [one for one in wanted if one.format != _SERIES or folder is None]
    if not found.mails:
        others = [one for one in others if one.format == "json"]
    common.write_outputs(others, _renderers(tree, found, tried), out)
    if found.mails and folder is not None:
        for path in write_folder(folder, found.mails, args.force):
            out.write(f"{path}\n")
    if not passed:
        return common.Exit.FINDINGS
    whole = found.complete and not any(one.skipped for one in tried)
    return common.Exit.CLEAN if whole else common.Exit.INCOMPLETE


def _wanted(args: argparse.Namespace) -> tuple[common.Output, ...]:
    """What is written: what the formats say, and the series into the folder if one is named."""
    if args.cocci:
        args.format = [*(args.format or ()), common.Output("cocci")]
    return common.outputs(args, _SERIES)


def _configure(args: argparse.Namespace) -> None:
    """What the configuration says of architecture and processes, where the options are silent."""
    source = source_of(args)
    if source is None:
        return
    if not args.arch and len(source.settings.arch or ()) == 1:
        args.arch = list(source.settings.arch or ())
    if args.jobs is None:
        args.jobs = source.settings.jobs


def _spare_files(wanted: tuple[common.Output, ...], force: bool) -> None:
    """Raise UsageError where a file would be lost."""
    for one in wanted:
        if one.file is not None and not force and Path(one.file).is_file():
            raise UsageError(f"{one.file} exists already; --force replaces it")


def _free(wanted: tuple[common.Output, ...], folder: Path | None) -> bool:
    """Whether standard output holds nothing that a table would spoil."""
    return all(one.file is not None or (folder is not None and one.format == _SERIES)
               for one in wanted)  # fmt: skip


def _say(args: argparse.Namespace, found: Generated, err: TextIO) -> None:
    """What came of it, for people."""
    for one in found.plan.undecided:
        level = f" ({one.level})" if one.level else ""
        where = f" in {', '.join(one.variants)}" if one.variants else ""
        common.note(args, err, f"not decided: {one.helper}{level}{where}: {visible(one.reason)}")
    for problem in found.checked.findings if found.checked is not None else ():
        common.note(args, err, f"after the series: {problem}")
    common.note(args, err, _summary(found))


def _summary(found: Generated) -> str:
    """One line for people."""
    plan, checked = found.plan, found.checked
    if checked is None:
        if plan.undecided:
            return f"{plan.arch}: nothing can be generated"
        return f"{plan.arch}: already enabled and correct, nothing to do"
    patches = "1 patch" if len(found.steps) == 1 else f"{len(found.steps)} patches"
    return (
        f"{plan.arch}: {patches}; with them {checked.balanced} helpers balanced,"
        f" {checked.neutral} neutral, {len(checked.findings)} findings, {checked.unknown} unknown"
        f" in {', '.join(checked.supported) or 'no configuration'};"
        f" {len(plan.undecided)} not decided"
    )


def _tried(
    args: argparse.Namespace, tree: KernelTree, found: Generated, table: TextIO, err: TextIO
) -> list[Tried]:
    """The table of `--check`, printed."""
    if not args.check or not found.mails:
        return []
    from analyzer.generate.trial import Amount, render, try_series

    tried = try_series(
        tree, found.plan, found.steps, found.mails, Amount(args.check), common.jobs(args),
        lambda text: common.note(args, err, text, 1),
    )  # fmt: skip
    table.write(render(tried))
    return tried


def _renderers(
    tree: KernelTree, found: Generated, tried: list[Tried]
) -> dict[str, Callable[[], str]]:
    """How each format is written."""
    from analyzer.generate.semantic import semantic_patch
    from analyzer.generate.series import one_diff
    from analyzer.report.generate import render_json

    return {
        _SERIES: lambda: "".join(mail.text for mail in found.mails),
        "diff": lambda: one_diff(found.plan.texts, found.steps),
        "cocci": lambda: semantic_patch(found.plan),
        "json": lambda: render_json(tree, found, tried),
    }
