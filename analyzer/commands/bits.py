# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck bits`: every bit and field of an entry, what it is for, and where it is defined."""

from __future__ import annotations

import argparse
import difflib
from typing import TextIO

from analyzer.bits import bit_tables
from analyzer.bits.json import render_json
from analyzer.bits.text import render_text
from analyzer.commands import common
from analyzer.errors import UsageError
from analyzer.helpers.interface import LEVELS
from analyzer.kconfig import KconfigFiles, load_kconfig, variants
from analyzer.tree import KernelTree

NAME = "bits"
HELP = "show the bits of page-table entries: mask, role, place, aliases and overlaps"

_BASE = "base"
_ALL = "all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    common.add_common_arguments(parser)
    parser.add_argument(
        "--variant",
        metavar="V[,W]",
        action="append",
        help=f"variants of each architecture, or {_ALL} (default: {_BASE}; see ptcheck archs)",
    )
    parser.add_argument(
        "--level",
        metavar="L[,M]",
        action="append",
        help=f"levels: {', '.join(LEVELS)} (default: all three)",
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Write the tables; the exit code is 3 where one could not be made."""
    wanted = common.outputs(args)
    levels = _levels(args)
    names = frozenset(_words(args.variant) or (_BASE,))
    tree, _ = common.choose_tree(args, err)
    with tree:
        archs = common.choose_archs(args, tree)
        only = None if _ALL in names else names
        if only is not None:
            _check_variants(tree, archs, only)
        result = bit_tables(
            tree,
            archs,
            only=only,
            levels=levels,
            note=lambda text: common.note(args, err, text, 1),
        )
    color = common.use_color(out)
    renderers = {
        "text": lambda: render_text(
            result, verbose=args.verbose > 0, color=color and _on_terminal(wanted, "text")
        ),
        "json": lambda: render_json(result),
    }
    common.write_outputs(wanted, renderers, out)
    return common.Exit.INCOMPLETE if result.incomplete else common.Exit.CLEAN


def _on_terminal(wanted: tuple[common.Output, ...], name: str) -> bool:
    return any(output.format == name and output.file is None for output in wanted)


def _words(given: list[str] | None) -> list[str]:
    return [word for text in given or () for word in text.split(",") if word]


def _levels(args: argparse.Namespace) -> tuple[str, ...]:
    chosen = _words(args.level)
    for name in chosen:
        if name not in LEVELS:
            raise UsageError(f"unknown level '{name}'; known: {', '.join(LEVELS)}")
    return tuple(level for level in LEVELS if not chosen or level in chosen)


def _check_variants(tree: KernelTree, archs: tuple[str, ...], names: frozenset[str]) -> None:
    """Raises UsageError for a name that no chosen architecture has."""
    if names == {_BASE}:
        return  # every architecture has one
    files = KconfigFiles(tree)
    valid = {
        variant.name
        for arch in archs
        for variant in variants(tree, arch, load_kconfig(tree, arch, files))
    }
    for name in sorted(names - valid):
        near = difflib.get_close_matches(name, sorted(valid), 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        there = ", ".join(sorted(valid))
        raise UsageError(f"unknown variant '{name}'{hint}; there are: {there}, {_ALL}")
