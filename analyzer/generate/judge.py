# SPDX-License-Identifier: GPL-2.0-only
"""Judges a tree with edits as if the option were enabled: what is broken, and where to mend it."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..check.judge import Judge, changes
from ..check.results import NEVER_RETURNS
from ..check.states import refillings
from ..check.unit import build_unit
from ..clock import Clock
from ..closing import Closing
from ..errors import SourceError
from ..evaluate.state import Event
from ..evaluate.values import PathEnds, Unjudged
from ..frontend import ParseCache, Stage, Unit
from ..helpers.bodies import SourceIndex
from ..helpers.interface import Interface, Signature, called_names, find_interface, read_text
from ..kconfig import KconfigFiles, Variant, load_kconfig, variants
from ..law.classify import _store_at_fault, part_at_fault, raw_primitives, root_of, rule_of
from ..law.describe import frames
from ..law.hugetlb import settled
from ..law.outcome import HelperRuns, Outcome
from ..law.reuse import Reuse
from ..model import Location, Verdict
from ..preprocessor import find_tool
from ..tree import KernelTree
from .numbered import Files, Numbered
from .placement import HOOKS, hook_macros, includes
from .told import Stored, counting, needs_hooks, stored, vanishes

_COLLECT: Final = 100_000  # as `check` does: trees of C are big and acyclic
_RUN: Final = ("balanced", "neutral", "broken")
LEFT: Final = "PTC203"  # the rule of what an invalidate leaves
_SLOW: Final = 1.0  # seconds
_RECURSION: Final = 20_000  # Python frames; helpers nest deep


@dataclass(frozen=True, slots=True)
class Place:
    """A function on the way to the store at fault, and the line in it that leads there."""

    function: str
    defined: Location
    line: Location
    has_mm: bool


@dataclass(frozen=True, slots=True)
class Path:
    """A broken path of a helper: the functions down to the store at fault, and the hooks on it."""

    variant: str
    helper: str
    level: str
    rule: str
    places: tuple[Place, ...]  # outermost first
    hooks: tuple[tuple[Location, str, str], ...]  # place of the call, hook, function it is in
    root: str = ""  # the function that the law blames


@dataclass(frozen=True, slots=True)
class PredicateFault:
    """A law of a predicate that does not hold."""

    rule: str
    level: str
    variant: str
    message: str
    location: Location


@dataclass(frozen=True, slots=True)
class Row:
    """A helper's verdict in one variant."""

    variant: str
    helper: str
    level: str
    verdict: Verdict
    reason: str
    location: Location | None


@dataclass(slots=True)
class Judgement:
    """All variants of an architecture under one set of edits."""

    paths: list[Path] = field(default_factory=list)
    through: dict[str, dict[tuple[str, str], bool]] = field(default_factory=dict)
    predicates: list[PredicateFault] = field(default_factory=list)
    lacking: dict[str, set[str]] = field(default_factory=dict)  # level: variants without predicate
    hooked: dict[tuple[str, str], set[tuple[str, str]]] = field(default_factory=dict)
    broken: set[tuple[str, str, str]] = field(default_factory=set)  # (variant, helper, level)
    rows: list[Row] = field(default_factory=list)
    left: dict[tuple[str, str], set[int]] = field(default_factory=dict)  # by invalidates
    stored: dict[tuple[str, str, str], frozenset[Stored]] = field(default_factory=dict)
    vanished: set[tuple[str, str]] = field(default_factory=set)  # left, but not present any more
    counting: set[tuple[str, str]] = field(default_factory=set)  # (function, hook) that move any
    problems: dict[str, None] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)

    def add(self, other: Judgement) -> None:
        """Takes in what was found in other variants."""
        self.paths += [path for path in other.paths if path not in self.paths]
        for function, said in other.through.items():
            known = self.through.setdefault(function, {})
            for key, needs in said.items():
                known[key] = known.get(key, False) or needs
        self.predicates += other.predicates
        for level, names in other.lacking.items():
            self.lacking.setdefault(level, set()).update(names)
        for kind, where in other.hooked.items():
            self.hooked.setdefault(kind, set()).update(where)
        self.broken |= other.broken
        self.rows += other.rows
        for at, raws in other.left.items():
            self.left.setdefault(at, set()).update(raws)
        self.stored |= other.stored
        self.vanished |= other.vanished
        self.counting |= other.counting
        self.problems |= other.problems
        self.units |= other.units

    @property
    def unknown(self) -> list[Row]:
        """What could not be judged."""
        return [row for row in self.rows if row.verdict is Verdict.UNKNOWN]


@dataclass(frozen=True, slots=True)
class Kept:
    """A judgement of a variant, what it read, and how the edited files were then."""

    files: frozenset[str]
    staged: dict[str, Numbered]
    found: Judgement


