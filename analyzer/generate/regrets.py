# SPDX-License-Identifier: GPL-2.0-only
"""Hooks that were kept and turn out to be one too many, where nothing can store around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .edits import Edit
from .judge import Judgement
from .numbered import Numbered
from .shapes import Raw
from .targets import Key

if TYPE_CHECKING:
    from .search import Search


@dataclass(frozen=True, slots=True)
class _Kept:
    """The state of a search."""

    judgement: Judgement
    files: dict[str, Numbered]
    edits: list[Edit]
    parts: list[tuple[Key, list[Edit]]]
    split: dict[str, Raw]
    made: dict[str, tuple[list[Edit], list[Edit]]]


class Regrets:
    """Works on the state of a search: goes back to before such a hook, and on another way.

    A function is hooked where all that goes through it needs that. Generic code that hooks on its
    own, and goes through it as well, has to store raw then; where it has no way to, who calls the
    function is to be hooked.
    """

    def __init__(self, search: Search) -> None:
        self.search = search
        self.kept: _Kept | None = None  # the state that was left, and comes back if none is better

    def again(self, now: Judgement) -> Judgement | None:
        """The judgement without the hooks that count twice; None where there are none."""
        search = self.search
        wrong: list[Edit] = []
        where: dict[str, set[str]] = {}
        for path in now.paths:
            inside = {function for _, _, function in path.hooks}
            ours = [e for e in search.edits if e.hook and e.function in inside]
            theirs = inside - {edit.function for edit in ours}
            if path.rule == "PTC102" and theirs:
                banned = search.targets.banned
                fresh = [e for e in ours if (e.function, e.level) not in banned]
                wrong += fresh
                for edit in fresh:
                    where.setdefault(edit.function, set()).add(path.variant)
        if not search.patient and self._in_part(now, wrong, where):
            search.parted = True
            return None
        files, edits = search.files, list(search.edits)
        if not wrong or not search.drop(wrong):
            return None
        if self.kept is None:
            split = dict(search.targets.split)
            made = dict(search.splits.made)
            self.kept = _Kept(now, files, edits, list(search.parts), split, made)
        search.targets.banned |= {(edit.function, edit.level) for edit in wrong}
        search.targets.renew()
        search.targets.mended.clear()
        return search.judge()

    @staticmethod
    def _in_part(now: Judgement, wrong: list[Edit], where: dict[str, set[str]]) -> bool:
        """Whether there are variants that have such a function, and in which it is no mistake."""
        return any(
            unit.function(edit.function, edit.path) is not None
            for edit in wrong
            for name, unit in now.units.items() if name not in where[edit.function]
        )  # fmt: skip

    def better(self, now: Judgement) -> Judgement:
        """The judgement of what leaves less broken: what there is now, or what was left."""
        kept = self.kept
        if kept is None or len(now.broken) < len(kept.judgement.broken):
            return now
        search = self.search
        search.files, search.edits, search.parts = kept.files, kept.edits, kept.parts
        search.targets.split, search.splits.made = kept.split, kept.made
        return search.judge()
