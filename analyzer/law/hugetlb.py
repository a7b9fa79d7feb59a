# SPDX-License-Identifier: GPL-2.0-only
"""Pages of hugetlb: one helper for every size, and what all of them must agree on.

The helpers of hugetlb are given a pointer to a pte, whatever the size of the page. A tree may
count such a page by the hooks of ptes or by those of the level that its size belongs to; both
balance, as long as what puts an entry in and what takes it out count it at the same level.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..evaluate.state import Event
from ..evaluate.values import Unjudged
from ..helpers.session import Session
from .deltas import sole_level, stored_delta
from .outcome import HelperRuns, Outcome

_HUGETLB = re.compile(r"^(?:set_)?huge_pte")  # huge_ptep_*, set_huge_pte_at
UNCOUNTED = (
    "no page of hugetlb is counted here: set_huge_pte_at() keeps entries in a form that the"
    " predicate does not know, and no helper hooks"
)
"""What is remarked of helpers that are neutral for this reason alone."""


def is_hugetlb(name: str) -> bool:
    """Whether a helper works on a page of hugetlb, whose entry may be of any level."""
    return _HUGETLB.match(name) is not None


def counted_at(session: Session, name: str, events: Sequence[Event]) -> str | None:
    """The level at which a path of a hugetlb helper counts; None: the level of its pointer.

    A level whose predicate does not know the entries that were stored is none. Raises Unjudged.
    """
    level = sole_level(events) if is_hugetlb(name) else None
    if level is None or level == "pte":
        return None
    stored = {raw for e in events if e.kind == "store" for raw in (e.old, e.new)}
    missed = any(session.counted("pte", x) and not session.counted(level, x) for x in stored)
    return None if missed else level


def hugetlb_levels(runs: Iterable[HelperRuns]) -> frozenset[str]:
    """The levels of the hooks that helpers of hugetlb call."""
    return frozenset(
        level
        for one in runs
        if is_hugetlb(one.signature.name)
        for outcome in one.outcomes
        if (level := sole_level(outcome.events)) is not None
    )


def settled(session: Session, runs: Sequence[HelperRuns]) -> list[HelperRuns]:
    """The runs; where those of hugetlb do not agree on a level, all are held against the pte.

    Where slots have a form of their own, which the predicate does not count and nobody hooks, no
    page of hugetlb is ever counted: that is sound, if it is so for all of them.
    """
    if uncounted(runs):
        runs = [as_kept(one) for one in runs]
    if len(hugetlb_levels(runs)) < 2:
        return list(runs)
    return [
        replace(one, outcomes=tuple(_held_against(session, o) for o in one.outcomes))
        if is_hugetlb(one.signature.name)
        else one
        for one in runs
    ]


def uncounted(runs: Iterable[HelperRuns]) -> bool:
    """Whether no page of hugetlb is counted because of the form that slots keep: judged by what
    they hold, all helpers are neutral."""
    mine = [one for one in runs if is_hugetlb(one.signature.name)]
    sound = all(
        outcome.status in ("neutral", "ends") and not outcome.expected
        for one in mine
        for outcome in one.as_kept or one.outcomes
    )
    return sound and any(one.as_kept for one in mine)


def as_kept(runs: HelperRuns) -> HelperRuns:
    """The runs of a helper judged by what the slots hold, where that is not what they stand for."""
    return replace(runs, outcomes=runs.as_kept, remark=UNCOUNTED) if runs.as_kept else runs


def _held_against(session: Session, outcome: Outcome) -> Outcome:
    if outcome.status not in ("balanced", "neutral"):
        return outcome
    try:
        expected = stored_delta(session, outcome.events)
    except Unjudged as problem:
        return replace(outcome, status="unknown", reason=problem.reason)
    if expected == outcome.got:
        return outcome
    return replace(outcome, status="broken", expected=expected)
