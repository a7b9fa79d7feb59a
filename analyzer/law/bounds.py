# SPDX-License-Identifier: GPL-2.0-only
"""How much of a helper is run at most, whatever its code is; beyond that it is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_PATHS: Final = 64  # of a case
PAIR_PATHS: Final = 4 * MAX_PATHS  # of a batch of two
ROUNDS: Final = 4  # runs for each path, those that come together with another one included
NET_RUNS: Final = 12 * MAX_PATHS  # of a case whose paths count as one if they come to the same
FEW_PATHS: Final = 8  # of set_huge_pte_at(), to see how many slots it fills
FEW_RUNS: Final = 48  # of a case, after another one of the helper had too many paths
MAX_WORK: Final = 8_000_000  # steps of all cases of a helper together: some twenty seconds
MAX_EFFORT: Final = 100_000_000  # of all helpers of an architecture; s390, the most, takes 11
LIMIT: Final = "more than"  # how reasons begin that name a bound on paths
EXHAUSTED: Final = "more steps than all helpers of an architecture may take together"
TOO_MUCH: Final = "more steps than all cases of a helper may take"
BATCH: Final = 3  # the first entry, the last one, and one that is neither
COUNTS: Final = 3  # numbers that a count is compared to, of which batches are made
LONGEST: Final = 512  # of them: a page table where pages have 4 KiB; of larger ones not all
PAIR: Final = 2  # the batch where one of three has more paths than can be followed
NO_END: Final = "no path over two entries comes to its end"


@dataclass(slots=True)
class Effort:
    """The steps taken for all helpers of an architecture, in all of its variants.

    Each helper has its own bound; a tree with very many that reach it has this one.
    """

    most: int = MAX_EFFORT
    steps: int = 0

    @property
    def exhausted(self) -> bool:
        """Whether nothing more is run: what is left is unknown."""
        return self.steps > self.most
