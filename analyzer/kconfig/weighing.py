# SPDX-License-Identifier: GPL-2.0-only
"""How lines of headers decided which configurations became variants, to be weighed again.

Of the headers only the numbers of lines in their parts count, and these only where configurations
are compared. With other numbers the same comparisons may come out the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Part = tuple[str, int]  # header, number of the part in it


@dataclass(frozen=True, slots=True)
class Nearest:
    """Of several configurations the first that is nearest to another: by `before`, by the lines
    of the parts that only one of the two shows, by `symbols`."""

    chosen: int
    before: tuple[tuple[int, ...], ...]
    parts: tuple[tuple[int, ...], ...]
    symbols: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Of those that show nearly most new lines the one with the smallest `order`; -1 if there
    are too few lines left."""

    chosen: int
    order: tuple[tuple[int, int], ...]
    parts: tuple[tuple[int, ...], ...]  # that nothing else shows so far


@dataclass(frozen=True, slots=True)
class Weighing:
    """All comparisons, and the lines that each part had."""

    paths: tuple[str, ...]
    numbers: tuple[int, ...]
    lines: tuple[int, ...]
    nearest: tuple[Nearest, ...]
    steps: tuple[Step, ...]
    least: int  # new lines

    def stands(self, now: Mapping[Part, int]) -> bool:
        """Whether the same is chosen where some parts have other numbers of lines."""
        lines = [
            now.get((path, number), before)
            for path, number, before in zip(self.paths, self.numbers, self.lines, strict=True)
        ]
        if tuple(lines) == self.lines:
            return True
        return all(
            nearest_of(lines, one.before, one.parts, one.symbols) == one.chosen
            for one in self.nearest
        ) and all(
            best_of(lines, one.order, one.parts, self.least) == one.chosen for one in self.steps
        )


class Scales:
    """Notes every comparison of a plan."""

    def __init__(self, least: int) -> None:
        self._index: dict[Part, int] = {}
        self._lines: list[int] = []
        self._nearest: list[Nearest] = []
        self._steps: list[Step] = []
        self._least = least

    def nearest(
        self,
        near: Mapping[Part, int],
        others: Sequence[tuple[tuple[int, ...], Mapping[Part, int], int]],
    ) -> int:
        """The place of the nearest; see `Nearest`."""
        before = tuple(one[0] for one in others)
        parts = tuple(self._parts(near, shown) for _, shown, _ in others)
        symbols = tuple(one[2] for one in others)
        chosen = nearest_of(self._lines, before, parts, symbols)
        self._nearest.append(Nearest(chosen, before, parts, symbols))
        return chosen

    def best(
        self,
        others: Sequence[tuple[tuple[int, int], Mapping[Part, int]]],
        covered: Iterable[Part],
    ) -> int:
        """The place of the one to take; see `Step`."""
        known = set(covered)
        order = tuple(one[0] for one in others)
        parts = tuple(
            self._placed({part: n for part, n in shown.items() if part not in known})
            for _, shown in others
        )
        chosen = best_of(self._lines, order, parts, self._least)
        self._steps.append(Step(chosen, order, parts))
        return chosen

    def weighing(self) -> Weighing:
        """All that was compared."""
        return Weighing(
            tuple(path for path, _ in self._index), tuple(number for _, number in self._index),
            tuple(self._lines), tuple(self._nearest), tuple(self._steps), self._least,
        )  # fmt: skip

    def _parts(self, one: Mapping[Part, int], other: Mapping[Part, int]) -> tuple[int, ...]:
        return self._placed(
            {part: n for part, n in one.items() if part not in other}
            | {part: n for part, n in other.items() if part not in one}
        )

    def _placed(self, parts: Mapping[Part, int]) -> tuple[int, ...]:
        for part, lines in parts.items():
            if part not in self._index:
                self._index[part] = len(self._lines)
                self._lines.append(lines)
        return tuple(sorted(self._index[part] for part in parts))


def nearest_of(
    lines: Sequence[int],
    before: Sequence[tuple[int, ...]],
    parts: Sequence[tuple[int, ...]],
    symbols: Sequence[int],
) -> int:
    """The first of the nearest; see `Nearest`."""
    return min(
        range(len(parts)),
        key=lambda at: (before[at], sum(lines[part] for part in parts[at]), symbols[at]),
    )


def best_of(
    lines: Sequence[int],
    order: Sequence[tuple[int, int]],
    parts: Sequence[tuple[int, ...]],
    least: int,
) -> int:
    """The one to take; see `Step`."""
    weights = [sum([lines[part] for part in one]) for one in parts]
    most = max(weights)
    if most < least:
        return -1
    enough = max(0.7 * most, least)
    return min(
        (at for at, weight in enumerate(weights) if weight >= enough),
        key=lambda at: (*order[at], -weights[at]),
    )
