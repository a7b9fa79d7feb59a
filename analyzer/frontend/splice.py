# SPDX-License-Identifier: GPL-2.0-only
"""The unit of another revision, made of the kept one where only the insides of functions differ.

A function that changed is preprocessed alone, with the macros that hold where it stands. That this
is what the preprocessor would have made of it in its place is not taken for granted: the old text
of the function goes the same way, and must come out as it stands in the kept unit. Wherever
anything is in doubt there is no answer, and the headers are read again.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from analyzer.frontend.altered import Altered
from analyzer.frontend.core import Core, CoreUnit, WholeUnit, slices_of_core
from analyzer.frontend.declared import Remembered
from analyzer.frontend.edits import Added, Edit, FileEdit, MacroEdit, Unsure
from analyzer.frontend.image import Image, Macros, Slices, slices_of
from analyzer.frontend.lines import only_told
from analyzer.frontend.needed import Reader, lines, redefined
from analyzer.frontend.parsecache import ParseCache
from analyzer.frontend.patterns import HASH_LINE
from analyzer.frontend.preprocess import without_counts
from analyzer.frontend.slicer import Slicer, Span
from analyzer.frontend.unit import Chunk, Unit

_MARKERS: Final = re.compile(rf"(?<=\n){HASH_LINE}")
_NOT_NEWLINE: Final = re.compile(r"[^\n]")
_END: Final = "<ptcheck-end>"
_COUNTED: Final = "__compiletime_assert_"

Expand = Callable[[str], str | None]  # preprocesses a text; None where there was any error


@dataclass(frozen=True, slots=True)
class Spliced:
    """The unit now; `edited` are the functions that differ, as they were and as they are; `added`
    those that are new. `origins`: for each that differs the file, and what happened to it there."""

    unit: Unit
    edited: tuple[tuple[Chunk, str], ...]  # now, and the old text
    added: tuple[Chunk, ...]
    origins: tuple[tuple[str, Edit], ...] = ()
    gone: tuple[tuple[str, str], ...] = ()  # names and texts of functions that are not there


class Splicer:
    """Makes units of another revision of kept ones of one architecture."""

    def __init__(
        self, files: Sequence[FileEdit], expand: Expand, macros: Sequence[MacroEdit] = ()
    ) -> None:
        self._files = files
        self._macros = macros
        self._expand = expand
        self._declared = Remembered()
        self._expanded: dict[str, tuple[str, str] | None] = {}

    def splice(
        self,
        image: Image | Core,
        events: str,
        cache: ParseCache | None,
        there: Callable[[str, Edit], bool] | None = None,
    ) -> Spliced | None:
        """The unit that the headers would give now; None where that is not certain.

        `there` tells whether the whole unit has a function that was edited; of a part of it that
        has not, there is no answer.
        """
        slices = slices_of(image) if isinstance(image, Image) else slices_of_core(image)
        if slices is None:
            return None
        try:
            return self._spliced(image, slices, Macros(events), cache, there)
        except ValueError:  # the events are none of ours
            return None

    def says_lines(self, events: str, there: Callable[[str, Edit], bool]) -> bool:
        """Whether what moved may say on which line it stands, by itself or by its macros; `there`
        tells which functions a unit may have. Raises ValueError."""
        reader = Reader(Macros(events), sys.maxsize)
        return any(
            reader.depends_on_line(file.between)
            or any(there(file.path, one) for one in reader.saying_lines(file.moved))
            for file in self._files
            if file.shifts
        )

    def _spliced(
        self,
        image: Image | Core,
        slices: Slices,
        macros: Macros,
        cache: ParseCache | None,
        there: Callable[[str, Edit], bool] | None,
    ) -> Spliced | None:
        patch = _Patch(slices)
        now = macros

        def line_of(path: str, edit: Edit) -> int | None:
            stretch = patch.stretch(path, edit)
            if stretch is None or (not stretch.text and there is not None and there(path, edit)):
                raise Unsure
            return stretch.line if stretch.text else None

        if self._macros:
            altered = Altered(macros, self._macros, line_of)
            now = altered if altered.active else macros
        names = {span.name for span in slices.functions}
        edited: list[tuple[int, str]] = []
        origins: list[tuple[str, Edit]] = []
        gone: list[tuple[str, str]] = []
        for file in self._files:
            if there is None and file.path not in slices.positions.paths:
                continue
            for one in file.added:
                new = self._new(file.path, one, patch, (macros, now), there)
                if new is None:
                    return None
                if new:
                    patch.add(file.path, one.edit, new)
            edits = [*file.edits, *(file.touched if now is not macros else ())]
            if file.shifts:
                reader = Reader(macros, sys.maxsize)  # none that is new names __LINE__
                if reader.depends_on_line(file.between):
                    return None
                moved = [*file.moved, *(file.touched if now is macros else ())]
                edits += reader.saying_lines(moved)
            for edit in edits:
                stretch = patch.stretch(file.path, edit)
                if stretch is None:
                    return None
                if not stretch.text:
                    if there is not None and not edit.moved and there(file.path, edit):
                        return None
                    continue  # no part of this configuration
                new = self._renewed(file.path, edit, stretch, (macros, now))
                if new is None:
                    return None
                if edit.old == edit.new and plain(stretch.text) == plain(new):
                    continue
                if edit.moved and only_told(plain(stretch.text), plain(new), names):
                    continue
                edited.append((stretch.index, stretch.text))
                origins.append((file.path, edit))
                patch.put(stretch, file.path, edit, new)
            for edit in file.gone:
                stretch = patch.stretch(file.path, edit)
                if stretch is None:
                    return None
                if stretch.text:
                    gone.append((edit.name, stretch.text))
                    patch.take(stretch)
                elif there is not None and there(file.path, edit):
                    return None
            patch.shift(file)
        text = patch.text()
        if any(_stands_in(name, text) for name, _ in gone):
            return None
        cut = patch.slices(text)
        if isinstance(image, Core):
            unit: Unit = CoreUnit(text, cache, cut, image, self._declared)
        else:
            unit = WholeUnit(text, cache, cut, image.unread, self._declared)
        found = [(_chunk(patch.functions[index]), old) for index, old in edited]
        added = tuple(map(_chunk, patch.added))
        return Spliced(unit, tuple(found), added, tuple(origins), tuple(gone))

    def _new(
        self,
        path: str,
        one: Added,
        patch: _Patch,
        macros: tuple[Macros, Macros],
        there: Callable[[str, Edit], bool] | None,
    ) -> str | None:
        """The preprocessed text of a new function, '' where it is not compiled; None where it may
        be known by its name already."""
        stretch = patch.stretch(path, replace(one.edit, name=one.beside))
        if stretch is None:
            return None
        if not stretch.text:
            return None if there is not None and there(path, one.edit) else ""
        if patch.names(one.edit.name):
            return None
        return self._renewed(path, one.edit, stretch, macros)

    def _renewed(
        self, path: str, edit: Edit, stretch: _Stretch, macros: tuple[Macros, Macros]
    ) -> str | None:
        """The preprocessed text of a function now, by the macros as they were and as they are."""
        was, now = (Reader(one, stretch.line) for one in macros)
        definitions = was.definitions((edit.old, edit.new))
        redefinitions: dict[str, str] | None = {}
        if macros[0] is not macros[1]:
            redefinitions = now.definitions((edit.new,))
        if definitions is None or redefinitions is None or now.pastes_more(was, edit):
            return None
        source = (
            f'{lines(definitions)}# {edit.old_line} "{path}"\n{edit.old}\n# 1 "{_END}"\n'
            f"{redefined(definitions, redefinitions) if macros[0] is not macros[1] else ''}"
            f'# {edit.new_line} "{path}"\n{edit.new}\n# 1 "{_END}"\n'
        )
        if source not in self._expanded:
            self._expanded[source] = self._both(source, path, edit)
        both = self._expanded[source]
        if both is None or plain(both[0]) != plain(stretch.text):
            return None
        return both[1] if both[0].count(_COUNTED) == both[1].count(_COUNTED) else None

    def _both(self, source: str, path: str, edit: Edit) -> tuple[str, str] | None:
        text = self._expand(source)
        if text is None:
            return None
        pieces = without_counts(text).split(f'\n# 1 "{_END}"')
        old_start, new_start = f'\n# {edit.old_line} "{path}"\n', f'\n# {edit.new_line} "{path}"\n'
        if len(pieces) != 3 or pieces[2].strip():
            return None
        _, found, old = pieces[0].partition(old_start)
        before, also, new = f"\n{pieces[1].lstrip()}".partition(new_start)
        return (old, new) if found and also and not plain(before) else None


def _stands_in(name: str, text: str) -> bool:
    return name in text and re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", text) is not None


def _chunk(span: Span) -> Chunk:
    return Chunk("function", span.name, span.start, span.end)


def plain(text: str) -> str:
    """A text without line markers and layout."""
    return " ".join(_MARKERS.sub("", f"\n{text}").split())


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What stands in a unit for a function of a file; `text` is '' if that is nothing.

    `index` is its place among the functions, `line` its line in the text of the unit.
    """

    index: int
    text: str
    line: int


