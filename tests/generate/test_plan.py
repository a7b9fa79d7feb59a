# SPDX-License-Identifier: GPL-2.0-only
"""What is decided, on the demonstration tree: strip and regenerate, mend, nothing to do."""

from __future__ import annotations

import gc
import re
import weakref

import pytest

from analyzer.check import check_tree
from analyzer.errors import PtcheckError
from analyzer.generate.ctext import blank
from analyzer.generate.edits import Step, apply, in_steps
from analyzer.generate.judge import Bench
from analyzer.generate.numbered import Numbered
from analyzer.generate.placement import HOOKS
from analyzer.generate.predicate_text import stub_text
from analyzer.generate.run import _worthwhile, plan
from analyzer.generate.selfcheck import check_series
from analyzer.tree import KernelTree
from tests.generate.conftest import Demo, applied, edited
from tests.generate.strip import strip_text

HEADER = "arch/demo/include/asm/pgtable.h"


def hook_sites(tree: KernelTree) -> set[tuple[str, str]]:
    """(function, hook) of every hook that some helper reaches."""
    result = check_tree(tree, ("demo",))
    return {(call.function, call.hook) for verdict in result.helpers for call in verdict.hooks}


def test_a_tree_without_support_has_none(demo: Demo) -> None:
    text = demo.stripped.read(HEADER).decode()
    assert "page_table_check" not in blank(text)
    assert "user_accessible_page" not in text
    assert b"PAGE_TABLE_CHECK" not in demo.stripped.read("arch/demo/Kconfig")


def test_hooks_stand_where_a_person_put_them(demo: Demo) -> None:
    assert hook_sites(applied(demo.stripped, demo.plan)) == hook_sites(demo.whole)
    assert not demo.plan.undecided


def test_predicates_answer_as_the_originals(demo: Demo) -> None:
    from analyzer.check.judge import Judge
    from analyzer.check.unit import build_unit
    from analyzer.clock import Clock
    from analyzer.frontend import Stage
    from analyzer.helpers.bodies import SourceIndex
    from analyzer.helpers.interface import LEVELS, find_interface

    answers = []
    for tree in (demo.whole, applied(demo.stripped, demo.plan)):
        bench = Bench(tree, "demo")
        interface = find_interface(tree, "demo", bench.called)
        index = SourceIndex(tree, "demo")
        with Stage(tree) as stage:
            unit, _ = build_unit(
                stage, bench.variants[0], interface, index, (), None, Clock()
            )  # fmt: skip
            session = Judge(unit, bench.variants[0], interface, index).session
            answers.append(
                {
                    (level, entry.name): session.predicate(level, entry.raw)
                    for level in LEVELS
                    for entry in session.classes(level)
                }
            )
    assert answers[0] == answers[1]
    assert True in answers[0].values()


def test_with_the_series_the_laws_hold(demo: Demo) -> None:
    checked = check_series(demo.stripped, demo.plan)
    assert checked.findings == ()
    assert checked.unknown == 0
    assert checked.balanced > 20
    assert checked.supported


def test_generating_again_gives_nothing(demo: Demo) -> None:
    again = plan(applied(demo.stripped, demo.plan), "demo")
    assert again.edits == ()
    assert again.undecided == ()


def test_a_tree_that_is_right_gets_nothing(demo: Demo) -> None:
    assert plan(demo.whole, "demo").edits == ()


def test_a_tree_that_is_enabled_and_broken_gets_the_missing_hook(demo: Demo) -> None:
    assert [(e.function, e.hook) for e in demo.fix.edits] == [
        ("pmdp_huge_get_and_clear", "page_table_check_pmd_clear")
    ]
    assert demo.fix.selected
    assert check_series(demo.broken, demo.fix).findings == ()


@pytest.mark.parametrize("function", ["set_pmd_at", "ptep_get_and_clear", "pmdp_establish"])
def test_each_generated_hook_is_needed(demo: Demo, function: str) -> None:
    texts = apply(demo.plan.texts, [e for e in demo.plan.edits if e.function != function])
    assert texts is not None
    result = check_tree(edited(demo.stripped, texts), ("demo",))
    assert {f.function for f in result.findings} == {function}


