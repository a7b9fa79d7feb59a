# SPDX-License-Identifier: GPL-2.0-only
"""Runs all mutants of a tree, in several processes where asked to."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Final

from analyzer.tree import KernelTree, open_tree
from tests.mutants.judge import Bench, Effect, generic_sites, lifted, offered, overrides, tree_sites
from tests.mutants.mutate import KINDS, Mutant, mutate
from tests.mutants.sites import Site
from tests.mutants.table import FOOTNOTE, rows, summary

ASKED: Final = ("deleted", "duplicated", "moved", "level")
"""The kinds that are tried on a hook that is not compiled in: nothing may change."""


@dataclass(frozen=True, slots=True)
class Task:
    """A share of the mutants of one architecture; `lift` is a generic hook to be uncovered."""

    tree: str
    arch: str
    variant: str
    work: tuple[tuple[Site, str], ...]
    lift: Site | None = None
    anew: bool = False


def plan(
    tree: KernelTree,
    archs: Sequence[str],
    variant: str,
    kinds: Sequence[str],
    parts: int,
    anew: bool,
) -> list[Task]:
    """The work, cut into `parts` for each architecture.

    A hook that `variant` does not reach (a folded level, say) is tried in the first variant that
    does. A generic hook goes to the first architecture that reaches it. One that no architecture
    of the list reaches goes to each of them, to show that it changes nothing there, and to the
    last one again, with its own version of the helper taken out.
    """
    benches = [Bench(tree, arch, variant) for arch in archs]
    tasks: list[Task] = []
    generic = list(generic_sites(tree))
    used = {str(s): next((b.arch for b in benches if b.reaches(s)), "") for s in generic}
    for bench in benches:
        arch = bench.arch
        sites = [*tree_sites(tree, arch), *(s for s in generic if used[str(s)] == arch)]
        beyond = [site for site in sites if not bench.reaches(site)]
        work = [(site, kind) for site in sites if site not in beyond for kind in kinds]
        hidden = [s for s in generic if not used[str(s)]]
        work += [(site, kind) for site in hidden for kind in kinds if kind in ASKED]
        shares = (tuple(work[part::parts]) for part in range(parts))
        tasks += [Task(tree.label, arch, variant, s, None, anew) for s in shares if s]
        for name, reached in elsewhere(tree, arch, beyond, variant):
            mine = tuple((site, kind) for site in reached for kind in kinds)
            tasks.append(Task(tree.label, arch, name, mine, None, anew))
    for site in generic:
        if not used[str(site)] and any(overrides(tree, archs[-1], site)):
            mine = tuple((site, kind) for kind in kinds)
            tasks.append(Task(tree.label, archs[-1], variant, mine, site, anew))
    return tasks


def elsewhere(
    tree: KernelTree, arch: str, sites: Sequence[Site], variant: str
) -> Iterator[tuple[str, tuple[Site, ...]]]:
    """The other variants in which hooks are reached that `variant` does not reach; those that no
    variant reaches come with `variant` itself, and will be seen to change nothing."""
    left = list(sites)
    for other in offered(tree, arch):
        if left and other.name != variant:
            bench = Bench(tree, arch, other.name)
            reached = tuple(site for site in left if bench.reaches(site))
            if reached:
                yield other.name, reached
            left = [site for site in left if site not in reached]
    if left:
        yield variant, tuple(left)


def run_task(task: Task) -> list[Effect]:
    """One architecture's share of the mutants."""
    effects: list[Effect] = []
    with open_tree(task.tree) as opened:
        tree = opened if task.lift is None else lifted(opened, task.arch, task.lift)
        mark = "" if task.lift is None else "*"
        bench = Bench(tree, task.arch, task.variant, mark, task.anew)
        for site, kind in task.work:
            text = tree.read(site.path).decode("latin-1")
            made = mutate(site, text, kind, bench.prototypes)
            if made is not None:
                effects.append(bench.try_mutant(Mutant(site, kind, made)))
    return effects


def run_all(
    path: str,
    archs: Sequence[str],
    variant: str = "base",
    kinds: Sequence[str] = KINDS,
    jobs: int = 1,
    anew: bool = False,
) -> list[Effect]:
    """Every mutant of every hook of `archs` and of the generic header, in a fixed order."""
    with open_tree(path) as tree:
        tasks = plan(tree, archs, variant, kinds, jobs, anew)
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
    parser.add_argument("--anew", action="store_true", help="run every helper for every mutant")
    given = parser.parse_args(arguments)
    started = time.monotonic()
    archs, kinds = given.arch.split(","), given.kind.split(",")
    effects = run_all(given.tree, archs, given.variant, kinds, given.jobs, given.anew)
    lines = [*rows(effects), FOOTNOTE, "", *summary(effects)]
    lines.append(f"{time.monotonic() - started:.0f} s")
    print("\n".join(lines))  # noqa: T201
    return 0 if all(effect.right for effect in effects) else 1
