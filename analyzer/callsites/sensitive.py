# SPDX-License-Identifier: GPL-2.0-only
"""A function whose findings depend on which setters are hooked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sensitive:
    """A function, and the setters of which it matters there whether they are hooked."""

    path: str
    name: str
    line: int
    setters: tuple[str, ...]
