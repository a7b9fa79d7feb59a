# SPDX-License-Identifier: GPL-2.0-only
"""A unit as it was preprocessed and cut, in a form that can be kept, with its macros.

Of another revision, in which only the insides of some functions differ, the unit can be made of
it without reading the headers again; see `analyzer.frontend.splice`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import lt
from typing import Final, Protocol

from analyzer.frontend.slicer import Broken, Positions, Slicer, Span

_EVENT: Final = re.compile(r"\n#[ \t]*+(define|undef)[ \t]++([A-Za-z_$][\w$]*+)([^\n]*+)")


@dataclass(frozen=True, slots=True)
class Image:
    """`functions` and `declarations` are numbers in decimal: start and end, of declarations also
    whether there are braces; `names` are those of the functions, one a line. `stamp` names the run
    that it was made in. `unread`: see `Unit.unread`.
    """

    stamp: str
    text: str
    functions: str
    names: str
    declarations: str
    unread: str


@dataclass(frozen=True, slots=True)
class Events:
    """What `macro_events` says of the text of an image."""

    stamp: str
    events: str


class Cut(Protocol):
    """A text and where its declarations are; see `Image`."""

    @property
    def text(self) -> str: ...
    @property
    def functions(self) -> str: ...
    @property
    def names(self) -> str: ...
    @property
    def declarations(self) -> str: ...


class Slices:
    """The declarations of a text, found before; has what `Slicer` has."""

    def __init__(
        self,
        text: str,
        positions: Positions,
        functions: list[Span],
        declarations: list[Span],
    ) -> None:
        self.text = text
        self.positions = positions
        self.functions = functions
        self.declarations = declarations
        self.broken: list[Broken] = []
        self.lines: list[int] | None = None  # of functions in the whole text, where this is a part


def macro_events(text: str) -> str:
    """Every #define and #undef of the output of `cpp -dD`: name, line of the text (from 0), what
    stands behind the name ('-' before it, '+' of a definition); sorted by name, then line."""
    found: list[tuple[str, int, str]] = []
    line = since = 0
    count = text.count
    for event in _EVENT.finditer(text):
        at = event.start() + 1
        line += count("\n", since, at)
        since = at
        word, name, rest = event.groups()
        found.append((name, line, f"+{rest}" if word == "define" else "-"))
    found.sort(key=lambda one: one[:2])
    return "\n".join([f"{name}\t{number}\t{rest}" for name, number, rest in found])


class Macros:
    """The macros of an image at any place of it."""

    def __init__(self, events: str) -> None:
        self._lines = events.split("\n")

    def starting(self, prefix: str) -> list[str]:
        """Return the names of all macros that begin so."""
        found: list[str] = []
        for index in range(bisect_left(self._lines, prefix), len(self._lines)):
            name = _name(self._lines[index])
            if not name.startswith(prefix):
                break
            if not found or found[-1] != name:
                found.append(name)
        return found

    def at(self, name: str, line: int) -> str | None:
        """What stands behind the name of a macro in the definition that holds at a line of the
        text; None where there is none. Raises ValueError for what are no events."""
        lines = self._lines
        index = bisect_left(lines, f"{name}\t")
        found: str | None = None
        while index < len(lines):
            key, _, rest = lines[index].partition("\t")
            if key != name:
                break
            number, _, text = rest.partition("\t")
            if int(number) >= line:
                break
            found = text[1:] if text[:1] == "+" else None
            index += 1
        return found

    def events(self, name: str) -> list[tuple[int, str | None]]:
        """Return every line on which a macro is defined, with what stands behind the name there,
        or undefined (None). Raises ValueError."""
        found: list[tuple[int, str | None]] = []
        for index in range(bisect_left(self._lines, f"{name}\t"), len(self._lines)):
            key, _, rest = self._lines[index].partition("\t")
            if key != name:
                break
            number, _, text = rest.partition("\t")
            found.append((int(number), text[1:] if text[:1] == "+" else None))
        return found


def _name(line: str) -> str:
    return line.partition("\t")[0]


def image_of(stamp: str, slicer: Slicer, unread: str) -> Image | None:
    """The image of a text; None of one that has broken stretches."""
    if slicer.broken:
        return None
    return Image(stamp, slicer.text, *numbers_of(slicer.functions, slicer.declarations), unread)


def numbers_of(functions: Sequence[Span], declarations: Sequence[Span]) -> tuple[str, str, str]:
    """Where declarations are: `functions`, `names` and `declarations` of an image."""
    return (
        " ".join([f"{one.start} {one.end}" for one in functions]),
        "\n".join([one.name for one in functions]),
        " ".join([f"{one.start} {one.end} {one.braced:d}" for one in declarations]),
    )


def slices_of(image: Cut) -> Slices | None:
    """The declarations of an image; None where its parts do not fit together."""
    text = image.text
    try:
        numbers = [int(word) for word in image.functions.split()]
        flat = [int(word) for word in image.declarations.split()]
    except ValueError:
        return None
    names = image.names.split("\n")
    starts, ends = numbers[::2], numbers[1::2]
    begins, finishes, braced = flat[::3], flat[1::3], flat[2::3]
    if not (
        text.startswith("\n")
        and len(starts) == len(ends) == len(names)
        and len(begins) == len(finishes) == len(braced)
        and _in_order(starts, ends, len(text))
        and _in_order(begins, finishes, len(text))
    ):
        return None
    functions = list(map(Span, starts, ends, names))
    declarations = list(_declarations(begins, finishes, braced))
    return Slices(text, Positions(text), functions, declarations)


def _declarations(
    starts: Sequence[int], ends: Sequence[int], braced: Sequence[int]
) -> Iterator[Span]:
    for start, end, braces in zip(starts, ends, braced, strict=True):
        yield Span(start, end, "", braces == 1)


def _in_order(starts: Sequence[int], ends: Sequence[int], limit: int) -> bool:
    """Whether stretches are not empty, and follow one another within a text."""
    return (
        all(map(lt, starts, ends))
        and all(map(lt, starts, starts[1:]))
        and (not starts or (starts[0] >= 0 and max(ends) <= limit))
    )
