# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck verify`: helpers and sequences of them against the reference model; on request a boot.

The analysis runs nothing of the tree. `--boot` runs its build, and the kernel that it makes.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from analyzer.boot.machines import MACHINES, find_machine
from analyzer.boot.run import BootResult, Limits, boot_tree
from analyzer.boot.verdict import Outcome
from analyzer.commands import common
from analyzer.errors import SourceError, ToolError, UsageError
from analyzer.evaluate.values import Unjudged
from analyzer.report.verify import (
    render_boot_json,
    render_boot_text,
    render_json,
    render_text,
)
from analyzer.series import apply_series, read_series
from analyzer.tree import KernelTree, OverlayTree
from analyzer.verify import Agreement, VerifyResult, verify_tree
from analyzer.verify.framework import against_kernel
from analyzer.verify.values import FrameworkProof

NAME = "verify"
HELP = "run helpers and sequences of them against the reference model, or boot a kernel (--boot)"
_ENDS = {
    Outcome.PASS: common.Exit.CLEAN,
    Outcome.STOPPED: common.Exit.FINDINGS,
    Outcome.WRONG: common.Exit.FINDINGS,
    Outcome.UNBUILT: common.Exit.INCOMPLETE,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    common.add_common_arguments(parser)
    parser.add_argument(
        "place", metavar="TREE", nargs="?", help="the kernel tree, as with -C (for --boot)"
    )
    parser.add_argument(
        "--variant",
        metavar="V[,W]",
        action="append",
        help="only these variants of each architecture (default: all; see ptcheck archs)",
    )
    parser.add_argument(
        "--series",
        metavar="MBOX",
        action="append",
        default=[],
        help="apply these patches first, in memory (mbox, mail or diff); repeatable, in order",
    )
    parser.add_argument(
        "--as-if-enabled",
        action="store_true",
        help="disagreements of architectures that do not select the option count, too",
    )
    parser.add_argument(
        "--against-kernel",
        action="store_true",
        help="the model too: compile the tree's mm/page_table_check.c for user space and run both"
        " (this runs code of the tree, in a process of its own)",
    )
    parser.add_argument("--timing", action="store_true", help="report the seconds it took, too")
    boot = parser.add_argument_group(
        "boot (runs the build of the tree, and the kernel that comes of it, in QEMU)"
    )
    boot.add_argument(
        "--boot",
        metavar="MACHINE",
        help=f"build and boot: {', '.join(machine.name for machine in MACHINES)}",
    )
    boot.add_argument(
        "--output",
        metavar="DIR",
        help="build here and keep it, so that the next boot builds less (default: thrown away)",
    )
    boot.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=Limits().boot,
        help="how long the kernel may run (default: %(default).0f)",
    )
    boot.add_argument(
        "--build-timeout",
        metavar="SECONDS",
        type=_seconds,
        default=Limits().build,
        help="how long the build may take (default: %(default).0f)",
    )


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 1 <= number <= 1e6:
        raise argparse.ArgumentTypeError(f"not a number of seconds from 1 on: '{text}'")
    return number


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Verify or boot; the exit code says what came of it."""
    wanted = common.outputs(args)
    if args.place is not None:
        if args.tree is not None:
            raise UsageError("the tree is named twice, with -C and without")
        args.tree = args.place
    if args.output is not None and args.boot is None:
        raise UsageError("--output is for --boot")
    tree, _ = common.choose_tree(args, err, demo=args.boot is None)
    with tree:
        subjects, edits = _series(args, tree)
        if args.boot is not None:
            boot = _boot(args, tree, edits, err)
            renderers = {
                "text": lambda: render_boot_text(boot, args.verbose > 0),
                "json": lambda: render_boot_json(boot),
            }
            common.write_outputs(wanted, renderers, out)
            return _boot_exit(boot)
        edited = OverlayTree(tree, edits) if edits else tree
        archs = common.choose_archs(args, edited)
        only = None
        if args.variant:
            only = frozenset(name for text in args.variant for name in text.split(",") if name)
        result = verify_tree(
            edited,
            archs,
            only=only,
            series=subjects,
            jobs=common.jobs(args),
            note=lambda text: common.note(args, err, text, 1),
        )
        if args.against_kernel:
            result = replace(result, framework=_framework(edited, result, archs[0]))
    enabled: bool = args.as_if_enabled
    renderers = {
        "text": lambda: render_text(result, enabled, args.verbose > 0, args.timing),
        "json": lambda: render_json(result, enabled, args.timing),
    }
    common.write_outputs(wanted, renderers, out)
    if result.disagrees(enabled):
        return common.Exit.FINDINGS
    return common.Exit.INCOMPLETE if result.incomplete else common.Exit.CLEAN


def _framework(tree: KernelTree, result: VerifyResult, arch: str) -> FrameworkProof:
    """The tree's own framework beside the model, as the first variant that was read has it."""
    name = result.variants[0].variant if result.variants else "base"
    try:
        return against_kernel(tree, arch, name)
    except (SourceError, Unjudged) as problem:
        return FrameworkProof(Agreement.UNKNOWN, 0, 0, str(problem))


def _boot_exit(result: BootResult) -> int:
    """A kernel that fell silent in a scene stopped there; without one it says nothing."""
    if result.outcome is Outcome.SILENT:
        began = result.stop is not None and bool(result.stop.scene)
        return common.Exit.FINDINGS if began else common.Exit.INCOMPLETE
    return _ENDS[result.outcome]


def _series(
    args: argparse.Namespace, tree: KernelTree
) -> tuple[tuple[str, ...], dict[str, bytes | None]]:
    """The subjects of the patches that are named, and the files as they are after them."""
    patches = [patch for name in args.series for patch in read_series(Path(name))]
    subjects = tuple(patch.subject or "(a diff)" for patch in patches)
    return subjects, apply_series(tree, patches)


def _boot(
    args: argparse.Namespace, tree: KernelTree, edits: dict[str, bytes | None], err: TextIO
) -> BootResult:
    machine = find_machine(args.boot)
    limits = Limits(args.build_timeout, args.timeout)

    def go(work: Path) -> BootResult:
        return boot_tree(
            tree, machine, work, edits, common.jobs(args), limits,
            lambda text: common.note(args, err, text),
        )  # fmt: skip

    if args.output is not None:
        return go(Path(args.output))
    try:
        with tempfile.TemporaryDirectory(prefix="ptcheck-boot-") as folder:
            return go(Path(folder))
    except OSError as error:
        raise ToolError(f"no temporary folder to build in: {error.strerror}") from error
