# SPDX-License-Identifier: GPL-2.0-only
"""Tables of functions as a guest of a hypervisor, or a kind of processor, fills them.

Which of those that fill a table does is a state of the machine (`Core.world`): none, and the table
holds what its initializer says, or one of them. Nothing else is assumed about that state, but that
the layout of memory is the one that the tree's initial values say: maps of frames that a
hypervisor gives (from a guest's frames to those of the machine) are empty, frames are themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..model import Location
from .core import Core
from .ctype import Node
from .memory import Variable
from .names import Scope
from .values import FuncRef, Int, OneOf, Opaque, PathEnds, Pointer, Struct, Unjudged, Value

FILLED: Final = "functions in "  # how the states' names begin, and the choices of one state
ORDERING: Final = frozenset({"<", ">", "<=", ">="})


@dataclass(frozen=True, slots=True)
class Filling:
    """One assignment to a table or a part of it: the file it stands in, and both sides."""

    path: str
    line: int
    place: Node
    value: Node


def is_refilled(world: Mapping[str, int]) -> bool:
    """Whether some table holds other functions than at first in a state of the machine."""
    return any(key.startswith(FILLED) and ":" not in key and way for key, way in world.items())


def filled(table: str) -> str:
    """The name of a state of the machine: 0 for the initializer, or the number of a folder."""
    return f"{FILLED}{table}"


class Refilling(Core):
    """Puts the functions of one folder into a table."""

    def refill(self, table: str, var: Variable) -> None:
        """Replaces the functions of a table by those of this state of the machine."""
        if not any(isinstance(payload, FuncRef) for _, payload in var.cells.values()):
            return
        key = filled(table)
        self.questions.add(("world", key, ""))
        self.questions.add(("filling", table, ""))
        folders = self.code.fillers(table)
        number = self.world.get(key, 0)
        if not 0 < number <= len(folders):
            return
        found: dict[int, list[tuple[int, FuncRef]]] = {}
        for one in self.code.fillings(table, folders[number - 1]):
            for at, size, function in self._functions(one):
                known = found.setdefault(at, [])
                if all(repr(other) != repr(function) for _, other in known):
                    known.append((size, function))
        for at, functions in found.items():
            lasting = [
                (size, one)
                for size, one in functions
                if not self.code.discarded(one.name, one.home)
            ] or functions
            lasting = [
                (size, one)
                for size, one in lasting
                if not any(one.name in self.code.callees(other.name) for _, other in lasting)
            ] or lasting
            size, function = lasting[0]
            if len(lasting) > 1:
                function = OneOf(f"{table}+{at}", tuple(one for _, one in lasting))
            var.cells[at] = (size, function)

    def _functions(self, one: Filling) -> list[tuple[int, int, FuncRef]]:
        """The functions that an assignment puts into a table: offset, size, function."""
        saved, self.run = self.run, self.new_run(place=Location(one.path, one.line))
        try:
            value = self.evaluate(one.value, Scope())
            place = self.place(one.place, Scope())
        except (Unjudged, PathEnds):
            return []
        finally:
            self.run = saved
        if not isinstance(place, Pointer):
            return []
        if isinstance(value, FuncRef):
            return [(place.offset, self.bits // 8, value)]
        if isinstance(value, Struct):
            return [
                (place.offset + at, size, payload)
                for at, (size, payload) in value.cells.items()
                if isinstance(payload, FuncRef)
            ]
        return []

    def one_of(self, several: FuncRef) -> FuncRef:
        """The function that a call through a member reaches, each on a path of its own."""
        if not isinstance(several, OneOf):
            return several
        names = ", ".join(one.name for one in several.functions)
        key = f"{FILLED}{several.place}: {names}"
        return several.functions[self.run.choose(key, len(several.functions))]

    def at_first(self, value: Value) -> Value:
        """A variable by its initial value, where only the layout of memory is asked about."""
        if not isinstance(value, Opaque):
            return value
        if self.code.starts_as_zero(value.name):
            return Int(0, self.bits, False)
        return value if value.default is None else value.default
