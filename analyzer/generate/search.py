# SPDX-License-Identifier: GPL-2.0-only
"""Looks for the edits under which the law holds: propose, judge, keep what holds.

Where a hook belongs is read off the broken paths. A function is hooked if all that goes through
it needs the hook, the innermost such function first: what kernel mappings, modifiers and other
levels share stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ..errors import SourceError
from ..frontend import Unit
from .api import Hooks
from .ctext import blank, find_function
from .edits import Edit, Step, apply, make
from .forms import Change, Form, Site, forms
from .judge import Bench, Judgement, Path, Place
from .placement import HOOKS, include_places, includes, sorted_place
from .shapes import macro_forms, raw_forms, unhook_forms

MAX_ROUNDS: Final = 14
_READERS: Final = {"pte": ("ptep_get",), "pmd": ("pmdp_get",), "pud": ("pudp_get",)}


@dataclass(slots=True)
class Target:
    """A function (or macro) to be mended at a level, and the forms not tried yet."""

    function: str
    path: str
    level: str
    line: int
    candidates: Iterator[Candidate]
    helpers: set[str] = field(default_factory=set)
    current: Candidate | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """The changes of one form in one file."""

    path: str
    changes: tuple[Change, ...]
    hook: str
    why: str
    step: Step


class Search:
    """The state of one search: edits that hold, and what was given up."""

    def __init__(self, bench: Bench, hooks: Hooks, texts: dict[str, str]) -> None:
        self.bench = bench
        self.hooks = hooks
        self.texts = texts
        self.edits: list[Edit] = []
        self.rejected: set[tuple[str, str]] = set()
        self.targets: dict[tuple[str, str], Target] = {}
        self.folder = f"arch/{bench.arch}/"

    def text(self, path: str) -> str:
        """A file as it is now; '' where it cannot be read."""
        if path not in self.texts:
            try:
                self.texts[path] = self.bench.tree.read(path).decode("latin-1")
            except SourceError:
                return ""
        return self.texts[path]

    def keep(self, edits: list[Edit]) -> None:
        """Makes edits part of the result."""
        after = apply(self.texts, edits)
        assert after is not None
        self.texts = after
        self.edits += edits

    def run(self, before: Judgement) -> Judgement:
        """Mends what can be mended; returns the judgement of what was kept."""
        for _ in range(MAX_ROUNDS):
            targets = self._targets(before)
            if not targets:
                break
            before = self._round(before, targets)
        return before

    # -- one round

    def _round(self, before: Judgement, targets: list[Target]) -> Judgement:
        proposed: list[tuple[Target, list[Edit]]] = []
        texts = dict(self.texts)
        for target in targets:
            if target.current is None:
                target.current = next(target.candidates, None)
            if target.current is None:
                self.rejected.add((target.function, target.level))
                continue
            edits = self._edits(texts, target.current, target)
            after = None if edits is None else apply(texts, edits)
            if edits is None or after is None:
                target.current = None
                continue
            texts = after
            proposed.append((target, edits))
        if not proposed:
            return before
        trial = self.bench.judge(texts)
        good = [t for t, _ in proposed if self._holds(t, before, trial)]
        if len(good) == len(proposed):
            for _, edits in proposed:
                self.keep(edits)
            for target in good:
                self._done(target)
            return trial
        for target, _ in proposed:
            if target not in good:
                target.current = None
        if not good:
            return before
        kept = dict(self.texts)
        held: list[Edit] = []
        for target in good:
            assert target.current is not None
            edits = self._edits(kept, target.current, target)
            after = None if edits is None else apply(kept, edits)
            if edits is not None and after is not None:
                kept = after
                held += edits
        alone = self.bench.judge(kept)
        if not all(self._holds(target, before, alone) for target in good):
            for target in good[1:]:
                target.current = None
            if len(good) == 1:
                good[0].current = None
            return before
        self.keep(held)
        for target in good:
            self._done(target)
        return alone

    def _done(self, target: Target) -> None:
        self.targets.pop((target.function, target.level), None)

    def _holds(self, target: Target, before: Judgement, trial: Judgement) -> bool:
        """Whether nothing that goes through the target is broken any more, and nothing is new."""
        for path in trial.paths:
            names = {place.function for place in path.places}
            mine = path.level == target.level and path.helper in target.helpers
            if mine and (target.function in names or target.function == path.helper):
                return False
            new = (path.variant, path.helper, path.level) not in before.broken
            hooks = {function for _, _, function in path.hooks}
            if new and (target.function in names or target.function in hooks):
                return False
        known = {(row.variant, row.helper, row.level) for row in before.unknown}
        for row in trial.unknown:
            if (row.variant, row.helper, row.level) not in known and row.level == target.level:
                return False
        if trial.problems.keys() - before.problems.keys():
            return False
        return self._declared(target, trial)

    def _declared(self, target: Target, trial: Judgement) -> bool:
        """Whether the hook is declared ahead of the function, in every variant."""
        assert target.current is not None
        hook = target.current.hook
        for unit in trial.units.values():
            chunk = unit.function(target.function, target.path)
            if chunk is None or not hook or hook not in unit.source(chunk):
                continue
            known = declared_at(unit, hook)
            if known is not None and known > chunk.start:
                return False
            if "->vm_mm" in unit.source(chunk):
                struct = unit.struct("vm_area_struct")
                if struct is not None and struct.start > chunk.start:
                    return False
        return True

    # -- targets

    def _targets(self, judgement: Judgement) -> list[Target]:
        found: dict[tuple[str, str], Target] = {}
        for path in judgement.paths:
            target = self._target(path, judgement)
            if target is None:
                continue
            key = (target.function, target.level)
            target.helpers.add(path.helper)
            found[key] = target
        return list(found.values())

    def _target(self, path: Path, judgement: Judgement) -> Target | None:
        for function, place in self._order(path, judgement):
            key = (function, path.level)
            if key in self.rejected:
                continue
            known = self.targets.get(key)
            if known is None:
                known = self._new(function, place, path, judgement)
                self.targets[key] = known
            return known
        return None

    def _order(self, path: Path, judgement: Judgement) -> list[tuple[str, Place | None]]:
        """Where a path may be mended, the best place first; None for the helper's own macro."""
        own = [
            place for place in path.places
            if place.defined.path.startswith(self.folder) and place.has_mm
        ]  # fmt: skip
        clean = [place for place in own if self._clean(place.function, path.level, judgement)]
        rest = [place for place in own if place not in clean]
        order: list[tuple[str, Place | None]] = [
            (place.function, place) for place in [*reversed(clean), *rest]
        ]
        macros = list(dict.fromkeys([path.helper, *self._macros(path, judgement)]))
        if path.rule == "PTC102" or (path.hooks and not own):
            return [*[(name, None) for name in macros], *order]
        return [*order, *[(name, None) for name in macros if name not in {f for f, _ in order}]]

    def _macros(self, path: Path, judgement: Judgement) -> list[str]:
        """Macros of the architecture that generic functions on the path use."""
        names = []
        for level in (path.level,):
            names += [f"{level}_clear", f"set_{level}_at", f"{level}p_get_and_clear"]
        return names

    def _clean(self, function: str, level: str, judgement: Judgement) -> bool:
        """Whether everything that stores through a function needs a hook of this level."""
        said = judgement.through.get(function, {})
        return all(known == level and needs for (_, known), needs in said.items())

    def _new(self, function: str, place: Place | None, path: Path, judgement: Judgement) -> Target:
        where = place.defined.path if place is not None else ""
        line = place.line.line if place is not None else 0
        candidates = self._candidates(function, place, path, judgement)
        return Target(function, where, path.level, line, candidates)

    def _candidates(
        self, function: str, place: Place | None, path: Path, judgement: Judgement
    ) -> Iterator[Candidate]:
        if path.hooks:
            for where, _, inside in path.hooks:
                if where.path.startswith(self.folder) and inside == function:
                    text = self.text(where.path)
                    for form in unhook_forms(text, inside, where.line):
                        yield Candidate(where.path, form.changes, "", form.why, Step.PREPARE)
            yield from self._raw(function, place, judgement, path)
        if place is None:
            yield from self._macro(function, path, judgement)
            return
        text = self.text(place.defined.path)
        parsed = find_function(text, function, place.defined.line)
        if parsed is None:
            return
        masked = blank(text)
        begin = _line_start(masked, place.line.line)
        readers = tuple(
            name for name in _READERS[path.level]
            if all(self._knows(unit, name) for unit in judgement.units.values())
        )  # fmt: skip
        site = Site(text, parsed, begin, path.level, readers)
        for form in forms(site, self.hooks):
            yield Candidate(place.defined.path, form.changes, form.hook, form.why, Step.HOOKS)

    @staticmethod
    def _knows(unit: Unit, name: str) -> bool:
        return unit.function(name) is not None

    def _raw(
        self, function: str, place: Place | None, judgement: Judgement, path: Path
    ) -> Iterator[Candidate]:
        for header in self._headers(judgement):
            for form in raw_forms(self.text(header), function, path.level):
                yield Candidate(header, form.changes, "", form.why, Step.PREPARE)

    def _macro(self, name: str, path: Path, judgement: Judgement) -> Iterator[Candidate]:
        for header in self._headers(judgement):
            for form in macro_forms(self.text(header), name, path.level, self.hooks):
                yield Candidate(header, form.changes, form.hook, form.why, Step.HOOKS)

    def _headers(self, judgement: Judgement) -> list[str]:
        paths = {
            path
            for unit in judgement.units.values()
            for path in unit.files
            if path.startswith(self.folder) and path.endswith(".h")
        }
        return sorted(paths)

    # -- edits

    def _edits(
        self, texts: dict[str, str], candidate: Candidate, target: Target
    ) -> list[Edit] | None:
        base = self.text(candidate.path)
        if texts.get(candidate.path, base) != base:
            return self._moved(texts, candidate, target, base)
        texts.setdefault(candidate.path, base)
        return self._spans(base, candidate, target)

    def _spans(self, base: str, candidate: Candidate, target: Target) -> list[Edit] | None:
        """Spans of one text as edits, from the last to the first, so that positions stay."""
        edits = []
        text = base
        for change in sorted(candidate.changes, key=lambda c: -c.start):
            edit = make(
                text, candidate.path, change.start, change.end, change.new, candidate.step,
                target.function, candidate.why, candidate.hook, target.level,
            )  # fmt: skip
            text = text[: change.start] + change.new + text[change.end :]
            edits.append(edit)
        return [*edits, *self._include(text, candidate, edits)]

    def _moved(
        self, texts: dict[str, str], candidate: Candidate, target: Target, base: str
    ) -> list[Edit] | None:
        """The same edits in a text that other proposals of the round have changed."""
        made = self._spans(base, candidate, target)
        if made is None:
            return None
        kept = [e for e in made if not (e.function == HOOKS and includes(texts[candidate.path]))]
        return kept if apply(texts, kept) is not None else None

    def _include(self, text: str, candidate: Candidate, edits: list[Edit]) -> list[Edit]:
        if not candidate.hook or includes(text):
            return []
        path = candidate.path
        line = f"#include <{HOOKS}>\n"
        why = "the hooks are declared there"
        if path.endswith(".c"):
            at = sorted_place(text)
            return [make(text, path, at, at, line, Step.HOOKS, HOOKS, why)]
        at_ = self._include_place(path, text, min(text.find(e.after) for e in edits))
        if at_ is None:
            return []
        at, alone = at_
        return [make(text, path, at, at, line + ("\n" if alone else ""), Step.HOOKS, HOOKS, why)]

    def _include_place(self, path: str, text: str, before: int) -> tuple[int, bool] | None:
        """The first place at which all that the hooks' header needs is declared already."""
        for at in include_places(text, before):
            line = f"#include <{HOOKS}>\n"
            trial = {**self.texts, path: text[:at] + line + text[at:]}
            first = [self.bench.variants[0].name]
            if not self._in_order(trial, first) or not self._in_order(trial, None):
                continue
            previous = text.rfind("\n", 0, at - 1) + 1
            alone = not text[previous:at].lstrip().startswith("#") and at != 0
            return at, alone
        return None

    def _in_order(self, texts: dict[str, str], only: list[str] | None) -> bool:
        """Whether the hooks' header comes after what it needs, in the variants that are read."""
        seen = self.bench.judge(texts, only=only, helpers=frozenset())
        return bool(seen.units) and all(in_order(unit) for unit in seen.units.values())


def _line_start(masked: str, line: int) -> int:
    """The first character of a line that is not white space."""
    begin = 0
    for _ in range(line - 1):
        begin = masked.find("\n", begin) + 1
    match = re.compile(r"[ \t]*").match(masked, begin)
    return match.end() if match else begin


def declared_at(unit: Unit, name: str) -> int | None:
    """Where a function is first declared or defined in a unit."""
    starts = [c.start for c in (*unit.functions.get(name, ()), *unit.prototypes.get(name, ()))]
    return min(starts) if starts else None


def in_order(unit: Unit) -> bool:
    """Whether the hooks' header comes after the types that it names."""
    first = declared_at(unit, "page_table_check_pte_clear")
    if first is None:
        return False
    for name in ("pte_t", "pmd_t", "pud_t"):
        known = unit.typedef(name)
        if known is None or known.start > first:
            return False
    return re.search(r"\bstruct mm_struct\s*[;{]", unit.text[:first]) is not None


__all__ = ["Form", "Search", "Target"]
