# SPDX-License-Identifier: GPL-2.0-only
"""Which functions give a global variable its value: those that assign it, and who calls them.

`protection_map[]`, page table geometry and pgprots are variables that some architectures fill at
boot. Only functions of .c files count: what a header assigns, it assigns again and again.
"""

from __future__ import annotations

import re
from functools import cached_property

from ..frontend import Unit

_ASSIGNED = re.compile(
    r"(?:^|[;{}]|\belse\b|\)|:)\s*([A-Za-z_]\w*)(?:\s*\[[^;\]]*\]|\s*\.\s*\w+)*\s*=(?!=)"
)
_CALLED = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
MAX_SETTERS = 4
MAX_CLIMB = 4


class Setting:
    """The assignments to globals in the functions of one unit, by text."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._setters: dict[str, tuple[str, ...]] = {}

    @cached_property
    def _assigners(self) -> dict[str, tuple[str, ...]]:
        unit = self._unit
        found: dict[str, list[str]] = {}
        for name, chunks in unit.functions.items():
            for chunk in chunks:
                if not unit.path(chunk).endswith(".c"):
                    continue
                for variable in set(_ASSIGNED.findall(unit.text, chunk.start, chunk.end)):
                    if variable in unit.variables:
                        found.setdefault(variable, []).append(name)
        return {name: tuple(dict.fromkeys(names)) for name, names in found.items()}

    @cached_property
    def _callers(self) -> dict[str, tuple[str, ...]]:
        unit = self._unit
        found: dict[str, list[str]] = {}
        for name, chunks in unit.functions.items():
            for chunk in chunks:
                for callee in set(_CALLED.findall(unit.text, chunk.start, chunk.end)):
                    if callee != name and callee in unit.functions:
                        found.setdefault(callee, []).append(name)
        return {name: tuple(dict.fromkeys(names)) for name, names in found.items()}

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
                callers = self._callers.get(name, ())
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
            for caller in self._callers.get(name, ()):
                if caller not in found:
                    found.add(caller)
                    todo.append(caller)
        return frozenset(found | top)

    def chooser(self, names: tuple[str, ...]) -> str:
        """A function that calls at least two of several setters; '' when none does."""
        counted: dict[str, int] = {}
        for name in names:
            for caller in self._callers.get(name, ()):
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