WRONG = {
    "page_table_check_pmd_set(mm, pmdp, pmd);\n\tset_pmd(pmdp, pmd);":
        "set_pmd(pmdp, pmd);\n\tpage_table_check_pmd_set(mm, pmdp, pmd);",
    "\tpage_table_check_pud_set(mm, pudp, pud);\n": "",
    "\tpage_table_check_pte_clear(mm, old);\n":
        "\tpage_table_check_pte_clear(mm, old);\n\tpage_table_check_pte_clear(mm, old);\n",
}  # fmt: skip
"""A hook after the store, one that is missing, one that is called twice."""


def test_wrong_hooks_are_mended(demo: Demo) -> None:
    text = demo.whole.read(HEADER).decode()
    for old, new in WRONG.items():
        if old not in text:
            old, new = old.replace("old", "pte"), new.replace("old", "pte")
        assert old in text
        text = text.replace(old, new)
    bad = edited(demo.whole, {HEADER: text})
    assert len({finding.function for finding in check_tree(bad, ("demo",)).findings}) == 3
    found = plan(bad, "demo")
    assert check_series(bad, found).findings == ()
    assert hook_sites(applied(bad, found)) == hook_sites(demo.whole)


def test_steps_are_in_the_order_of_the_series(demo: Demo) -> None:
    steps = [step for step, _ in in_steps(demo.plan.texts, demo.plan.edits)]
    assert steps == [Step.PREDICATES, Step.HOOKS, Step.SELECT]
    assert sum(e.function == HOOKS for e in demo.plan.edits) == 1


def test_the_style_of_the_file_stays(demo: Demo) -> None:
    text = applied(demo.stripped, demo.plan).read(HEADER).decode()
    added = set(text.splitlines()) - set(demo.stripped.read(HEADER).decode().splitlines())
    for line in added:
        assert not re.search(r"[ \t]$|^ {8}", line), line
        assert len(line.expandtabs(8)) <= 100


def test_stripping_twice_is_stripping_once(demo: Demo) -> None:
    once = strip_text(demo.whole.read(HEADER).decode())
    assert strip_text(once) == once


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("include/linux/page_table_check.h", "", "no page table check"),
        ("include/linux/page_table_check.h",
         "void page_table_check_pte_clear(struct mm_struct *mm, pte_t pte);\n",
         "declares neither of"),
        ("mm/page_table_check.c", "/* nothing */", "does not call"),
    ],
)  # fmt: skip
def test_a_framework_that_cannot_be_used(demo: Demo, path: str, text: str, said: str) -> None:
    tree = edited(demo.stripped, {path: text})
    with pytest.raises(PtcheckError, match=said):
        plan(tree, "demo")


def test_what_the_framework_lacks_is_named(demo: Demo) -> None:
    text = demo.stripped.read(HEADER).decode()
    without = re.sub(r"^#define pud_pfn[^\n]*\n", "", text, flags=re.M)
    assert without != text
    found = plan(edited(demo.stripped, {HEADER: without}), "demo")
    assert "pud_pfn" in {one.helper for one in found.undecided}


def test_predicates_are_kept_from_assembler(demo: Demo) -> None:
    edit = next(e for e in demo.plan.edits if e.step is Step.PREDICATES)
    assert "#if defined(CONFIG_PAGE_TABLE_CHECK) && !defined(__ASSEMBLY__)\n" in edit.after


def test_a_stub_returns_nothing() -> None:
    assert stub_text("pud_pfn").startswith("static inline unsigned long pud_pfn(pud_t pud)\n{")


@pytest.mark.parametrize(
    ("lost", "left"),
    [((), ["base", "nothp"]), (("base",), ["nothp"]), (("base", "nothp"), ["base", "nothp"])],
)
def test_hooks_are_not_looked_for_where_the_guard_will_exclude_them(
    demo: Demo, lost: tuple[str, ...], left: list[str]
) -> None:
    with Bench(demo.stripped, "demo") as bench:
        chosen = _worthwhile(demo.stripped, bench, dict.fromkeys(lost, "no predicate"))
    assert [variant.name for variant in chosen] == left


def test_what_was_judged_before_keeps_no_unit_of_it(demo: Demo) -> None:
    with Bench(demo.stripped, "demo") as bench:
        units = [weakref.ref(unit) for unit in bench.judge({}).units.values()]
        assert all(ref() is not None for ref in units)  # they are judged again only if need be
        header = bench.original(HEADER)
        assert header is not None
        text = header.text.replace("xchg(&ptep->pte, 0UL)", "xchg(&ptep->pte, 0x0UL)")
        assert text != header.text
        bench.judge({HEADER: Numbered.of(text)})
        gc.collect()
        assert not any(ref() for ref in units)
