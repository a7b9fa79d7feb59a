# SPDX-License-Identifier: GPL-2.0-only
"""The reference model as a ledger beside page tables: the hooks book, the tables are recounted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..evaluate.state import Event as Seen
from ..evaluate.values import Unjudged
from ..helpers.session import Session
from ..law.deltas import is_init_mm, is_user_mm
from ..reference import (
    INIT_MM,
    BaseDecoder,
    Counters,
    Decoder,
    Event,
    Facts,
    Model,
    Op,
    PageKind,
    Traits,
    Violation,
)
from ..reference.session import SessionDecoder
from ..reference.traits import read_traits

USER_MM: Final = 1
SCALE: Final = 8
"""Base pages that stand for a huge page where entries are looked at one by one. Two entries map
the same pages or none in common here, so any number of pages tells as much as all of them."""
_SLOTS: Final = 1 << 16  # slot numbers of one table


class Tolerant(SessionDecoder):
    """Takes an entry for read-only whose `pXX_write()` stops the kernel: the generic stand-in of
    trees that have no leaves at that level."""

    def _evaluated(self, level: str, raw: int) -> Facts:
        try:
            return super()._evaluated(level, raw)
        except Unjudged:
            pfn = self.session.test(level, "pfn", raw)
            if pfn is None or self.session.test(level, "write", raw) is not None:
                raise
            return Facts(True, pfn, False, bool(self.session.test(level, "special", raw)))


class Scaled(BaseDecoder):
    """A decoder with small huge pages."""

    def __init__(self, decoder: SessionDecoder) -> None:
        self.decoder = decoder

    def facts(self, level: str, raw: int) -> Facts:
        """See Decoder."""
        return self.decoder.facts(level, raw)

    def pages(self, level: str) -> int:
        """At most SCALE."""
        return min(self.decoder.pages(level), SCALE)

    def span(self, level: str) -> int:
        """See Decoder."""
        return self.decoder.span(level)

    def entries(self, level: str) -> int:
        """See Decoder."""
        return self.decoder.entries(level)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why counters and page tables disagree. `rule` as in `values.Problem`."""

    rule: str
    message: str


class Ledger:
    """Judges logs of events for one session. Raises Unjudged where the tree cannot be asked."""

    def __init__(self, session: Session) -> None:
        self.exact = Tolerant(session)
        self.scaled = Scaled(self.exact)
        try:
            self.traits = read_traits(session)
            self.framework = ""
        except Unjudged as problem:
            self.traits, self.framework = Traits(), problem.reason

    def judge(
        self,
        log: Sequence[Event],
        tables: Iterable[tuple[str, int, int]],
        *,
        exact: bool = False,
    ) -> Wrong | None:
        """Book a log, then recount `tables`: (level, slot, raw) of every entry that is not empty.

        `exact` counts huge pages as large as they are.
        """
        decoder: Decoder = self.exact if exact else self.scaled
        model = Model(decoder, self.traits)
        for event in log:
            violation = model.apply(event)
            if violation is not None:
                return Wrong(violation.rule.value, _violated(violation))
        fresh = Model(decoder, self.traits)
        for pfn, kind in _kinds(log):
            fresh.page(pfn, kind)
        for level, slot, raw in tables:
            fresh.store(USER_MM, level, slot, raw)
        return _compared(model.counted_pages(), fresh.recount())


def _kinds(log: Iterable[Event]) -> Iterator[tuple[int, PageKind]]:
    for event in log:
        if event.op is Op.PAGE and event.kind is not None:
            for pfn in range(event.pfn, event.pfn + event.nr):
                yield pfn, event.kind


def slot_number(table: int, index: int) -> int:
    """The model's number of an entry of the `table`-th table."""
    return table * _SLOTS + index


def booked(seen: Seen, table: int) -> Event | Wrong | None:
    """A hook call as an event for the model; `table` is that of the slot (-1: none of ours).

    None for a store. Wrong for a call that is an error whatever it counts.
    """
    if seen.kind == "store":
        return None
    if seen.arity is not None:
        given, declared = seen.arity
        return Wrong("misused-hook", f"{seen.name}() is given {given} arguments, wants {declared}")
    if is_init_mm(seen.mm):
        mm = INIT_MM
    elif is_user_mm(seen.mm):
        mm = USER_MM
    else:
        return Wrong("misused-hook", f"{seen.name}() is given another mm than the table's")
    if seen.kind == "clear":
        return Event(Op.CLEAR, seen.level, mm, None, seen.new)
    if table < 0:
        return Wrong("misused-hook", f"{seen.name}() is given a slot of another table")
    slot = slot_number(table, seen.index)
    return Event(Op.SET, seen.level, mm, slot, seen.new, seen.nr, seen.held)


def _violated(violation: Violation) -> str:
    before, after = violation.before, violation.after
    return (
        f"{violation.rule.value}: page {violation.pfn:#x} ({violation.kind.value}),"
        f" counters {_pair(before)} -> {_pair(after)}"
    )


def _pair(counters: Counters) -> str:
    return f"anonymous {counters.anon} file {counters.file}"


def _compared(counted: dict[int, Counters], mapped: dict[int, int]) -> Wrong | None:
    wrong = [
        (pfn, counted.get(pfn, Counters()), mapped.get(pfn, 0))
        for pfn in sorted({*counted, *mapped})
        if sum((counted.get(pfn, Counters()).anon, counted.get(pfn, Counters()).file))
        != mapped.get(pfn, 0)
    ]
    if not wrong:
        return None
    pfn, counters, tables = wrong[0]
    more = f", and {len(wrong) - 1} more pages" if len(wrong) > 1 else ""
    return Wrong(
        "miscounted",
        f"page {pfn:#x} is counted {counters.anon + counters.file} times and mapped"
        f" {tables} times{more}",
    )
