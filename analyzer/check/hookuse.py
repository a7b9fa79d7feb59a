# SPDX-License-Identifier: GPL-2.0-only
"""Calls of hooks as they are written, and what is wrong about them by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..brackets import closing, split_arguments
from ..callsites.code import functions
from ..callsites.text import Source
from ..helpers.interface import LEVELS
from ..model import HookPrototype, Location
from ..tree import KernelTree
from .api import hook_api
from .results import RawFinding

_CALL: Final = re.compile(r"(?<!\w)(page_table_check_\w+)\s*\(")
_HOOK: Final = re.compile(r"^page_table_check_(?:pte|pmd|pud)s?_(?:set|clear)(?:_range)?$")


@dataclass(frozen=True, slots=True)
class Use:
    """A call of a hook as it is written."""

    hook: str
    given: int
    location: Location
    function: str


def header_is_quiet(tree: KernelTree, source: Source) -> bool:
    """Whether no call of a hook in a header is wrong by itself."""
    prototypes = {one.name: one for one in hook_api(tree, ()).prototypes}
    return not any(True for use in uses_in(source) for _ in misused(use, prototypes))


def uses_in(source: Source) -> Iterator[Use]:
    """The calls of hooks in the functions of a file."""
    code = source.code
    spans = [(f.start, f.end, f.name) for f in functions(source)]
    for match in _CALL.finditer(code):
        inside = [name for start, end, name in spans if start < match.start() < end]
        close = closing(code, match.end() - 1)
        if inside and close > 0:
            given = len(split_arguments(code[match.end() : close - 1]))
            place = Location(source.path, source.line(match.start()))
            yield Use(match[1], given, place, inside[0])


def misused(use: Use, prototypes: dict[str, HookPrototype]) -> Iterator[RawFinding]:
    """PTC301 for calls that no helper reaches, and for hooks that the tree does not have."""
    declared = prototypes.get(use.hook)
    if declared is None:
        if not _HOOK.match(use.hook):
            return
        message = f"{use.function}() calls {use.hook}(), which this tree does not have"
    elif len(declared.parameters) != use.given:
        message = (
            f"{use.function}() calls {use.hook}() with {use.given} arguments,"
            f" not {len(declared.parameters)}"
        )
    else:
        return
    level = next((lv for lv in LEVELS if f"_{lv}" in use.hook), "pte")
    yield RawFinding(
        "PTC301", use.function, level, use.location, use.function, message, None, (use.function,)
    )
