# SPDX-License-Identifier: GPL-2.0-only
"""Why a broken path is broken: which rule, and which function is to be mended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ..evaluate.state import Event, Frame
from ..helpers.contracts import New, Old, contract_for
from ..helpers.session import Session
from ..model import Location
from .addresses import stands_still
from .deltas import hooked_delta, is_init_mm, is_user_mm, stored_delta
from .describe import frames
from .hugetlb import is_hugetlb
from .outcome import HelperRuns, Outcome

_IN_PLACE: Final = ("wrprotect", "young", "access_flags", "mkold")


def part_at_fault(session: Session, outcome: Outcome) -> Outcome:
    """The first of several calls on a path (start and commit, say) that is broken by itself.

    A path that our probe makes of more than one call is judged as one; where one of the calls
    does not account for its own change, the finding is about that call.
    """
    stacks = [frames(event) for event in outcome.events]
    shared = 0
    while stacks and all(len(stack) > shared for stack in stacks):
        if len({stack[shared] for stack in stacks}) > 1:
            break
        shared += 1
    else:
        return outcome  # a function does something itself: it is to be judged as a whole
    groups: dict[Frame, list[Event]] = {}
    for stack, event in zip(stacks, outcome.events, strict=True):
        groups.setdefault(stack[shared], []).append(event)
    for events in groups.values():
        expected = stored_delta(session, events)
        got = hooked_delta(session, events)
        if expected != got and any(event.kind == "store" for event in events):
            part = replace(outcome, events=tuple(events), expected=expected, got=got)
            return part_at_fault(session, part)
    return outcome


def rule_of(session: Session, runs: HelperRuns, outcome: Outcome, whole: Outcome) -> str:
    """The rule code for a broken outcome, the `whole`, by its part at fault."""
    level = runs.signature.level
    hooks = outcome.hooks
    for event in hooks:
        if event.arity is not None:
            return "PTC301"
    foreign = any(event.level != level for event in hooks)
    sizes = [{pages for _, pages in delta} for delta in (outcome.expected, outcome.got)]
    if foreign and (sizes[0] != sizes[1] or not is_hugetlb(runs.signature.name)):
        return "PTC105"
    for event in hooks:
        if not is_user_mm(event.mm) and not is_init_mm(event.mm):
            return "PTC106"
        if is_init_mm(event.mm):
            return "PTC106"
    if not hooks:
        contract = contract_for(runs.signature.name)
        in_place = any(word in runs.signature.name for word in _IN_PLACE)
        kept = contract.new is New.SAME or contract.old is Old.PRESENT
        if in_place and kept and not whole.hooks:
            return "PTC109"
        return "PTC101"
    return _hooked_rule(session, outcome)


def _hooked_rule(session: Session, outcome: Outcome) -> str:
    if stands_still(outcome.events):
        return "PTC107"
    if _double(outcome):
        return "PTC102"
    stored: dict[int, int] = {}
    first: dict[int, int] = {}
    for event in outcome.stores:
        first.setdefault(event.index, event.old)
        stored[event.index] = event.new
    for event in outcome.hooks:
        if event.kind == "set":
            if event.index not in stored:
                return "PTC107"
            before = [s for s in outcome.events[: outcome.events.index(event)] if s.kind == "store"]
            if any(s.index == event.index for s in before) or event.new != stored[event.index]:
                return "PTC103"
            touched = {s.index for s in outcome.stores}
            if (
                touched != set(range(event.index, event.index + event.nr))
                and len(outcome.hooks) == 1
            ):
                return "PTC107"
        elif event.kind == "clear" and event.new not in first.values():
            return "PTC104"
        elif event.kind == "clear":
            counted = session.counted(event.level, event.new)
            if counted is None and any(
                session.counted(event.level, old) is not None for old in first.values()
            ):
                return "PTC104"
    if outcome.expected == outcome.got and any(e.address is not None for e in outcome.hooks):
        return "PTC107"  # of the arguments, only the address is left to be wrong
    return "PTC108"


def _double(outcome: Outcome) -> bool:
    """Something moved further in the direction in which it had to move, or moved at all."""
    if len(outcome.hooks) < 2:
        return False
    for key, got in outcome.got.items():
        want = outcome.expected.get(key, 0)
        if want and got * want > 0 and abs(got) > abs(want):
            return True
    return False


def mm_frames(event: Event) -> tuple[Frame, ...]:
    """The functions on the stack that know the mm, and so could hook; outermost first."""
    return tuple(frame for frame in frames(event) if frame.has_mm)


def raw_primitives(all_runs: Iterable[HelperRuns]) -> frozenset[str]:
    """Functions that take an mm but are accounted for by a caller: stores below a balanced hook.

    A function is raw when some balanced path stores in it while one of its own callers on the
    stack called the hook.
    """
    raw: set[str] = set()
    for runs in all_runs:
        for outcome in runs.outcomes:
            if outcome.status != "balanced":
                continue
            callers = {frames(hook) for hook in outcome.hooks} - {()}
            for stack in {frames(store) for store in outcome.stores}:
                for caller in callers:
                    if len(caller) < len(stack) and stack[: len(caller)] == caller:
                        raw.update(frame.function for frame in stack[len(caller) :])
    return frozenset(raw)


def _store_at_fault(session: Session, outcome: Outcome) -> Event:
    """The first store that moves a frame whose counter is wrong in the end."""
    wrong = {
        key
        for key in {*outcome.expected, *outcome.got}
        if outcome.expected.get(key, 0) != outcome.got.get(key, 0)
    }
    changing = [store for store in outcome.stores if store.old != store.new]
    for store in changing:
        for raw in (store.old, store.new):
            counted = session.counted(store.level, raw)
            if counted is not None and (counted.pfn, counted.pages) in wrong:
                return store
    return changing[0] if changing else outcome.events[-1]


def _hook_at_fault(session: Session, outcome: Outcome) -> Event:
    """The hook that is wrong in itself, else the last one."""
    level = outcome.stores[0].level if outcome.stores else outcome.hooks[0].level
    taken = {store.old for store in outcome.stores}
    for event in outcome.hooks:
        if event.arity is not None or event.level != level or not is_user_mm(event.mm):
            return event
        if event.kind == "clear" and event.new not in taken:
            return event
    return outcome.hooks[-1]


def root_of(
    session: Session, outcome: Outcome, rule: str, raw: frozenset[str]
) -> tuple[str, Location]:
    """The function that is to be mended, and the line there.

    For a hook that is wrong, or counts where nothing changes, it is the hook's own; for a missing
    one the innermost function that knows the mm and that no balanced helper relies on to stay raw.
    """
    needless = rule == "PTC108" and not outcome.expected
    if (needless or rule not in ("PTC101", "PTC109", "PTC108")) and outcome.hooks:
        event = _hook_at_fault(session, outcome)
        stack = frames(event)
        function = stack[-1].function if stack else ""
        return function, event.location
    event = _store_at_fault(session, outcome)
    stack = frames(event)
    candidates = [i for i, frame in enumerate(stack) if frame.has_mm]
    for i in reversed(candidates):
        if stack[i].function not in raw:
            return stack[i].function, _line_in(stack, i, event)
    if candidates:
        return stack[candidates[0]].function, _line_in(stack, candidates[0], event)
    if stack:
        return stack[0].function, _line_in(stack, 0, event)
    return "", event.location


def _line_in(stack: tuple[Frame, ...], index: int, event: Event) -> Location:
    """The line of a function at which it goes on towards the event."""
    if index + 1 < len(stack):
        return stack[index + 1].called
    return event.location
