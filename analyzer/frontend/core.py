# SPDX-License-Identifier: GPL-2.0-only
"""The part of a unit that names lead to from what was asked of it, and nothing else.

That is a tenth of the text: a unit of a kernel is mostly headers that nobody who deals with page
tables reads. Whatever a declaration of the part names is in the part, with all declarations of
that name. The names that the whole unit has beside them are kept: to be asked for one of them is
an error, not an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from analyzer.frontend.declared import Remembered
from analyzer.frontend.image import Slices, numbers_of, slices_of
from analyzer.frontend.parsecache import ParseCache
from analyzer.frontend.slicer import Span
from analyzer.frontend.unit import Chunk, Unit, index_of
from analyzer.model import Location

_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*+")


class LeftOut(Exception):
    """A name was asked for that the whole unit has, and the part has not."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """Who gives a global variable its value; see `helpers.setting`."""

    variable: str
    setters: tuple[str, ...]
    carriers: tuple[str, ...]
    chooser: str


@dataclass(frozen=True, slots=True)
class Filled:
    """Who fills a table of functions anew: folder, functions; see `helpers.operations`."""

    table: str
    fillers: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Searched:
    """What was found out by looking through a whole unit; `others` are variables that functions
    of .c files assign, of which nothing else is known."""

    assigned: tuple[Assigned, ...]
    others: tuple[str, ...]
    filled: tuple[Filled, ...]

    def names(self) -> set[str]:
        """Return all functions that are named here."""
        found: set[str] = set()
        for one in self.assigned:
            found.update((*one.setters, *one.carriers, one.chooser))
        for table in self.filled:
            found.update(name for _, names in table.fillers for name in names)
        return found - {""}


def together_of(several: Sequence[Searched]) -> Searched | None:
    """What was found out for each of several states; None where they say different things."""
    assigned: dict[str, Assigned] = {}
    filled: dict[str, Filled] = {}
    for searched in several:
        for one in searched.assigned:
            if assigned.setdefault(one.variable, one) != one:
                return None
        for table in searched.filled:
            if filled.setdefault(table.table, table) != table:
                return None
    others = {name for searched in several for name in searched.others} - assigned.keys()
    return Searched(tuple(assigned.values()), tuple(sorted(others)), tuple(filled.values()))


@dataclass(frozen=True, slots=True)
class Core:
    """The part as a text with marks of places; `functions` to `declarations` as in `Image`.

    `lines`: on which line of the whole text each function begins. `left_out`: the names that only
    the whole unit has, one a line. `unread`: see `Unit.unread`.
    """

    stamp: str
    text: str
    functions: str
    names: str
    declarations: str
    lines: str
    left_out: str
    unread: str
    searched: Searched


class WholeUnit(Unit):
    """A unit made of a kept one, of which is known what of it could not be read."""

    def __init__(
        self, text: str, cache: ParseCache | None, slices: Slices, unread: str, declared: Remembered
    ) -> None:
        super().__init__(text, (), None, cache, slices)
        self._unread = unread
        self._remembered = declared

    @property
    def unread(self) -> str:
        """The first place of the unit that could not be read; '' when everything was."""
        return self._unread or super().unread

    @cached_property
    def _chunks(self) -> Mapping[str, list[Chunk]]:
        """All that is declared, by kind."""
        found: dict[str, list[Chunk]] = {}
        text, names = self.text, self._remembered
        for span in self._slicer.declarations:
            start, end = span.start, span.end
            for kind, name in names.of(text[start:end], span.braced):
                found.setdefault(kind, []).append(Chunk(kind, name, start, end))
        return found

    @cached_property
    def typedefs(self) -> Mapping[str, tuple[Chunk, ...]]:
        """See `Unit`; so are the others."""
        return index_of(self._chunks.get("typedef", ()))

    @cached_property
    def enum_constants(self) -> Mapping[str, tuple[Chunk, ...]]:
        """See `Unit`."""
        return index_of(self._chunks.get("enum_constant", ()))

    @cached_property
    def _tagged(self) -> list[Chunk]:
        return [*self._chunks.get("struct", ()), *self._chunks.get("enum", ())]

    @cached_property
    def _objects(self) -> list[Chunk]:
        return [*self._chunks.get("prototype", ()), *self._chunks.get("variable", ())]


class CoreUnit(WholeUnit):
    """A unit that raises LeftOut where the answer of the whole one might be another."""

    def __init__(
        self, text: str, cache: ParseCache | None, slices: Slices, core: Core, declared: Remembered
    ) -> None:
        super().__init__(text, cache, slices, core.unread, declared)
        self._left_out = frozenset(core.left_out.split("\n"))
        self.searched = core.searched

    @cached_property
    def functions(self) -> Mapping[str, tuple[Chunk, ...]]:
        """See `Unit`; so are the others."""
        return self._guarded(super().functions)

    @cached_property
    def typedefs(self) -> Mapping[str, tuple[Chunk, ...]]:
        """See `Unit`."""
        return self._guarded(super().typedefs)

    @cached_property
    def structs(self) -> Mapping[str, tuple[Chunk, ...]]:
        """See `Unit`."""
        return self._guarded(super().structs)

    @cached_property
    def enums(self) -> Mapping[str, tuple[Chunk, ...]]:
        """See `Unit`."""
        return self._guarded(super().enums)

    @cached_property
    def enum_constants(self) -> Mapping[str, tuple[Chunk, ...]]:
        """See `Unit`."""
        return self._guarded(super().enum_constants)

    @cached_property
    def prototypes(self) -> Mapping[str, tuple[Chunk, ...]]:
        """See `Unit`."""
        return self._guarded(super().prototypes)

    @cached_property
    def variables(self) -> Mapping[str, tuple[Chunk, ...]]:
        """See `Unit`."""
        return self._guarded(super().variables)

    def _guarded(self, index: Mapping[str, tuple[Chunk, ...]]) -> Mapping[str, tuple[Chunk, ...]]:
        return _Guarded(index, self._left_out)


class _Guarded(dict[str, tuple[Chunk, ...]]):
    """An index that does not say of a name that is left out that there is none."""

    def __init__(self, index: Mapping[str, tuple[Chunk, ...]], left_out: frozenset[str]) -> None:
        super().__init__(index)
        self._left_out = left_out

    def _missing(self, name: object) -> None:
        if name in self._left_out:
            raise LeftOut(name)

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name):
            return True
        self._missing(name)
        return False

    def get(self, name: str, default=None):  # type: ignore[no-untyped-def]
        """Return what a name is declared as."""
        found = super().get(name)
        if found is None:
            self._missing(name)
            return default
        return found

    def __missing__(self, name: str) -> tuple[Chunk, ...]:
        self._missing(name)
        raise KeyError(name)


def core_of(
    stamp: str,
    unit: Unit,
    names: Iterable[str],
    files: Callable[[str], bool],
    searched: Searched,
    in_headers: Sequence[tuple[str, Location]],
) -> Core:
    """The part of a unit that some names, and the functions of some files, lead to."""
    tables = (
        unit.functions, unit.prototypes, unit.variables, unit.typedefs, unit.structs, unit.enums,
        unit.enum_constants,
    )  # fmt: skip
    text = unit.text
    twins = _twins(in_headers)
    todo = [*names, *searched.names(), *(name for name, place in in_headers if files(place.path))]
    seen: set[str] = set()
    spans: set[tuple[int, int]] = set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        todo += twins.get(name, ())
        for table in tables:
            for chunk in table.get(name, ()):
                span = (chunk.start, chunk.end)
                if span not in spans:
                    spans.add(span)
                    todo += set(_WORD.findall(text, *span)) - seen
    left_out = sorted(set().union(*tables) - seen)
    return _cut(stamp, unit, spans, left_out, searched)


def _twins(in_headers: Sequence[tuple[str, Location]]) -> dict[str, set[str]]:
    """The functions that stand at the same place of a header, which is read more than once."""
    at: dict[Location, set[str]] = {}
    for name, place in in_headers:
        at.setdefault(place, set()).add(name)
    found: dict[str, set[str]] = {}
    for names in at.values():
        if len(names) > 1:
            for name in names:
                found.setdefault(name, set()).update(names)
    return found


def _cut(
    stamp: str,
    unit: Unit,
    spans: set[tuple[int, int]],
    left_out: list[str],
    searched: Searched,
) -> Core:
    pieces = ["\n"]
    length, line, since = 1, 0, 0
    functions: list[Span] = []
    declarations: list[Span] = []
    lines: list[str] = []
    source = unit.text
    for is_function, span in unit.spans():
        if (span.start, span.end) not in spans:
            continue
        place = unit.place(span.start)
        path = place.path.replace("\\", "\\\\").replace('"', '\\"')
        marker = f'# {place.line} "{path}"\n'
        piece = source[span.start : span.end]
        start = length + len(marker)
        pieces += [marker, piece, "\n"]
        length = start + len(piece) + 1
        moved = Span(start, start + len(piece), span.name, span.braced)
        if is_function:
            line += source.count("\n", since, span.start)
            since = span.start
            functions.append(moved)
            lines.append(str(line))
        else:
            declarations.append(moved)
    return Core(
        stamp, "".join(pieces), *numbers_of(functions, declarations), " ".join(lines),
        "\n".join(left_out), unit.unread, searched,
    )  # fmt: skip


def slices_of_core(core: Core) -> Slices | None:
    """The declarations of the part; None where it does not fit together."""
    slices = slices_of(core)
    if slices is None:
        return None
    try:
        slices.lines = [int(word) for word in core.lines.split()]
    except ValueError:
        return None
    return slices if len(slices.lines) == len(slices.functions) else None


__all__ = [
    "Assigned",
    "Core",
    "CoreUnit",
    "Filled",
    "LeftOut",
    "Searched",
    "WholeUnit",
    "core_of",
    "slices_of_core",
    "together_of",
]
