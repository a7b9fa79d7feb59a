# SPDX-License-Identifier: GPL-2.0-only
"""What is said about one call of a setter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..model import Location, Step


class Mapping(Enum):
    """Whose page table the entry is in."""

    USER = "user"
    KERNEL = "kernel"  # init_mm, fixmap, vmemmap, efi, a guest's stage 2: nothing is counted
    UNKNOWN = "unknown"


class Judgement(Enum):
    """What a call does to the counters."""

    HOOKED = "hooked"  # runs through a helper that calls a hook
    HELPER = "helper"  # a helper with an mm and without a hook: `check` judges it
    INSIDE = "inside"  # in the body of a helper, which `check` judges as a whole
    UNCOUNTED = "uncounted"  # around the hooks, and nothing that is counted changes
    FINDING = "finding"  # around the hooks, and it can hit what is counted
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CallSite:
    """One call of a setter, one store to an entry that no setter makes (`helper` is '*' then), or
    one call that gives a table away which was taken out of a page table.

    `archs` are those of the run for which the judgement holds. `reason` says what it rests on,
    `path` how to get there; `rule` is set for findings only.
    """

    helper: str
    level: str
    location: Location
    function: str
    mapping: Mapping
    judgement: Judgement
    reason: str
    archs: tuple[str, ...] = ()
    rule: str = ""
    path: tuple[Step, ...] = ()
    change: int = 0  # of the count of the entry that no hook accounts for
    conditions: tuple[str, ...] = ()  # of the #if lines around it


@dataclass(frozen=True, slots=True)
class Scan:
    """All call sites of a tree, and what it took."""

    sites: tuple[CallSite, ...]
    problems: tuple[str, ...]  # `path:line: message`
    files_read: int
    files_parsed: int
