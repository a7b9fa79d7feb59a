# SPDX-License-Identifier: GPL-2.0-only
"""Where a tree calls or defines hooks and predicates already, and which generation that fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..generate.ctext import blank, line_of
from .draft import Draft
from .generations import GENERATIONS, LEVELS, Generation, hooks
from .text import arguments

_PREFIX: Final = "page_table_check_"
_PREDICATE: Final = "_user_accessible_page"
_CALL: Final = re.compile(
    r"\b_*page_table_check_((?:pte|pmd|pud)s?_(?:set|clear))\s*\("
    r"|\b((?:pte|pmd|pud)_user_accessible_page)\s*\("
)
_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Use:
    """A call or a definition: `name` without the prefix of the hooks, how many parameters."""

    place: str
    name: str
    count: int

    @property
    def function(self) -> str:
        """The name as it is spelled."""
        return self.name if self.name.endswith(_PREDICATE) else f"{_PREFIX}{self.name}"


def uses(draft: Draft) -> tuple[Use, ...]:
    """All of generic code and of the architectures, macros left out."""
    found = []
    for path, text in _sources(draft):
        if _PREFIX not in text and _PREDICATE not in text:
            continue
        masked = blank(text)
        for match in _CALL.finditer(masked):
            given = arguments(masked, text, match.end() - 1)
            place = f"{path}:{line_of(text, match.start())}"
            found.append(Use(place, match[1] or match[2], len(given)))
    return tuple(found)


def _sources(draft: Draft) -> Iterator[tuple[str, str]]:
    yield from draft.sources("mm", (".c", ".h"))
    for folder in ("include/linux", "include/asm-generic"):
        for path, text in draft.sources(folder, (".h",)):
            if "page_table_check.h" not in path:
                yield path, text
    for entry in draft.tree.entries("arch"):
        yield from draft.sources(f"arch/{entry.name}/include/asm", (".h",))
        yield from draft.sources(f"arch/{entry.name}/mm", (".c",))


def contradictions(found: Sequence[Use], generation: Generation) -> list[str]:
    """The uses that are not those of a generation, in words; not more than a person reads."""
    known = _counts(generation)
    odd = [one for one in found if known.get(one.name) != one.count]
    said = [
        f"{one.place}: {one.function}() with {one.count} parameters;"
        + (f" those of {generation.name} have {known[one.name]}" if one.name in known
           else f" {generation.name} has no such hook")
        for one in odd
    ]  # fmt: skip
    more = len(said) - _SHOWN
    return [*said[:_SHOWN], *([f"and {more} more such places"] if more > 0 else [])]


def fitting(found: Sequence[Use]) -> list[Generation]:
    """The generations that all uses are of, the oldest first."""
    return [one for one in GENERATIONS if not contradictions(found, one)]


def nearest(found: Sequence[Use]) -> Generation:
    """The generation that most uses are of."""
    return min(
        reversed(GENERATIONS),
        key=lambda one: sum(_counts(one).get(use.name) != use.count for use in found),
    )


def _counts(generation: Generation) -> dict[str, int]:
    """How many parameters each hook and predicate has."""
    known = {hook.name: len(hook.parameters) for hook in hooks(generation)}
    for level in LEVELS:
        if level in generation.many and level != "pte":
            known[f"{level}_set"] = known[f"{level}s_set"] - 1
        known[f"{level}{_PREDICATE}"] = len(generation.shape.parameters(level).split(","))
    return known
