# SPDX-License-Identifier: GPL-2.0-only
"""Which functions give a global variable its value: those that assign it, and who calls them.

`protection_map[]`, page table geometry and pgprots are variables that some architectures fill at
boot. Only functions of .c files count: what a header assigns, it assigns again and again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property

from ..frontend import Unit
from ..frontend.core import Assigned, CoreUnit, LeftOut

_ASSIGNED = re.compile(
    r"(?:^|[;{}]|\belse\b|\)|:)\s*([A-Za-z_]\w*)(?:\s*\[[^;\]]*\]|\s*\.\s*\w+)*\s*=(?!=)"
)
_ALIAS = re.compile(r"\*\s*([A-Za-z_]\w*)\s*=\s*&?\s*([A-Za-z_]\w*)\s*;")
MAX_SETTERS = 4
MAX_CLIMB = 4


class Setting:
    """The assignments to globals in the functions of one unit, by text."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._setters: dict[str, tuple[str, ...]] = {}
        self._called_by: dict[str, tuple[str, ...]] = {}

    @cached_property
    def _assigners(self) -> dict[str, tuple[str, ...]]:
        unit = self._unit
        found: dict[str, list[str]] = {}
        for name in unit.functions:
            for variable in self.assigned_in(name):
                if variable in unit.variables:
                    found.setdefault(variable, []).append(name)
        return {name: tuple(dict.fromkeys(names)) for name, names in found.items()}

    def assigned_in(self, name: str) -> set[str]:
        """What the functions of a name assign, if they stand in .c files."""
        unit = self._unit
        assigned: set[str] = set()
        for chunk in unit.functions.get(name, ()):
            if not unit.path(chunk).endswith(".c"):
                continue
            here = set(_ASSIGNED.findall(unit.text, chunk.start, chunk.end))
            for alias, variable in _ALIAS.findall(unit.text, chunk.start, chunk.end):
                if alias in here:
                    here.add(variable)
            assigned |= here
        return assigned

    @cached_property
    def _spans(self) -> list[tuple[int, int, int, str]]:
        """Where each function definition is: start, end, rank of its name among all, name."""
        functions = enumerate(self._unit.functions.items())
        return sorted(
            (chunk.start, chunk.end, rank, name)
            for rank, (name, chunks) in functions
            for chunk in chunks
        )

    def _callers(self, callee: str) -> tuple[str, ...]:
        """The functions that mention a call of another function, in the order of the unit."""
        known = self._called_by.get(callee)
        if known is None:
            found: set[tuple[int, str]] = set()
            if callee in self._unit.functions:
                text, spans = self._unit.text, self._spans
                call = re.compile(rf"\b{re.escape(callee)}\s*\(")
                start = text.find(callee)
                while start >= 0:
                    match = call.match(text, start)
                    if match is not None:
                        at = bisect_right(spans, (start, len(text))) - 1
                        if at >= 0 and match.end() <= spans[at][1] and spans[at][3] != callee:
                            found.add(spans[at][2:])
                    start = text.find(callee, start + 1)
            known = self._called_by[callee] = tuple(name for _, name in sorted(found))
        return known

    def setters(self, variable: str) -> tuple[str, ...]:
        """The functions to run for the value of a variable, those without parameters preferred.

        A function that assigns what it is given is replaced by those that call it. () when
        nobody assigns it, or too many do: then it is state, not geometry.
        """
        known = self._setters.get(variable)
        if known is None:
            known = self._setters[variable] = self._find(variable)
        return known

    def _find(self, variable: str) -> tuple[str, ...]:
        names = self._assigners.get(variable, ())
        for _ in range(MAX_CLIMB):
            climbed: list[str] = []
            for name in names:
                callers = self._callers(name)
                climbed += callers if callers and self._has_parameters(name) else (name,)
            if tuple(dict.fromkeys(climbed)) == names:
                break
            names = tuple(dict.fromkeys(climbed))
        return names if len(names) <= MAX_SETTERS else ()

    def carriers(self, variable: str) -> frozenset[str]:
        """The functions on the way from the setters to the assignments, both included."""
        top = set(self.setters(variable))
        found = set(self._assigners.get(variable, ()))
        todo = list(found)
        while todo:
            name = todo.pop()
            if name in top:
                continue
            for caller in self._callers(name):
                if caller not in found:
                    found.add(caller)
                    todo.append(caller)
        return frozenset(found | top)

    def chooser(self, names: tuple[str, ...]) -> str:
        """A function that calls at least two of several setters; '' when none does."""
        counted: dict[str, int] = {}
        for name in names:
            for caller in self._callers(name):
                counted[caller] = counted.get(caller, 0) + 1
        best = sorted(counted, key=lambda caller: (-counted[caller], caller))
        return best[0] if best and counted[best[0]] > 1 else ""

    def _has_parameters(self, name: str) -> bool:
        chunk = self._unit.function(name)
        if chunk is None:
            return False
        head = self._unit.source(chunk).partition("{")[0]
        inner = head[head.find("(", head.find(name)) + 1 : head.rfind(")")].strip()
        return inner not in ("", "void")

    def texts(self, variable: str) -> list[str]:
        """The functions that decide a variable's value, as text."""
        names = set(self.carriers(variable)) if self.setters(variable) else set()
        chooser = self.chooser(self.setters(variable))
        names |= {chooser} if chooser else set()
        return [
            self._unit.source(chunk)
            for name in sorted(names)
            for chunk in self._unit.functions.get(name, ())
        ]

    def searched(self, variables: Iterable[str]) -> tuple[Assigned, ...]:
        """What is found out about variables, in a form that can be kept."""
        found = []
        for variable in sorted({*variables, *self._setters}):
            setters = self.setters(variable)
            carriers = tuple(sorted(self.carriers(variable))) if setters else ()
            found.append(Assigned(variable, setters, carriers, self.chooser(setters)))
        return tuple(found)

    def others(self, known: Iterable[str]) -> tuple[str, ...]:
        """The variables that are assigned, but for those that are known."""
        return tuple(sorted(self._assigners.keys() - set(known)))


class KeptSetting(Setting):
    """What is known of a whole unit, where only a part of it is at hand."""

    def __init__(self, unit: CoreUnit) -> None:
        super().__init__(unit)
        self._known = {one.variable: one for one in unit.searched.assigned}
        self._others = frozenset(unit.searched.others)

    def _of(self, variable: str) -> Assigned:
        found = self._known.get(variable)
        if found is not None:
            return found
        if variable in self._others:
            raise LeftOut(variable)
        return Assigned(variable, (), (), "")  # nobody assigns it

    def setters(self, variable: str) -> tuple[str, ...]:
        """See `Setting`."""
        return self._of(variable).setters

    def carriers(self, variable: str) -> frozenset[str]:
        """See `Setting`."""
        found = self._of(variable)
        if not found.setters:
            raise LeftOut(variable)
        return frozenset(found.carriers)

    def chooser(self, names: tuple[str, ...]) -> str:
        """See `Setting`."""
        if len(names) < 2:
            return ""  # nobody calls two of them
        for one in self._known.values():
            if one.setters == names:
                return one.chooser
        raise LeftOut(*names)
