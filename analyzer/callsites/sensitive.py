# SPDX-License-Identifier: GPL-2.0-only
"""What findings among call sites depend on, beside the functions that they are in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sensitive:
    """A function, and the setters of which it matters there whether they are hooked."""

    path: str
    name: str
    line: int
    setters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """What was asked while call sites were judged: for functions and variables of which names it
    was looked where they stand, in which functions (path, name) something was found, and which
    files were searched as a whole."""

    names: frozenset[str] = frozenset()
    bodies: frozenset[tuple[str, str]] = frozenset()
    paths: frozenset[str] = frozenset()

    def __or__(self, other: Looked) -> Looked:
        return Looked(
            self.names | other.names, self.bodies | other.bodies, self.paths | other.paths
        )
