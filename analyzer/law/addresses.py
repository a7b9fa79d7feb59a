# SPDX-License-Identifier: GPL-2.0-only
"""The address that a hook is given, where the hooks of the tree take one.

It is the address that the entry maps. A helper may round it down to what its level maps, so only
two things are certain: hooks for different entries must have different addresses, and the address
must be near the one that the helper was given.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..evaluate.state import Event
from ..evaluate.values import Int


def stands_still(events: Iterable[Event]) -> bool:
    """Whether an address is given for one entry and again for another one."""
    known: dict[int, int] = {}  # address -> entry
    taken: dict[int, int] = {}  # entry -> what the last store to it took out
    announced: set[int] = set()  # entries whose next store a set has accounted for
    for event in events:
        if event.kind == "store":
            if event.index in announced:
                announced.discard(event.index)
                taken.pop(event.index, None)
            else:
                taken[event.index] = event.old
            continue
        if event.kind == "set":
            announced.update(range(event.index, event.index + event.nr))
        address = event.address
        if not isinstance(address, Int):
            continue
        index = event.index
        if event.kind == "clear":
            found = [entry for entry, old in taken.items() if old == event.new]
            if len(found) != 1:
                continue
            index = found[0]
        if known.setdefault(address.raw, index) != index:
            return True
    return False


def is_elsewhere(events: Iterable[Event], given: int, bits: int) -> bool:
    """Whether a hook is given an address far from the one that the helper was called with."""
    shift = 30 if bits == 64 else 22
    return any(
        event.kind != "store"
        and isinstance(event.address, Int)
        and event.address.raw >> shift != given >> shift
        for event in events
    )
