# SPDX-License-Identifier: GPL-2.0-only
"""Runs one helper over entry classes, on every path, and compares counters with the slot."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from ..evaluate.calls import Tangled
from ..evaluate.journal import Earlier
from ..evaluate.memory import Table
from ..evaluate.merge import Meeting, Merged
from ..evaluate.resume import around, innermost
from ..evaluate.state import MORE_CHOICES, Run, alternatives
from ..evaluate.values import PathEnds, Unjudged
from ..helpers.contracts import Contract, New, contract_for
from ..helpers.interface import Signature
from ..helpers.probes import CALL
from ..helpers.session import Entry, Session
from ..helpers.sharing import Question
from .arguments import bind, given_in, untold
from .bounds import (
    EXHAUSTED,
    FEW_PATHS,
    FEW_RUNS,
    LIMIT,
    MAX_PATHS,
    MAX_WORK,
    NET_RUNS,
    NO_END,
    PAIR,
    PAIR_PATHS,
    ROUNDS,
    TOO_MUCH,
    Effort,
)
from .cases import Cases
from .deltas import hooked_delta, sole_level, stored_delta
from .further import Further
from .hugetlb import counted_at, is_hugetlb
from .misuse import misused
from .outcome import INDEX, Case, HelperRuns, Outcome, Trace, filled
from .reuse import Answers, Reuse, Setting
from .slots import HugeSlots
from .twins import Twins, retold

SLOTS: Final = 4096


@dataclass(frozen=True, slots=True)
class Noted:
    """What the runs of a helper asked of the unit, and the state of the processor they had."""

    asked: AbstractSet[Question]
    world: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Limits:
    """How many paths of a case are followed: none after the first that is given up (`hasty`), a
    number of them, and whether those that come to the same count as one (`net`)."""

    hasty: bool = False
    bound: int = MAX_PATHS
    net: bool = False


class Runner:
    """Judges helpers of one session."""

    def __init__(self, session: Session, cases: type[Cases] = Cases) -> None:
        self.session = session
        self.machine = session.machine
        self.answers = Answers(session)
        self._given_up: set[tuple[str, bool]] = set()  # with too many, and if over a batch
        self._forking: set[str] = set()  # helpers whose paths have much in common
        self._net: set[tuple[str, bool]] = set()  # with so many that they are taken together
        self._work = 0  # steps for the helper that is run
        self._effort: Effort | None = None  # for all of them
        self.shared: set[Question] = set()  # what was asked, but by the runs of a helper
        self.direct: set[Question] = set()  # and not for an answer that is noted
        self.noted: dict[str, Noted] = {}  # what those of each helper asked
        self.slots = HugeSlots(session, self._left)
        self.twins = Twins(session)
        self._cases = cases(session, self.slots)
        self.further = Further(session, self._cases)

    def cases(self, signature: Signature, contract: Contract) -> Iterator[Case]:
        """The (old, new) pairs that the contract allows."""
        return self._cases.of(signature, contract)

    def run(self, signature: Signature, reuse: Reuse | None = None) -> HelperRuns:
        """Every case of a helper on every path; runs of another variant where they hold here."""
        contract = contract_for(signature.name)
        traces: list[Trace] = []
        vacuous = True
        reason = ""
        if signature.untold:
            return HelperRuns(signature, contract, (), vacuous, untold(signature))
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
            self._effort = None if reuse is None else reuse.effort
            alike: dict[Hashable, tuple[Trace, ...]] = {}
            also = self.further.of(
                signature, contract, traces, lambda: self.session.asked_in_all() | borrowed
            )
            for case in chain(cases, also):
                like = self._raws(signature.name, case)
                found = known.get(case) or retold(case, alike.get(like))
                if found is None:
                    if self._effort is not None and self._effort.exhausted:
                        raise Unjudged(EXHAUSTED)
                    found = made[case] = self._told(signature, case, contract)
                alike[like] = found
                self._learn(signature.name, case, found)
                traces.extend(found)
            if reuse is not None and not made:
                reuse.hits += 1
            elif reuse is not None and world == self.machine.world:
                reuse.keep(signature, setting, made, self.session.asked_in_all(), self.answers)
            if world == self.machine.world:
                asked = self.session.asked_in_all() | borrowed
                self.noted[signature.name] = Noted(asked, world)
                self.session.forget_asked()
        except (Unjudged, PathEnds) as problem:
            reason = str(problem)
        outcomes = tuple(self._judged(signature.name, trace) for trace in traces)
        kept: tuple[Outcome, ...] = ()
        if is_hugetlb(signature.name) and any(one.status == "broken" for one in outcomes):
            kept = tuple(self._judged(signature.name, trace, read=False) for trace in traces)
        kept = () if kept == outcomes else kept
        return HelperRuns(signature, contract, outcomes, vacuous, reason, kept)

    def _raws(self, name: str, case: Case) -> Hashable:
        """What the runs of a helper depend on of a case, and of those before it."""
        new = None if case.new is None else case.new.raw
        known = (name, case.nr > 1)
        state = (known in self._net, known in self._given_up, len(self.machine.tangled))
        world = tuple(self.machine.world.items())
        return case.old.raw, new, case.nr, tuple(case.around.items()), state, world

    def settle(self) -> None:
        """Count what was asked since the runs of the last helper as asked for all of them."""
        self.direct |= self.session.asked()
        self.shared |= self.session.asked_in_all()
        self.session.forget_asked()

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

    def paths(
        self, signature: Signature, case: Case, contract: Contract
    ) -> list[tuple[Outcome, Outcome]]:
        """All paths of one case, judged, in a fixed order; each also by what the slots of hugetlb
        hold, whatever the tree's getter makes of it."""
        self._work = 0
        name = signature.name
        return [
            (self._judged(name, trace), self._judged(name, trace, read=False))
            for trace in self._traces(signature, case, contract)
        ]

    def _told(self, signature: Signature, case: Case, contract: Contract) -> tuple[Trace, ...]:
        """All paths of a case: run now, or known from a case that comes to the same call."""
        setting, known = self._setting(signature, contract), (signature.name, case.nr > 1)
        state = (known in self._net, known in self._given_up)
        alone = case.nr > 1 or is_hugetlb(signature.name) or not case.around
        twin = self.twins.of(signature, case, setting, state) if alone else None
        if twin is None:
            return self._traces(signature, case, contract)
        same = self.twins.find(twin, case)
        if same is not None:
            return same
        with self.twins.watching(twin) as keep:
            found = self._traces(signature, case, contract)
            keep(found)
        return found

    def _traces(self, signature: Signature, case: Case, contract: Contract) -> tuple[Trace, ...]:
        """All paths of a case. Where there are too many, of those that come to the same one; of
        a batch then two entries, and the ways through the first."""
        name, large = signature.name, case.nr > 1
        if (name, large) not in self._net:
            found = self.traces(signature, case, contract, Limits(hasty=True))
            if not found[-1].reason.startswith(LIMIT):
                return tuple(found)
        limits = Limits(False, MAX_PATHS, True)
        if large:
            case = replace(case, nr=PAIR, neighbours=case.neighbours[: PAIR - 1])
            limits = Limits(False, PAIR_PATHS, True)
        found = self.traces(signature, case, contract, limits)
        if large and all(trace.status == "ends" for trace in found):
            found.append(Trace(case, (), (), 0, False, "unknown", NO_END, True))
        return tuple(found)

    def _learn(self, name: str, case: Case, found: Iterable[Trace]) -> None:
        """What the paths of one case tell about those of the next, whoever has run them."""
        for trace in found:
            if trace.net:
                self._net.add((name, case.nr > 1))
            if trace.reason.startswith(LIMIT):
                self._given_up.add((name, case.nr > 1))

    def traces(
        self,
        signature: Signature,
        case: Case,
        contract: Contract,
        limits: Limits = Limits(),
    ) -> list[Trace]:
        """All paths of one case, in a fixed order; of those that come together, one."""
        try:
            while True:
                with suppress(Tangled):
                    return self._explored(signature, case, contract, limits)
        finally:
            self.machine.meeting = None

    def _explored(
        self, signature: Signature, case: Case, contract: Contract, limits: Limits
    ) -> list[Trace]:
        bound = limits.bound
        done: list[Trace] = []
        todo: list[tuple[tuple[int, ...], Earlier | None]] = [((), None)]
        setting = self._setting(signature, contract)
        self.machine.meeting = meeting = Meeting(limits.net)
        given_up = (signature.name, case.nr > 1) in self._given_up
        most = max(ROUNDS * bound, NET_RUNS if limits.net else 0)
        most = FEW_RUNS if given_up else most
        runs = 0
        ended = False
        while todo:
            runs += 1
            world = dict(self.machine.world)
            trace = self._trace(signature, case, setting, *todo.pop(), limits.net)
            if len(self.machine.run.choices) > 1:
                self._forking.add(signature.name)
            if trace is not None and not (limits.net and trace.status == "ends" and ended):
                done.append(trace)
                ended = ended or trace.status == "ends"
            meeting.end(self.machine.run, trace is not None and trace.reason.startswith(LIMIT))
            if limits.hasty and done and done[-1].reason.startswith(LIMIT):
                break
            todo.extend(self._others(meeting, world))
            self._work += self.machine.run.steps
            if self._effort is not None:
                self._effort.steps += self.machine.run.steps
            weary = self._work > MAX_WORK
            if (len(done) >= bound or runs >= most or weary) and todo:
                reason = TOO_MUCH if weary else f"more than {bound} paths"
                done.append(Trace(case, (), (), 0, False, "unknown", reason, limits.net))
                break
        return done

    def _others(
        self, meeting: Meeting, world: Mapping[str, int]
    ) -> Iterator[tuple[tuple[int, ...], Earlier | None]]:
        """The paths that part from the one that was run, in the state that it began with."""
        run = self.machine.run
        for prefix in alternatives(run):
            earlier = Earlier(run, meeting.opened, len(prefix) - 1, world)
            yield prefix, None if run.past is None else earlier

    def _trace(
        self,
        signature: Signature,
        case: Case,
        setting: Setting,
        prefix: tuple[int, ...],
        earlier: Earlier | None = None,
        net: bool = False,
    ) -> Trace | None:
        """One path; None where it goes on as an earlier one did."""
        machine = self.machine
        if earlier is not None and earlier.world != machine.world:
            earlier = None
        status, reason = "", ""
        known = earlier
        entered = None if known is None else innermost(known)
        try:
            while entered is not None and known is not None:
                self._begin(signature, case, setting, prefix, net)
                known = machine.resume(entered, known)
                entered = None if known is None else around(known.run, entered)
                self._let_go(machine.run)
            table = self._begin(signature, case, setting, prefix, net)
            machine.run.earlier = known or earlier
            given = bind(self.session, signature, given_in(case, table))
            machine.call(f"{CALL}{signature.name}", given)
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
            machine.opaque_entry = machine.run.earlier = None
            left = self._let_go(machine.run)
        run = machine.run
        events = tuple(run.events)
        wrong = misused(signature, events, run.tables[0], self.session.bits)
        return Trace(case, tuple(run.choices), events, left, wrong, status, reason, net)

    def _begin(
        self, signature: Signature, case: Case, setting: Setting, prefix: tuple[int, ...], net: bool
    ) -> Table:
        """A new run on a path of a case; gives the table with its entries."""
        _, fill, stand_in, _ = setting
        run = self.session.fresh(prefix)
        if net:
            run.most, run.brief = MORE_CHOICES, True
        if signature.name in self._forking:
            run.past = []
        table = self.session.new_table(signature.level, SLOTS, fill)
        table.entries[INDEX] = case.old.raw
        for distance, raw in case.around.items():
            table.entries[INDEX + distance] = raw
        self.twins.watch(table)
        self.machine.opaque_entry = None if stand_in < 0 else stand_in
        if self.machine.meeting is not None:
            self.machine.meeting.begin()
        return table

    def _let_go(self, run: Run) -> int:
        """A run is at its end: what it left in the slot. Events keep the tables, whose entries
        nobody reads any more."""
        left = run.tables[0].entries[INDEX]
        for table in run.tables:
            self.twins.looked(table)
            table.entries = []
        return left

    def _left(self, signature: Signature, case: Case) -> tuple[int, ...]:
        """What a case leaves in the slot, on the first path that returns, and in those behind it
        that it stores to, on the path that fills most; nothing where none returns."""
        setting = self._setting(signature, contract_for(signature.name))
        todo: list[tuple[int, ...]] = [()]
        found: tuple[int, ...] = ()
        for _ in range(FEW_PATHS):
            if not todo:
                break
            trace = self._trace(signature, case, setting, todo.pop())
            todo.extend(alternatives(self.machine.run))
            if trace is not None and not trace.status:
                slots = filled(trace)
                found = (found or slots)[:1] + max(found[1:], slots[1:], key=len)
        return found

    def _judged(self, name: str, trace: Trace, read: bool = True) -> Outcome:
        """Both sides of the law for what a path did."""
        case, choices, events = trace.case, trace.choices, trace.events
        if trace.status:
            return Outcome(trace.status, case, choices, events, reason=trace.reason)
        try:
            if read and is_hugetlb(name) and sole_level(events) in (None, "pte"):
                events = tuple(self.slots.event(event) for event in events)
                case = replace(case, old=replace(case.old, raw=self.slots.pte(case.old.raw)))
                trace = replace(trace, left=self.slots.pte(trace.left))
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
