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

from ..callsites.kept import declares_the_same, is_quiet, same_sites
from ..callsites.reading import may_have_sites as is_read
from ..callsites.text import Source
from ..clock import Clock
from ..errors import PtcheckError
from ..frontend import ParseCache
from ..frontend.core import Core, LeftOut
from ..frontend.edits import Edit, FileEdit, Unsure
from ..frontend.image import Events, Image
from ..frontend.preprocess import preprocess
from ..frontend.splice import Splicer
from ..frontend.unit import Unit
from ..helpers.bodies import SourceIndex, header_is_alike
from ..helpers.interface import Interface
from ..helpers.interface import declares_the_same as is_same_interface
from ..helpers.session import LEAVES
from ..kconfig import Variant
from ..kconfig.headers import lines_now
from ..law.bounds import Effort
from ..law.kept import Edited
from ..law.reuse import Reuse
from ..model import Verdict
from ..preprocessor import Tool, find_tool
from ..scratch import Scratch
from ..tree import KernelTree
from .added import without_added
from .api import HEADER
from .edited import edit_between
from .hookuse import header_is_quiet
from .judge import Judge
from .moved import moved
from .nearly import Change
from .notebook import Judged, Memory, State, kept_name
from .reach import reaches_the_same
from .remarks import never_asked, only_remarks
from .results import ArchResult, VariantResult, both_worlds
from .trail import Trail

if TYPE_CHECKING:
    from ..kconfig import Config

MAX_EDITS: Final = 40  # functions; with more, reading the headers again costs no more
_OTHERS: Final = frozenset({"byteorder.h", "bitsperlong.h"})  # read by kconfig.facts
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
    with clock.stage("compare headers"):
        files = _file_edits(tree, known, trail, changes)
    if files is None:
        return None
    try:
        with closing(Scratch()) as scratch:
            again = _Again(tree, known, trail, files, memory, cache, clock, note, scratch.path)
            return again.result()
    except (Unsure, LeftOut, *_NONE_OF_OURS):
        return None


def _file_edits(
    tree: KernelTree, known: ArchResult, trail: Trail, changes: Sequence[Change]
) -> tuple[FileEdit, ...] | None:
    """The edits, if no stage but that of units sees them."""
    if not any(result.supported for result in known.variants):
        return None  # what Kconfig and hooks say of each other is found by lint
    said = "\n".join([*known.unread, *(p for one in known.variants for p in one.problems)])
    found: list[FileEdit] = []
    lines: dict[tuple[str, int], int] = {}
    read = 0  # files whose call sites may be others now
    for change in changes:
        path, old, new = change.path, change.old, change.new
        name = path.rpartition("/")[2]
        if path == HEADER or name in _OTHERS or path in said:
            return None
        shown = lines_now(path, known.arch, old, new)
        if shown is None:
            return None
        lines |= shown
        if path not in known.files and never_asked(path, old, new):
            continue
        if name.endswith(".c"):
            remarks = "/boot/" not in path and only_remarks(old, new)
        else:
            remarks = name.endswith(".h")
        if not remarks:
            return None
        before, after = Source(path, old), Source(path, new)
        left, added = without_added(before, old, after, new)
        rest = Source(path, left) if added else after
        edit = edit_between(before, old, rest, left, added)
        if edit is None or ((edit.edits or added) and name.endswith(".c")):
            return None
        if not (
            is_same_interface(old, left, trail.makers)
            and header_is_alike(old, left)
            and declares_the_same(trail.sites, before, after)
            and is_read(path, old) == is_read(path, new)
        ):
            return None
        if (edit.edits or added) and not header_is_quiet(tree, after):
            return None
        if (edit.edits or added) and is_read(path, old):
            read += 1
            if read > 1 or not same_sites(tree, trail.sites, before, rest):
                return None
            if added and not is_quiet(trail.sites, after, [one.edit.name for one in added]):
                return None
        if any(maker in one.edit.new for maker in trail.makers for one in added):
            return None
        found.append(edit)
    if sum(
        len(one.edits) + len(one.added) for one in found
    ) > MAX_EDITS or not trail.weighing.stands(lines):
        return None
    return tuple(found)


class _Again:
    def __init__(
        self,
        tree: KernelTree,
        known: ArchResult,
        trail: Trail,
        files: tuple[FileEdit, ...],
        memory: Memory,
        cache: ParseCache,
        clock: Clock,
        note: Callable[[str], None],
        scratch: Path,
    ) -> None:
        self._known = known
        self._trail = trail
        self._files = files
        self._memory = memory
        self._cache = cache
        self._clock = clock
        self._note = note
        self._tool = find_tool()
        self._folder = scratch / "src"
        self._folder.mkdir()
        self._splicer = Splicer(files, self._expand)
        self._index = SourceIndex(tree, known.arch)
        self._effort = Effort()
        self._reuse = Reuse(self._effort)

    def _expand(self, text: str) -> str | None:
        return expanded(self._tool, text, self._folder)

    def result(self) -> ArchResult:
        """The result now. Raises Unsure."""
        trail, known = self._trail, self._known
        if len(trail.variants) != len(known.variants) or len(trail.more) != len(known.variants):
            raise Unsure
        lines = any(file.shifts or file.torn for file in self._files)
        live = self._live()
        results = []
        for number, (name, before) in enumerate(zip(trail.variants, known.variants, strict=True)):
            if name != before.variant:
                raise Unsure
            more = moved(trail.more[number], self._files)
            if live >> number & 1 == 0 and (not lines or _says_little(before)):
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
            places = [*file.edits, *(one.edit for one in file.added)]
            found |= self._where(file.path, places)
        return found

    def _where(self, path: str, edits: Sequence[Edit]) -> int:
        """The variants that have a function on the lines of some edits, as bits."""
        found = 0
        for place in self._trail.where:
            if place.path != path:
                continue
            for pair in place.lines.split():
                line, _, bits = pair.partition(":")
                if not (line.isdecimal() and bits.isdecimal()):
                    raise Unsure
                if any(edit.old_line <= int(line) <= edit.old_end for edit in edits):
                    found |= int(bits)
        return found

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
        edited = [Edited(chunk.name, old) for chunk, old in spliced.edited]
        if not spliced.edited:
            return moved(kept.result, self._files)
        if not reaches_the_same(unit, kept, spliced.edited):
            raise Unsure
        result: VariantResult | None = None
        for state in kept.states:
            found = self._state(unit, kept, state, edited)
            result = found if result is None else both_worlds(result, found)
        if result is None or self._effort.exhausted:
            raise Unsure
        return replace(result, problems=kept.result.problems)

    def _there(self, number: int) -> Callable[[str, Edit], bool]:
        """Whether a variant has a function of a header where one was edited."""
        return lambda path, edit: bool(self._where(path, (edit,)) >> number & 1)

    def _now(self, value: T) -> T:
        return moved(value, self._files)

    def _state(
        self, unit: Unit, kept: Judged, state: State, edited: Sequence[Edited]
    ) -> VariantResult:
        given = dict(state.record.world)
        judge = Judge(
            unit, _variant_of(self._known.arch, kept), Interface(state.helpers, 0), self._index,
            self._reuse, given,
        )  # fmt: skip
        judge.parses = True  # all did, and those that were edited do
        judge.signatures = state.helpers
        try:
            recalled = judge.known.recall_edited(state.record, edited, self._now)
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
