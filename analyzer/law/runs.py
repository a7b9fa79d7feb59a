# SPDX-License-Identifier: GPL-2.0-only
"""Runs one helper over entry classes, on every path, and compares counters with the slot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from ..evaluate.calls import Tangled
from ..evaluate.memory import Table
from ..evaluate.merge import Meeting, Merged
from ..evaluate.state import Event, alternatives
from ..evaluate.values import Int, Opaque, PathEnds, Pointer, Unjudged, Value
from ..helpers.contracts import Contract, New, Old, contract_for
from ..helpers.interface import Signature, parameter_names
from ..helpers.probes import CALL
from ..helpers.session import ADDRESS, LOWER_TABLE, MM, VMA, Entry, Session
from ..helpers.sharing import Question
from .addresses import is_elsewhere, stands_still
from .bounds import BATCH, FEW_RUNS, LIMIT, MAX_PATHS, MAX_WORK, PAIR, PAIR_PATHS, ROUNDS, TOO_MUCH
from .deltas import hooked_delta, is_user_mm, sole_level, stored_delta
from .hugetlb import counted_at, is_hugetlb
from .outcome import INDEX, Case, HelperRuns, Outcome, Trace
from .reading import Reading
from .reuse import Answers, Reuse, Setting

SLOTS: Final = 4096
SECOND: Final = 64  # a second entry of the same level, for helpers that move or copy

_SLOT = re.compile(r"^(?:const\s+)?(pte|pmd|pud)_t\s*\*")
_VALUE = re.compile(r"^(?:const\s+)?(pte|pmd|pud)_t\s+\w+$")
_MM = re.compile(r"\bmm_struct\s*\*")
_VMA = re.compile(r"\bvm_area_struct\s*\*")
_ADDRESS = re.compile(r"^_*(?:addr\w*|haddr|start|uaddr|vaddr|va)$")
_SIZE = re.compile(r"^_*(?:sz|size|pgsize|psize)$")
_COUNT = re.compile(r"^_*(?:nr|n|count|nr_\w+)$")
_OLD = re.compile(r"old|orig")


@dataclass(frozen=True, slots=True)
class Noted:
    """What the runs of a helper asked of the unit, and the state of the processor they had."""

    asked: AbstractSet[Question]
    world: Mapping[str, int]


class Runner:
    """Judges helpers of one session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.machine = session.machine
        self.answers = Answers(session)
        self._paired: set[str] = set()  # helpers with too many paths over larger batches
        self._given_up: set[tuple[str, bool]] = set()  # with too many, and if over a batch
        self._work = 0  # steps for the helper that is run
        self.shared: set[Question] = set()  # what was asked, but by the runs of a helper
        self.noted: dict[str, Noted] = {}  # what those of each helper asked
        self.setter: Signature | None = None  # set_huge_pte_at()
        self.reading = Reading(session, self._kept)
        self._huge: dict[int, Entry] = {}  # what it leaves in a slot, by what it is given

    # -- cases

    def cases(self, signature: Signature, contract: Contract) -> Iterator[Case]:
        """The (old, new) pairs that the contract allows."""
        level = signature.level
        names = parameter_names(signature.parameters)
        takes_value = any(
            _VALUE.match(p) and not _OLD.search(n)
            for p, n in zip(signature.parameters, names, strict=True)
        )
        batch = any(_COUNT.match(n) for n in names)
        entries = self.session.classes(level)
        if is_hugetlb(signature.name):
            entries = tuple(self.session.huge(entry) for entry in entries)
        olds = [entry for entry in entries if self._allowed(level, entry, contract.old)]
        for old in olds:
            kept = old
            if is_hugetlb(signature.name):
                kept = self._kept(old)
                read = replace(kept, raw=self.reading.pte(kept.raw))
                if kept != old and not self._allowed(level, read, contract.old):
                    continue  # a form that cannot tell it from what is allowed
            if not takes_value:
                cases = self._without_value(level, old, contract, batch)
            else:
                cases = self._with_value(level, old, entries, contract, batch)
            for case in cases:
                yield replace(case, old=kept)

    def _kept(self, entry: Entry) -> Entry:
        """An entry as a slot of hugetlb keeps it: some architectures have another form there."""
        if self.setter is None or not self.machine.code.has_function(CALL + self.setter.name):
            return entry
        known = self._huge.get(entry.raw)
        if known is None:
            contract = contract_for(self.setter.name)
            empty = self.session.none(self.setter.level)
            known = entry
            if isinstance(empty, Entry):
                setting = self._setting(self.setter, contract)
                trace = self._trace(self.setter, Case(empty, entry, 1), setting, ())
                if trace is not None and not trace.status:
                    known = replace(entry, raw=trace.left)
            self._huge[entry.raw] = known
        return known

    def _allowed(self, level: str, entry: Entry, old: Old) -> bool:
        if old is Old.ANY:
            return True
        if old is Old.PRESENT:
            return entry.kind is not None and entry.kind.present and not entry.kind.kernel
        if old is Old.TABLE:
            return entry.name in ("none", "table")
        return entry.kind is None or self.session.counted(level, entry.raw) is None

    def _without_value(
        self, level: str, old: Entry, contract: Contract, batch: bool
    ) -> Iterator[Case]:
        yield Case(old, None, 1)
        if batch and (contract.old is not Old.ANY or (old.kind is not None and old.kind.present)):
            yield Case(old, None, BATCH, self._followers(level, old))

    def _with_value(
        self, level: str, old: Entry, entries: tuple[Entry, ...], contract: Contract, batch: bool
    ) -> Iterator[Case]:
        session = self.session
        if contract.new is New.SAME:
            raw = session.apply(level, "flags", old.raw)
            name = f"{old.name}, young and dirty" if raw is not None else old.name
            yield Case(old, Entry(name, old.pfn, old.raw if raw is None else raw, old.kind), 1)
            return
        if contract.new is New.PROTECTED:
            yield Case(old, old, 1)
            for change in ("readonly", "none"):
                raw = session.apply(level, change, old.raw)
                if raw is not None:
                    yield Case(old, Entry(f"{old.name}, made {change}", old.pfn, raw, old.kind), 1)
            return
        pivots = self._pivots(level, entries)
        for entry in entries:
            if contract.new is New.NO_TABLE and entry.name == "table":
                continue
            if old.name in pivots or entry.name in pivots:
                yield Case(old, entry, 1)
            if entry.kind is not None and entry.kind.present and old.name in pivots:
                other = self._moved(entry, level, session.frames[1])
                if other.raw != entry.raw and old.name not in ("none", "swap"):
                    yield Case(old, other, 1)
            if batch and old.name == "none" and entry.kind is not None and entry.kind.present:
                yield Case(old, entry, PAIR if self.machine.refilled else BATCH)

    def _pivots(self, level: str, entries: tuple[Entry, ...]) -> frozenset[str]:
        """Every old entry meets these as new, every new one meets them as old: nothing, one that
        is counted, one that is not present. Two entries that both are none of them differ from a
        pivot in no bit that a helper can decide on together. Where a table of functions holds
        others than at first, they are given a slot and a value: one pivot is enough."""
        counted = [e.name for e in entries if self.session.counted(level, e.raw) is not None]
        best = "user-writable" if "user-writable" in counted else next(iter(counted), "none")
        return frozenset({best} if self.machine.refilled else {"none", "swap", best})

    def _followers(self, level: str, old: Entry) -> tuple[Entry, ...]:
        step = self.session.pages(level)
        return tuple(
            self.session.with_frame(level, old, old.pfn + i * step) for i in range(1, BATCH)
        )

    def _moved(self, entry: Entry, level: str, pfn: int) -> Entry:
        """The same class of entry for another frame, made by hugetlb where `entry` is."""
        session = self.session
        plain = session.with_frame(level, entry, entry.pfn)
        other = session.with_frame(level, entry, pfn)
        return other if entry.raw == plain.raw else session.huge(other)

    # -- runs

    def run(self, signature: Signature, reuse: Reuse | None = None) -> HelperRuns:
        """Every case of a helper on every path; runs of another variant where they hold here."""
        contract = contract_for(signature.name)
        traces: list[Trace] = []
        vacuous = True
        reason = ""
        try:
            vacuous = not self.session.has_counted(signature.level)
            cases = tuple(self.cases(signature, contract))
            setting = self._setting(signature, contract)
            known: dict[Case, tuple[Trace, ...]] = {}
            borrowed: frozenset[Question] = frozenset()
            if reuse is not None:
                known, borrowed = reuse.find(signature, setting, self.answers)
            made: dict[Case, tuple[Trace, ...]] = {}
            world = dict(self.machine.world)
            self.settle()
            self._work = 0
            for case in cases:
                found = known.get(case)
                if found is None:
                    found = made[case] = self._traces(signature, case, contract)
                self._learn(signature.name, case, found)
                traces.extend(found)
            if reuse is not None and not made:
                reuse.hits += 1
            elif reuse is not None and world == self.machine.world:
                reuse.keep(signature, setting, made, self.session.asked(), self.answers)
            if world == self.machine.world:
                self.noted[signature.name] = Noted(self.session.asked() | borrowed, world)
                self._forget()
        except (Unjudged, PathEnds) as problem:
            reason = str(problem)
        outcomes = tuple(self._judged(signature.name, trace) for trace in traces)
        kept: tuple[Outcome, ...] = ()
        if is_hugetlb(signature.name) and any(one.status == "broken" for one in outcomes):
            kept = tuple(self._judged(signature.name, trace, read=False) for trace in traces)
        kept = () if kept == outcomes else kept
        return HelperRuns(signature, contract, outcomes, vacuous, reason, kept)

    def settle(self) -> None:
        """Count what was asked since the runs of the last helper as asked for all of them."""
        self.shared |= self.session.asked()
        self._forget()

    def _forget(self) -> None:
        self.machine.questions.clear()
        self.machine.types.asked.clear()

    def _setting(self, signature: Signature, contract: Contract) -> Setting:
        """Word size, empty entry, what stands for a table of unknown address, bytes of an entry."""
        session = self.session
        level = signature.level
        empty = session.none(level)
        fill = empty.raw if isinstance(empty, Entry) else 0
        stand_in = -1
        if contract.new is New.ANY and "populate" in signature.name:
            lower = session.table(level)
            stand_in = lower.raw if isinstance(lower, Entry) else fill
        return session.bits, fill, stand_in, session.width(level)

    def paths(self, signature: Signature, case: Case, contract: Contract) -> list[Outcome]:
        """All paths of one case, judged, in a fixed order."""
        self._work = 0
        traces = self._traces(signature, case, contract)
        return [self._judged(signature.name, trace) for trace in traces]

    def _traces(self, signature: Signature, case: Case, contract: Contract) -> tuple[Trace, ...]:
        """All paths of a case; of a smaller batch where there are too many of them."""
        if case.nr <= PAIR:
            return tuple(self.traces(signature, case, contract))
        if signature.name not in self._paired:
            found = self.traces(signature, case, contract, hasty=True)
            if not found[-1].reason.startswith(LIMIT):
                return tuple(found)
        pair = replace(case, nr=PAIR, neighbours=case.neighbours[: PAIR - 1])
        return tuple(self.traces(signature, pair, contract, bound=PAIR_PATHS))

    def _learn(self, name: str, case: Case, found: Iterable[Trace]) -> None:
        """What the paths of one case tell about those of the next, whoever has run them."""
        for trace in found:
            if trace.case.nr < case.nr:
                self._paired.add(name)
            if trace.reason.startswith(LIMIT):
                self._given_up.add((name, case.nr > 1))

    def traces(
        self,
        signature: Signature,
        case: Case,
        contract: Contract,
        hasty: bool = False,
        bound: int = MAX_PATHS,
    ) -> list[Trace]:
        """All paths of one case, in a fixed order; of those that come together, one.

        With `hasty` none after the first that was given up at a bound.
        """
        try:
            while True:
                with suppress(Tangled):
                    return self._explored(signature, case, contract, hasty, bound)
        finally:
            self.machine.meeting = None

    def _explored(
        self, signature: Signature, case: Case, contract: Contract, hasty: bool, bound: int
    ) -> list[Trace]:
        done: list[Trace] = []
        todo: list[tuple[int, ...]] = [()]
        setting = self._setting(signature, contract)
        self.machine.meeting = meeting = Meeting()
        given_up = (signature.name, case.nr > 1) in self._given_up
        most = FEW_RUNS if given_up else ROUNDS * bound
        runs = 0
        while todo:
            runs += 1
            meeting.begin()
            trace = self._trace(signature, case, setting, todo.pop())
            if trace is not None:
                done.append(trace)
            meeting.end(self.machine.run, trace is not None and trace.reason.startswith(LIMIT))
            if hasty and done and done[-1].reason.startswith(LIMIT):
                break
            todo.extend(alternatives(self.machine.run))
            self._work += self.machine.run.steps
            weary = self._work > MAX_WORK
            if (len(done) >= bound or runs >= most or weary) and todo:
                reason = TOO_MUCH if weary else f"more than {bound} paths"
                done.append(Trace(case, (), (), 0, False, "unknown", reason))
                break
        return done

    def _trace(
        self, signature: Signature, case: Case, setting: Setting, prefix: tuple[int, ...]
    ) -> Trace | None:
        """One path; None where it goes on as an earlier one did."""
        session, machine = self.session, self.machine
        _, fill, stand_in, _ = setting
        run = session.fresh(prefix)
        table = session.new_table(signature.level, SLOTS, fill)
        for offset, entry in enumerate((case.old, *case.neighbours)):
            table.entries[INDEX + offset] = entry.raw
        machine.opaque_entry = None if stand_in < 0 else stand_in
        status, reason = "", ""
        try:
            machine.call(f"{CALL}{signature.name}", self._arguments(signature, case, table))
        except Merged:
            return None
        except PathEnds as end:
            status, reason = "ends", str(end)
        except Unjudged as problem:
            place = f" in {problem.place}" if problem.place else ""
            status, reason = "unknown", f"{problem.reason}{place}"
        except RecursionError:
            status, reason = "unknown", "expressions nested too deep"
        finally:
            machine.opaque_entry = None
        events = tuple(run.events)
        left = table.entries[INDEX]
        for used in run.tables:
            used.entries = []  # events keep the table, nobody reads it any more
        return Trace(
            case, tuple(run.choices), events, left,
            self._misused(events, table) or self._misplaced(signature, events), status, reason,
        )  # fmt: skip

    def _judged(self, name: str, trace: Trace, read: bool = True) -> Outcome:
        """Both sides of the law for what a path did."""
        case, choices, events = trace.case, trace.choices, trace.events
        if trace.status:
            return Outcome(trace.status, case, choices, events, reason=trace.reason)
        try:
            if read and is_hugetlb(name) and sole_level(events) in (None, "pte"):
                events = tuple(self.reading.event(event) for event in events)
                case = replace(case, old=replace(case.old, raw=self.reading.pte(case.old.raw)))
                trace = replace(trace, left=self.reading.pte(trace.left))
            level = counted_at(self.session, name, events)
            expected = stored_delta(self.session, events, level)
            got = hooked_delta(self.session, events)
        except Unjudged as problem:
            return Outcome("unknown", case, choices, events, reason=problem.reason)
        except PathEnds as end:
            return Outcome("unknown", case, choices, events, reason=str(end))
        hooked = any(event.kind != "store" for event in events)
        if trace.misused:
            status = "broken"
        elif expected == got:
            status = "balanced" if hooked else "neutral"
        else:
            status = "broken"
        return Outcome(status, case, choices, events, expected, got, trace.left, index=INDEX)

    def _misplaced(self, signature: Signature, events: tuple[Event, ...]) -> bool:
        """A hook with the address of another entry, where a helper knows the address."""
        if not any(event.address is not None for event in events):
            return False
        bits = self.session.bits
        named = any(_ADDRESS.match(name) for name in parameter_names(signature.parameters))
        return stands_still(events) or (named and is_elsewhere(events, ADDRESS[bits], bits))

    @staticmethod
    def _misused(events: tuple[Event, ...], table: Table) -> bool:
        """A hook that is wrong in itself, whatever it counts: mm, table or arity.

        A hook of another level is judged by its effect: a helper may treat a pmd as a pte.
        """
        for event in events:
            if event.kind == "store":
                continue
            if event.arity is not None or not is_user_mm(event.mm):
                return True
            if event.table is not None and event.table is not table:
                return True
        return False

    # -- arguments

    def _arguments(self, signature: Signature, case: Case, table: Table) -> list[Value]:
        session = self.session
        values: list[Value] = []
        slot_given = False
        for declared, name in zip(
            signature.parameters, parameter_names(signature.parameters), strict=True
        ):
            slot = _SLOT.match(declared)
            value = _VALUE.match(declared)
            if slot and slot[1] == signature.level and not slot_given:
                slot_given = True
                ctype = self.machine.entry_type(signature.level)
                values.append(Pointer(table, INDEX * table.width, ctype))
            elif slot and slot[1] == signature.level:
                ctype = self.machine.entry_type(signature.level)
                values.append(Pointer(table, (INDEX + SECOND) * table.width, ctype))
            elif slot:
                values.append(Int(LOWER_TABLE[session.bits], session.bits, False))
            elif _MM.search(declared):
                values.append(MM)
            elif _VMA.search(declared):
                values.append(VMA)
            elif value and value[1] == signature.level:
                entry = case.old if _OLD.search(name) or case.new is None else case.new
                values.append(session.wrap(signature.level, entry.raw))
            elif _COUNT.match(name):
                values.append(Int(case.nr, 32, False))
            elif _ADDRESS.match(name):
                values.append(Int(ADDRESS[session.bits], session.bits, False))
            elif _SIZE.match(name):
                self.machine.questions.add(("constant", "PMD_SIZE", ""))
                size = session.constant("PMD_SIZE")
                values.append(Opaque(name) if size is None else Int(size, session.bits, False))
            else:
                values.append(Opaque(name))
        return values
