# SPDX-License-Identifier: GPL-2.0-only
"""What a finding says in one line."""

from __future__ import annotations

from .addresses import stands_still
from .outcome import Outcome


def message_for(rule: str, function: str, outcome: Outcome, level: str) -> str:
    """The message of a finding about `function`."""
    where = f"{function}()"
    hook = outcome.hooks[-1].name if outcome.hooks else ""
    given = {
        "PTC101": f"{where} changes what a {level} entry counts and no hook accounts for it",
        "PTC102": f"{where} moves the counters more than once for one change",
        "PTC103": f"{where} calls {hook}() for another entry than the one it stores over",
        "PTC104": f"{where} calls {hook}() with an entry that it did not take out",
        "PTC105": f"{where} calls {hook}() for a {level} entry",
        "PTC106": f"{where} calls {hook}() with another mm than that of the table",
        "PTC107": f"{where} calls {hook}() for other slots than those it stores to",
        "PTC108": f"{where} moves the counters, but not by what the entry changed",
        "PTC109": f"{where} changes in place what a {level} entry counts",
    }
    if rule == "PTC107" and outcome.expected == outcome.got and outcome.stores:
        which = "the same address for different entries"
        if not stands_still(outcome.events):
            which = "the address of another entry"
        return f"{where} calls {hook}() with {which}"
    if rule == "PTC301":
        event = next(e for e in outcome.hooks if e.arity is not None)
        assert event.arity is not None
        return f"{where} calls {event.name}() with {event.arity[0]} arguments, not {event.arity[1]}"
    return given[rule]
