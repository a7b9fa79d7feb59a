# SPDX-License-Identifier: GPL-2.0-only
"""Adds the #include of the hooks to the files that call them, where all it needs is declared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ..frontend import Unit
from .edits import Edit, Step, make
from .judge import Bench, Judgement
from .numbered import Numbered
from .placement import HOOKS, include_places, includes, sorted_place

_WHY = "the hooks are declared there"
_DECLARED = "page_table_check_pte_clear"


class Includes:
    """Works on the result of a search: `file` reads, `keep` keeps, `judge` judges it."""

    def __init__(
        self, bench: Bench, file: Callable[[str], Numbered | None],
        keep: Callable[[list[Edit]], None], judge: Callable[[], Judgement],
    ) -> None:  # fmt: skip
        self.bench = bench
        self.file = file
        self.keep = keep
        self.judge = judge

    def run(self, edits: Iterable[Edit], now: Judgement) -> Judgement:
        """Returns the judgement of all edits, with the includes that were added."""
        hooked: dict[str, list[Edit]] = {}
        for edit in edits:
            if edit.hook:
                hooked.setdefault(edit.path, []).append(edit)
        added = False
        for path, made in hooked.items():
            file = self.file(path)
            if file is None or includes(file.text):
                continue
            if path.endswith(".h") and self._declared(path, made, now):
                continue
            one = self._line(path, file, made, now)
            if one is not None:
                self.keep([one])
                added = True
        return self.judge() if added else now

    @staticmethod
    def _declared(path: str, made: list[Edit], now: Judgement) -> bool:
        """Whether the hooks are declared ahead of a header's functions in every variant."""
        for unit in now.units.values():
            first = declared_at(unit, _DECLARED)
            for edit in made:
                chunk = unit.function(edit.function, path)
                if (
                    chunk is not None
                    and unit.path(chunk) == path
                    and edit.hook in unit.source(chunk)
                    and (first is None or first > chunk.start)
                ):
                    return False
        return True

    def _line(self, path: str, file: Numbered, made: list[Edit], now: Judgement) -> Edit | None:
        text = file.text
        line = f"#include <{HOOKS}>\n"
        if path.endswith(".c"):
            at = sorted_place(text)
            return make(text, path, at, at, line, Step.HOOKS, HOOKS, _WHY)
        before = min(max(text.find(edit.after), 0) for edit in made)
        places = include_places(text, before)
        for at in places:
            lines = file.lines[text.count("\n", 0, at) :]
            number = next((n for n in lines if n), 0)
            if not all(ready(unit, path, number) for unit in now.units.values()):
                continue
            previous = text.rfind("\n", 0, at - 1) + 1
            alone = not text[previous:at].lstrip().startswith("#") and at != 0
            return make(text, path, at, at, line + ("\n" if alone else ""), Step.HOOKS, HOOKS, _WHY)
        return None


def ready(unit: Unit, path: str, line: int) -> bool:
    """Whether the types that the hooks' header names are declared ahead of a line of a file."""
    at = unit.reached(path, line)
    if at is None:
        return True  # this variant sees nothing of the file from there on
    first = declared_at(unit, _DECLARED)
    if first is not None and first < at:
        return True
    for name in ("pte_t", "pmd_t", "pud_t"):
        known = unit.typedef(name)
        if known is None or known.start > at:
            return False
    return re.search(r"\bstruct mm_struct\s*[;{]", unit.text[:at]) is not None


def declared_at(unit: Unit, name: str) -> int | None:
    """Where a function is first declared or defined in a unit."""
    starts = [c.start for c in (*unit.functions.get(name, ()), *unit.prototypes.get(name, ()))]
    return min(starts) if starts else None
