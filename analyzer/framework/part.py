# SPDX-License-Identifier: GPL-2.0-only
"""What a part of the framework has to say about a tree."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Said:
    """`done`: what was added, for the body of a patch; `left`: what a person has to decide;
    `refused`: what contradicts the rest, so that nothing can be generated."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def take(self, other: Said) -> None:
        """Adds what another part said."""
        self.done += other.done
        self.left += other.left
        self.refused += other.refused
