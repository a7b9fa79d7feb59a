# SPDX-License-Identifier: GPL-2.0-only
"""Effects as a table for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.mutants.judge import Effect


def rows(effects: Iterable[Effect]) -> Iterator[str]:
    """One line for each mutant, then what was wrong with it, if anything."""
    yield (
        f"{'hook':58} {'kind':10} {'variant':14} {'expected':8} {'found':14}"
        f" {'place':5} {'callers':>7} {'changed':>7} {'others':>6}  result"
    )
    for effect in effects:
        site = effect.site
        hook = f"{site.path.removeprefix('include/').split('/include/')[0]}:{site.line}"
        name = f"{hook} {site.function.name}"
        expected = effect.expected or "nothing"
        found = "|".join(effect.found) or "nothing"
        place = "yes" if effect.place else "-" if effect.found in ((), ("unknown",)) else "no"
        others = len(effect.others) + len(effect.misplaced)
        result = "right" if effect.right else "WRONG"
        yield (
            f"{name:58} {effect.kind:10} {effect.variant:14} {expected:8} {found:14}"
            f" {place:5} {effect.callers:7} {len(effect.changed):7} {others:6}  {result}"
        )
        if not effect.right:
            for label in ("misplaced", "others", "problems"):
                for text in getattr(effect, label):
                    yield f"    {label}: {text}"
            if effect.changed:
                yield f"    changed: {'; '.join(effect.changed)}"
        elif effect.why:
            yield f"    because: {effect.why}"


FOOTNOTE = "* the architecture's own version taken out, so that the generic one is compiled in"


def summary(effects: Iterable[Effect]) -> Iterator[str]:
    """Counts by kind."""
    total: Counter[str] = Counter()
    right: Counter[str] = Counter()
    nothing: Counter[str] = Counter()
    for effect in effects:
        total[effect.kind] += 1
        right[effect.kind] += effect.right
        nothing[effect.kind] += effect.nothing
    yield f"{'kind':10} {'mutants':>8} {'as expected':>12} {'changed nothing':>16}"
    for kind, count in total.items():
        yield f"{kind:10} {count:8} {right[kind]:12} {nothing[kind]:16}"
    yield f"{'all':10} {total.total():8} {right.total():12} {nothing.total():16}"
