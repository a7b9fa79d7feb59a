# SPDX-License-Identifier: GPL-2.0-only
"""Holds the predicates of two trees against each other, entry by entry.

    python -m tests.generate.equivalence TREE ARCH[,ARCH]

takes an architecture's own support out, generates it anew, and asks both trees about every entry
that the architecture can make, each of them with one bit changed, and random ones.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analyzer.errors import SourceError
from analyzer.evaluate.values import PathEnds, Unjudged
from analyzer.frontend import read_unit
from analyzer.generate.atoms import protection_probe, swap_probe
from analyzer.generate.judge import Bench
from analyzer.generate.predicates import _entries
from analyzer.generate.run import plan
from analyzer.generate.selfcheck import overlay
from analyzer.helpers.interface import LEVELS
from analyzer.helpers.probes import probe_text
from analyzer.helpers.session import Session
from analyzer.kconfig import Variant
from analyzer.tree import FolderTree, KernelTree, OverlayTree
from tests.generate.strip import strip

RANDOM: Final = 400  # patterns of each level and variant
_SEED: Final = 20260101
_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """An entry and what it is; `want` is what the laws ask for (None: either answer is right)."""

    level: str
    what: str
    raw: int
    want: bool | None
    made: bool  # by the tree's own functions, not a pattern of bits


@dataclass(frozen=True, slots=True)
class Difference:
    """An entry about which the trees do not agree, and what else the first says of it."""

    variant: str
    entry: Asked
    answers: tuple[bool | None, bool | None]
    tests: tuple[str, ...]

    def __str__(self) -> str:
        first, second = ("unknown" if a is None else str(a).lower() for a in self.answers)
        said = f" ({', '.join(self.tests)})" if self.tests else ""
        return (
            f"{self.variant} {self.entry.level} {self.entry.raw:#018x} {self.entry.what}{said}:"
            f" {first} / {second}"
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """All variants of an architecture: entries by (level, made), and where the answers differ."""

    asked: dict[tuple[str, bool], int]
    counted: dict[tuple[str, bool], int]  # those of which the first tree says yes
    differences: tuple[Difference, ...]
    variants: tuple[str, ...]

    @property
    def made(self) -> tuple[Difference, ...]:
        """Differences about entries that can be made, and have one right answer."""
        return tuple(d for d in self.differences if d.entry.made and d.entry.want is not None)


class _Side:
    """The predicates of one tree in one variant, in one state of the processor."""

    def __init__(self, bench: Bench, variant: Variant, world: dict[str, int] | None) -> None:
        built = tuple(p for p in bench.hint if bench.index.built(p, variant.config))
        probes = probe_text(bench.interface.signatures, bench.index.initial_values())
        for level in LEVELS:
            probes += swap_probe(level)[0] + protection_probe(level)
        unit = read_unit(bench.stage, variant, built, "", probes, True, cache=bench.cache)
        self.session = Session(unit, variant, world)

    def answer(self, level: str, raw: int) -> bool | None:
        """The predicate; None where it cannot be evaluated."""
        try:
            return self.session.predicate(level, raw)
        except (Unjudged, PathEnds):
            return None

    def levels(self) -> Iterator[str]:
        """Those that map something, and have a predicate."""
        for level in LEVELS:
            if not self.session.folded(level) and self.session.has_predicate(level):
                yield level

    def entries(self, level: str, variant: str) -> list[Asked]:
        """What can be made, each once, and patterns of bits around it and at random."""
        found: dict[int, Asked] = {}
        for one in _entries(self.session, level, variant):
            known = found.get(one.raw)
            asked = Asked(level, one.name, one.raw, one.want, True)
            if known is None or (known.want is None and one.want is not None):
                found[one.raw] = asked
        bits = 8 * self.session.width(level)
        made = list(found) or [0]
        for start in made:
            for bit in range(bits):
                raw = start ^ 1 << bit
                what = f"{found[start].what if start in found else 'zero'} ^ bit {bit}"
                found.setdefault(raw, Asked(level, what, raw, None, False))
        draw = random.Random(_SEED)
        for number in range(RANDOM):
            raw = draw.getrandbits(bits)
            if number % 2:  # low bits are where the flags of most architectures are
                raw = draw.choice(made) ^ draw.getrandbits(min(bits, 13))
            found.setdefault(raw, Asked(level, "random", raw, None, False))
        return list(found.values())

    def tests(self, level: str, raw: int) -> tuple[str, ...]:
        """Which of the usual questions the entry answers with yes."""
        names = ("none", "present", "leaf", "bad", "protnone", "special")
        return tuple(name for name in names if self.session.test(level, name, raw))


def compare(one: KernelTree, other: KernelTree, arch: str) -> Comparison:
    """The predicates of two trees, in the variants in which both select the option."""
    asked: dict[tuple[str, bool], int] = {}
    counted: dict[tuple[str, bool], int] = {}
    differences: list[Difference] = []
    names: list[str] = []
    with Bench(one, arch) as left, Bench(other, arch) as right:
        left.put({})
        right.put({})
        theirs = {v.name: v for v in right.variants if v.supported}
        for variant in left.variants:
            if not variant.supported or variant.name not in theirs:
                continue
            names.append(variant.name)
            worlds: list[dict[str, int] | None] = [None]
            while worlds:
                world = worlds.pop()
                try:
                    first = _Side(left, variant, world)
                    second = _Side(right, theirs[variant.name], world)
                except SourceError as problem:
                    raise AssertionError(f"{variant.name}: {problem}") from problem
                for level in first.levels():
                    for entry in first.entries(level, variant.name):
                        key = (level, entry.made)
                        answers = (first.answer(level, entry.raw), second.answer(level, entry.raw))
                        asked[key] = asked.get(key, 0) + 1
                        counted[key] = counted.get(key, 0) + bool(answers[0])
                        if answers[0] is not answers[1]:
                            tests = first.tests(level, entry.raw)
                            differences.append(Difference(variant.name, entry, answers, tests))
                if world is None and first.session.machine.world:
                    worlds.append(dict.fromkeys(first.session.machine.world, 1))
    return Comparison(asked, counted, tuple(differences), tuple(names))


def regenerated(tree: KernelTree, arch: str) -> KernelTree:
    """The tree with the support of an architecture taken out and generated anew."""
    texts = strip(tree, arch)
    bare = OverlayTree(tree, {path: text.encode("latin-1") for path, text in texts.items()})
    return overlay(bare, plan(bare, arch))


def report(found: Comparison) -> Iterator[str]:
    """The comparison as lines: how much was asked, and each way to differ with an example."""
    yield f"{len(found.variants)} variants: {', '.join(found.variants)}"
    for (level, made), number in sorted(found.asked.items()):
        what = "entries" if made else "patterns"
        wrong = [d for d in found.differences if (d.entry.level, d.entry.made) == (level, made)]
        yes = found.counted[level, made]
        yield f"{level}: {number} {what}, {yes} of them counted, {len(wrong)} answered otherwise"
        kinds: dict[tuple[object, ...], list[Difference]] = {}
        for one in wrong:
            named = one.entry.what if made else "pattern"
            kinds.setdefault((named, one.answers, one.tests), []).append(one)
        for same in list(kinds.values())[: _SHOWN * 4]:
            yield f"    {len(same)} times like {same[0]}"


def main(arguments: list[str]) -> int:
    """Print the comparison for some architectures of a tree; 1 if a made entry differs."""
    tree = FolderTree(Path(arguments[0]))
    wrong = 0
    for arch in arguments[1].split(","):
        found = compare(tree, regenerated(tree, arch), arch)
        sys.stdout.write("".join(f"{arch}: {line}\n" for line in report(found)))
        wrong += len(found.made)
    return int(wrong > 0)


__all__ = ["Asked", "Comparison", "Difference", "compare", "regenerated", "report"]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
