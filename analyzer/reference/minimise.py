# SPDX-License-Identifier: GPL-2.0-only
"""The fewest events that still break the same rule at the same page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from .decode import Decoder
from .model import Model
from .replay import Replay
from .tables import UnknownSlotError
from .values import Event, Traits, Violation

T = TypeVar("T")


def first_violation(events: Sequence[Event], decoder: Decoder, traits: Traits) -> Violation | None:
    """The first rule that events break; None too where they do not tell enough."""
    model = Model(decoder, traits)
    for event in events:
        try:
            found = model.apply(event)
        except UnknownSlotError:
            return None
        if found is not None:
            return found
    return None


def minimise(
    found: Replay, everything: Callable[[], Sequence[Event]], decoder: Decoder, traits: Traits
) -> tuple[Event, ...]:
    """A 1-minimal list of events with the violation that was found: without any one of them it
    is gone. `everything` gives all events up to it; it is asked only if the history of the page
    does not show the violation by itself.
    """
    violation = found.violation
    if violation is None:
        return ()

    def fails(events: Sequence[Event]) -> bool:
        seen = first_violation(events, decoder, traits)
        return seen is not None and seen.rule is violation.rule and seen.pfn == violation.pfn

    events: Sequence[Event] = [touch.event for touch in found.history]
    if not fails(events):
        events = everything()
    return tuple(shrink(events, fails))


def shrink(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """Delta debugging (Zeller's ddmin): a 1-minimal sub-sequence that still fails.

    `items` must fail. Order is kept.
    """
    kept = list(items)
    parts = 2
    while len(kept) >= 2:
        size = max(1, -(-len(kept) // parts))
        for start in range(0, len(kept), size):
            rest = kept[:start] + kept[start + size :]
            if rest and fails(rest):
                kept = rest
                parts = max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(len(kept), parts * 2)
    if len(kept) == 1 and fails([]):
        return []
    return kept
