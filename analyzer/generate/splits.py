# SPDX-License-Identifier: GPL-2.0-only
"""The raw variants that a search splits off setters, and takes back where nobody uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .edits import Edit, Step, make
from .forms import SET, Change
from .judge import Judgement
from .numbered import make_all
from .split import prototype_change, raw_name, split_setter

if TYPE_CHECKING:
    from .search import Search


class Splits:
    """Works on the state of a search."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.made: dict[str, tuple[list[Edit], list[Edit]]] = {}  # hooks before, edits made

    def split(self, now: Judgement) -> Judgement | None:
        """Splits a raw variant off a setter that stores entries of other levels, too."""
        for path in now.paths:
            for where, _, setter in path.hooks:
                ours = [e for e in self.search.edits if e.function == setter and e.hook]
                if path.rule != "PTC105" or not ours or setter in self.search.targets.split:
                    continue
                if ours[0].level == path.level:
                    continue
                kept = self.search.files, list(self.search.edits)
                if self.made_raw(setter, where.line, ours, now):
                    trial = self.search.judge()
                    if not trial.problems.keys() - now.problems.keys():
                        self.search.targets.renew()
                        return trial
                self.search.files, self.search.edits = kept
                self.search.targets.split.pop(setter, None)
                self.made.pop(setter, None)
        return None

    def joined(self, now: Judgement) -> Judgement:
        """Takes back a raw variant that nobody came to use."""
        for setter, (ours, made) in sorted(self.made.items()):
            others = [edit for edit in self.search.edits if edit not in made]
            called = f"{self.search.targets.split[setter].function}("
            if any(called in edit.after for edit in others):
                continue
            kept = [*others, *ours]
            files = {path: self.search.bench.original(path) for path in self.search.files}
            after = make_all({p: f for p, f in files.items() if f is not None}, kept)
            if after is not None:
                self.search.files, self.search.edits = after, kept
                now = self.search.judge()
        return now

    def made_raw(self, setter: str, line: int, ours: list[Edit], now: Judgement) -> bool:
        """Puts the hook of a setter before what it was, under a new name."""
        taken = {name for unit in now.units.values() for name in (*unit.functions, *unit.macros)}
        name = raw_name(setter, taken)
        path, hook, level = ours[0].path, ours[0].hook, ours[0].level
        if {edit.path for edit in ours} != {path} or not self.search.drop(ours):
            return False
        file = self.search.file(path)
        assert file is not None
        made = split_setter(file.text, setter, file.line(line), name)
        if made is None:
            return False
        begun = len(self.search.edits)
        self._keep_changes(path, made.changes, Step.RAW, setter, made.why)
        for header in sorted({p for unit in now.units.values() for p in unit.files}):
            if header.startswith(self.search.targets.folder) and header.endswith(".h"):
                change = prototype_change(self.search.text(header), setter, name)
                if change is not None:
                    self._keep_changes(header, (change,), Step.RAW, setter, made.why)
        text = self.search.text(path)
        call = self.search.targets.hook_call(text, setter, line, level)
        if call is None:
            return False
        at = text.rindex("\n", 0, text.index(f"\t{name}(", text.index(f"{name}(") + 1)) + 1
        change = Change(at, at, f"{call}\n")
        self._keep_changes(path, (change,), Step.HOOKS, setter, SET, hook, level)
        self.search.targets.split[setter] = made.raw
        self.made[setter] = ours, self.search.edits[begun:]
        return True

    def _keep_changes(
        self, path: str, changes: tuple[Change, ...], step: Step, function: str, why: str,
        hook: str = "", level: str = "",
    ) -> None:  # fmt: skip
        text = self.search.text(path)
        for one in sorted(changes, key=lambda c: -c.start):
            self.search.keep(
                [make(text, path, one.start, one.end, one.new, step, function, why, hook, level)]
            )
            text = self.search.text(path)
