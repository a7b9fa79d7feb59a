# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck callsites`: where code calls setters of entries, and what that does to the counters."""

from __future__ import annotations

import argparse
import difflib
import time
from typing import TextIO

from analyzer.callsites import find_sites
from analyzer.callsites.find import setter_names
from analyzer.callsites.live import only_compiled
from analyzer.commands import common
from analyzer.errors import UsageError
from analyzer.report import callsites as report

NAME = "callsites"
HELP = "where setters of entries are called: on whose mapping, through the hooks or around them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    common.add_common_arguments(parser)
    parser.add_argument(
        "helpers", metavar="HELPER", nargs="*", help="only calls of these (default: of all)"
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Write the call sites; the exit code says whether one can hit what is counted."""
    wanted = common.outputs(args)
    started = time.perf_counter()
    tree, _ = common.choose_tree(args, err)
    with tree:
        archs = common.choose_archs(args, tree)
        if args.helpers:
            known = setter_names(tree, archs)
            for name in args.helpers:
                if name not in known:
                    near = difflib.get_close_matches(name, known, 1)
                    hint = f" (did you mean {near[0]}?)" if near else ""
                    raise UsageError(f"no setter of this tree is called '{name}'{hint}")
        scan = only_compiled(tree, find_sites(tree, archs, args.helpers))
        facts = report.CallSiteFacts(
            tree.label, tree.revision, archs, scan.sites, scan.problems, scan.files_read,
            scan.files_parsed, time.perf_counter() - started,
        )  # fmt: skip
    renderers = {
        "text": lambda: report.render_text(facts, verbose=args.verbose > 0),
        "json": lambda: report.render_json(facts),
    }
    common.write_outputs(wanted, renderers, out)
    if facts.findings:
        return common.Exit.FINDINGS
    return common.Exit.INCOMPLETE if facts.incomplete else common.Exit.CLEAN
