# SPDX-License-Identifier: GPL-2.0-only
"""Runs events through the model, up to the first violation, and tells its history."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .decode import Decoder
from .log import LogError
from .model import Model
from .tables import UnknownSlotError
from .values import Counters, Event, Op, Traits, Violation


@dataclass(frozen=True, slots=True)
class Touch:
    """An event that touched a page, and the page's counters afterwards."""

    event: Event
    counters: Counters


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of a log. `events` up to and with the violation; `pages` still mapped then."""

    events: int
    violation: Violation | None
    history: tuple[Touch, ...]
    warnings: tuple[Violation, ...]
    pages: int

    @property
    def clean(self) -> bool:
        """Nothing is forbidden, and nothing is warned about."""
        return self.violation is None and not self.warnings


MAX_WARNINGS = 1000


def replay(
    read: Callable[[], Iterable[Event]], decoder: Decoder, traits: Traits, name: str = "log"
) -> Replay:
    """Replays events; `read` gives them from the start, and again for the history.

    Memory grows with the pages and entries that the events speak of, not with their number.
    Raises LogError where an event does not tell enough.
    """
    model = Model(decoder, traits)
    violation = None
    apply = model.apply
    for event in read():
        try:
            violation = apply(event)
        except UnknownSlotError as unknown:
            raise LogError(f"{name}:{event.number}: {unknown}") from None
        if violation is not None:
            break
        if len(model.warnings) > MAX_WARNINGS:
            del model.warnings[MAX_WARNINGS:]
    history: tuple[Touch, ...] = ()
    if violation is not None:
        history = history_of(read(), Model(decoder, traits), violation)
    return Replay(
        model.events, violation, history, tuple(model.warnings), len(model.counted_pages())
    )


def history_of(events: Iterable[Event], model: Model, violation: Violation) -> tuple[Touch, ...]:
    """Every event that touched the page of a violation, up to the one that broke the rule."""
    found: list[Touch] = []
    pfn = violation.pfn
    for event in events:
        touched = touches(model, event, pfn)
        before = model.counters(pfn)
        last = model.apply(event) is not None
        after = model.counters(pfn)
        if touched or last or before != after:
            found.append(Touch(event, after))
        if last:
            break
    return tuple(found)


def touches(model: Model, event: Event, pfn: int) -> bool:
    """Whether an event is about a page: says what it is, maps it, or changes what maps it."""
    if event.op in (Op.ALLOC, Op.FREE, Op.ZERO):
        return event.pfn <= pfn < event.pfn + (1 << event.order)
    if event.op is Op.PAGE:
        return event.pfn <= pfn < event.pfn + event.nr
    pages = model.decoder.pages(event.level)
    if event.op is not Op.CLEAR_RANGE:
        facts = model.decoder.facts(event.level, event.value)
        if facts.accessible and facts.pfn <= pfn < facts.pfn + event.nr * pages:
            return True
    for raw in event.old or ():
        facts = model.decoder.facts(event.level, raw)
        if facts.accessible and facts.pfn <= pfn < facts.pfn + pages:
            return True
    if event.slot is None:
        return False
    nr = model.decoder.entries("pte") if event.op is Op.CLEAR_RANGE else event.nr
    return any(pfn in model.held(event.mm, event.level, event.slot + i) for i in range(nr))
