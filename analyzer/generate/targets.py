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
from weakref import WeakKeyDictionary

from ..frontend import Unit
from ..model import Location
from .api import Hooks
from .branches import all_forms
from .ctext import blank, find_function
from .edits import Step
from .forms import Change, Form, Site, hook_call
from .invalidates import invalidate_forms, mkinvalid_forms
from .judge import LEFT, Judgement, Path, Place
from .numbered import Numbered
from .parameters import mm_forms
from .shapes import Raw, macro_forms, raw_forms, raw_store, unhook_forms

_READERS: Final = {"pte": ("ptep_get",), "pmd": ("pmdp_get",), "pud": ("pudp_get",)}
Key = tuple[str, str, Location | None, int]  # the last: a line of it, 0 for all, or _LEFT
_LEFT: Final = -1
_CALLED: Final = re.compile(r"\b([A-Za-z_]\w*)\s*\(")


@dataclass(frozen=True, slots=True)
class Candidate:
    """The changes of one form in one file."""

    path: str
    changes: tuple[Change, ...]
    hook: str
    why: str
    step: Step
    raw: bool = False  # a store takes another way: what is left must be the same


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
    left: bool = False  # it stores what an invalidate leaves

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
        return _key(self.function, self.level, self.defined, self.line, self.partial, self.left)

    def is_of(self, path: Path) -> bool:
        """Whether a broken path goes through the target."""
        if path.level != self.level or path.helper not in self.helpers:
            return False
        if self.left != (path.rule == LEFT):
            return False
        if self.defined is None:
            named = any(place.function == self.function for place in path.places)
            return named or self.function == path.helper
        return any(
            place.defined == self.defined and (not self.partial or place.line.line == self.line)
            for place in path.places
        )


def _key(
    function: str, level: str, defined: Location | None, line: int, partial: bool, left: bool
) -> Key:
    part = _LEFT if left else line if partial else 0
    return function, level, defined, part


