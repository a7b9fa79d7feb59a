# SPDX-License-Identifier: GPL-2.0-only
"""Where hooks may go: the functions on the broken paths, each with the forms to be tried.

A function is hooked if all that goes through it needs the hook, the innermost such function
first: what kernel mappings, modifiers and other levels share stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ..model import Location
from .api import Hooks
from .ctext import blank, find_function
from .edits import Step
from .forms import Change, Form, Site, forms
from .judge import Judgement, Path, Place
from .numbered import Numbered
from .shapes import Raw, macro_forms, raw_forms, raw_store, unhook_forms

_READERS: Final = {"pte": ("ptep_get",), "pmd": ("pmdp_get",), "pud": ("pudp_get",)}
Key = tuple[str, str, Location | None, bool]


@dataclass(frozen=True, slots=True)
class Candidate:
    """The changes of one form in one file."""

    path: str
    changes: tuple[Change, ...]
    hook: str
    why: str
    step: Step


@dataclass(slots=True)
class Target:
    """A function (or macro) to be mended at a level, and the forms not tried yet.

    `partial`: no form accounts for all stores of the function, so those through one of its lines
    are mended, and the others after that.
    """

    function: str
    path: str
    level: str
    defined: Location | None  # None for a macro
    line: int
    partial: bool
    candidates: Iterator[Candidate]
    helpers: set[str] = field(default_factory=set)
    variants: set[str] = field(default_factory=set)
    current: Candidate | None = None
    best: tuple[Candidate, frozenset[str]] | None = None  # holds but in those variants
    excused: frozenset[str] = frozenset()  # variants in which nothing that was tried holds

    def next(self) -> Candidate | None:
        """The candidate to be tried; None where there is none left."""
        if self.current is None:
            self.current = next(self.candidates, None)
        if self.current is None and self.best is not None:
            self.current, self.excused = self.best
            self.best = None
        return self.current

    def fails(self, variants: set[str], tried: set[str]) -> bool:
        """Whether the candidate does not hold in variants in which another one may."""
        if not variants - self.excused:
            return False
        return not (self.excused and (self.variants & tried) - variants)

    def failed(self, variants: set[str], tried: set[str]) -> bool:
        """Notes in which variants the candidate fails; whether it has to go."""
        failing = variants - self.excused
        if not failing:
            return False
        left = (self.variants & tried) - variants
        if left and self.excused:  # the last resort
            self.excused |= failing
            return False
        if left and self.current is not None and self.best is None:
            self.best = self.current, frozenset(failing)
        self.current, self.excused = None, frozenset()
        return True

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return self.function, self.level, self.defined, self.partial

    def is_of(self, path: Path) -> bool:
        """Whether a broken path goes through the target."""
        if path.level != self.level or path.helper not in self.helpers:
            return False
        if self.defined is None:
            named = any(place.function == self.function for place in path.places)
            return named or self.function == path.helper
        return any(
            place.defined == self.defined and (not self.partial or place.line.line == self.line)
            for place in path.places
        )


class Targets:
    """Makes targets of broken paths; remembers those that were given up."""

    def __init__(self, arch: str, hooks: Hooks, file: Callable[[str], Numbered | None]) -> None:
        self.hooks = hooks
        self.folder = f"arch/{arch}/"
        self.file = file
        self.rejected: set[Key] = set()
        self.lost: set[tuple[Key, str]] = set()  # given up in a variant
        self.known: dict[Key, Target] = {}

    def of(self, judgement: Judgement) -> list[Target]:
        """One target for each broken path, those that several share once."""
        found: dict[Key, Target] = {}
        for path in judgement.paths:
            target = self._target(path, judgement)
            if target is None:
                continue
            target.helpers.add(path.helper)
            target.variants.add(path.variant)
            found[target.key] = target
        return list(found.values())

    def settled(self, target: Target) -> None:
        """Forgets a target that was mended, and the forms of others: texts have moved."""
        self.known.clear()
        key = target.key
        self.lost |= {((*key[:3], part), v) for v in target.excused for part in (False, True)}

    def _target(self, path: Path, judgement: Judgement) -> Target | None:
        for function, place, partial in self._order(path, judgement):
            defined = None if place is None else place.defined
            key = (function, path.level, defined, partial)
            if key in self.rejected or (key, path.variant) in self.lost:
                continue
            known = self.known.get(key)
            if known is None:
                known = self._new(function, place, partial, path, judgement)
                self.known[key] = known
            if partial and place is not None and known.line != place.line.line:
                continue
            return known
        return None

    def _order(self, path: Path, judgement: Judgement) -> list[tuple[str, Place | None, bool]]:
        """Where a path may be mended, the best place first; None for the helper's own macro."""
        own = [
            place for place in path.places
            if place.defined.path.startswith(self.folder) and place.has_mm
        ]  # fmt: skip
        hooked = {inside for _, _, inside in path.hooks}
        if path.rule == "PTC105":  # a hook of another level counts: who calls it is to mend
            callers = [place for place in own if place.function not in hooked]
            first = next((n for n, p in enumerate(own) if p.function in hooked), len(own))
            own = [place for place in callers if place in own[:first]] or own
        clean = [place for place in own if self._clean(place.function, path.level, judgement)]
        rest = [place for place in own if place not in clean]
        places = [*reversed(clean), *rest]
        order: list[tuple[str, Place | None, bool]] = [(p.function, p, False) for p in places]
        names = [path.helper, *_macros(path.level)]
        macros = list(dict.fromkeys(names))
        late: list[tuple[str, Place | None, bool]] = [
            (p.function, p, True) for p in places if len(_lines(p, path.level, judgement)) > 1
        ]
        if path.rule == "PTC102" or (path.hooks and not own):
            return [*[(name, None, False) for name in macros], *order, *late]
        taken = {place.function for place in own}
        others = [(name, None, False) for name in macros if name not in taken]
        return [*order, *others, *late]

    def _clean(self, function: str, level: str, judgement: Judgement) -> bool:
        """Whether everything that stores through a function needs a hook of this level."""
        said = judgement.through.get(function, {})
        return all(known == level and needs for (_, known), needs in said.items())

    def _new(
        self, function: str, place: Place | None, partial: bool, path: Path, judgement: Judgement
    ) -> Target:
        where = place.defined.path if place is not None else ""
        line = place.line.line if place is not None else 0
        candidates = self._candidates(function, place, path, judgement)
        defined = None if place is None else place.defined
        return Target(function, where, path.level, defined, line, partial, candidates)

    # -- candidates

    def text(self, path: str) -> str:
        """A file as it is now; '' where it cannot be read."""
        file = self.file(path)
        return "" if file is None else file.text

    def _candidates(
        self, function: str, place: Place | None, path: Path, judgement: Judgement
    ) -> Iterator[Candidate]:
        if path.hooks:
            for where, _, inside in path.hooks:
                file = self.file(where.path)
                if where.path.startswith(self.folder) and inside == function and file:
                    for form in unhook_forms(file.text, inside, file.line(where.line)):
                        yield Candidate(where.path, form.changes, "", form.why, Step.PREPARE)
            stores = self._stores(path)
            for header in self._headers(judgement):
                for form in raw_forms(self.text(header), function, path.level, stores):
                    yield Candidate(header, form.changes, "", form.why, Step.PREPARE)
        if place is None:
            for header in self._headers(judgement):
                for form in macro_forms(self.text(header), function, path.level, self.hooks):
                    yield Candidate(header, form.changes, form.hook, form.why, Step.HOOKS)
            return
        file = self.file(place.defined.path)
        if file is None:
            return
        parsed = find_function(file.text, function, file.line(place.defined.line))
        if parsed is None:
            return
        masked = blank(file.text)
        lines = sorted(_lines(place, path.level, judgement))
        positions = tuple(_line_start(masked, file.line(line)) for line in lines)
        begin = _line_start(masked, file.line(place.line.line))
        readers = tuple(
            name for name in _READERS[path.level]
            if all(unit.function(name) is not None for unit in judgement.units.values())
        )  # fmt: skip
        site = Site(file.text, parsed, begin, path.level, readers, positions)
        raw: list[Form] = []
        if path.hooks and any(inside != function for _, _, inside in path.hooks):
            every = raw_forms(file.text, function, path.level, self._stores(path))
            inner = (parsed.open, parsed.close)
            raw = [f for f in every if all(inner[0] < c.start < inner[1] for c in f.changes)]
        for form in forms(site, self.hooks):
            for other in raw:
                if not _overlap(form, other):
                    changes = (*form.changes, *other.changes)
                    yield Candidate(place.defined.path, changes, form.hook, form.why, Step.HOOKS)
            yield Candidate(place.defined.path, form.changes, form.hook, form.why, Step.HOOKS)

    def _stores(self, path: Path) -> list[Raw]:
        """How hooked setters of the architecture store, by the calls on a path."""
        hooked = {inside for _, _, inside in path.hooks}
        found = []
        for place in path.places:
            file = self.file(place.line.path)
            if place.function in hooked and file and place.line.path.startswith(self.folder):
                line = file.line(place.line.line)
                raw = raw_store(file.text, place.function, line)
                if raw is not None:
                    found.append(raw)
        return found

    def _headers(self, judgement: Judgement) -> list[str]:
        paths = {
            path
            for unit in judgement.units.values()
            for path in unit.files
            if path.startswith(self.folder) and path.endswith(".h")
        }
        return sorted(paths)


def _overlap(form: Form, other: Form) -> bool:
    return any(
        one.start < two.end and two.start < one.end for one in form.changes for two in other.changes
    )


def _lines(place: Place, level: str, judgement: Judgement) -> set[int]:
    """The lines of a function that lead to broken stores of a level."""
    return {
        one.line.line
        for path in judgement.paths
        if path.level == level
        for one in path.places
        if one.defined == place.defined and one.line.path == place.defined.path
    }


def _macros(level: str) -> list[str]:
    """What the architecture may have as macros, and generic functions on a path use."""
    return [f"{level}_clear", f"set_{level}_at", f"{level}p_get_and_clear"]


def _line_start(masked: str, line: int) -> int:
    """The first character of a line that is not white space."""
    begin = 0
    for _ in range(line - 1):
        begin = masked.find("\n", begin) + 1
    match = re.compile(r"[ \t]*").match(masked, begin)
    return match.end() if match else begin
