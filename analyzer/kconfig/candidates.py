# SPDX-License-Identifier: GPL-2.0-only
"""Which prompts of an architecture change what its page-table headers see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.kconfig.expression import symbols
from analyzer.kconfig.symbols import Definition, Symbol
from analyzer.kconfig.view import View

_MAX_STEPS = 3
_MAX_SYMBOLS = 600


@dataclass(frozen=True, slots=True)
class Candidate:
    """A bool with a prompt, `distance` steps of dependency away from a header's question."""

    name: str
    distance: int
    in_choice: bool


def candidates(view: View, asked: Iterable[str]) -> list[Candidate]:
    """Prompts of the architecture on which a symbol of `asked` depends, nearest first."""
    found: list[Candidate] = []
    seen: set[str] = set()
    ring = list(dict.fromkeys(asked))
    for distance in range(_MAX_STEPS + 1):
        following: dict[str, None] = {}
        for name in ring:
            if name in seen or len(seen) >= _MAX_SYMBOLS:
                continue
            seen.add(name)
            symbol = view.symbol(name)
            if symbol is None:
                continue
            if symbol.type == "bool" and _offered_by_arch(view, symbol):
                found.append(Candidate(name, distance, symbol.choice is not None))
            following.update(dict.fromkeys(_depends_on(view, symbol)))
        ring = list(following)
    return found


def _offered_by_arch(view: View, symbol: Symbol) -> bool:
    return any(
        definition.properties.prompts and _of_arch(view, definition)
        for definition in symbol.definitions
    )


def _of_arch(view: View, definition: Definition) -> bool:
    return view.of_arch(definition) or view.path(definition) == "arch/Kconfig"


def _depends_on(view: View, symbol: Symbol) -> list[str]:
    """The symbols that decide about a symbol, as far as the architecture says."""
    names: set[str] = set()
    for definition in symbol.definitions:
        if not _of_arch(view, definition):
            continue
        properties = definition.properties
        for item in properties.defaults:
            names |= symbols(item.value) | symbols(item.condition)
        for expression in (*properties.depends, *properties.prompts):
            names |= symbols(expression)
    for pointer in view.selectors(symbol):
        if _of_arch(view, pointer.definition):
            names |= {pointer.owner} | symbols(pointer.item.condition)
    if symbol.choice is not None:
        names.update(symbol.choice.members)
    return sorted(names)
