# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck cache`: what is kept between runs, and how to let it go."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TextIO

from analyzer.cache.place import default_folder
from analyzer.cache.store import MAX_BYTES, Store
from analyzer.commands import common
from analyzer.errors import UsageError
from analyzer.report.escape import visible

NAME = "cache"
HELP = "show how much is kept between runs, or clear it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=("show", "clear"),
        default="show",
        help="show where it is and its size (default), or clear it",
    )
    common.add_cache_argument(parser)


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Show, or clear."""
    store = Store(Path(args.cache) if args.cache else default_folder())
    if store.refused:
        raise UsageError(f"not a cache: {store.refused}")
    folder = visible(str(store.folder))
    if args.action == "clear":
        try:
            gone = store.clear()
        except OSError as error:
            raise UsageError(f"cannot be cleared: {folder}: {error.strerror}") from error
        out.write(f"{folder}: {_count(gone.files)}, {_megabytes(gone.bytes)} removed\n")
        return common.Exit.CLEAN
    size = store.size()
    out.write(f"folder  {folder}\n")
    out.write(
        f"size    {_megabytes(size.bytes)} in {_count(size.files)},"
        f" at most {_megabytes(MAX_BYTES)}\n"
    )
    return common.Exit.CLEAN


def _count(number: int) -> str:
    return f"{number} file{'' if number == 1 else 's'}"


def _megabytes(number: int) -> str:
    return f"{number / 1e6:.1f} MB"
