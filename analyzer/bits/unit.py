# SPDX-License-Identifier: GPL-2.0-only
"""The unit that bits are read from: headers, our probes, the .c files that those need."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ..frontend import ParseCache, Stage, Unit, read_unit
from ..helpers.bodies import SourceIndex, missing_functions
from ..helpers.probes import probe_text
from ..kconfig import Config, Variant
from .constants import PROBE
from .probes import MAKE

_MAX_ROUNDS: Final = 5
_MAX_WALK: Final = 400
_WORD: Final = re.compile(r"\b[A-Za-z_]\w*(?=\s*\()")
_PROTECTION_MAP: Final = re.compile(rb"\bprotection_map\s*\[[^\]\n]*\][^;=\n]*=\s*\{")


def read_bits_unit(
    stage: Stage,
    variant: Variant,
    index: SourceIndex,
    probes: str,
    cache: ParseCache | None = None,
    hint: tuple[str, ...] = (),
) -> tuple[Unit, tuple[str, ...]]:
    """The unit with every .c file that the probes reach, and those files.

    Raises SourceError where the headers cannot be read at all.
    """
    text = probe_text((), index.initial_values(), index.set_at_boot()) + probes
    bodies = list(hint)
    for _ in range(_MAX_ROUNDS):
        built = tuple(path for path in bodies if index.built(path, variant.config))
        unit = read_unit(stage, variant, built, probes=text, cache=cache)
        roots = [name for name in unit.functions if name.startswith("__ptc_")]
        wanted = missing_functions(unit, ["vm_get_page_prot", *roots]) | _undefined(unit)
        new = {path for name in wanted for path in index.defining(name, variant.config)}
        if "vm_get_page_prot" not in unit.functions:
            new |= _protection_map(index, variant.config)
        new.difference_update(bodies)
        if not new:
            break
        bodies.extend(sorted(new))
    return unit, tuple(bodies)


def _undefined(unit: Unit) -> frozenset[str]:
    """Functions without a body that protections and constants are computed with."""
    missing: set[str] = set()
    seen: set[str] = set()
    todo: list[str] = []
    for name, chunks in unit.variables.items():
        if name.startswith(PROBE):
            todo.extend(_called(unit, chunks[0].start, chunks[0].end))
    todo.extend(name for name in unit.functions if name.startswith(MAKE))
    while todo and len(seen) < _MAX_WALK:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for chunk in unit.functions.get(name, ())[:1]:
            todo.extend(_called(unit, chunk.start, chunk.end))
        if name not in unit.functions and unit.prototype(name) is not None:
            missing.add(name)
    return frozenset(missing)


def _called(unit: Unit, start: int, end: int) -> Iterable[str]:
    return _WORD.findall(unit.text, start, end)


def _protection_map(index: SourceIndex, config: Config) -> set[str]:
    """The file that defines protection_map[], where a macro makes vm_get_page_prot() of it."""
    return {
        path
        for path, data in index.texts().items()
        if b"protection_map" in data and _PROTECTION_MAP.search(data) and index.built(path, config)
    }
