# SPDX-License-Identifier: GPL-2.0-only
"""A configuration in which an architecture is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.kconfig.solve import Config


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """One configuration of one architecture.

    `bits` is the width of a long; `supported` says whether the architecture itself supports page
    table check here (not only because we pretend it does); `wants` are the user values and
    `environment` the variables that make this configuration with the tree's own tools.
    """

    arch: str
    name: str
    label: str
    bits: int
    endian: str
    config: Config
    has_mmu: bool
    supported: bool
    wants: tuple[tuple[str, str], ...]
    environment: tuple[tuple[str, str], ...]
    description: str

    @property
    def levels(self) -> int | None:
        """CONFIG_PGTABLE_LEVELS, None where the architecture has none."""
        text = self.config.value("PGTABLE_LEVELS")
        return int(text) if text.isdigit() and len(text) < 4 else None
