# SPDX-License-Identifier: GPL-2.0-only
"""Judges the helpers and predicates of one unit in one state of the processor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from ..clock import Clock
from ..evaluate.harmless import BUILD_ERROR
from ..frontend import Unit
from ..frontend.core import Searched
from ..helpers.bodies import SourceIndex
from ..helpers.code import UnitCode
from ..helpers.interface import LEVELS, Interface, Signature
from ..helpers.probes import CALL, COMPOSED
from ..helpers.session import Session
from ..kconfig import Variant
from ..law.classify import part_at_fault, raw_primitives, root_of, rule_of
from ..law.describe import entry_value, witness
from ..law.hugetlb import settled
from ..law.messages import message_for
from ..law.outcome import HelperRuns, Outcome
from ..law.predicate import PredicateLaws, predicate_name
from ..law.record import Record
from ..law.reuse import Reuse
from ..law.runs import Runner
from ..model import (
    EntryValue,
    HelperVerdict,
    HookCall,
    Location,
    VariantSummary,
    Verdict,
    Witness,
)
from .known import SOUND, Known
from .results import RawFinding, VariantResult
from .unit import unread

_CALLED = re.compile(r"(?<!\.)(?<!->)\b([A-Za-z_]\w*)\s*\(")  # members of tables have no text
_ORDER: Final = (
    "PTC301", "PTC105", "PTC106", "PTC107", "PTC103", "PTC104", "PTC102", "PTC109", "PTC108",
    "PTC101",
)  # fmt: skip


class Judge:
    """Judges the helpers and predicates of one unit."""

    def __init__(
        self,
        unit: Unit,
        variant: Variant,
        interface: Interface,
        index: SourceIndex,
        reuse: Reuse | None = None,
        world: Mapping[str, int] | None = None,
    ) -> None:
        self.index = index
        self.reuse = reuse
        self.unit = unit
        self.variant = variant
        self.interface = interface
        self.session = Session(unit, variant, world)
        self.runner = Runner(self.session)
        named = (one for one in interface.signatures if one.name == "set_huge_pte_at")
        self.runner.slots.setter = next(named, None)
        if reuse is not None:
            self.session.sharing = reuse.sharing(self.runner.answers)
        self.findings: list[RawFinding] = []
        self.known = Known(unit, self.runner, self.target)
        self.sound: set[str] = set()  # marks of functions that are known to parse
        self.parses = False  # all of them do
        self.signatures: tuple[Signature, ...] = ()  # of the helpers that are judged

    def release(self) -> None:
        """Lets go of the unit, which is large: nothing can be judged afterwards."""
        self.session.release()
        del self.known  # it looks targets up here

    def searched(self, record: Record) -> Searched:
        """What is found out by looking through the whole unit, of what a record asks."""
        code = self.session.machine.code
        assert isinstance(code, UnitCode)
        asked = record.questions
        return code.searched(
            {one.name for one in asked if one.kind in ("variable", "address")},
            {one.name for one in asked if one.kind == "filling"},
        )

    def result(self, bodies: tuple[str, ...], clock: Clock) -> VariantResult:
        """All verdicts, findings and problems of the variant."""
        with clock.stage("evaluate"):
            signatures = self.signatures = self.signatures or tuple(self.judged())
            self.runner.twins.expect(s for s in signatures if not self.known.has(s))
            runs = [self.run(s) for s in signatures if not self.known.has(s)]
            if not self.known.agrees(runs):
                runs = [self.run(s) for s in signatures if not self.known.has(s)]
        with clock.stage("law"):
            return self._result(runs, bodies)

    def result_known(
        self, recalled: bool, bodies: tuple[str, ...], clock: Clock
    ) -> VariantResult | None:
        """The same where what `known` has recalled holds; None where it does not, after all."""
        if not recalled:
            return None
        result = self.result(bodies, clock)
        return result if self.known.holds() else None

    def _result(self, runs: list[HelperRuns], bodies: tuple[str, ...]) -> VariantResult:
        changing = settled(self.session, [one for one in runs if changes(one)])
        judged = [self.verdict(one) for one in changing]
        for one in runs:
            if not changes(one):
                self.known.note(one, None)
        for one, verdict in zip(changing, judged, strict=True):
            self.known.note(one, verdict)
        verdicts = self.known.verdicts
        raw = raw_primitives(changing) | self.known.raw
        raw |= {v.function for v in (*judged, *verdicts) if v.verdict in SOUND}
        broken: dict[str, list[tuple[HelperRuns, Outcome, str]]] = {}
        for one, verdict in zip(changing, judged, strict=True):
            verdicts.append(verdict)
            if verdict.verdict is Verdict.FINDING:
                for outcome in one.outcomes:
                    if outcome.status == "broken":
                        part = part_at_fault(self.session, outcome)
                        rule = rule_of(self.session, one, part, outcome)
                        function, _ = root_of(self.session, part, rule, raw)
                        function = function or one.signature.name  # a macro's own store
                        broken.setdefault(function, []).append((one, part, rule))
        for function in sorted(broken):
            self.findings.append(self._finding(broken[function], raw))
        self._parse_headers()
        unknown_predicates = self._predicates(changing)
        verdicts.extend(unknown_predicates)
        verdicts.sort(key=lambda v: (v.level, v.helper))
        counts = {kind: sum(v.verdict is kind for v in verdicts) for kind in Verdict}
        summary = VariantSummary(
            self.variant.arch, self.variant.name, self.variant.supported,
            counts[Verdict.BALANCED], counts[Verdict.NEUTRAL], counts[Verdict.FINDING],
            counts[Verdict.UNKNOWN],
            sum(not place.path.startswith("<") for place in self.unit.unparsed),
        )  # fmt: skip
        return VariantResult(
            self.variant.name, self.variant.supported, summary, tuple(verdicts),
            tuple(self.findings), unread(self.unit), bodies,
        )  # fmt: skip

    def judged(self) -> Iterable[Signature]:
        """Every helper that exists in this variant; start and commit as one transaction."""
        names = {signature.name: signature for signature in self.interface.signatures}
        for signature in self.interface.signatures:
            if not self._exists(signature.name) or self.session.folded(signature.level):
                continue
            stem, _, part = signature.name.rpartition(f"{COMPOSED}_")
            if part in ("start", "commit") and f"{stem}{COMPOSED}_commit" in names:
                if part == "start":
                    continue
                parameters = tuple(p for p in signature.parameters if "old" not in p)
                yield replace(signature, name=f"{stem}{COMPOSED}", parameters=parameters)
                continue
            yield signature

    def _exists(self, name: str) -> bool:
        """Whether the probe's call reaches something that this configuration defines."""
        target = self.target(name)
        return target is not None

    def target(self, name: str) -> tuple[str, Location | None] | None:
        """What a helper resolves to: the function its name expands to."""
        probe = self.unit.function(f"{CALL}{name}")
        if probe is None:
            return None
        text = self.unit.text[probe.start : probe.end]
        called = text.partition("{")[2].lstrip("( \t\n")
        for word in _CALLED.findall(called):
            if word in self.unit.functions:
                chunk = self.unit.function(word)
                return word, None if chunk is None else self.unit.location(chunk)
        pointer = self.unit.variable(name)
        if name in _CALLED.findall(called) and pointer is not None:
            return name, self.unit.location(pointer)
        if name in _CALLED.findall(called):
            chunk = self.unit.prototype(name)
            if chunk is None or self.index.defines(name):
                return None  # nobody provides it, or the configuration compiles it out
            return name, self.unit.location(chunk)
        words = set(_CALLED.findall(called))
        if len(words) == 1 and called.startswith(*words) and self._undeclared(*words):
            return None  # a macro for a function that this configuration does not even declare
        return name, None

    def _undeclared(self, name: str) -> bool:
        """Whether nothing of a unit that was read whole has a name."""
        known = (self.unit.functions, self.unit.prototypes, self.unit.variables)
        own = name.startswith("__builtin") or any(name in table for table in known)
        return not own and not self.unit.unread

    def run(self, signature: Signature) -> HelperRuns:
        """Every case of a helper on every path."""
        return self.runner.run(signature, self.reuse)

    def verdict(self, runs: HelperRuns) -> HelperVerdict:
        """The verdict that the outcomes of a helper add up to."""
        signature = runs.signature
        name = signature.name
        if name.endswith(COMPOSED):
            name = f"{name}_commit"
        target = self.target(name)
        statuses = {outcome.status for outcome in runs.outcomes}
        reason = ""
        nothing = self.not_applicable(signature, target)
        if "broken" in statuses:
            kind = Verdict.FINDING
        elif nothing:
            kind, reason = Verdict.NOT_APPLICABLE, nothing
        elif runs.reason:
            kind, reason = Verdict.UNKNOWN, runs.reason
        elif "unknown" in statuses:
            kind = Verdict.UNKNOWN
            reason = next(o.reason for o in runs.outcomes if o.status == "unknown")
        elif runs.vacuous:
            kind = Verdict.UNKNOWN
            reason = f"no counted {signature.level} entry can be made in this configuration"
        elif statuses <= {"ends"}:
            kind = Verdict.UNKNOWN
            ends = sorted({outcome.reason for outcome in runs.outcomes})
            reason = f"every path ends: {', '.join(ends) or 'nothing to run'}"
        elif "balanced" in statuses:
            kind = Verdict.BALANCED
        else:
            kind, reason = Verdict.NEUTRAL, runs.remark
        place = target[1] if target else None
        if signature.untold:
            place = self.index.macro(signature.path, signature.name)
        hooks = {
            HookCall(e.name, e.location, e.stack[-1].function if e.stack else "")
            for outcome in runs.outcomes
            for e in outcome.hooks
        }
        ordered = tuple(sorted(hooks, key=lambda h: (h.location, h.hook)))
        return HelperVerdict(
            self.variant.arch, self.variant.name, name, signature.level, kind,
            place, target[0] if target else "", ordered, reason,
        )  # fmt: skip

    def not_applicable(
        self, signature: Signature, target: tuple[str, Location | None] | None
    ) -> str:
        """Why no entry of a user can be concerned by a helper here; '' where one can."""
        if self.session.leafless(signature.level):
            return (
                f"no {signature.level} entry maps memory here: there are no transparent huge pages"
                " of that size, or the constructors refuse to make one"
            )
        if target is not None and self._only_declared(target[0]):
            return f"{target[0]}() is declared, and nothing of this configuration defines it"
        return ""

    def _only_declared(self, name: str) -> bool:
        known = self.unit.prototype(name) is not None and name not in self.unit.functions
        return known and self.index.complete() and not self.index.mentions(name)

    def _finding(
        self, items: list[tuple[HelperRuns, Outcome, str]], raw: frozenset[str]
    ) -> RawFinding:
        """One finding for one function to be mended, with the clearest witness."""
        function, _ = root_of(self.session, items[0][1], items[0][2], raw)
        own = [item for item in items if item[0].signature.name == function]
        rule = min((r for _, _, r in own or items), key=_ORDER.index)
        chosen = [item for item in items if item[2] == rule]
        runs, outcome, _ = min(chosen, key=_clarity)
        function, location = root_of(self.session, outcome, rule, raw)
        helpers = tuple(sorted({one.signature.name for one, _, _ in items}))
        helper = function if function in helpers else runs.signature.name
        level = runs.signature.level
        if not function:  # a macro that stores by itself
            function, location = helper, self.index.macro(runs.signature.path, helper)
        return RawFinding(
            rule, helper, level, location, function,
            message_for(rule, function, outcome, level),
            witness(self.session, runs.signature.name, level, outcome), helpers,
        )  # fmt: skip

    def _parse_headers(self) -> None:
        """Parses the architecture's page-table headers whole, so that damage anywhere shows."""
        for chunks in () if self.parses else self.unit.functions.values():
            for chunk in chunks:
                if is_parsed(self.unit.path(chunk), self.variant.arch):
                    mark = self.unit.mark(chunk)
                    if mark in self.sound:
                        continue
                    before = len(self.unit.unparsed)
                    if self.unit.ast(chunk) is not None and len(self.unit.unparsed) == before:
                        self.sound.add(mark)

    def _predicates(self, runs: list[HelperRuns]) -> list[HelperVerdict]:
        if not self.variant.supported and not any(
            self.session.has_predicate(level) for level in LEVELS
        ):
            self.known.lawful = True
            return []
        laws = PredicateLaws(self.session)
        told = self.known.predicates or self.session.machine.refilled  # by the first state
        result = laws.left(runs) if told else laws.judge(runs)
        self.known.lawful = not result.broken and not result.unknown
        seen: set[tuple[str, str, str]] = set()
        for item in result.broken:
            key = (item.rule, item.level, item.message)
            if key in seen:
                continue
            seen.add(key)
            name = predicate_name(item.level)
            evidence = None
            if item.entry is not None:
                shown = entry_value(self.session, item.level, item.entry)
                evidence = _predicate_witness(self.variant.label, name, shown)
            self.findings.append(
                RawFinding(item.rule, name, item.level, item.location, name, item.message,
                           evidence, (name,))
            )  # fmt: skip
        return [
            HelperVerdict(
                self.variant.arch,
                self.variant.name,
                predicate_name(level),
                level,
                Verdict.UNKNOWN,
                None,
                predicate_name(level),
                (),
                reason,
            )
            for level, reason in dict(result.unknown).items()
        ]