class Bench(Closing):
    """One architecture of one tree; edits are judged against each other quickly."""

    def __init__(self, tree: KernelTree, arch: str) -> None:
        gc.set_threshold(_COLLECT, 20, 50)
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION))
        self.tree = tree
        self.arch = arch
        self.kconfig = load_kconfig(tree, arch, KconfigFiles(tree))
        self.variants = tuple(v for v in variants(tree, arch, self.kconfig) if v.has_mmu)
        self.called = called_names(tree)
        self.cache = ParseCache()
        self.reuse = Reuse()
        self.hint: tuple[str, ...] = ()
        self.stage = Stage(tree)
        self.interface = find_interface(tree, arch, self.called)
        self.index = SourceIndex(tree, arch)
        self.seconds: dict[str, float] = {}  # the longest that a helper took
        self._steady = find_tool().kind != "pcpp"
        self._staged: dict[str, Numbered] = {}
        self._hook_macros = hook_macros(read_text(tree, f"include/{HOOKS}"))
        self._kept: dict[tuple[str, frozenset[str] | None], Kept] = {}

    def close(self) -> None:
        """Lets go of the copy of the tree."""
        self.stage.close()

    def original(self, path: str) -> Numbered | None:
        """A file as the tree has it; None where it cannot be read."""
        try:
            return Numbered.of(self.tree.read(path).decode("latin-1"))
        except SourceError:
            return None

    def put(self, files: Files) -> None:
        """Makes the edited files what is judged from now on; all others are as the tree has them.

        They are judged with the line numbers of the tree, so that what holds elsewhere in a file
        need not be found out again.
        """
        for path in sorted({*files, *self._staged}):
            file = files.get(path) or self.original(path)
            if file is None or self._staged.get(path) == file:
                continue
            self._staged[path] = file
            shown = None
            if self._steady:
                macros = "" if includes(file.text) else self._macros(file.text)
                shown = (macros + file.steady()).encode("latin-1")
            self.stage.change(path, file.text.encode("latin-1"), shown)

    def _macros(self, text: str) -> str:
        """The hooks that a file calls and that are macros: its #include is added in the end."""
        found = [one for name, one in self._hook_macros.items() if f"{name}(" in text]
        return f"{''.join(found)}#line 1\n" if found else ""

    def judge(
        self, files: Files, only: Iterable[str] | None = None,
        helpers: frozenset[str] | None = None,
    ) -> Judgement:  # fmt: skip
        """Judges the variants (`only` some, by name; `helpers` only those, by name)."""
        result = Judgement()
        wanted = None if only is None else frozenset(only)
        self.put(files)
        for variant in self.variants:
            if wanted is None or variant.name in wanted:
                result.add(self._known(variant, helpers, wanted is None))
        return result

    def _known(self, variant: Variant, helpers: frozenset[str] | None, keep: bool) -> Judgement:
        """The judgement of a variant; the last one where nothing that it read has changed."""
        last = self._kept.get((variant.name, helpers))
        if last is not None and all(
            last.staged.get(path) == self._staged.get(path) for path in last.files
        ):
            return last.found
        found = Judgement()
        self._variant(self.stage, variant, self.interface, self.index, helpers, found)
        unit = found.units.get(variant.name)
        if keep and unit is not None and not found.problems:
            for key in [k for k in self._kept if k[0] == variant.name and k[1] is not None]:
                del self._kept[key]
            kept = Kept(frozenset(unit.files), dict(self._staged), found)
            self._kept[(variant.name, helpers)] = kept
        return found

    def _variant(
        self, stage: Stage, variant: Variant, interface: Interface, index: SourceIndex,
        helpers: frozenset[str] | None, result: Judgement,
    ) -> None:  # fmt: skip
        try:
            unit, self.hint = build_unit(
                stage, variant, interface, index, self.hint, self.cache, Clock()
            )
        except SourceError as problem:
            result.problems[str(problem)] = None
            return
        result.units[variant.name] = unit
        judge = Judge(unit, variant, interface, index, self.reuse, None)
        self._judge(judge, variant, helpers, result)
        world = judge.session.machine.world
        states: list[Mapping[str, int]] = [dict.fromkeys(world, 1)] if world else []
        judge.release()
        for state in (*states, *refillings(unit, variant, index)[0]):
            judge = Judge(unit, variant, interface, index, self.reuse, state)
            self._judge(judge, variant, helpers, result)
            judge.release()  # what is reused keeps no unit then
        told = {(r.helper, r.level) for r in result.rows if r.reason != NEVER_RETURNS}
        result.rows = [
            r for r in result.rows
            if r.reason != NEVER_RETURNS or (r.helper, r.level) not in told
        ]  # fmt: skip

    @property
    def slow(self) -> frozenset[str]:
        """Helpers that take long: most are batches of what others do as well."""
        return frozenset(name for name, seconds in self.seconds.items() if seconds > _SLOW)

    def _timed(self, judge: Judge, signature: Signature) -> HelperRuns:
        started = time.process_time()
        runs = judge.run(signature)
        took = time.process_time() - started
        self.seconds[signature.name] = max(took, self.seconds.get(signature.name, 0.0))
        return runs

    def _judge(
        self, judge: Judge, variant: Variant, helpers: frozenset[str] | None, result: Judgement
    ) -> None:
        runs = [
            self._timed(judge, signature)
            for signature in judge.judged()
            if helpers is None or signature.name in helpers
        ]
        changing = settled(judge.session, [one for one in runs if changes(one)])
        verdicts = [judge.verdict(one) for one in changing]
        raw = raw_primitives(changing)
        sound = {Verdict.BALANCED, Verdict.NEUTRAL}
        raw |= {verdict.function for verdict in verdicts if verdict.verdict in sound}
        for one, verdict in zip(changing, verdicts, strict=True):
            result.rows.append(
                Row(variant.name, verdict.helper, verdict.level, verdict.verdict, verdict.reason,
                    verdict.location)
            )  # fmt: skip
            if verdict.verdict is Verdict.FINDING:
                result.broken.add((variant.name, one.signature.name, verdict.level))
                for outcome in one.outcomes:
                    if outcome.status == "broken":
                        _note(result, judge, one, outcome, raw)
            result.stored[(variant.name, one.signature.name, verdict.level)] = frozenset(
                stored(outcome) for outcome in one.outcomes if outcome.status in _RUN
            )
            if one.signature.name.removesuffix("_ad") in ("pmdp_invalidate", "pudp_invalidate"):
                kind = (variant.name, verdict.level)
                ran = [o for o in one.outcomes if o.status in _RUN and o.stores]
                result.left.setdefault(kind, set()).update(o.left for o in ran)
                if any(vanishes(judge.session, verdict.level, outcome) for outcome in ran):
                    result.vanished.add(kind)
                if judge.session.has_predicate(verdict.level):
                    _note_left(result, judge, one, ran)
            for function, needs in needs_hooks(judge.session, one).items():
                said = result.through.setdefault(function, {})
                key = (verdict.helper, verdict.level)
                said[key] = said.get(key, False) or needs
            result.counting |= counting(judge.session, one)
            for call in verdict.hooks:
                where = result.hooked.setdefault((verdict.helper, verdict.level), set())
                where.add((call.hook, call.function))
        for level in ("pte", "pmd", "pud"):
            if not judge.session.has_predicate(level):
                result.lacking.setdefault(level, set()).add(variant.name)
        if helpers is None:
            for row in judge._predicates(changing):
                result.rows.append(
                    Row(variant.name, row.helper, row.level, row.verdict, row.reason, None)
                )
            result.predicates += [
                PredicateFault(f.rule, f.level, variant.name, f.message, f.location)
                for f in judge.findings
            ]