class Targets:
    """Makes targets of broken paths; remembers those that were given up."""

    def __init__(self, arch: str, hooks: Hooks, file: Callable[[str], Numbered | None]) -> None:
        self.hooks = hooks
        self.folder = f"arch/{arch}/"
        self.file = file
        self.rejected: set[Key] = set()
        self.lost: set[tuple[str, str, Location | None, str]] = set()  # given up in a variant
        self.known: dict[Key, Target] = {}
        self.mended: set[Key] = set()
        self.begun: set[tuple[str, str, Location | None]] = set()  # mended in part
        self.banned: set[tuple[str, str]] = set()  # functions whose hook is one too many, by level
        self.split: dict[str, Raw] = {}  # setters that are a hook and a raw variant now
        self.masks: dict[str, tuple[str, ...]] = {}  # bits that a counted entry has to have
        self._calls: WeakKeyDictionary[Unit, dict[str, set[str]]] = WeakKeyDictionary()

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
        if key in self.mended:  # twice is enough
            self.rejected.add(key)
        self.mended.add(key)
        if target.partial:
            self.begun.add(key[:3])
            self.rejected.add(key)
        self.lost |= {(*key[:3], variant) for variant in target.excused}

    def _target(self, path: Path, judgement: Judgement) -> Target | None:
        for function, place, partial in self._order(path, judgement):
            defined = None if place is None else place.defined
            line = place.line.line if place is not None else 0
            key = _key(function, path.level, defined, line, partial, path.rule == LEFT)
            if key in self.rejected or (*key[:3], path.variant) in self.lost:
                continue
            if place is not None and (function, path.level) in self.banned:
                continue
            known = self.known.get(key)
            if known is None:
                known = self._new(function, place, partial, path, judgement)
                self.known[key] = known
            return known
        return None

    def _order(self, path: Path, judgement: Judgement) -> list[tuple[str, Place | None, bool]]:
        """Where a path may be mended, the best place first; None for the helper's own macro."""
        own = [
            place for place in path.places
            if place.defined.path.startswith(self.folder) and place.has_mm
        ]  # fmt: skip
        if path.rule == LEFT:
            made = (f"{path.level}_mkinvalid", None, False)
            return [*((p.function, p, False) for p in own), made]
        hooked = {inside for _, _, inside in path.hooks}
        if path.rule == "PTC105":  # a hook of another level counts: who calls it is to mend
            callers = [place for place in own if place.function not in hooked]
            first = next((n for n, p in enumerate(own) if p.function in hooked), len(own))
            own = [place for place in callers if place in own[:first]] or own
        clean = [place for place in own if self._clean(place.function, path.level, judgement)]
        rest = [place for place in own if place not in clean]
        places = [*reversed(clean), *rest]
        parts = [
            p for p in places
            if len(_lines(p, path.level, judgement)) > 1
            or (p.function, path.level, p.defined) in self.begun
        ]  # fmt: skip
        order: list[tuple[str, Place | None, bool]] = [
            *((p.function, p, False) for p in places if p in clean),
            *((p.function, p, True) for p in parts if p in clean),
            *((p.function, p, False) for p in rest),
        ]
        names = [path.helper, *_macros(path.level)]
        macros = list(dict.fromkeys(names))
        late: list[tuple[str, Place | None, bool]] = [
            (p.function, p, True) for p in parts if p not in clean
        ]
        if path.rule == "PTC102" or (path.hooks and not own):
            return [*[(name, None, False) for name in macros], *order, *late]
        late += [(p.function, p, False) for p in self._without_mm(path, judgement)]
        taken = {place.function for place in own}
        others = [(name, None, False) for name in macros if name not in taken]
        return [*order, *others, *late]

    def _without_mm(self, path: Path, judgement: Judgement) -> list[Place]:
        """Functions of one file that could be given the mm: only that file calls them."""
        found = []
        for place in path.places:
            if place.has_mm or not place.defined.path.startswith(self.folder):
                continue
            if self._calling(place.function, judgement) <= {place.defined.path}:
                found.append(place)
        return found

    def _calling(self, function: str, judgement: Judgement) -> set[str]:
        """The files whose functions call one."""
        found: set[str] = set()
        for unit in judgement.units.values():
            if unit not in self._calls:
                self._calls[unit] = _calls(unit)
            found |= self._calls[unit].get(function, set())
        return found

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
        left = path.rule == LEFT
        return Target(function, where, path.level, defined, line, partial, candidates, left=left)

    def renew(self) -> None:
        """Forgets what was given up: there are new ways to store."""
        self.known.clear()
        self.rejected.clear()
        self.lost.clear()

    def hook_call(self, text: str, setter: str, line: int, level: str) -> str | None:
        """The hook of a setter with its own arguments, as a line of it."""
        parsed = find_function(text, setter, line)
        value = next((p.name for p in parsed.parameters if p.level == level), "") if parsed else ""
        if parsed is None or not value:
            return None
        return hook_call(Site(text, parsed, parsed.open, level), self.hooks.set(level), value, "\t")

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
                    yield Candidate(header, form.changes, "", form.why, Step.PREPARE, True)
        if place is None:
            if path.rule == LEFT:
                for header in self._headers(judgement):
                    for form in mkinvalid_forms(self.text(header), path.level, self._bits(path)):
                        yield Candidate(header, form.changes, "", form.why, Step.PREPARE)
                return
            for header in self._headers(judgement):
                made = macro_forms(
                    self.text(header), function, path.level, self.hooks, self._stores(path)
                )
                for form, other in made:
                    yield Candidate(header, form.changes, form.hook, form.why, Step.HOOKS, other)
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
        if path.rule == LEFT:
            for form in invalidate_forms(site, self.hooks, self._bits(path)):
                yield Candidate(place.defined.path, form.changes, form.hook, form.why, Step.HOOKS)
            return
        raw: list[Form] = []
        if path.hooks and any(inside != function for _, _, inside in path.hooks):
            every = raw_forms(file.text, function, path.level, self._stores(path))
            inner = (parsed.open, parsed.close)
            raw = [f for f in every if all(inner[0] < c.start < inner[1] for c in f.changes)]
        for form in mm_forms(site, self.hooks) if not place.has_mm else ():
            yield Candidate(place.defined.path, form.changes, form.hook, form.why, Step.HOOKS)
        for form in all_forms(site, self.hooks):
            for replaced in raw:
                if not _overlap(form, replaced):
                    changes = (*form.changes, *replaced.changes)
                    yield Candidate(
                        place.defined.path, changes, form.hook, form.why, Step.HOOKS, True
                    )
            yield Candidate(place.defined.path, form.changes, form.hook, form.why, Step.HOOKS)

    def _bits(self, path: Path) -> tuple[str, ...]:
        return self.masks.get(path.level, ())

    def _stores(self, path: Path) -> list[Raw]:
        """How hooked setters of the architecture store, by the calls on a path."""
        hooked = {inside for _, _, inside in path.hooks}
        found = [self.split[name] for name in sorted(hooked & self.split.keys())]
        for place in path.places:
            file = self.file(place.line.path)
            if place.function in hooked and file and place.line.path.startswith(self.folder):
                line = file.line(place.line.line)
                found.append(raw_store(file.text, place.function, line))
        return found

    def _headers(self, judgement: Judgement) -> list[str]:
        paths = {
            path
            for unit in judgement.units.values()
            for path in unit.files
            if path.startswith(self.folder) and path.endswith(".h")
        }
        return sorted(paths)


def _calls(unit: Unit) -> dict[str, set[str]]:
    """The files in which functions of a unit call each name."""
    found: dict[str, set[str]] = {}
    for chunks in unit.functions.values():
        for chunk in chunks:
            for name in set(_CALLED.findall(unit.source(chunk))):
                found.setdefault(name, set()).add(unit.path(chunk))
    return found


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
