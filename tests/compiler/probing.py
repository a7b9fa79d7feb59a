# SPDX-License-Identifier: GPL-2.0-only
"""What is asked of both sides: functions of one entry, found by their signatures, and patterns."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from typing import Final

from analyzer.bits.source import Mentions, Source, page_table_headers
from analyzer.frontend import Unit
from analyzer.helpers.interface import LEVELS
from analyzer.helpers.session import Session
from analyzer.tree import KernelTree

PROBE: Final = "__ptc_compare_"
_HEAD: Final = re.compile(
    r"([A-Za-z_][\w\s*]*?)\b(\w+)\s*\(\s*(?:const\s+)?(pte|pmd|pud)_t\s+\w+\s*\)\s*$"
)
_NOISE: Final = re.compile(
    r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)"
    r"|\b(?:static|inline|__inline\w*|extern|const|__always_inline)\b"
)
_ENTRY: Final = re.compile(r"^(pte|pmd|pud)_t$")
_NUMBER: Final = re.compile(
    r"^(?:(?:unsigned |signed )?(?:int|long|long int|char|short)|unsigned|u?int\d+_t|(?:__)?[us]\d+"
    r"|(?:pte|pmd|pud)val_t|phys_addr_t)$"
)
_TRUTH: Final = re.compile(r"^(?:_?[Bb]ool|int)$")


@dataclass(frozen=True, slots=True)
class Asked:
    """A function or macro of one entry.

    `kind`: 'test' (int or bool), 'number', 'entry' (it returns one), 'macro' (nobody knows yet).
    """

    name: str
    level: str
    kind: str

    @property
    def probe(self) -> str:
        """The function of ours that calls it and returns a number."""
        return f"{PROBE}{self.kind}_{self.name}"

    def text(self) -> str:
        """The C of the probe, on one line: the same for the evaluator and for the compiler."""
        call = f"{self.name}(x)"
        if self.kind == "entry":
            call = f"{self.level}_val({call})"
        head = f"static inline unsigned long long {self.probe}({self.level}_t x)"
        return f"{head} {{ return (unsigned long long)({call}); }}"

    def forms(self) -> tuple[Asked, ...]:
        """What it may be: a macro's result is a number or an entry."""
        if self.kind != "macro":
            return (self,)
        return tuple(replace(self, kind=kind) for kind in ("number", "entry"))


def asked(unit: Unit, tree: KernelTree, arch: str) -> tuple[Asked, ...]:
    """Everything in the page-table headers that takes one entry and nothing else."""
    source = Source(tree)
    headers = page_table_headers(source, unit, arch)
    found: dict[str, Asked] = {}
    for name, chunks in unit.functions.items():
        chunk = chunks[0]
        if not unit.path(chunk).startswith(("arch/", "include/")):
            continue
        head = unit.text[chunk.start : unit.text.find("{", chunk.start, chunk.end)]
        match = _HEAD.search(" ".join(_NOISE.sub(" ", head).split()))
        if match is None or match[2] != name:
            continue
        returned = " ".join(match[1].split())
        if _TRUTH.match(returned):
            found[name] = Asked(name, match[3], "test")
        elif _ENTRY.match(returned):
            if returned[:3] == match[3]:
                found[name] = Asked(name, match[3], "entry")
        elif _NUMBER.match(returned):
            found[name] = Asked(name, match[3], "number")
    for name, macro in Mentions(source, unit, headers, arch).macros.items():
        if macro.params is None or len(macro.params) != 1 or "..." in macro.params[0]:
            continue
        level = name.partition("_")[0]
        if level in LEVELS and name not in found:
            found[name] = Asked(name, level, "macro")
    return tuple(item for _, item in sorted(found.items()))


def patterns(session: Session, level: str, neighbours: int, others: int) -> tuple[int, ...]:
    """Raw entries to ask about: the tree's own, single bits, neighbours of its own, random ones.

    A neighbour differs in one bit from an entry of the tree; `neighbours` says of how many.
    """
    width = 8 * session.width(level)
    own = [entry.raw for entry in session.classes(level)]
    chosen = [*own, 0, (1 << width) - 1, *(1 << bit for bit in range(width))]
    generator = random.Random(f"{level} {width}")
    for raw in generator.sample(own, min(neighbours, len(own))):
        chosen += [raw ^ (1 << bit) for bit in range(width)]
    for _ in range(others):
        value = generator.getrandbits(width)
        chosen.append(value if generator.random() < 0.5 else value & generator.getrandbits(width))
    return tuple(dict.fromkeys(chosen))
