# SPDX-License-Identifier: GPL-2.0-only
"""Runs in words: what was called with which entries, and what that did."""

from __future__ import annotations

from collections.abc import Iterable

from ..evaluate.state import Choice
from ..evaluate.state import Event as Seen
from ..law.describe import PROBES, frames
from ..model import Location
from .values import Act, Move


def act(text: str, events: Iterable[Seen], choices: Iterable[Choice]) -> Act:
    """One call as it was run."""
    return Act(text, tuple(map(_move, events)), tuple(_branches(choices)))


def _move(event: Seen) -> Move:
    stack = frames(event)
    function = stack[-1].function if stack else ""
    location = event.location if event.location.path else Location(PROBES, 0)
    if event.kind == "store":
        text = f"{event.old:#x} becomes {event.new:#x} in entry {event.index}"
    elif event.kind == "clear":
        text = f"un-counts {event.new:#x}"
    else:
        batch = f", {event.nr} entries" if event.nr != 1 else ""
        text = f"un-counts what entry {event.index} holds ({event.old:#x}), counts {event.new:#x}"
        text += batch
    name = "" if event.kind == "store" else event.name
    return Move(event.kind, name, event.level, location, function, text)


def _branches(choices: Iterable[Choice]) -> Iterable[str]:
    for choice in choices:
        if choice.location.path.startswith("<"):
            continue
        way = "yes" if choice.taken == 0 else "no"
        if choice.ways > 2:
            way = f"way {choice.taken + 1} of {choice.ways}"
        yield f"{choice.location}: {choice.key}: {way}"
