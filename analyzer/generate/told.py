# SPDX-License-Identifier: GPL-2.0-only
"""What the runs of a helper tell the search, beside their verdict."""

from __future__ import annotations

from ..evaluate.values import PathEnds, Unjudged
from ..helpers.session import Session
from ..law.deltas import hooked_delta
from ..law.describe import frames
from ..law.outcome import HelperRuns, Outcome

Stored = tuple[int, int, int, frozenset[tuple[int, int]]]  # a case, and what its slots hold then


def needs_hooks(session: Session, runs: HelperRuns) -> dict[str, bool]:
    """For every function on the way to a store: whether such a store changes what is counted."""
    found: dict[str, bool] = {}
    for outcome in runs.outcomes:
        for event in outcome.stores:
            if event.old == event.new:
                continue
            try:
                old = session.counted(event.level, event.old)
                needs = old != session.counted(event.level, event.new)
            except (Unjudged, PathEnds):
                needs = True
            for frame in frames(event):
                found[frame.function] = found.get(frame.function, False) or needs
    return found


def counting(session: Session, runs: HelperRuns) -> set[tuple[str, str]]:
    """The functions and the hooks in them that change the counters for some entry."""
    found: set[tuple[str, str]] = set()
    for outcome in runs.outcomes:
        for event in outcome.hooks:
            key = (event.stack[-1].function if event.stack else "", event.name)
            if key in found:
                continue
            try:
                moved = bool(hooked_delta(session, [event]))
            except (Unjudged, PathEnds):
                moved = True
            if moved:
                found.add(key)
    return found


def stored(outcome: Outcome) -> Stored:
    """A case, and what its slots hold after a path."""
    case = outcome.case
    last = {event.index: event.new for event in outcome.stores}
    new = -1 if case.new is None else case.new.raw
    return case.old.raw, new, case.nr, frozenset(last.items())


def vanishes(session: Session, level: str, outcome: Outcome) -> bool:
    """Whether a present leaf is taken for something else after it was invalidated."""
    kind, old = outcome.case.old.kind, outcome.case.old.raw
    return kind is not None and kind.accessible and any(
        session.test(level, test, old) == 1 and session.test(level, test, outcome.left) == 0
        for test in ("present", "leaf")
    )  # fmt: skip
