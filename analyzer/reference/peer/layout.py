# SPDX-License-Identifier: GPL-2.0-only
"""The pages and entries that a peer is driven with: our own layout, or an architecture's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ...errors import UsageError
from ..decode import BaseDecoder, Decoder, Facts
from ..values import LEVELS

PRESENT: Final = 0x1  # kernel_stubs/peer/peer.h has the same bits
USER: Final = 0x2
WRITE: Final = 0x4
SPECIAL: Final = 0x8
LEAF: Final = 0x10
UFFD_WP: Final = 0x20
SWP_WRITE: Final = 0x40
BAD: Final = 0x80
PFN_SHIFT: Final = 12

PAGES: Final = {"pte": 1, "pmd": 4, "pud": 16}
"""Base pages of a leaf in a peer: small, so that random events meet on the same pages."""
TABLE: Final = 8  # entries of a table
SLOTS: Final = 32  # entries of each mm and level
MMS: Final = 4  # init_mm is the first
BLOCK: Final = 16  # pages of a block


class PlainDecoder(BaseDecoder):
    """Entries in our own layout."""

    def facts(self, level: str, raw: int) -> Facts:
        """See Decoder."""
        wanted = PRESENT | USER | (0 if level == "pte" else LEAF)
        if raw & PRESENT:
            protected = bool(raw & UFFD_WP and raw & WRITE)
        else:
            protected = bool(raw & UFFD_WP and raw & SWP_WRITE) and level != "pud"
        if raw & wanted != wanted:
            return Facts(False, 0, False, False, protected)
        return Facts(True, raw >> PFN_SHIFT, bool(raw & WRITE), bool(raw & SPECIAL), protected)

    def pages(self, level: str) -> int:
        """See Decoder."""
        return PAGES[level]

    def span(self, level: str) -> int:
        """See Decoder."""
        return PAGES[level] << PFN_SHIFT

    def entries(self, level: str) -> int:
        """See Decoder."""
        return TABLE


@dataclass(frozen=True, slots=True)
class Layout:
    """What events are made of.

    `blocks`: runs of page frames, each big enough for the largest leaf and beginning with its
    frame. `classes`: raw entries by level and class, for frame 0 of the first block. `steps`:
    what the next frame adds to a raw value. `many`: levels whose leaves fit anywhere in a block,
    several in a row; at the others they stand at the beginning of a block.
    """

    decoder: Decoder
    blocks: tuple[int, ...]
    classes: Mapping[str, tuple[tuple[str, int], ...]]
    steps: Mapping[str, int]
    many: frozenset[str] = frozenset(LEVELS)

    @property
    def pages(self) -> int:
        """How many page frames there are."""
        return BLOCK * len(self.blocks)

    def index(self, pfn: int) -> int:
        """The position of a frame among all. Raises UsageError where there is none."""
        for number, first in enumerate(self.blocks):
            if first <= pfn < first + BLOCK:
                return number * BLOCK + pfn - first
        raise UsageError(f"there is no frame {pfn:#x}")

    def frames(self) -> tuple[int, ...]:
        """All page frames in order."""
        return tuple(first + i for first in self.blocks for i in range(BLOCK))

    def raw(self, level: str, base: int, pfn: int) -> int:
        """An entry of a class for another frame than that of the first block."""
        return base + (pfn - self.blocks[0]) * self.steps[level]


def plain_layout(blocks: int = 4) -> Layout:
    """Our own layout with frames from 0x100 on."""
    first = 0x100
    flags = {
        "none": 0,
        "swap": SWP_WRITE,
        "swap-protected": UFFD_WP,
        "swap-protected-writable": UFFD_WP | SWP_WRITE,
        "kernel": PRESENT | WRITE,
        "user-readonly": PRESENT | USER,
        "user-writable": PRESENT | USER | WRITE,
        "protected": PRESENT | USER | UFFD_WP,
        "protected-writable": PRESENT | USER | UFFD_WP | WRITE,
        "special": PRESENT | USER | SPECIAL,
    }
    classes = {}
    for level in LEVELS:
        leaf = 0 if level == "pte" else LEAF
        made = [
            (name, (value | leaf if value & PRESENT else value) | (first << PFN_SHIFT))
            for name, value in flags.items()
            if value
        ]
        if level != "pte":
            made.append(("table", PRESENT | USER | first << PFN_SHIFT))
        classes[level] = (("none", 0), *made)
    steps = dict.fromkeys(LEVELS, 1 << PFN_SHIFT)
    return Layout(PlainDecoder(), tuple(first + BLOCK * i for i in range(blocks)), classes, steps)
