# SPDX-License-Identifier: GPL-2.0-only
"""Predicates and selects of some configurations only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from analyzer.frontend import Unit
from analyzer.generate import apart
from analyzer.generate.api import PredicateShape
from analyzer.generate.atoms import Atom, fields
from analyzer.generate.conjunctions import Entry, Level, solve
from analyzer.generate.groups import header_groups
from analyzer.generate.judge import Judgement, Row
from analyzer.generate.kconfig_edit import guard_for, place
from analyzer.generate.predicate_text import function_text
from analyzer.model import Verdict

KCONFIG = "config DEMO\n\tselect A if FAST\n\tselect B if FAST && WIDE\n\tselect C if SLOW\n"


@dataclass(frozen=True)
class Config:
    names: frozenset[str]

    def on(self, name: str) -> bool:
        return name in self.names


@dataclass(frozen=True)
class Variant:
    name: str
    config: Config
    wants: tuple[tuple[str, str], ...] = field(default=())
    levels: int | None = None

    @property
    def bits(self) -> int:
        return 32 if self.name.startswith("32") else 64


def variant(
    name: str, *on: str, wants: tuple[tuple[str, str], ...] = (), levels: int | None = None
) -> Variant:
    return Variant(name, Config(frozenset(on)), wants, levels)


@pytest.mark.parametrize(
    ("good", "bad", "guard"),
    [
        ([variant("base", "MMU")], [], ""),
        ([variant("base", "MMU")], [variant("nommu")], "MMU"),
        ([variant("base", "64BIT")], [variant("32")], "64BIT"),
        ([variant("base")], [variant("slow", "SLOW")], None),
        ([variant("nothp")], [variant("base", "TRANSPARENT_HUGEPAGE")], "!TRANSPARENT_HUGEPAGE"),
        ([variant("base", "FAST", "WIDE"), variant("narrow", "FAST")],
         [variant("odd", "WIDE")], "FAST"),
        ([variant("base")], [variant("odd", "ODD", wants=(("ODD", "y"),))], "!ODD"),
        ([variant("nothp", "64BIT")], [variant("base", "64BIT", "TRANSPARENT_HUGEPAGE"),
         variant("32")], "64BIT && !TRANSPARENT_HUGEPAGE"),
        ([variant("base", "64BIT"), variant("old")], [variant("32")], "64BIT"),
        ([variant("base", levels=4), variant("three", levels=3)],
         [variant("two", "SLOW", wants=(("SLOW", "y"),), levels=2)], "PGTABLE_LEVELS > 2"),
        ([variant("base", levels=4), variant("two", levels=2)],
         [variant("slow", "SLOW", wants=(("SLOW", "y"),), levels=2)], "!SLOW"),
        ([variant("base", levels=4)],
         [variant("two", "SLOW", wants=(("SLOW", "y"),), levels=2), variant("odd", "SLOW")],
         "!SLOW"),
        ([variant("base", "64BIT", levels=4)], [variant("32", levels=2)], "64BIT"),
        ([variant("base", "64BIT", levels=4), variant("32-wide", levels=3)],
         [variant("32", levels=2)], "64BIT"),
    ],
)  # fmt: skip
def test_the_guard(good: list[Variant], bad: list[Variant], guard: str | None) -> None:
    assert guard_for(KCONFIG, good, bad, []) == guard  # type: ignore[arg-type]


def atom(text: str, role: str) -> Atom:
    return Atom(1, role, text)


def table(rows: dict[str, dict[str, list[bool]]], leaves: set[str]) -> Level:
    """`rows`: variant -> entry -> what each atom says of it; 'user' entries are wanted."""
    atoms = (atom("pmd_leaf({x})", "leaf"), atom("pmd_user({x})", "user"))
    entries, answers = [], {}
    for name, kinds in rows.items():
        for raw, (kind, said) in enumerate(kinds.items()):
            entries.append(Entry(name, kind, raw, kind == "user"))
            answers.update({(name, raw, index): yes for index, yes in enumerate(said)})
    bad = {name: set() if name in leaves else {0} for name in rows}
    return Level(atoms, bad, entries, answers, [], leaves)


def test_a_level_whose_accessors_come_with_huge_pages() -> None:
    rows = {
        "base": {"none": [False, False], "user": [True, True]},
        "nothp": {"none": [False, False], "user": [False, True]},
    }
    atoms = (atom("pte_present({x})", "present"), atom("pte_user({x})", "user"))
    pte = Level(atoms, {"base": set()},
                [Entry("base", "user", 1, True), Entry("base", "none", 0, False)],
                {("base", 1, 0): True, ("base", 1, 1): True}, [], {"base"})  # fmt: skip
    pud = Level((), {}, [], {}, [], set())
    found = solve({"pte": pte, "pmd": table(rows, {"base"}), "pud": pud}, ("base", "nothp"), ())
    assert not found.missing
    pmd = found.predicates[1]
    assert pmd.option == "TRANSPARENT_HUGEPAGE"
    text = function_text(pmd, PredicateShape(False, False))
    assert text.startswith("#ifdef CONFIG_TRANSPARENT_HUGEPAGE\nstatic inline bool pmd_user_")
    assert "\treturn pmd_leaf(pmd) && pmd_user(pmd);\n" in text
    assert text.endswith("#else\nstatic inline bool pmd_user_accessible_page(pmd_t pmd)\n{\n"
                         "\treturn false;\n}\n#endif\n")  # fmt: skip


def test_variants_that_read_a_header_of_their_own() -> None:
    top = '\n# 1 "arch/demo/include/asm/pgtable.h"\nint a;\n'
    wide = Unit(f'{top}# 1 "arch/demo/include/asm/pgtable_64.h"\nint b;\n')
    narrow = Unit(f'{top}# 1 "arch/demo/include/asm/pgtable_32.h"\nint b;\n')
    assert header_groups({"base": wide, "nothp": wide, "32": narrow}, "demo") == [
        ("arch/demo/include/asm/pgtable_64.h", frozenset({"base", "nothp"})),
        ("arch/demo/include/asm/pgtable_32.h", frozenset({"32"})),
    ]
    assert header_groups({"base": wide, "nothp": wide}, "demo") == []


def test_fields_are_compared_with_a_value() -> None:
    one, other = fields("pte", [("_PAGE_CA_MASK", "_PAGE_CA_INVALID")])
    assert one.spelled("pte") == "(pte_val(pte) & _PAGE_CA_MASK) != _PAGE_CA_INVALID"
    assert "==" in other.spelled("pte")


SEVERAL = """\
config WIDE
	def_bool 64BIT
	select ARCH_HAS_A
	select ARCH_HAS_B
	select ARCH_HAS_C

