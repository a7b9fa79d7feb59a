# SPDX-License-Identifier: GPL-2.0-only
"""Outcomes in words: the path, the entries, the counters."""

from __future__ import annotations

from ..evaluate.state import Event, Frame
from ..helpers.session import Entry, Session
from ..model import EntryValue, Location, Step, Witness
from .outcome import Delta, Outcome

PROBES = "<ptcheck>"


def frames(event: Event) -> tuple[Frame, ...]:
    """The call stack of an event without our own probe."""
    return tuple(frame for frame in event.stack if not frame.defined.path.startswith("<"))


def entry_value(session: Session, level: str, entry: Entry) -> EntryValue:
    """An entry of a witness."""
    return EntryValue(entry.name, entry.raw, raw_text(session, level, entry.raw))


def raw_text(session: Session, level: str, raw: int) -> str:
    """What the tree's own tests say about an entry."""
    words = [
        name
        for name in ("none", "present", "leaf", "write", "young", "dirty", "special", "protnone")
        if session.test(level, name, raw)
    ]
    if "none" not in words:
        pfn = session.test(level, "pfn", raw)
        if pfn is not None:
            words.append(f"pfn {pfn:#x}")
    counted = session.counted(level, raw)
    words.append("not counted" if counted is None else "counted")
    return ", ".join(words)


def counters(delta: Delta) -> tuple[str, ...]:
    """Counter movements in words; ('nothing',) when none moved."""
    if not delta:
        return ("nothing",)
    return tuple(
        f"pfn {pfn:#x}{f' ({pages} pages)' if pages > 1 else ''}: {change:+d}"
        for (pfn, pages), change in sorted(delta.items())
    )


def steps(session: Session, level: str, outcome: Outcome) -> tuple[Step, ...]:
    """The path: calls down to each event, branches taken, hooks and stores in order."""
    made: list[Step] = []
    shown: tuple[Frame, ...] = ()
    for choice in outcome.choices:
        if choice.location.path.startswith("<"):
            continue
        way = "taken" if choice.taken else "not taken"
        if choice.ways > 2:
            way = f"way {choice.taken + 1} of {choice.ways}"
        made.append(Step("branch", choice.location, choice.function, f"{choice.key}: {way}"))
    for event in outcome.events:
        stack = frames(event)
        common = 0
        while common < min(len(stack), len(shown)) and stack[common] == shown[common]:
            common += 1
        for depth, frame in enumerate(stack[common:], common):
            if frame.called.path.startswith("<"):
                made.append(
                    Step("call", frame.defined, frame.function, f"{frame.function}() begins")
                )
            else:
                caller = stack[depth - 1].function if depth else ""
                made.append(Step("call", frame.called, caller, f"calls {frame.function}()"))
        shown = stack
        function = stack[-1].function if stack else ""
        location = event.location if event.location.path else Location(PROBES, 0)
        if event.kind == "store":
            which = event.index - outcome.index
            text = f"stores {event.new:#x} over {event.old:#x} in entry {which:+d}"
            made.append(Step("store", location, function, text))
        elif event.kind == "clear":
            made.append(Step("hook", location, function, f"{event.name}(old {event.new:#x})"))
        else:
            batch = f", nr {event.nr}" if event.nr != 1 else ""
            text = f"{event.name}(slot holds {event.old:#x}, new {event.new:#x}{batch})"
            made.append(Step("hook", location, function, text))
    return tuple(made)


def witness(session: Session, helper: str, level: str, outcome: Outcome) -> Witness:
    """The evidence for a finding."""
    case = outcome.case
    left = EntryValue("", outcome.left, raw_text(session, level, outcome.left))
    return Witness(
        variant=session.variant.label,
        helper=helper,
        old=entry_value(session, level, case.old),
        new=None if case.new is None else entry_value(session, level, case.new),
        left=left,
        path=steps(session, level, outcome),
        expected=counters(outcome.expected),
        got=counters(outcome.got),
    )
