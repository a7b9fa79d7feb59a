# SPDX-License-Identifier: GPL-2.0-only
"""The laws of `pXX_user_accessible_page()`, asked of the tree's own entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ..evaluate.values import Int, PathEnds, Unjudged
from ..helpers.interface import LEVELS
from ..helpers.probes import PROTECTION
from ..helpers.session import Entry, Session
from ..model import Location
from .outcome import HelperRuns

_FLAGS: Final = ("mkyoung", "mkold", "mkdirty", "mkclean", "mksoft_dirty", "clear_soft_dirty")
_ACCESS: Final = 7  # VM_READ | VM_WRITE | VM_EXEC


@dataclass(frozen=True, slots=True)
class Broken:
    """A predicate law that does not hold, with the entry that shows it."""

    rule: str
    level: str
    message: str
    location: Location
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class PredicateResult:
    """What was found, and what could not be asked."""

    broken: tuple[Broken, ...]
    unknown: tuple[tuple[str, str], ...]  # (level, reason)
    asked: int


def predicate_name(level: str) -> str:
    """pte_user_accessible_page and its siblings."""
    return f"{level}_user_accessible_page"


class PredicateLaws:
    """Asks the laws of one session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.asked = 0
        self.unknown: list[tuple[str, str]] = []

    def judge(self, runs: Iterable[HelperRuns]) -> PredicateResult:
        """All laws at all levels; `runs` tell what invalidating helpers leave in a slot."""
        broken: list[Broken] = []
        answers: dict[str, dict[str, bool]] = {}
        for level in LEVELS:
            if self.session.folded(level):
                continue
            if not self.session.has_predicate(level):
                broken.extend(self._missing(level))
                continue
            answers[level] = {}
            broken.extend(self._level(level, answers[level]))
        known = {item.level for item in broken if item.rule == "PTC203"}
        for item in self._left_by_invalidate(runs):
            if item.level not in known:
                known.add(item.level)
                broken.append(item)
        broken.extend(self._disagreement(answers))
        return PredicateResult(tuple(broken), tuple(self.unknown), self.asked)

    def left(self, runs: Iterable[HelperRuns]) -> PredicateResult:
        """Only what depends on `runs`; for where all else is known to hold."""
        known: dict[str, Broken] = {}
        for item in self._left_by_invalidate(runs):
            known.setdefault(item.level, item)
        return PredicateResult(tuple(known.values()), tuple(self.unknown), self.asked)

    def _location(self, level: str) -> Location:
        node = self.session.machine.code.function_node(predicate_name(level), "")
        coord = node.decl.coord if node is not None else None
        return Location(coord.file, coord.line) if coord is not None else Location("", 0)

    def _ask(self, level: str, raw: int) -> bool | None:
        self.asked += 1
        try:
            return self.session.predicate(level, raw)
        except (Unjudged, PathEnds) as problem:
            reason = str(problem)
            if (level, reason) not in self.unknown:
                self.unknown.append((level, reason))
            return None

    def _missing(self, level: str) -> Iterator[Broken]:
        """Referenced by the framework of the tree, defined by nobody."""
        name = predicate_name(level)
        code = self.session.machine.code
        unread = self.session.unit.unread
        if unread:
            self.unknown.append((level, f"{name}() is not found, and {unread} could not be read"))
            return
        for function in (f"__page_table_check_{level}_clear", f"__page_table_check_{level}s_set"):
            node = code.function_node(function, "")
            if node is not None and self._reaches(function, name):
                where = Location(node.decl.coord.file, node.decl.coord.line)
                yield Broken("PTC209", level, f"{name}() is used here and not defined", where, None)
                return

    def _level(self, level: str, answers: dict[str, bool]) -> Iterator[Broken]:
        where = self._location(level)
        name = predicate_name(level)
        user_bit = self._has_user_bit()
        for entry in self.session.classes(level):
            answer = self._ask(level, entry.raw)
            if answer is None:
                continue
            answers[entry.name] = answer
            kind = entry.kind
            if entry.name in ("none", "swap", "migration") and answer:
                yield Broken(
                    "PTC201", level, f"{name}() is true for a {entry.name} entry", where, entry
                )
            elif entry.name == "table" and answer:
                yield Broken("PTC202", level, f"{name}() is true for a table entry", where, entry)
            elif entry.name == "invalidated" and answer:
                message = f"{name}() stays true for the entry that {level}_mkinvalid() makes"
                yield Broken("PTC203", level, message, where, entry)
            elif entry.name == "special" and answer and self._counted(level, entry.raw):
                message = f"{name}() is true for a special entry, and the framework counts it"
                yield Broken("PTC210", level, message, where, entry)
            elif kind is not None and kind.accessible and not answer:
                message = f"{name}() is false for an accessible user entry ({entry.name})"
                yield Broken("PTC204", level, message, where, entry)
            elif kind is not None and kind.kernel and answer and user_bit:
                yield Broken("PTC205", level, f"{name}() is true for a kernel entry", where, entry)
            if kind is not None and kind.user and kind.present:
                yield from self._flags(level, entry, answer, where)
        yield from self._protections(level, where)
        if self._reaches(name, f"{level}_protnone"):
            message = f"{name}() asks {level}_protnone(), which is constant without NUMA_BALANCING"
            yield Broken("PTC207", level, message, where, None)

    def _counted(self, level: str, raw: int) -> bool:
        """Whether the framework counts an entry that the tree itself calls special."""
        try:
            return (
                bool(self.session.test(level, "special", raw))
                and self.session.counted(level, raw) is not None
            )
        except (Unjudged, PathEnds):
            return False

    def _flags(self, level: str, entry: Entry, answer: bool, where: Location) -> Iterator[Broken]:
        for change in _FLAGS:
            raw = self.session.apply(level, change, entry.raw)
            if raw is None or raw == entry.raw:
                continue
            other = self._ask(level, raw)
            if other is not None and other != answer:
                changed = Entry(
                    f"{entry.name} after {level}_{change}()", entry.pfn, raw, entry.kind
                )
                message = f"{predicate_name(level)}() changes with {level}_{change}()"
                yield Broken("PTC206", level, message, where, changed)

    def _protections(self, level: str, where: Location) -> Iterator[Broken]:
        """Every value of protection_map[] that allows any access must be counted."""
        for flags in range(1, 16):
            if not flags & _ACCESS:
                continue
            entry = self._protected(level, flags)
            if entry is None:
                continue
            if self._ask(level, entry.raw) is False:
                letters = "".join(
                    c if flags & b else "-" for c, b in zip("rwxs", (1, 2, 4, 8), strict=True)
                )
                message = (
                    f"{predicate_name(level)}() is false for a user entry with protection {letters}"
                )
                yield Broken("PTC204", level, message, where, entry)

    def _protected(self, level: str, flags: int) -> Entry | None:
        session = self.session
        for alternative in range(2):
            name = f"{PROTECTION}{level}_{flags}_{alternative}"
            try:
                pfn = Int(session.frames[0], session.bits, False)
                raw = session.raw(level, session.evaluate(name, pfn))
            except (Unjudged, PathEnds):
                continue
            return Entry(f"protection {flags}", session.frames[0], raw)
        return None

    def _has_user_bit(self) -> bool:
        """Whether entries say of themselves that they are the user's: `pte_user()` tells kernel
        entries apart, or the predicate of some level does."""
        session = self.session
        for level in LEVELS:
            for entry in session.classes(level):
                if entry.name != "kernel":
                    continue
                if session.test(level, "user", entry.raw) == 0:
                    return True
                if session.has_predicate(level) and self._ask(level, entry.raw) is False:
                    return True
        return False

    def _reaches(self, start: str, target: str) -> bool:
        code = self.session.machine.code
        seen = {start}
        todo = [start]
        while todo:
            for name in code.callees(todo.pop()):
                if name == target:
                    return True
                if name not in seen and code.has_function(name):
                    seen.add(name)
                    todo.append(name)
        return False

    def _left_by_invalidate(self, runs: Iterable[HelperRuns]) -> Iterator[Broken]:
        """The entry that an invalidating helper leaves is overwritten without a hook."""
        for one in runs:
            if "_invalidate" not in one.signature.name:
                continue
            level = one.signature.level
            for outcome in one.outcomes:
                if outcome.status not in ("balanced", "neutral", "broken"):
                    continue
                if not self.session.has_predicate(level):
                    continue
                if self._ask(level, outcome.case.old.raw) and self._ask(level, outcome.left):
                    entry = Entry("left in the slot", 0, outcome.left)
                    message = (
                        f"{predicate_name(level)}() is true for the entry that"
                        f" {one.signature.name}() leaves"
                    )
                    yield Broken("PTC203", level, message, self._location(level), entry)
                    break

    def _disagreement(self, answers: dict[str, dict[str, bool]]) -> Iterator[Broken]:
        """protnone may be counted or not, but at every level the same."""
        asked = {
            level: found["protnone"] for level, found in answers.items() if "protnone" in found
        }
        if len(set(asked.values())) > 1:
            level = next(
                lvl for lvl in ("pmd", "pud") if lvl in asked and asked[lvl] != asked.get("pte")
            )
            said = ", ".join(f"{lvl} {'yes' if yes else 'no'}" for lvl, yes in asked.items())
            message = f"a PROT_NONE entry is counted at one level and not at another ({said})"
            yield Broken("PTC208", level, message, self._location(level), None)