config BOTH
	bool
	default y
	select ARCH_HAS_A
	select ARCH_WANTS_B
"""


@pytest.mark.parametrize(
    ("good", "before"),
    [
        ([variant("base", "WIDE", "BOTH"), variant("32", "BOTH")], "\tselect ARCH_WANTS_B"),
        ([variant("base", "WIDE", "BOTH")], "\nconfig BOTH"),
        ([], "\nconfig BOTH"),
    ],
)
def test_the_select_goes_where_all_configurations_have_it(good: list[Variant], before: str) -> None:
    where = place(SEVERAL, good)  # type: ignore[arg-type]
    assert where is not None
    assert SEVERAL[where[0] :].startswith(before)


class OddSearch:
    """Stands for a search that mends everything but in hopeless variants, and nothing at all where
    an odd one is among them."""

    def __init__(self, bench: OddBench, _: object, kept: tuple[str, ...] = ()) -> None:
        self.bench = bench
        self.alone: Counter[str] = Counter({"odd": 3, "base": 1})
        self.targets = SimpleNamespace(masks={})
        self.kept = kept
        self.parted = self.patient = False
        self.trials = 0

    def keep(self, edits: list[str]) -> None:
        self.kept += tuple(edits)

    def again(self) -> OddSearch:
        return OddSearch(self.bench, None, self.kept)

    def judge(self) -> Judgement:
        names = [v.name for v in self.bench.variants]
        left = {name for name in names if name not in self.kept}
        return wrong(*sorted(left))

    def run(self, _: Judgement, last: bool = True) -> Judgement:
        names = {v.name for v in self.bench.variants}
        if "odd" not in names and not names & self.bench.hopeless:
            self.kept += tuple(sorted(names - set(self.kept)))
        return self.judge()

    def included(self, now: Judgement) -> Judgement:
        return now


@dataclass
class OddBench:
    variants: tuple[Variant, ...]
    hopeless: frozenset[str] = frozenset()


def wrong(*names: str) -> Judgement:
    rows = [Row(name, "set_ptes", "pte", Verdict.FINDING, "", None) for name in names]
    return Judgement(rows=rows)


@pytest.mark.parametrize(
    ("broken", "hopeless", "kept"),
    [
        (("base", "odd"), frozenset(), ("predicates", "base", "other")),
        (("odd",), frozenset(), None),  # only that one is left out
        (("base",), frozenset(), None),  # it is not in the way
        (("base", "odd"), frozenset({"base", "other"}), None),  # without it nothing is better
        (("base", "odd", "other"), frozenset({"base"}), ("predicates", "other")),
    ],
)
@pytest.mark.parametrize("parted", [False, True])
def test_what_one_configuration_cannot_do_keeps_no_other_from_it(
    monkeypatch: pytest.MonkeyPatch,
    broken: tuple[str, ...],
    hopeless: frozenset[str],
    kept: tuple[str, ...] | None,
    parted: bool,
) -> None:
    bench = OddBench((variant("base"), variant("odd"), variant("other")), hopeless)
    first: Any = OddSearch(bench, None)
    first.parted = parted and len(broken) > 1
    if first.parted:
        first.alone.clear()
    now = wrong(*broken)
    monkeypatch.setattr(apart, "Search", OddSearch)
    found: Any
    found, then = apart.one_by_one(bench, None, first, now, ["predicates"])  # type: ignore[arg-type, list-item]
    assert (found is not first) is (kept is not None)
    assert [v.name for v in bench.variants] == ["base", "odd", "other"]
    if kept is not None:
        assert found.kept == kept
        assert len(apart.broken_in(then)) < len(broken)
    else:
        assert first.patient is first.parted  # it goes on as it is
