# SPDX-License-Identifier: GPL-2.0-only
"""The states of a machine in which a variant is judged, beside the first one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..evaluate.refilling import filled
from ..frontend import Unit
from ..helpers.bodies import SourceIndex
from ..helpers.operations import Operations
from ..kconfig import Variant

State = Mapping[str, int]
MAX_STATES: Final = 3  # other fillings of one table of functions


def refillings(
    unit: Unit, variant: Variant, index: SourceIndex
) -> tuple[list[State], tuple[str, ...]]:
    """A state for each folder that fills a table of functions anew, and what is left out."""
    states: list[State] = []
    left: list[str] = []
    operations: Operations | None = None
    for table in index.refilled(variant.config):
        if table not in unit.variables:
            continue
        operations = operations or Operations(unit)
        folders = operations.folders(table)
        states += [{filled(table): number} for number in range(1, len(folders) + 1)][:MAX_STATES]
        left += [
            f"{folder}: what it puts into {table} is not judged, only that of {MAX_STATES} folders"
            for folder in folders[MAX_STATES:]
        ]
    return states, tuple(left)
