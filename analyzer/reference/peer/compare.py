# SPDX-License-Identifier: GPL-2.0-only
"""Two sides run the same events: same verdict, same warnings, same counters after every event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..minimise import shrink
from ..model import Model
from ..values import Op, Traits
from .layout import BAD, LEAF, Layout
from .run import PeerEvent, Result, pack_counters


class Side(Protocol):
    """Something that counts: a model, or a compiled framework."""

    def results(self, events: Iterable[PeerEvent]) -> list[Result]:
        """What comes of each event, from the start, no page being mapped."""


class ModelSide:
    """The model, asked as a peer is. `make` builds another model than the usual one (tests)."""

    def __init__(self, layout: Layout, traits: Traits, make: Callable[..., Model] = Model) -> None:
        self.layout = layout
        self.traits = traits
        self._make = make

    def results(self, events: Iterable[PeerEvent]) -> list[Result]:
        """See Side."""
        model = self._make(self.layout.decoder, self.traits)
        frames = self.layout.frames()
        index = {pfn: 2 * number for number, pfn in enumerate(frames)}
        values = [0] * (2 * len(frames))
        found = []
        last = pack_counters(values)
        for item in events:
            event = item.event
            before = len(model.warnings)
            stopped = False
            if event.op is not Op.CLEAR_RANGE or not item.table & (LEAF | BAD):
                stopped = model.apply(event) is not None
            changed = model.changed()
            if changed:
                for pfn in changed:
                    if pfn not in index:
                        continue
                    counters = model.counters(pfn)
                    values[index[pfn]] = counters.anon
                    values[index[pfn] + 1] = counters.file
                last = pack_counters(values)
            found.append(Result(stopped, len(model.warnings) - before, last))
        return found


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The first event of which two sides think differently, and all events up to it."""

    index: int
    events: tuple[PeerEvent, ...]
    left: Result
    right: Result

    @property
    def reason(self) -> str:
        """In which of the three they differ."""
        if self.left.stopped != self.right.stopped:
            return "verdict"
        return "counters" if self.left.counters != self.right.counters else "warnings"


def compare(
    left: Side, right: Side, events: Sequence[PeerEvent], *, warnings: bool = True
) -> Disagreement | None:
    """Runs events on both sides; None where they agree about all of them."""
    pairs = zip(left.results(events), right.results(events), strict=True)
    for index, (one, other) in enumerate(pairs):
        same = one.stopped == other.stopped and one.counters == other.counters
        if not same or (warnings and one.warnings != other.warnings):
            return Disagreement(index, tuple(events[: index + 1]), one, other)
    return None


def minimal(left: Side, right: Side, found: Disagreement, *, warnings: bool = True) -> Disagreement:
    """The same kind of disagreement with the fewest events."""

    def fails(events: Sequence[PeerEvent]) -> bool:
        seen = compare(left, right, events, warnings=warnings)
        return seen is not None and seen.reason == found.reason

    kept = shrink(found.events, fails)
    again = compare(left, right, kept, warnings=warnings)
    return found if again is None else again