class _Patch:
    """A cut text in which functions are replaced: those that are new stand at the end."""

    def __init__(self, slices: Slices) -> None:
        self._text = slices.text
        self._positions = slices.positions
        self.functions = list(slices.functions)
        self._declarations = slices.declarations
        self._starts = [span.start for span in slices.functions]
        self._lines = slices.lines
        self._gone: list[Span] = []
        self._taken: set[Span] = set()
        self.added: list[Span] = []
        self._more: list[str] = []
        self._length = len(slices.text)
        self._shifts: dict[str, FileEdit] = {}

    def stretch(self, path: str, edit: Edit) -> _Stretch | None:
        """The one function that stands for the lines of an edit; None if more than that does."""
        pieces = [
            (start, piece)
            for start, piece in self._positions.pieces(path, edit.old_line, edit.old_end)
            if plain(piece)
        ]
        if not pieces:
            return _Stretch(-1, "", 0)
        at, piece = pieces[0]
        start = at + len(piece) - len(piece.lstrip())
        index = bisect_left(self._starts, start)
        if index == len(self._starts) or self._starts[index] != start:
            return None
        span = self.functions[index]
        text = self._text[span.start : span.end]
        whole = plain("\n".join(piece for _, piece in pieces))
        if span.name != edit.name or plain(text) != whole:
            return None
        line = self._text.count("\n", 0, span.start) if self._lines is None else self._lines[index]
        return _Stretch(index, text, line)

    def put(self, stretch: _Stretch, path: str, edit: Edit, new: str) -> None:
        """Replace a function. Raises ValueError where the new text is not one function."""
        self._gone.append(self.functions[stretch.index])
        self.functions[stretch.index] = self._appended(path, edit, new)

    def add(self, path: str, edit: Edit, new: str) -> None:
        """Put in one more. Raises ValueError."""
        self.added.append(self._appended(path, edit, new))

    def take(self, stretch: _Stretch) -> None:
        """Take a function out."""
        span = self.functions[stretch.index]
        self._gone.append(span)
        self._taken.add(span)

    def names(self, name: str) -> bool:
        """Whether a name stands anywhere in the text."""
        return _stands_in(name, self._text)

    def _appended(self, path: str, edit: Edit, new: str) -> Span:
        marked = f'\n# {edit.new_line} "{path}"\n{new}\n'
        cut = Slicer(marked)
        if len(cut.functions) != 1 or cut.declarations or cut.broken:
            raise ValueError("not one function")
        span = cut.functions[0]
        if span.name != edit.name or plain(marked[: span.start]) or plain(marked[span.end :]):
            raise ValueError("not the same function")
        start = self._length
        self._more.append(marked)
        self._length += len(marked)
        return Span(start + span.start, start + span.end, span.name)

    def shift(self, file: FileEdit) -> None:
        """Note that lines of a file have moved."""
        self._shifts[file.path] = file

    def text(self) -> str:
        """The text now: what was replaced is blank, the new functions follow."""
        pieces = []
        position = 0
        for span in sorted(self._gone):
            pieces.append(self._text[position : span.start])
            pieces.append(_NOT_NEWLINE.sub(" ", self._text[span.start : span.end]))
            position = span.end
        return "".join([*pieces, self._text[position:], *self._more])

    def slices(self, text: str) -> Slices:
        """Where the declarations of that text are."""
        lines = {path: (file.line, file.breaks) for path, file in self._shifts.items()}
        positions = self._positions.shifted(text, len(self._text), lines)
        functions = [one for one in self.functions if one not in self._taken]
        return Slices(text, positions, [*functions, *self.added], self._declarations)


__all__ = ["Expand", "Spliced", "Splicer", "plain"]
