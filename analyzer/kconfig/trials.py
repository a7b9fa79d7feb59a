# SPDX-License-Identifier: GPL-2.0-only
"""A configuration that may become a variant, and how two of them are compared."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.kconfig.api import Kconfig
from analyzer.kconfig.solve import Config


@dataclass(slots=True, eq=False)
class Trial:
    """A configuration that may become a variant."""

    turned: str
    distance: int
    kconfig: Kconfig
    wants: dict[str, str]
    config: Config
    bits: int
    endian: str
    levels: str
    values: tuple[str, ...]
    shown: dict[tuple[str, int], int]

    @property
    def shape(self) -> tuple[int, str, bool]:
        """Width of a long, number of levels, physical addresses of 64 bits."""
        return self.bits, self.levels, self.config.on("PHYS_ADDR_T_64BIT")


def difference(one: Trial, other: Trial) -> int:
    """In how many symbols two configurations differ."""
    return sum(x != y for x, y in zip(one.values, other.values, strict=True))


def strangeness(near: Trial, trial: Trial) -> tuple[int, int]:
    """For choosing the plainest of several: what turns little and is like what is there."""
    return int(trial.endian != near.endian), len(trial.wants)
