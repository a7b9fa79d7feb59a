# SPDX-License-Identifier: GPL-2.0-only
"""Looks for the edits under which the law holds: propose, judge, keep what holds.

Candidates are tried on as few variants as show what is broken; what holds there is judged on all
of them before it is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from ..model import Verdict
from .ahead import complete
from .api import Hooks
from .edits import Edit, make
from .includes import Includes
from .judge import Bench, Judgement, Path
from .numbered import Files, Numbered, make_all, texts_of
from .regrets import Regrets
from .splits import Splits
from .targets import Candidate, Key, Target, Targets

MAX_TRIALS: Final = 90
_FEW: Final = 3
_OFTEN: Final = 12  # forms that one variant alone kept from holding
Proposal = tuple[Target, list[Edit]]


class Search:
    """The state of one search: edits that hold, and what was given up."""

    def __init__(self, bench: Bench, hooks: Hooks) -> None:
        self.bench = bench
        self.files: dict[str, Numbered] = {}
        self.edits: list[Edit] = []
        self.targets = Targets(bench.arch, hooks, self.file)
        self.parts: list[tuple[Key, list[Edit]]] = []
        self.waiting: set[Key] = set()  # those that may be mended by what another one calls
        self.splits = Splits(self)
        self.regrets = Regrets(self)
        self.trials = 0
        self.alone: Counter[str] = Counter()  # how often a variant alone kept a form from holding
        self.patient = False  # goes on where a hook is one too many in some variants only,
        self.parted = False  # instead of ending there

    @property
    def texts(self) -> dict[str, str]:
        """The files that were looked at, as they are now."""
        return texts_of(self.files)

    def file(self, path: str) -> Numbered | None:
        """A file as it is now; None where it cannot be read."""
        known = self.files.get(path)
        if known is None:
            known = self.bench.original(path)
            if known is not None:
                self.files[path] = known
        return known

    def text(self, path: str) -> str:
        """The text of a file as it is now; '' where it cannot be read."""
        return self.targets.text(path)

    def keep(self, edits: list[Edit]) -> None:
        """Makes edits part of the result."""
        for edit in edits:
            self.file(edit.path)
        after = make_all(self.files, edits)
        assert after is not None
        self.files = after
        self.edits += edits

    def drop(self, edits: list[Edit]) -> bool:
        """Takes edits back; False where others build on them."""
        kept = [edit for edit in self.edits if edit not in edits]
        files = {path: self.bench.original(path) for path in self.files}
        after = make_all({p: f for p, f in files.items() if f is not None}, kept)
        if after is None:
            return False
        self.files, self.edits = after, kept
        return True

    def again(self) -> Search:
        """Another search that begins with what this one kept."""
        other = Search(self.bench, self.targets.hooks)
        other.files, other.edits, other.parts = self.files, list(self.edits), list(self.parts)
        other.targets.masks, other.targets.split = self.targets.masks, dict(self.targets.split)
        other.splits.made = dict(self.splits.made)
        return other

    def judge(self) -> Judgement:
        """All variants with what is kept."""
        return self.bench.judge(self.files)

    def run(self, before: Judgement, last: bool = True) -> Judgement:
        """Mends what can be mended; returns the judgement of what was kept.

        `last`: the files get the #include lines that they need.
        """
        whole = True
        while self.trials < MAX_TRIALS and not self._held_up():
            targets = self.targets.of(before)
            if not targets and whole:
                other = self.splits.split(before) or self.regrets.again(before)
                if other is None:
                    break
                before = other
                continue
            after = self._round(before, targets) if targets else self.judge()
            whole = (whole and after is before) if targets else True
            before = after
        if not whole:
            before = self.judge()
        before = self.regrets.better(before)
        before = self._needed(self._whole(self.splits.joined(before)))
        return self.included(before) if last else before

    def included(self, now: Judgement) -> Judgement:
        """With the #include lines that the files need."""
        return Includes(self.bench, self.file, self.keep, self.judge).run(self.edits, now)

    def _held_up(self) -> bool:
        """Whether one variant keeps the others from what holds for them, and there is no end."""
        (_, times), *_ = (*self.alone.most_common(1), ("", 0))
        return self.trials > MAX_TRIALS // 2 and times >= _OFTEN

    def _whole(self, now: Judgement) -> Judgement:
        """Takes back what was done to a part of a function of which another part stays broken."""
        broken = {place.defined for path in now.paths for place in path.places}
        taken = [edit for key, edits in self.parts if key[2] in broken for edit in edits]
        if not taken:
            return now
        return self.judge() if self.drop(taken) else now

    def _needed(self, now: Judgement) -> Judgement:
        """Takes back hooks that are called and never count: another one came to do their work."""
        if not self._idle(now):
            return now
        whole = self.judge()
        kept = self.files, list(self.edits)
        if not self.drop(self._idle(whole)):
            return now
        after = self.judge()
        if len(after.paths) > len(whole.paths):
            self.files, self.edits = kept
            return whole
        return after

    def _idle(self, now: Judgement) -> list[Edit]:
        called = {(f, hook) for calls in now.hooked.values() for hook, f in calls}
        idle = called - now.counting
        return [edit for edit in self.edits if (edit.function, edit.hook) in idle]

    # -- one round

    def _round(self, before: Judgement, targets: list[Target]) -> Judgement:
        ready = [target for target in targets if target.key not in self.waiting]
        proposed, files = self._propose(ready)
        if not proposed:
            self.waiting.clear()
            return before
        self.trials += 1
        chosen = [target for target, _ in proposed]
        few = self.bench.judge(
            files, self._sample(chosen), _shortest(chosen, before, self.bench.slow)
        )
        outer = _outer(chosen, few)
        if outer:
            self.waiting |= outer
            return before
        good = self._good(proposed, before, few)
        if not good:
            self._all_hold(proposed, before, few)
            return before
        proposed = good  # what fails now may hold when these are kept: it waits
        trial = self._tried(proposed)
        if trial is None:
            return before
        if not self._all_hold(proposed, before, trial):
            proposed = [
                (target, edits) for target, edits in proposed
                if target.current is not None and target.key not in self.waiting
            ]  # fmt: skip
            trial = self._tried(proposed) if len(proposed) < len(good) else None
            if trial is None or len(self._good(proposed, before, trial)) < len(proposed):
                return before
        self.waiting.clear()
        for target, edits in proposed:
            self.keep(edits)
            self.targets.settled(target)
            if target.partial:
                self.parts.append((target.key, edits))
        return trial

    def _tried(self, proposed: list[Proposal]) -> Judgement | None:
        """All variants with some proposals; None where there are none, or they do not fit."""
        files = make_all(self.files, [edit for _, edits in proposed for edit in edits])
        if files is None or not proposed:
            return None
        names = frozenset(one.name for one in self.bench.interface.signatures)
        return self.bench.judge(files, helpers=_composed(names) - self.bench.slow)

    def _propose(self, targets: list[Target]) -> tuple[list[Proposal], Files]:
        """The next candidate of each target, all in one set of files."""
        proposed: list[Proposal] = []
        files: Files = self.files
        for target in targets:
            while True:
                if target.next() is None:
                    self.targets.rejected.add(target.key)
                    break
                assert target.current is not None
                edits = self._edits(target.current, target)
                after = make_all({**self.files, **files}, edits)
                if after is not None:
                    files = after
                    proposed.append((target, edits))
                    break
                if make_all(self.files, edits) is not None:
                    break  # it waits for another one in the same lines
                target.current = None
        return proposed, files

    @staticmethod
    def _sample(targets: list[Target]) -> set[str]:
        """Few variants in which each of the targets is broken."""
        left = list(targets)
        chosen: set[str] = set()
        while left:
            names = sorted({name for target in left for name in target.variants})
            if not names:
                break
            best = max(names, key=lambda name: sum(name in t.variants for t in left))
            chosen.add(best)
            left = [target for target in left if best not in target.variants]
        return chosen

    def _good(
        self, proposed: list[Proposal], before: Judgement, trial: Judgement
    ) -> list[Proposal]:
        """The proposals that hold."""
        made = self._made(proposed)
        tried = set(trial.units)
        return [
            (target, edits) for target, edits in proposed
            if not target.fails(failing(target, before, trial, made), tried)
        ]  # fmt: skip

    def _made(self, proposed: list[Proposal]) -> frozenset[str]:
        """Functions that are hooked by what is kept, or proposed."""
        made = frozenset(edit.function for edit in self.edits if edit.hook)
        return made | {target.function for target, _ in proposed}

    def _all_hold(self, proposed: list[Proposal], before: Judgement, trial: Judgement) -> bool:
        """Whether all proposals hold; those that do not get their next candidate."""
        outer = _outer([target for target, _ in proposed], trial)
        if outer:
            self.waiting |= outer
            return False
        good = True
        made = self._made(proposed)
        for target, _ in proposed:
            where = failing(target, before, trial, made)
            tried = target.variants & trial.units.keys()
            if target.failed(where, set(trial.units)):
                good = False
                self.alone.update(where if len(where) == 1 and len(tried) > 1 else ())
        return good

    def _edits(self, candidate: Candidate, target: Target) -> list[Edit]:
        """Spans of one text as edits, from the last to the first, so that positions stay."""
        edits = []
        text = self.text(candidate.path)
        for change in sorted(candidate.changes, key=lambda c: -c.start):
            edit = make(
                text, candidate.path, change.start, change.end, change.new, candidate.step,
                target.function, candidate.why, candidate.hook, target.level,
            )  # fmt: skip
            text = text[: change.start] + change.new + text[change.end :]
            edits.append(edit)
        return edits


