# SPDX-License-Identifier: GPL-2.0-only
"""The macros that a text needs to be preprocessed alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from analyzer.frontend.edits import Edit
from analyzer.frontend.image import Macros

_PASTED: Final = re.compile(r"([A-Za-z_]\w+)\s*##|##\s*([A-Za-z_]\w+)")
_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*+")
_MAX_CLOSURE: Final = 4000  # macros that one function may depend on
_NOT_PLAIN: Final = frozenset({"__has_include", "__has_include_next", "__has_embed", "_Pragma"})


class Reader:
    """What a text depends on, by the macros that hold at one line of a unit."""

    def __init__(self, macros: Macros, line: int) -> None:
        self._macros = macros
        self._line = line
        self._known: dict[str, str | None] = {}

    def _definition(self, name: str) -> str | None:
        if name not in self._known:
            self._known[name] = self._macros.at(name, self._line)
        return self._known[name]

    def _closure(self, texts: Iterable[str]) -> Iterator[tuple[str, str | None]]:
        """Every name that the texts reach through macros, with what stands behind it.

        Of names that macros paste together, all that begin with a part that is written out, and
        those of two names of which one is.
        """
        todo = list(dict.fromkeys(chain.from_iterable(map(_WORD.findall, texts))))
        seen = set(todo)
        ends: set[str] = set()
        while todo:
            name = todo.pop()
            behind = self._definition(name)
            yield name, behind
            new: set[str] = set()
            if behind is not None:
                new.update(_WORD.findall(behind))
                if "##" in behind:
                    for left, right in _PASTED.findall(behind):
                        if left:
                            new.update(self._macros.starting(left))
                        if right:
                            ends.add(right)
            new -= seen
            seen |= new
            todo += sorted(new)
            if not todo:
                made = {f"{one}{end}" for end in ends for one in seen} - seen
                todo = sorted(one for one in made if self._definition(one) is not None)
                seen.update(todo)

    def definitions(self, texts: Iterable[str]) -> dict[str, str] | None:
        """The macros that the texts need; None where these cannot be told."""
        found: dict[str, str] = {}
        for name, behind in self._closure(texts):
            if name in _NOT_PLAIN:
                return None
            if behind is not None:
                found[name] = behind
                if len(found) > _MAX_CLOSURE:
                    return None
        return found

    def pastes_more(self, was: Reader, edit: Edit) -> bool:
        """Whether a function uses a macro that pastes names together, and did not before: its
        way through the preprocessor is not tried on text of which the outcome is known."""
        before = {name for name, _ in was._closure((edit.old,))}
        return any(
            behind is not None and "##" in behind and name not in before
            for name, behind in self._closure((edit.new,))
        )

    def depends_on_line(self, *texts: str) -> bool:
        """Whether any macro in some texts says on which line it stands."""
        return any(name == "__LINE__" for name, _ in self._closure(texts))

    def saying_lines(self, edits: Sequence[Edit]) -> list[Edit]:
        """Those of which the old text depends on the line; there are few or none, most often, so
        that halves are asked."""
        if not edits or not self.depends_on_line(*(one.old for one in edits)):
            return []
        if len(edits) == 1:
            return list(edits)
        middle = len(edits) // 2
        return [*self.saying_lines(edits[:middle]), *self.saying_lines(edits[middle:])]


def lines(definitions: Mapping[str, str]) -> str:
    """The #define lines of some macros."""
    return "".join(sorted(f"#define {name}{behind}\n" for name, behind in definitions.items()))


def redefined(was: Mapping[str, str], now: Mapping[str, str]) -> str:
    """The lines that make other macros of some; those of which nothing is known now are gone."""
    undefined = [f"#undef {name}\n" for name in sorted(was) if now.get(name) != was[name]]
    more = {name: behind for name, behind in now.items() if was.get(name) != behind}
    return "".join([*undefined, lines(more)])


__all__ = ["Reader", "lines", "redefined"]
