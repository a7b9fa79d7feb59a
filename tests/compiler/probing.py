# SPDX-License-Identifier: GPL-2.0-only
"""What is asked of both sides: functions of one entry, found by their signatures, and patterns."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from analyzer.bits.source import Mentions, Source, page_table_headers
from analyzer.frontend import Unit
from analyzer.helpers.interface import LEVELS
from analyzer.helpers.session import Session
from analyzer.tree import KernelTree

PROBE: Final = "__ptc_compare_"
_HEAD: Final = re.compile(r"([A-Za-z_][\w\s*]*?)\b(\w+)\s*\(\s*(?:const\s+)?(pte|pmd|pud)_t\s+\w+\s*\)\s*$")
_NOISE: Final = re.compile(
    r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)|__attribute\w*|\b(?:static|inline|__inline\w*|extern|const"
    r"|__always_inline|__section\w*)\b"
)
_ENTRY: Final = re.compile(r"^(pte|pmd|pud)_t$")
_NUMBER: Final = re.compile(r"^(?:_?[Bb]ool|(?:unsigned\s+|signed\s+)?(?:int|long(?:\s+int)?|char|short)|unsigned|u?int\d+_t|[us]\d+|__[us]\d+|(?:pte|pmd|pud)val_t|phys_addr_t)$")
_TRUTH: Final = re.compile(r"^(?:_?[Bb]ool|int)$")


@dataclass(frozen=True, slots=True)
class Asked:
    """A function (or macro) of one entry. `kind`: 'test', 'number', 'entry' or 'macro'."""

    name: str
    level: str
    kind: str

    @property
    def probe(self) -> str:
        """The function of ours that calls it and returns a number."""
        return f"{PROBE}{self.name}"

    def text(self) -> str:
        """The C of the probe: the same text for the evaluator and for the compiler."""
        call = f"{self.name}(x)"
        if self.kind == "entry":
            call = f"{self.level}_val({call})"
        return f"static unsigned long {self.probe}({self.level}_t x) {{ return (unsigned long)({call}); }}\n"


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
            found[name] = Asked(name, returned[:3], "entry") if returned[:3] == match[3] else Asked(name, match[3], "skip")
        elif _NUMBER.match(returned):
            found[name] = Asked(name, match[3], "number")
    for name, macro in Mentions(source, unit, headers, arch).macros.items():
        if macro.params is None or len(macro.params) != 1 or "..." in macro.params[0]:
            continue
        level = name.partition("_")[0]
        if level in LEVELS and name not in found:
            found[name] = Asked(name, level, "macro")
    return tuple(item for _, item in sorted(found.items()) if item.kind != "skip")


def patterns(session: Session, level: str, random_ones: int, near: int) -> tuple[int, ...]:
    """Raw entries to ask about: single bits, the tree's own entries and their neighbours, random.

    `near`: how many of the tree's entries are also tried with each single bit turned.
    """
    width = 8 * session.width(level)
    entire = (1 << width) - 1
    chosen = [0, entire, *(1 << bit for bit in range(width))]
    own = [entry.raw for entry in session.classes(level)]
    chosen += own
    for raw in own[:: max(1, len(own) // near) if near else len(own) + 1][:near] if near else ():
        chosen += [raw ^ (1 << bit) for bit in range(width)]
    generator = random.Random(f"{level} {width}")  # noqa: S311 - not for secrets
    for _ in range(random_ones):
        value = generator.getrandbits(width)
        chosen.append(value if generator.random() < 0.5 else value & generator.getrandbits(width))
    return tuple(dict.fromkeys(chosen))


def probe_text(items: Iterable[Asked]) -> str:
    """All probes."""
    return "".join(item.text() for item in items)


def numbered(items: Iterable[Asked]) -> Iterator[tuple[int, Asked]]:
    """With numbers, from 0."""
    yield from enumerate(items)
