# SPDX-License-Identifier: GPL-2.0-only
"""An architecture judged once more, where nothing changed but the insides of functions of headers.

That is what most changes to page-table code are. The configurations, the helpers that there are
and the .c files that belong to them are the same then, which is asked of every stage; the unit of
each configuration is made of the kept one (see `frontend.splice`), and only the helpers that reach
what changed are run. The result is that of `Workshop.check`, to the byte; wherever that is not
certain there is none, and everything is judged as if nothing were known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar, cast

from ..clock import Clock
from ..errors import PtcheckError
from ..frontend import ParseCache
from ..frontend.core import Core, LeftOut
from ..frontend.edits import Edit, FileEdit, MacroEdit, Unsure
from ..frontend.harmless import stays_one
from ..frontend.image import Events, Image, Macros
from ..frontend.preprocess import preprocess
from ..frontend.splice import Splicer
from ..frontend.unit import Unit
from ..helpers.bodies import SourceIndex
from ..helpers.interface import Interface
from ..helpers.session import LEAVES
from ..kconfig import Variant
from ..law.bounds import Effort
from ..law.kept import Edited
from ..law.reuse import Reuse
from ..model import Verdict
from ..preprocessor import Tool, find_tool
from ..scratch import Scratch
from ..tree import KernelTree
from .differs import Differences, differences
from .judge import Judge
from .meant import without_same
from .moved import moved
from .nearly import Change
from .notebook import Judged, Memory, State, kept_name
from .reach import reaches_the_same
from .results import ArchResult, VariantResult, both_worlds
from .trail import Trail

if TYPE_CHECKING:
    from ..kconfig import Config

_NONE_OF_OURS: Final = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError,
    ValueError, PtcheckError,
)  # fmt: skip
"""What comes of parts that decode and do not fit together: a file of the cache is not trusted."""
T = TypeVar("T")


class KeptConfig:
    """The few answers of a configuration that are asked while a unit is judged."""

    def __init__(self, on: Sequence[str], known: Sequence[str]) -> None:
        self._on = frozenset(on)
        self._known = frozenset(known)

    def on(self, name: str) -> bool:
        """Whether an option is selected. Raises Unsure for one that was not kept."""
        if name not in self._known:
            raise Unsure(name)
        return name in self._on


def judge_again(
    tree: KernelTree,
    known: ArchResult,
    stamp: str,
    changes: Sequence[Change],
    called: Iterable[str],
    memory: Memory,
    cache: ParseCache,
    clock: Clock,
    note: Callable[[str], None],
) -> ArchResult | None:
    """The result for a tree of which `known` would be the result but for these changes."""
    trail = memory.load(("trail", known.arch), Trail)
    if trail is None or trail.stamp != stamp or not known.settled:
        return None
    if set(trail.called) != set(trail.interface).intersection(called):
        return None
    if not changes:
        return known
    try:
        with clock.stage("compare headers"):
            found = differences(tree, known, trail, changes, called)
            if found is not None and found.asks_for_names:
                found = found.with_meanings(tree, stamp, changes, memory, known.arch)
        if found is None:
            return None
        with closing(Scratch()) as scratch:
            again = _Again(tree, known, trail, found, memory, cache, clock, note, scratch.path)
            return again.result()
    except (Unsure, LeftOut, *_NONE_OF_OURS):
        return None


class _Again:
    def __init__(
        self,
        tree: KernelTree,
        known: ArchResult,
        trail: Trail,
        found: Differences,
        memory: Memory,
        cache: ParseCache,
        clock: Clock,
        note: Callable[[str], None],
        scratch: Path,
    ) -> None:
        self._known = known
        self._trail = trail
        self._files = found.files
        self._macros = found.macros
        self._places: dict[str, list[tuple[int, int]]] = {}
        self._words = frozenset().union(*(one.words for one in found.declared))
        self._memory = memory
        self._cache = cache
        self._clock = clock
        self._note = note
        self._tool = find_tool()
        self._folder = scratch / "src"
        self._folder.mkdir()
        self._splicer = Splicer(found.files, self._expand, found.macros)
        self._index = SourceIndex(tree, known.arch)
        self._effort = Effort()
        self._reuse = Reuse(self._effort)

    def _expand(self, text: str) -> str | None:
        return expanded(self._tool, text, self._folder)

    def result(self) -> ArchResult:
        """The result now. Raises Unsure."""
        trail, known = self._trail, self._known
        if self._macros and self._expand(_defined(self._macros)) is None:
            raise Unsure
        if len(trail.variants) != len(known.variants) or len(trail.more) != len(known.variants):
            raise Unsure
        lines = any(file.shifts or file.torn for file in self._files)
        live = self._live()
        results = []
        for number, (name, before) in enumerate(zip(trail.variants, known.variants, strict=True)):
            if name != before.variant:
                raise Unsure
            if self._words and not self._stays_one(name):
                raise Unsure
            more = moved(trail.more[number], self._files)
            if live >> number & 1 == 0 and (
                not lines or (_says_little(before) and not self._says_lines(name, number))
            ):
                results.append(moved(before, self._files))
                continue
            result = self._variant(name, number)
            results.append(replace(result, findings=(*result.findings, *more)))
        calls = moved(known.calls, self._files)
        return replace(known, variants=tuple(results), calls=calls)

    def _live(self) -> int:
        """The variants whose units have any function that was edited or is new, as bits."""
        found = 0
        for file in self._files:
            places = [*file.edits, *(one.edit for one in file.added), *file.touched, *file.gone]
            found |= self._where(file.path, places)
            if file.touched and file.path.endswith(".c"):
                return -1  # all of them: of these it is not kept which have it
        return found

    def _where(self, path: str, edits: Sequence[Edit]) -> int:
        """The variants that have a function on the lines of some edits, as bits."""
        found = 0
        for line, bits in self._begins(path):
            if any(edit.old_line <= line <= edit.old_end for edit in edits):
                found |= bits
        return found

    def _begins(self, path: str) -> list[tuple[int, int]]:
        """On which lines of a header functions begin, and in which variants, as bits."""
        known = self._places.get(path)
        if known is None:
            known = self._places[path] = []
            for place in self._trail.where:
                for pair in place.lines.split() if place.path == path else ():
                    line, _, bits = pair.partition(":")
                    if not (line.isdecimal() and bits.isdecimal()):
                        raise Unsure
                    known.append((int(line), int(bits)))
        return known

    def _stays_one(self, name: str) -> bool:
        """Whether declarations that are new, or gone, are whole ones in a variant."""
        events = self._load("events", name, Events)
        if events.stamp != self._trail.stamp:
            raise Unsure
        return stays_one(self._words, Macros(events.events), self._macros)

    def _says_lines(self, name: str, number: int) -> bool:
        """Whether a function that only moved may say on which line it stands."""
        events = self._load("events", name, Events)
        if events.stamp != self._trail.stamp:
            raise Unsure
        return self._splicer.says_lines(events.events, self._there(number))

    def _variant(self, name: str, number: int) -> VariantResult:
        """What is found in a variant, without call sites and lint."""
        kept = self._load("judged", name, Judged)
        events = self._load("events", name, Events)
        if {kept.stamp, events.stamp} != {self._trail.stamp} or kept.result.variant != name:
            raise Unsure
        if kept.result.summary.unparsed:
            raise Unsure
        self._note(f"{kept.label}")
        with suppress(LeftOut, Unsure):
            return self._judged(self._load("core", name, Core), events, kept, number)
        return self._judged(self._load("image", name, Image), events, kept, number)

    def _judged(
        self, image: Image | Core, events: Events, kept: Judged, number: int
    ) -> VariantResult:
        """The result for a variant, from its unit or from the part that was asked of it."""
        if image.stamp != self._trail.stamp:
            raise Unsure
        there = None if isinstance(image, Image) else self._there(number)
        with self._clock.stage("splice unit"):
            spliced = self._splicer.splice(image, events.events, self._cache, there)
        if spliced is None:
            raise Unsure
        unit = spliced.unit
        functions = [*spliced.edited, *((chunk, "") for chunk in spliced.added)]
        if any(unit.ast(chunk) is None for chunk, _ in functions):
            raise Unsure
        asked = {one.name for state in kept.states for one in state.record.questions}
        if not asked.isdisjoint(chunk.name for chunk in spliced.added):
            raise Unsure
        differing, files = without_same(spliced, kept.result, self._files)
        if any(unit.path(chunk).endswith(".c") for chunk, _ in differing):
            raise Unsure  # what these assign, and who calls them, is told from their text
        edited = [Edited(chunk.name, old) for chunk, old in differing]
        if not differing and not spliced.gone:
            return moved(kept.result, files)
        if not reaches_the_same(unit, kept, differing, [old for _, old in spliced.gone]):
            raise Unsure
        edited += [Edited(name, old) for name, old in spliced.gone]
        result: VariantResult | None = None
        for state in kept.states:
            found = self._state(unit, kept, state, edited, files)
            result = found if result is None else both_worlds(result, found)
        if result is None or self._effort.exhausted:
            raise Unsure
        return replace(result, problems=kept.result.problems)

    def _there(self, number: int) -> Callable[[str, Edit], bool]:
        """Whether a variant has a function of a header where one was edited, or may have one."""
        return lambda path, edit: (
            path.endswith(".c") or bool(self._where(path, (edit,)) >> number & 1)
        )

    def _state(
        self,
        unit: Unit,
        kept: Judged,
        state: State,
        edited: Sequence[Edited],
        files: Sequence[FileEdit],
    ) -> VariantResult:
        def now(value: T) -> T:
            return moved(value, files)

        given = dict(state.record.world)
        judge = Judge(
            unit, _variant_of(self._known.arch, kept), Interface(state.helpers, 0), self._index,
            self._reuse, given,
        )  # fmt: skip
        judge.parses = True  # all did, and those that were edited do
        judge.signatures = state.helpers
        try:
            recalled = judge.known.recall_edited(state.record, edited, now)
            result = judge.result_known(recalled, kept.result.bodies, self._clock)
            if result is None or unit.unparsed:
                raise Unsure
            if any(finding.rule == "PTC209" for finding in result.findings):
                raise Unsure  # lint has a word in it
            return result
        finally:
            judge.release()

    def _load(self, what: str, name: str, kind: type[T]) -> T:
        found = self._memory.load(kept_name(what, self._known.arch, name), kind)
        if found is None:
            raise Unsure
        return found


def _variant_of(arch: str, kept: Judged) -> Variant:
    return Variant(
        arch, kept.result.variant, kept.label, kept.bits, kept.endian,
        cast("Config", KeptConfig(kept.on, LEAVES)), True, kept.result.supported, (), (), "",
    )  # fmt: skip


def _defined(macros: Iterable[MacroEdit]) -> str:
    """Text that defines all macros that are new, one after the other."""
    new = [macro for edit in macros for macro, _ in edit.new]
    return "".join(f"#define {one.name}{one.behind}\n#undef {one.name}\n" for one in new)


def expanded(tool: Tool, text: str, folder: Path) -> str | None:
    """A text preprocessed alone; None where the preprocessor has anything to say."""
    try:
        found = preprocess(tool, text, folder, (), ())
    except PtcheckError:
        return None
    return None if found.diagnostics or found.fatal is not None else found.text


def _says_little(result: VariantResult) -> bool:
    """Whether a result has no words about what was run, in which lines could be named."""
    return not result.findings and all(v.verdict is not Verdict.UNKNOWN for v in result.helpers)


__all__ = ["judge_again"]
