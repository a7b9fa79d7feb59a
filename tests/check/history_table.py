# SPDX-License-Identifier: GPL-2.0-only
"""What is said about each of thirty commits, as a table: `python -m tests.check.history_table`.

With `--tree` it is a repository of what a check of riscv reads of that kernel; else the tree of
the demonstration.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from analyzer.settings import RuleChoice
from analyzer.tree import GitTree
from analyzer.triage import Policy, triage, write_baseline
from analyzer.triage.baseline import parse_baseline
from tests.check.thirty import Told, demo_story, kernel_story

HEAD = (
    "| # | commit | `--base`, its parent: new | fixed | unchanged | baseline of the parent: not in"
    " it | stale | `bisect` |\n"
    "| ---: | --- | --- | --- | ---: | ---: | ---: | --- |"
)


def table(told: Told) -> str:
    """The rows, as Markdown."""
    return "\n".join([HEAD, *_rows(told)])


def _rows(told: Told) -> Iterator[str]:
    for number, row in enumerate(told.story.rows):
        if number == 0:
            yield f"| 0 | {row.subject} | | | | | | |"
            continue
        _, found = told.compared(number)
        new = ", ".join(sorted(f"{one.function}()" for one in found.new))
        fixed = ", ".join(sorted(f"{one.function}()" for one in found.fixed))
        more = f", {len(found.undecided)} undecided" if found.undecided else ""
        more += ", incomplete" if found.incomplete else ""
        fresh, stale = baseline_of_parent(told, number)
        yield (
            f"| {number} | {row.subject} | {new} | {fixed} | {len(found.unchanged)}{more} | {fresh}"
            f" | {stale} | {_bisected(told, number) if row.new else ''} |"
        )


def baseline_of_parent(told: Told, number: int) -> tuple[int, int]:
    """How many findings of a commit the baseline of its parent lacks, and how many of its entries
    are stale."""
    before, after = told.results[number - 1], told.results[number]
    baseline = parse_baseline(write_baseline(before).encode(), "baseline.json")
    policy = Policy(rules=RuleChoice(), baseline=baseline, comments=False, complete=True)
    with GitTree(told.story.folder, told.story.ids[number]) as tree:
        found = triage(replace(after, notices=()), tree, policy)
    return sum(one.excuse is None for one in found.findings), len(found.notices)


def _bisected(told: Told, number: int) -> str:
    row = told.story.rows[number]
    helper = ("--rule", "PTC101", "--helper", row.new[0])
    last = max(n for n in range(number) if row.new[0] not in _present(told, n))
    bad = number
    while row.new[0] in _present(told, bad + 1) and told.story.rows[bad + 1].judged:
        bad += 1
    done = told.run("bisect", *helper, f"{told.story.ids[last]}..{told.story.ids[bad]}")
    commit = done.out.split(" ", 1)[0]
    return f"finds {told.story.ids.index(commit)}" if commit in told.story.ids else "finds nothing"


def _present(told: Told, number: int) -> set[str]:
    return {finding.function for finding in told.results[number].findings}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tree", type=Path, help="a kernel tree (default: the demonstration)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ptcheck-history-") as name:
        folder = Path(name)
        told = demo_story(folder) if args.tree is None else kernel_story(folder, args.tree)
        sys.stdout.write(f"{table(told)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
