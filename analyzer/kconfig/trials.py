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


def difference(one: Trial, other: Trial) -> tuple[int, int]:
    """How far two configurations are apart: lines shown by one of them only, symbols."""
    a, b = one.shown, other.shown
    lines = sum(n for part, n in a.items() if part not in b)
    lines += sum(n for part, n in b.items() if part not in a)
    return lines, sum(x != y for x, y in zip(one.values, other.values, strict=True))


def strangeness(near: Trial, trial: Trial) -> tuple[bool, int, tuple[int, int]]:
    """For choosing the plainest of several: what turns little and is like what is there."""
    return trial.endian != near.endian, len(trial.wants), difference(near, trial)


def lines(trial: Trial, covered: set[tuple[str, int]]) -> int:
    """How many lines of the headers a configuration shows that are not covered yet."""
    return sum(number for part, number in trial.shown.items() if part not in covered)
