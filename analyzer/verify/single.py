# SPDX-License-Identifier: GPL-2.0-only
"""One helper at a time: every class of entry as old, every class as new, on every path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from ..check.judge import Judge, changes
from ..evaluate.values import PathEnds, Unjudged
from ..helpers.contracts import contract_for
from ..helpers.interface import Signature
from ..helpers.probes import COMPOSED
from ..helpers.session import Entry, Session
from ..law.arguments import untold
from ..law.cases import Cases, allowed
from ..law.hugetlb import as_kept, is_hugetlb
from ..law.outcome import INDEX, Case, HelperRuns, Outcome
from ..law.runs import Runner
from ..reference import Event, Op, PageKind
from .describe import act
from .hugetlb import Reserved, reserved
from .ledger import USER_MM, Ledger, Wrong, booked, slot_number
from .values import Agreement, HelperProof, Problem

KINDS: Final = (PageKind.ANONYMOUS, PageKind.FILE)
EXACT_PAGES: Final = 1024
"""Base pages of the largest leaf that is counted page by page where several entries are given."""


class EveryPair(Cases):
    """Each class of entry against each other class, where `check` takes representatives."""

    def pivots(self, level: str, entries: tuple[Entry, ...]) -> frozenset[str]:
        if self.session.machine.refilled:
            return super().pivots(level, entries)  # paths without number: as `check` does
        return frozenset(entry.name for entry in entries)


@dataclass(frozen=True, slots=True)
class _Played:
    """The runs of a helper, and the first problem that was found in them."""

    runs: HelperRuns
    cases: int
    problem: Problem | None

    @property
    def signature(self) -> Signature:
        return self.runs.signature


class SingleRuns:
    """The helpers of one session, each alone."""

    def __init__(self, judge: Judge, ledger: Ledger) -> None:
        self.judge = judge
        self.session: Session = judge.session
        self.ledger = ledger
        self.runner = Runner(judge.session, EveryPair)
        self.runner.slots.setter = judge.runner.slots.setter
        self.reserved = Reserved(self.runner.slots)

    def prove(self, signatures: Iterable[Signature]) -> list[HelperProof]:
        """Whether the hooks of each helper count what it does; those that change an entry.

        Pages of hugetlb are counted as `reserved` says from then on: its helpers are to be given
        together. Raises Unjudged.
        """
        played = (self._play(signature) for signature in signatures)
        changing = [one for one in played if changes(one.runs)]
        huge = [one.runs for one in changing if is_hugetlb(one.signature.name)]
        if huge:
            self.reserved = reserved(self.session, self.runner.slots, huge)
        if self.reserved.kept:
            changing = [replace(one, runs=as_kept(one.runs)) for one in changing]
        return [self._proof(one) for one in changing]

    def _play(self, signature: Signature) -> _Played:
        """Every class of entry, on every path; those of hugetlb are judged when all are known."""
        contract = contract_for(signature.name)
        later = is_hugetlb(signature.name)
        outcomes: list[Outcome] = []
        kept: list[Outcome] = []
        cases = 0
        reason = ""
        problem: Problem | None = None
        if signature.untold:
            return _Played(HelperRuns(signature, contract, (), True, untold(signature)), 0, None)
        try:
            usual = self.runner.cases(signature, contract)
            asked = self.session.asked_in_all
            also = self.runner.further.of(signature, contract, outcomes, asked)
            for case in chain(usual, also):
                cases += 1
                for outcome, unread in self.runner.paths(signature, case, contract):
                    outcomes.append(outcome)
                    kept.append(unread)
                    if outcome.status == "unknown":
                        reason = reason or outcome.reason
                    elif outcome.status != "ends" and problem is None and not later:
                        problem = self._judge(signature, outcome)
            vacuous = not self.session.has_counted(signature.level)
        except (Unjudged, PathEnds) as trouble:
            vacuous, reason = False, reason or str(trouble)
        other = () if kept == outcomes else tuple(kept)
        runs = HelperRuns(signature, contract, tuple(outcomes), vacuous, reason, other)
        return _Played(runs, cases, problem)

    def _judge_later(self, played: _Played) -> tuple[Problem | None, str]:
        """The first problem of a helper of hugetlb, and why there may be more."""
        try:
            for outcome in played.runs.outcomes:
                if outcome.status not in ("unknown", "ends"):
                    problem = self._judge(played.signature, outcome)
                    if problem is not None:
                        return problem, ""
        except (Unjudged, PathEnds) as trouble:
            return None, str(trouble)
        return None, ""

    def _proof(self, played: _Played) -> HelperProof:
        runs, problem, reason = played.runs, played.problem, played.runs.reason
        if is_hugetlb(played.signature.name):
            problem, failed = self._judge_later(played)
            reason = reason or failed
        outcomes, level = runs.outcomes, played.signature.level
        if runs.vacuous:
            reason = reason or f"no counted {level} entry can be made"
        if not reason and all(outcome.status == "ends" for outcome in outcomes):
            ends = sorted({outcome.reason for outcome in outcomes})
            reason = f"every path ends: {', '.join(ends) or 'nothing to run'}"
        name = played.signature.name
        if name.endswith(COMPOSED):
            name = f"{name}_commit"
        target = self.judge.target(name)
        nothing = self.judge.not_applicable(played.signature, target)
        if problem is not None:
            agreement, reason = Agreement.DISAGREES, ""
        elif nothing:
            agreement, reason = Agreement.NOT_APPLICABLE, nothing
        else:
            agreement = Agreement.UNKNOWN if reason else Agreement.AGREES
        return HelperProof(
            helper=name,
            level=level,
            function=target[0] if target else "",
            location=target[1] if target else None,
            agreement=agreement,
            hooked=any(outcome.hooks for outcome in outcomes),
            runs=len(outcomes),
            cases=played.cases,
            reason=reason,
            problem=problem,
        )

    def _judge(self, signature: Signature, outcome: Outcome) -> Problem | None:
        """One run, once with anonymous and once with file pages."""
        if not outcome.events:
            return None
        case = outcome.case
        huge = is_hugetlb(signature.name)
        level = self.reserved.level if huge else signature.level
        if level != signature.level and not allowed(
            self.session, level, case.old, contract_for(signature.name).old
        ):
            return None  # an entry that is counted at this level alone, where none may be
        exact = case.nr > 1
        if exact and self.ledger.exact.pages(level) > EXACT_PAGES:
            return None  # the same entry by entry as with one
        for kind in KINDS:
            wrong = self._wrong(level, outcome, kind, exact, huge)
            if wrong is not None:
                text = _called(signature, case)
                return Problem(
                    wrong.rule, wrong.message, (act(text, outcome.events, outcome.choices),)
                )
        return None

    def _wrong(
        self, level: str, outcome: Outcome, kind: PageKind, exact: bool, huge: bool
    ) -> Wrong | None:
        """`huge`: a helper of hugetlb; whatever it stores is an entry of `level`."""
        case = outcome.case
        log: list[Event] = [
            Event(Op.PAGE, pfn=pfn, nr=4 * EXACT_PAGES if exact else 64, kind=kind)
            for pfn in self.session.frames
        ]
        held: dict[tuple[int, int], tuple[str, int]] = {}
        behind = [entry.raw for entry in case.neighbours]
        if huge:
            behind = [self.reserved.counted(raw) for raw in behind]
        for offset, raw in enumerate((case.old.raw, *behind)):
            held[(0, INDEX + offset)] = (level, raw)
            log.append(Event(Op.SET, level, USER_MM, slot_number(0, INDEX + offset), raw))
        numbers: dict[int, int] = {}
        for event in outcome.events:
            number = numbers.setdefault(id(event.table), len(numbers)) if event.table else -1
            if event.kind == "store":
                held[(number, event.index)] = (level if huge else event.level, event.new)
                continue
            made = booked(event, number)
            if isinstance(made, Wrong):
                return made
            if made is not None:
                log.append(made)
        tables = [(lv, slot_number(*where), raw) for where, (lv, raw) in sorted(held.items())]
        return self.ledger.judge(log, tables, exact=exact)


def _called(signature: Signature, case: Case) -> str:
    text = f"{signature.name}(), entry holds {case.old.name} {case.old.raw:#x}"
    if case.new is not None:
        text += f", given {case.new.name} {case.new.raw:#x}"
    return text + (f", {case.nr} entries" if case.nr != 1 else "")
