# SPDX-License-Identifier: GPL-2.0-only
"""Runs all mutants of a tree, in several processes where asked to."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from analyzer.tree import KernelTree, open_tree
from tests.mutants.judge import Bench, Effect, generic_sites, tree_sites
from tests.mutants.mutate import KINDS, Mutant, mutate
from tests.mutants.sites import Site
from tests.mutants.table import rows, summary

Task = tuple[str, str, str, tuple[tuple[Site, str], ...]]
"""Tree, architecture, variant, and what to do to which hooks."""


def generic_users(tree: KernelTree, archs: Sequence[str], variant: str) -> dict[str, str]:
    """For each generic hook (its line as text) the first architecture that reaches it, or ''."""
    found: dict[str, str] = {}
    benches = [Bench(tree, arch, variant) for arch in archs]
    for site in generic_sites(tree):
        users = [bench.arch for bench in benches if bench.reaches(site)]
        found[str(site)] = users[0] if users else ""
    return found


def plan(
    tree: KernelTree, archs: Sequence[str], variant: str, kinds: Sequence[str], parts: int
) -> list[Task]:
    """The work, cut into `parts` for each architecture.

    A generic hook goes to the first architecture that reaches it; one that no architecture of
    the list reaches goes to all of them, to show that it changes nothing.
    """
    users = generic_users(tree, archs, variant)
    tasks: list[Task] = []
    for arch in archs:
        sites = list(tree_sites(tree, arch))
        sites += [s for s in generic_sites(tree) if users[str(s)] in ("", arch)]
        work = [(site, kind) for site in sites for kind in kinds]
        for part in range(parts):
            tasks.append((tree.label, arch, variant, tuple(work[part::parts])))
    return tasks


def run_task(task: Task) -> list[Effect]:
    """One architecture's share of the mutants."""
    label, arch, variant, work = task
    effects: list[Effect] = []
    with open_tree(label) as tree:
        bench = Bench(tree, arch, variant)
        for site, kind in work:
            text = tree.read(site.path).decode("latin-1")
            made = mutate(site, text, kind, bench.prototypes)
            if made is not None:
                effects.append(bench.try_mutant(Mutant(site, kind, made)))
    return effects


def run_all(
    path: str, archs: Sequence[str], variant: str, kinds: Sequence[str], jobs: int
) -> list[Effect]:
    """Every mutant of every hook of `archs` and of the generic header, in a fixed order."""
    with open_tree(path) as tree:
        tasks = plan(tree, archs, variant, kinds, jobs)
    if jobs == 1:
        results = [run_task(task) for task in tasks]
    else:
        with ProcessPoolExecutor(jobs) as pool:
            results = list(pool.map(run_task, tasks))
    effects = [effect for result in results for effect in result]
    return sorted(effects, key=lambda e: (e.variant, e.site.path, e.site.line, KINDS.index(e.kind)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 0 if every mutant is as expected, 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--tree", required=True, help="an unpacked kernel")
    parser.add_argument("--arch", default="x86,arm64,riscv", help="architectures (%(default)s)")
    parser.add_argument("--variant", default="base", help="their variant (%(default)s)")
    parser.add_argument("--kind", default=",".join(KINDS), help="mutations (%(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (%(default)s)")
    given = parser.parse_args(arguments)
    started = time.monotonic()
    effects = run_all(
        given.tree, given.arch.split(","), given.variant, given.kind.split(","), given.jobs
    )
    lines = [*rows(effects), "", *summary(effects)]
    lines.append(f"{time.monotonic() - started:.0f} s")
    print("\n".join(lines))  # noqa: T201
    return 0 if all(effect.right for effect in effects) else 1
