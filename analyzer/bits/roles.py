# SPDX-License-Identifier: GPL-2.0-only
"""The roles of the bits of one level, each with a weight: how directly it was seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

CERTAIN: Final = 8  # changed by the modifier, or all that it changes, and decisive for the test
DECISIVE: Final = 6  # decisive for the test
SHOWN: Final = 4  # differs between two entries that differ in nothing else
SEEN: Final = 2  # changed together with others, and not decisive

PRECEDENCE: Final = (
    "present", "user", "special", "devmap", "uffd-wp", "soft-dirty", "accessed", "write", "dirty",
    "exec", "noexec", "read", "protnone", "leaf", "pfn", "cache", "global",
    "swap-exclusive", "swap-soft-dirty", "swap-uffd-wp", "swap-type", "swap-offset",
)  # fmt: skip
SWAP_ROLES: Final = frozenset(role for role in PRECEDENCE if role.startswith("swap-"))
"""Roles in an entry that is not present."""


@dataclass(slots=True)
class Roles:
    """The roles of each bit of one level, with their weights."""

    level: str
    width: int
    weights: dict[int, dict[str, int]] = field(default_factory=dict)
    conditions: set[str] = field(default_factory=set)

    def add(self, role: str, mask: int, weight: int) -> None:
        """Give a role to the bits of a mask; the greater weight stays."""
        for bit in bits_of(mask):
            if bit < self.width:
                roles = self.weights.setdefault(bit, {})
                roles[role] = max(weight, roles.get(role, 0))

    def of(self, bit: int, swap: bool = False) -> tuple[str, ...]:
        """The roles of a bit in a present (or in a swap) entry, the most telling one first."""
        roles = {
            role: weight
            for role, weight in self.weights.get(bit, {}).items()
            if (role in SWAP_ROLES) == swap
        }
        return tuple(sorted(roles, key=lambda r: (-roles[r], PRECEDENCE.index(r))))

    def weight(self, bit: int, role: str) -> int:
        """How directly a role of a bit was seen; 0 for not at all."""
        return self.weights.get(bit, {}).get(role, 0)

    def mask(self, role: str, weight: int = 0) -> int:
        """All bits that have a role with at least a weight."""
        return sum(1 << bit for bit, roles in self.weights.items() if roles.get(role, -1) >= weight)


def bits_of(mask: int) -> Iterator[int]:
    """The positions of the bits that are set."""
    position = 0
    while mask:
        low = (mask & -mask).bit_length() - 1
        yield position + low
        mask >>= low + 1
        position += low + 1
