# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck completion` and, as one of its words, the man page: printed, for packagers."""

from __future__ import annotations

import argparse
from typing import TextIO

from analyzer import __version__
from analyzer.commands import common
from analyzer.manual.completion import SHELLS
from analyzer.manual.describe import describe
from analyzer.manual.man import page
from analyzer.report.formats import FORMATS
from analyzer.rules.catalogue import RULES

NAME = "completion"
HELP = "print the completion for a shell, or the man page"
MAN = "man"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("what", choices=[*SHELLS, MAN], help="the shell, or 'man' for the page")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Write the script or page for the parser as it is."""
    from analyzer.cli import build_parser  # which imports this module

    program = describe(build_parser(), __version__)
    if args.what == MAN:
        out.write(page(program))
    else:
        formats = {"check": tuple(known.name for known in FORMATS)}
        rules = tuple(rule.code for rule in RULES)
        out.write(SHELLS[args.what](program, formats, rules))
    return common.Exit.CLEAN
