# SPDX-License-Identifier: GPL-2.0-only
"""What the tree said of entries, in plain numbers: it can be kept for another revision.

An answer (which raw value a constructor makes, what a test says, what an entry counts) is noted
with everything that was asked of the unit for it. Where none of that has changed it holds; where
some of it has, it is asked again, and if the answer is the same nothing that depends on it changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..evaluate.values import PathEnds, Unjudged
from .sharing import Question, refused

Said = tuple[tuple[int, ...], str]  # numbers, and words where there are none
_PLAIN: Final = 0
_UNJUDGED: Final = 1
_ENDS: Final = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """Numbers and words, or what was raised: `raised` is 1 for Unjudged, 2 for PathEnds."""

    numbers: tuple[int, ...]
    words: str
    place: str
    raised: int

    def result(self) -> Said:
        """What was said; raises what was raised."""
        if self.raised == _ENDS:
            raise PathEnds(self.words)
        if self.raised == _UNJUDGED:
            raise refused(self.words, self.place)
        return self.numbers, self.words


def answered(said: Said) -> Answer:
    """A plain answer."""
    return Answer(said[0], said[1], "", _PLAIN)


def raised(problem: Unjudged | PathEnds) -> Answer:
    """What was raised."""
    if isinstance(problem, PathEnds):
        return Answer((), str(problem), "", _ENDS)
    return Answer((), problem.reason, problem.place, _UNJUDGED)


@dataclass(frozen=True, slots=True)
class Noted:
    """An answer and what was asked for it."""

    answer: Answer
    asked: frozenset[Question]


__all__ = ["Answer", "Noted", "Said", "answered", "raised"]
