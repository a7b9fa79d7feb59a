# SPDX-License-Identifier: GPL-2.0-only
"""The readers of input that nobody vouches for, each with inputs to begin with."""

from __future__ import annotations

import io
from contextlib import suppress
from functools import cache

from analyzer.check import check_tree
from analyzer.check.limits import Limits
from analyzer.errors import PtcheckError, SourceError, UsageError
from analyzer.evaluate.memory import Table
from analyzer.evaluate.state import Run, alternatives
from analyzer.evaluate.values import Int, Opaque, PathEnds, Pointer, Unjudged
from analyzer.frontend.includes import scan
from analyzer.frontend.unit import Unit
from analyzer.kconfig import load_kconfig, variants
from analyzer.reference.decode import BaseDecoder, Facts
from analyzer.reference.ftrace import Converter, Memory
from analyzer.reference.log import LogReader, read_header
from analyzer.report.formats import FORMATS
from analyzer.report.options import DEFAULTS
from analyzer.settings.read import read_settings
from analyzer.tree import FolderTree, MemoryTree, OverlayTree
from analyzer.tree.gitrev import parse_tree
from analyzer.triage import Policy, triage
from analyzer.triage.baseline import parse_baseline
from analyzer.triage.comments import comments
from tests.commands.runner import DEMO, PGTABLE
from tests.evaluate.lab import BASE, ENTRIES, SLOT, machine
from tests.fuzz import seeds
from tests.fuzz.engine import Target
from tests.fuzz.kept import Kept

_PATHS = 6  # of one function, per input


class _Decoder(BaseDecoder):
    """Entries of a made-up architecture: all that the readers ask for."""

    def facts(self, level: str, raw: int) -> Facts:
        return Facts(bool(raw & 4), raw >> 12, bool(raw & 2), False)

    def pages(self, level: str) -> int:
        return {"pte": 1, "pmd": 512, "pud": 512 * 512}[level]

    def span(self, level: str) -> int:
        return 4096 * self.pages(level)

    def entries(self, level: str) -> int:
        return 512


def _scan(data: bytes) -> None:
    found = scan(data)
    if found.text is not None:
        again = scan(found.text)
        assert again.includes == found.includes, "what was made harmless reads as more"
        assert found.text.count(b"\n") == data.count(b"\n"), "lines were lost"


def _unit(data: bytes) -> None:
    unit = Unit("\n" + data.decode("latin-1"))
    kinds = (
        unit.functions, unit.typedefs, unit.structs, unit.enums, unit.prototypes, unit.variables,
        unit.enum_constants,
    )  # fmt: skip
    for kind in kinds:
        for chunks in kind.values():
            for chunk in chunks:
                unit.ast(chunk)
                unit.location(chunk)


def _evaluate(data: bytes) -> None:
    it = machine(data.decode("latin-1"))
    todo: list[tuple[int, ...]] = [()]
    for _ in range(_PATHS):
        if not todo:
            return
        it.run = Run(prefix=todo.pop())
        ctype = it.entry_type("pte")
        table = Table("pte", ctype.size, BASE[64], [0] * ENTRIES)
        table.entries[SLOT] = 0x87
        it.run.tables.append(table)
        slot = Pointer(table, SLOT * table.width, ctype)
        with suppress(Unjudged, PathEnds):
            it.call("f", [slot, Opaque("v"), Int(1, 64, False)])
        todo.extend(alternatives(it.run))


def _kconfig(data: bytes) -> None:
    tree = MemoryTree(
        {
            "Kconfig": b'source "arch/$(SRCARCH)/Kconfig"\nsource "mm/Kconfig"\n',
            "arch/demo/Kconfig": data,
            "mm/Kconfig": b"config PAGE_TABLE_CHECK\n\tbool\n\tdepends on MMU\n",
            "arch/demo/include/asm/page.h": b"#ifdef CONFIG_A\n#endif\n",
        }
    )
    kconfig = load_kconfig(tree, "demo")
    config = kconfig.solve({"A": "y", "N": "5"})
    for name in ("A", "X", "Y", "N", "H", "MMU"):
        config.value(name)
    config.autoconf(("A", "N", "H"))
    variants(tree, "demo", kconfig)


def _config(data: bytes) -> None:
    read_settings(data.decode("utf-8", "replace"), "ptcheck.toml", "")


def _baseline(data: bytes) -> None:
    parse_baseline(data, "baseline.json")


def _comments(data: bytes) -> None:
    comments(data.decode("utf-8", "replace"))


def _log(data: bytes) -> None:
    stream = io.BytesIO(data)
    read_header("log", stream.readline(65537))
    for _ in LogReader("log", stream, _Decoder()):
        pass


def _trace(data: bytes) -> None:
    spans = {"pte": 4096, "pmd": 4096 * 512, "pud": 4096 * 512 * 512}
    lines = data.decode("utf-8", "replace").splitlines()
    for _ in Converter("trace", Memory(vmemmap=0xFF00, init_mm=0xFF), spans).events(lines):
        pass


def _object(data: bytes) -> None:
    parse_tree(data, 20)


def _check(data: bytes) -> None:
    """The whole way, on the demonstration tree with another page table header."""
    with FolderTree(DEMO) as base:
        tree = OverlayTree(base, {PGTABLE: data})
        result = check_tree(tree, ("demo",), only=frozenset({"base"}), limits=Limits(60))
        result = triage(result, tree, Policy(complete=True))
    for known in FORMATS:
        known.render(result, DEFAULTS)
    assert result.helpers or result.incomplete, "clean without a helper"


@cache
def _memory() -> Kept:
    return Kept()


def _store(data: bytes) -> None:
    """A file of the cache, changed: it is what was kept, or absent."""
    _memory().damaged(data)


def _kept(data: bytes) -> None:
    """A file of the cache that somebody made: whatever it says, there is a result or none."""
    _memory().forged(data)


TARGETS: tuple[Target, ...] = (
    Target(
        "includes",
        (*seeds.C, seeds.HEADER),
        (*seeds.C_WORDS, b"#include <a>", b"#pragma GCC "),
        _scan,
    ),
    Target("unit", seeds.C, seeds.C_WORDS, _unit, (SourceError,)),
    Target("evaluate", seeds.C[:-1], seeds.C_WORDS, _evaluate, (SourceError, Unjudged)),
    Target("kconfig", seeds.KCONFIG, seeds.KCONFIG_WORDS, _kconfig, (SourceError,), 20),
    Target("config", seeds.CONFIG, seeds.CONFIG_WORDS, _config, (UsageError,)),
    Target("baseline", seeds.BASELINE, seeds.BASELINE_WORDS, _baseline, (UsageError,)),
    Target("comments", seeds.COMMENTS, seeds.COMMENT_WORDS, _comments),
    Target("log", seeds.LOG, seeds.LOG_WORDS, _log, (UsageError,)),
    Target("trace", seeds.TRACE, seeds.TRACE_WORDS, _trace, (UsageError,)),
    Target(
        "object", seeds.OBJECT, (b"100644 ", b"40000 ", b"\0" + b"\1" * 20), _object, (ValueError,)
    ),
    Target("store", _memory().files(), (b"ptcheck fact 1\n",), _store),
    Target(
        "kept",
        Kept.changes(),
        (b"[]", b"null", b"-1", b"1e9", b'""', b'"__ptc_"'),
        _kept,
        (),
        8,
    ),
    Target("check", (seeds.HEADER,), seeds.C_WORDS, _check, (PtcheckError,), 60),
)