def _composed(names: frozenset[str]) -> frozenset[str]:
    """The names with those of the transactions that start and commit make."""
    return names | {name.removesuffix("_start") for name in names if name.endswith("_start")}


def _shortest(targets: list[Target], before: Judgement, slow: frozenset[str]) -> frozenset[str]:
    """Of the helpers that are broken through a target, those with the shortest ways to it; slow
    ones only where there are no others."""
    found: set[str] = set()
    for target in targets:
        ways: dict[str, int] = {}
        for path in before.paths:
            if target.is_of(path):
                here = ways.get(path.helper, len(path.places))
                ways[path.helper] = min(here, len(path.places))
        quick = ways.keys() - slow or ways.keys()
        found.update(sorted(quick, key=lambda name: (ways[name], name))[:_FEW])
    return frozenset(found)


def _outer(targets: list[Target], trial: Judgement) -> set[Key]:
    """Targets that hook what another target of the same trial, which they call, hooks as well."""
    found: set[Key] = set()
    for path in trial.paths:
        if path.rule not in ("PTC102", "PTC105"):
            continue
        hooked = {inside for _, _, inside in path.hooks}
        order = [place.function for place in path.places]
        mine = [t for t in targets if t.function in hooked]
        mine = sorted(
            (t for t in mine if t.function in order), key=lambda t: order.index(t.function)
        )
        found |= {target.key for target in mine[:-1]}
    return found