def is_parsed(path: str, arch: str) -> bool:
    """Whether all functions of a file are parsed, so that damage anywhere shows."""
    return path.startswith(f"arch/{arch}/include/") and "pgtable" in path


def _predicate_witness(label: str, name: str, shown: EntryValue) -> Witness:
    return Witness(label, name, shown, None, None, (), (), ())


def changes(runs: HelperRuns) -> bool:
    """Whether a candidate is a helper: it changes an entry, hooks, or could not be followed.

    One that this configuration refuses at build time (BUILD_BUG) is none; one of which every
    path ends otherwise was not judged, which the verdict says.
    """
    if not runs.outcomes or runs.reason:
        return True
    live = [outcome for outcome in runs.outcomes if outcome.status != "ends"]
    if not live:
        return not all(outcome.reason.startswith(BUILD_ERROR) for outcome in runs.outcomes)
    return any(outcome.events or outcome.status == "unknown" for outcome in live)


def _clarity(item: tuple[HelperRuns, Outcome, str]) -> tuple[int, int, int, str]:
    """Short paths over plain entries make the best witness."""
    runs, outcome, _ = item
    old = outcome.case.old.name
    plain = 0 if old.startswith("user") else 1 if old == "none" else 2
    depth = min((len(event.stack) for event in outcome.events), default=0)
    return plain, depth, len(outcome.choices), runs.signature.name
