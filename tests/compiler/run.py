# SPDX-License-Identifier: GPL-2.0-only
"""Every variant of a tree against the compiler for it, as a table with the counts of both."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from analyzer.errors import PtcheckError
from analyzer.frontend import Stage
from analyzer.kconfig import Variant, architectures
from analyzer.tree import FolderTree
from tests.compiler.comparison import (
    Compared,
    bench,
    compare_constants,
    compare_functions,
    variants_of,
)
from tests.compiler.compilers import Compiler, Complaint

KINDS = ("test", "number", "entry")


@dataclass(frozen=True, slots=True)
class Row:
    """One variant: what was compared, or why nothing was."""

    variant: Variant
    constants: Compared
    functions: Compared
    errors: tuple[Complaint, ...] = ()
    missing: str | None = None
    compiler: str = ""

    @property
    def mismatches(self) -> tuple[str, ...]:
        return (*self.constants.mismatches, *self.functions.mismatches)


def rows(
    folder: Path, archs: Sequence[str], only: str | None, neighbours: int, others: int
) -> Iterator[Row]:
    """Compare every variant; an architecture without a compiler gives one row that says so."""
    with Stage(FolderTree(str(folder))) as stage:
        for arch in archs or architectures(stage.tree):
            for variant in variants_of(stage.tree, arch):
                if only not in (None, variant.name):
                    continue
                missing = Compiler.missing(variant)
                if missing is not None:
                    yield Row(variant, Compared(), Compared(), missing=missing)
                    continue
                with tempfile.TemporaryDirectory(prefix="ptcheck-compiler-") as work:
                    made = bench(variant, Path(work), stage)
                    constants = compare_constants(made)
                    functions = compare_functions(made, KINDS, neighbours, others)
                    errors = tuple(made.header_errors)
                    name = made.compiler.command[0]
                yield Row(variant, constants, functions, errors, compiler=name)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _show(row: Row, verbose: bool) -> None:
    label = f"{row.variant.arch}/{row.variant.name}"
    if row.missing is not None:
        _say(f"{label:<28} not compared: {row.missing}")
        return
    _say(
        f"{label:<28} {row.constants.agree:>9} {row.functions.agree:>9} "
        f"{len(row.functions.names):>9} {len(row.mismatches):>10}  {row.compiler}",
    )
    for text in row.mismatches[: None if verbose else 5]:
        _say(f"    differs: {text}")
    for error in row.errors[: None if verbose else 2]:
        _say(f"    header: {error.path}:{error.line}: {error.message}")
    if verbose:
        for result in (row.constants, row.functions):
            for why, what in result.left_out.items():
                _say(f"    {what.total()} {why}: {', '.join(sorted(what))}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 where a compiler and the evaluator differ, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.compiler", description=__doc__)
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--arch", default="", help="separated by commas; all, if none is named")
    parser.add_argument("--variant", default=None, help="only the variant of this name")
    parser.add_argument("--neighbours", type=int, default=1)
    parser.add_argument("--others", type=int, default=30)
    parser.add_argument("-v", "--verbose", action="store_true")
    given = parser.parse_args(arguments)
    archs = [name for name in given.arch.split(",") if name]
    _say(
        f"{'variant':<28} {'constants':>9} {'answers':>9} {'functions':>9} {'mismatches':>10}"
        "  compiler"
    )
    done: list[Row] = []
    try:
        for row in rows(given.tree, archs, given.variant, given.neighbours, given.others):
            _show(row, given.verbose)
            done.append(row)
    except PtcheckError as error:
        _say(f"python -m tests.compiler: {error}")
        return 2
    compared = [row for row in done if row.missing is None]
    wrong = sum(len(row.mismatches) for row in compared)
    none = sorted({row.variant.arch for row in done if row.missing is not None})
    _say(
        f"{len(compared)} of {len(done)} variants of {len({r.variant.arch for r in compared})} "
        f"architectures: {sum(row.constants.agree for row in compared)} constants and "
        f"{sum(row.functions.agree for row in compared)} answers agree, {wrong} differ; "
        f"no compiler: {', '.join(none) or 'none missing'}"
    )
    return 1 if wrong else 0