def failing(
    target: Target, before: Judgement, trial: Judgement, made: frozenset[str] = frozenset()
) -> set[str]:
    """Variants in which something that goes through the target is broken still, or anew."""
    if trial.problems.keys() - before.problems.keys():
        return set(trial.units) | target.variants
    form = target.current
    found = {
        name for name, unit in trial.units.items()
        if form is not None
        and not complete(unit, before.units.get(name), target.function, form.path, form.hook)
    }  # fmt: skip
    if target.left:
        gone = trial.vanished - before.vanished
        found |= {name for name, level in gone if level == target.level}
    if target.current is not None and target.current.raw:
        found |= _otherwise(target, before, trial)
    for path in trial.paths:
        new = (path.variant, path.helper, path.level) not in before.broken
        concerned = target.is_of(path) or (new and _concerns(target, path))
        if concerned and not _to_be_mended(target, path, made):
            found.add(path.variant)
    known = {(row.variant, row.helper, row.level) for row in before.unknown}
    good = (Verdict.BALANCED, Verdict.NEUTRAL)
    sound = {(row.variant, row.helper, row.level) for row in before.rows if row.verdict in good}
    reached = trial.through.get(target.function, {}).keys()
    for row in trial.unknown:
        key = (row.variant, row.helper, row.level)
        if key in known or row.level != target.level:
            continue
        named = [f for f in made if re.search(rf" in {re.escape(f)} ", row.reason)]
        mine = target.function in named
        if mine or (not named and key in sound and (row.helper, row.level) in reached):
            found.add(row.variant)
    return found


def _otherwise(target: Target, before: Judgement, trial: Judgement) -> set[str]:
    """Variants in which a helper that stores through the target leaves other entries."""
    reached = trial.through.get(target.function, {}).keys() | {
        (name, target.level) for name in target.helpers
    }
    return {
        variant
        for (variant, helper, level), left in trial.stored.items()
        if (helper, level) in reached and before.stored.get((variant, helper, level), left) != left
    }


def _to_be_mended(target: Target, path: Path, made: frozenset[str]) -> bool:
    """Whether a hook that was there before counts what the target's hook counts.

    It is to go, or what it is called for has to store raw; `made` are functions hooked here.
    """
    hooked = {inside for _, _, inside in path.hooks}
    if path.rule == "PTC105" and path.level != target.level and target.function in hooked:
        return True  # what stores an entry of another level through it has to store raw
    return target.function in hooked and bool(hooked - {target.function} - made)


def _concerns(target: Target, path: Path) -> bool:
    names = {place.function for place in path.places}
    return target.function in names or any(f == target.function for _, _, f in path.hooks)


__all__ = ["Search", "failing"]
