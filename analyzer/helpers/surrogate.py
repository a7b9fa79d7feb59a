# SPDX-License-Identifier: GPL-2.0-only
"""What would be counted in an architecture that has no user accessible predicate yet.

The predicate is derived from the tree's own entries: an entry counts when it is present, a leaf,
has every bit that all accessible user entries share, and none that only an entry invalidated for
splitting has. It serves the question *what would be unhooked if it were enabled*; it is no
proposal for a predicate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .probes import entry_classes

LEAF_TESTS = ("leaf", "trans_huge", "huge", "large")


@dataclass(frozen=True, slots=True)
class Surrogate:
    """`required` bits are set in every accessible user entry, `forbidden` ones in none of them."""

    required: int
    forbidden: int
    empty: int | None


def derive(
    level: str,
    make: Callable[[str, int], tuple[int, ...]],
    frames: tuple[int, int],
    empty: int | None,
) -> Surrogate | None:
    """The surrogate of a level from its entries; None when no accessible entry can be made.

    `make(class name, pfn)` gives raw entries of a class, hugetlb's form of it included: it may
    lack what all others have (the size of a page, in powerpc's e500).
    """
    kinds = entry_classes(level)
    accessible = [kind.name for kind in kinds if kind.accessible]
    raws = [raw for name in accessible for pfn in frames for raw in make(name, pfn)]
    if not raws:
        return None
    required = ~0
    union = 0
    for raw in raws:
        required &= raw
        union |= raw
    forbidden = 0
    invalid = [raw for pfn in frames for raw in make("invalidated", pfn)]
    if invalid:
        forbidden = ~0
        for raw in invalid:
            forbidden &= raw
        forbidden &= ~union
    return Surrogate(required, forbidden, empty)


def counts(surrogate: Surrogate, raw: int, test: Callable[[str], int | None], level: str) -> bool:
    """Whether an entry would be counted; `test` asks the tree's own `pXX_present` and so on."""
    if raw == surrogate.empty or raw & surrogate.required != surrogate.required:
        return False
    if raw & surrogate.forbidden:
        return False
    if test("present") == 0:
        return False
    if level == "pte":
        return True
    for name in LEAF_TESTS:
        answer = test(name)
        if answer is not None:
            return answer != 0
    return False
