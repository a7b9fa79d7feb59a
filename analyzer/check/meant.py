# SPDX-License-Identifier: GPL-2.0-only
"""Edited functions that mean what they meant: nothing has to be run again for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..frontend.alike import renamed
from ..frontend.edits import FileEdit, Unsure
from ..frontend.splice import Spliced
from ..frontend.unit import Chunk, Unit
from ..model import Verdict
from .moved import moved
from .results import VariantResult


def without_same(
    spliced: Spliced, result: VariantResult, files: Sequence[FileEdit]
) -> tuple[tuple[tuple[Chunk, str], ...], tuple[FileEdit, ...]]:
    """The edited functions that may mean something else, and the edits of files in which the
    others are told. `result` was found before: what is shown of a function names its variables.

    Raises LeftOut of a part of a unit.
    """
    left: list[tuple[Chunk, str]] = []
    same: set[tuple[str, int]] = set()
    unit = spliced.unit
    for (chunk, old), (path, edit) in zip(spliced.edited, spliced.origins, strict=True):
        told = edit.old == edit.new or edit.mapped
        if told and _is_same(unit, chunk, old) and not _is_shown(chunk.name, result, files):
            if edit.mapped:
                same.add((path, edit.old_line))
        else:
            left.append((chunk, old))
    found = tuple(
        replace(file, same=frozenset(line for path, line in same if path == file.path))
        for file in files
    )
    return tuple(left), found


def _is_same(unit: Unit, chunk: Chunk, old: str) -> bool:
    names = renamed(unit.parsed(chunk, old), unit.ast(chunk))
    if names is None:
        return False
    tables = (unit.functions, unit.prototypes, unit.variables, unit.typedefs, unit.enum_constants)
    return not any(name in table for name in names for table in tables)


def _is_shown(name: str, result: VariantResult, files: Sequence[FileEdit]) -> bool:
    """Whether anything of a function may be shown in words."""
    said = (result.findings, [v for v in result.helpers if v.verdict is Verdict.UNKNOWN])
    if not any(said):
        return False
    try:
        moved(tuple(result.findings), files)
        moved(tuple(said[1]), files)
    except Unsure:
        return True
    return re.search(rf"\b{re.escape(name)}\b", repr(said)) is not None


__all__ = ["without_same"]
