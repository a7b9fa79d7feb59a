# SPDX-License-Identifier: GPL-2.0-only
"""What a judge knows of its unit without running it, and what it tells for other revisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from ..evaluate.globals import in_any_order
from ..frontend import Unit
from ..helpers.interface import Signature
from ..helpers.sharing import Question
from ..law.classify import raw_primitives
from ..law.hugetlb import hugetlb_levels
from ..law.kept import Edited, Now, places, record_of, unaffected, valid
from ..law.outcome import HelperRuns
from ..law.record import HelperFact, Record
from ..law.runs import Runner
from ..model import HelperVerdict, Location, Verdict

SOUND: Final = frozenset({Verdict.BALANCED, Verdict.NEUTRAL})  # by their contracts
Target = Callable[[str], tuple[str, Location | None] | None]


class Known:
    """The facts of a record that hold in a unit, and those that are found out beside them.

    Only what is sound is known: findings, and what cannot be judged, are run in each revision.
    """

    def __init__(self, unit: Unit, runner: Runner, target: Target) -> None:
        self.lawful = False  # nothing was found about the predicates
        self._unit = unit
        self._runner = runner
        self._session = runner.session
        self._target = target
        self._known: dict[str, HelperFact] = {}
        self._record: Record | None = None
        self._facts: list[tuple[HelperFact, AbstractSet[Question]]] = []

    def recall(self, record: Record) -> bool:
        """Take over what of a record holds here; False where what all helpers share differs."""
        self._session.machine.global_bases.update(record.bases)
        facts = valid(record, self._session)
        if facts is None:
            return False
        self._record = record
        self._known = {fact.helper: fact for fact in facts}
        return True

    def recall_edited(self, record: Record, edited: Sequence[Edited], now: Now) -> bool:
        """Take over what holds of a record of the same unit before some functions were edited;
        `now` gives what was not the lines that it has."""
        self._session.machine.global_bases.update(record.bases)
        facts = unaffected(record, self._session, self._runner.slots, edited, now)
        if facts is None:
            return False
        self._record = record
        self._known = {fact.helper: fact for fact in facts}
        return True

    @property
    def predicates(self) -> bool:
        """Whether the predicates are known to be lawful."""
        return self._record is not None and self._record.lawful

    def has(self, signature: Signature) -> bool:
        """Whether the verdict of a helper is known; it gets the place that it has here."""
        fact = self._known.get(signature.name)
        if fact is None:
            return False
        same = (fact.level, fact.parameters) == (signature.level, signature.parameters)
        if same and fact.verdict is not None:
            target = self._target(fact.verdict.helper)
            same = target is not None and target[0] == fact.verdict.function
            if target is not None:
                verdict = replace(fact.verdict, location=target[1])
                self._known[signature.name] = replace(fact, verdict=verdict)
        if not same:
            del self._known[signature.name]
        return same

    def agrees(self, runs: Iterable[HelperRuns]) -> bool:
        """Whether the helpers of hugetlb count at one level, those known and those run; if they
        do not, those known are forgotten."""
        levels = {level for fact in self._known.values() for level in fact.levels}
        if not levels or len(levels | hugetlb_levels(runs)) < 2:
            return True
        self._known = {name: fact for name, fact in self._known.items() if not fact.levels}
        return False

    @property
    def verdicts(self) -> list[HelperVerdict]:
        """The verdicts that are known."""
        return [fact.verdict for fact in self._known.values() if fact.verdict is not None]

    @property
    def raw(self) -> frozenset[str]:
        """The functions that store below a hook of their caller."""
        return frozenset(name for fact in self._known.values() for name in fact.raw)

    def note(self, runs: HelperRuns, verdict: HelperVerdict | None) -> None:
        """Keep what was found out about a helper; None: it changes no entry."""
        noted = self._runner.noted.get(runs.signature.name)
        if noted is None:
            return
        lines: tuple[int, ...] | None = ()
        if verdict is not None:
            if verdict.verdict not in SOUND or verdict.function not in self._unit.functions:
                return
            lines = places(verdict, self._session)
        if lines is not None:
            one = runs.signature
            fact = HelperFact(
                one.name, one.level, one.parameters, (), verdict, lines,
                tuple(sorted(raw_primitives([runs]))), tuple(sorted(hugetlb_levels([runs]))),
            )  # fmt: skip
            self._facts.append((fact, noted.asked))

    def holds(self) -> bool:
        """Whether what was run beside a record asked for no more of the processor, and gave no
        global variable the place of another: each changes what comes after it."""
        machine, record = self._session.machine, self._record
        if record is None or machine.world != dict(record.world):
            return False
        bases = machine.global_bases
        return bases == dict(record.bases) or in_any_order(bases, machine.bits)

    def record(self) -> Record | None:
        """What is known now, None where it would not tell all that it depends on."""
        self._runner.settle()
        world = self._session.machine.world
        if self._unit.unparsed or any(n.world != world for n in self._runner.noted.values()):
            return None
        shared, direct = set(self._runner.shared), set(self._runner.direct)
        facts = list(self._facts)
        if self._record is not None:
            questions = [one.question for one in self._record.questions]
            shared |= {questions[index] for index in self._record.shared}
            direct |= {questions[index] for index in self._record.entries.direct}
            facts += [
                (fact, frozenset(questions[index] for index in fact.asked))
                for fact in self._known.values()
            ]
        return record_of(self._session, shared, direct, facts, self.lawful)