def _note(
    result: Judgement, judge: Judge, runs: HelperRuns, outcome: Outcome, raw: frozenset[str]
) -> None:
    whole, outcome = outcome, part_at_fault(judge.session, outcome)
    rule = rule_of(judge.session, runs, outcome, whole)
    root, _ = root_of(judge.session, outcome, rule, raw)
    try:
        event = _store_at_fault(judge.session, outcome)
    except (IndexError, Unjudged, PathEnds):
        return
    hooks = tuple(
        (one.location, one.name, one.stack[-1].function if one.stack else "")
        for one in outcome.hooks
    )
    found = Path(
        judge.variant.name, runs.signature.name, runs.signature.level, rule,
        tuple(_places(event)), hooks, root,
    )  # fmt: skip
    if found not in result.paths:
        result.paths.append(found)


def _note_left(
    result: Judgement, judge: Judge, runs: HelperRuns, outcomes: Iterable[Outcome]
) -> None:
    """The stores of an invalidate whose entry is still counted: who fills a table afterwards calls
    no hook."""
    session, level = judge.session, runs.signature.level
    for outcome in outcomes:
        try:
            said = session.predicate(level, outcome.case.old.raw)
            said = said and session.predicate(level, outcome.left)
        except (Unjudged, PathEnds):
            continue
        if not said:
            continue
        places = tuple(_places(outcome.stores[-1]))
        name = runs.signature.name
        found = Path(judge.variant.name, name, level, LEFT, places, (), places[-1].function)
        if found not in result.paths:
            result.paths.append(found)


def _places(event: Event) -> list[Place]:
    stack = frames(event)
    found = []
    for index, frame in enumerate(stack):
        line = stack[index + 1].called if index + 1 < len(stack) else event.location
        found.append(Place(frame.function, frame.defined, line, frame.has_mm))
    return found
