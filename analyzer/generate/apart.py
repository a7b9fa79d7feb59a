# SPDX-License-Identifier: GPL-2.0-only
"""What one sub-architecture cannot do must not keep the others from it: the variants one after
another, each with what was found for those before."""

from __future__ import annotations

from typing import Final

from ..kconfig import Variant
from ..model import Verdict
from .api import Hooks
from .edits import Edit
from .judge import Bench, Judgement
from .search import MAX_TRIALS, Search

_TRIALS: Final = 30  # for each variant but the first


def broken_in(now: Judgement) -> set[str]:
    """The variants in which some helper is not accounted for."""
    return {row.variant for row in now.rows if row.verdict is Verdict.FINDING}


def one_by_one(
    bench: Bench, hooks: Hooks, search: Search, now: Judgement, begun: list[Edit]
) -> tuple[Search, Judgement]:
    """The search, or another one that begins anew and leaves less broken.

    That takes the variants in their order, and leaves out those that it cannot mend together with
    the ones before. It is tried where one variant kept most forms from holding elsewhere, or a
    hook turned out to be one too many in some variants only.
    """
    broken = broken_in(now)
    odd = next((name for name, _ in search.alone.most_common(1)), "")
    if not search.parted and (odd not in broken or broken == {odd}):
        return search, now
    every = bench.variants
    best = Search(bench, hooks)
    best.targets.masks = search.targets.masks
    best.keep(begun)
    done: tuple[Variant, ...] = ()
    for variant in every:
        bench.variants = (*done, variant)
        other = best.again()
        other.trials = MAX_TRIALS - _TRIALS if done else 0
        then = other.judge()
        if broken_in(then):
            then = other.run(then, False)
        if not broken_in(then):
            best, done = other, bench.variants
    bench.variants = every
    then = best.included(best.judge())
    if len(broken_in(then)) < len(broken):
        return best, then
    if search.parted:
        search.patient = True
        return search, search.run(now)
    return search, now
