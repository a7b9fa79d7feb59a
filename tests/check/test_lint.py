# SPDX-License-Identifier: GPL-2.0-only
"""Kconfig, the hooks' header and the code against each other, on the demonstration tree."""

from __future__ import annotations

import pytest

from analyzer.check import check_tree
from analyzer.model import CheckResult
from analyzer.tree import open_tree
from tests.law.demo import ARCH_BODIES, CALLERS, DEMO, KCONFIG, PGTABLE, Edit, arch, overlay

SELECT = "\tselect ARCH_SUPPORTS_PAGE_TABLE_CHECK if MMU\n"
FIRST = "static inline bool pte_user_accessible_page(pte_t pte)"
LAST = "\treturn pud_leaf(pud) && demo_user_accessible(pud_val(pud));\n}\n"
MMU = "config MMU\n\tdef_bool y\n"


def all_variants(*edits: Edit) -> CheckResult:
    with open_tree(str(DEMO), None) as tree:
        return check_tree(overlay(tree, edits), ("demo",))


def rules(result: CheckResult) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(f.rule, f.location.path, f.variants) for f in result.findings]


def between(condition: str) -> tuple[Edit, ...]:
    """The three predicates inside of an #if."""
    return (arch(FIRST, f"#if {condition}\n{FIRST}"), arch(LAST, f"{LAST}#endif\n"))


def test_clean() -> None:
    assert rules(all_variants()) == []


def test_selected_and_never_defined() -> None:
    text = (DEMO / PGTABLE).read_text()
    gone = text[text.index(FIRST) : text.index(LAST) + len(LAST)]
    result = all_variants(arch(gone, ""))
    assert rules(result) == [("PTC303", KCONFIG, ("base",))]
    assert result.findings[0].location.line == 4
    assert not result.findings[0].if_enabled


def test_selected_where_huge_pages_are_off_too() -> None:
    result = all_variants(*between("defined(CONFIG_TRANSPARENT_HUGEPAGE)"))
    assert [rule for rule, *_ in rules(result)] == ["PTC304"]
    assert "nothp" in result.findings[0].message
    assert "base" not in result.findings[0].message


def test_the_same_condition_in_the_select() -> None:
    edit = Edit(KCONFIG, SELECT, SELECT.replace("if MMU", "if TRANSPARENT_HUGEPAGE"))
    result = all_variants(edit, *between("defined(CONFIG_TRANSPARENT_HUGEPAGE)"))
    assert rules(result) == []


@pytest.mark.parametrize(("condition", "wanted"), [("", ["PTC304"]), (" if MMU", [])])
def test_selected_without_an_mmu(condition: str, wanted: list[str]) -> None:
    result = all_variants(
        Edit(KCONFIG, SELECT, SELECT.replace(" if MMU", condition)),
        Edit(KCONFIG, MMU, 'config MMU\n\tbool "Paging"\n\tdefault y\n'),
        *between("defined(CONFIG_MMU)"),
    )
    assert [rule for rule, *_ in rules(result)] == wanted


def test_one_level_alone_is_missing() -> None:
    head = "static inline bool pud_user_accessible_page(pud_t pud)"
    result = all_variants(
        arch(head, f"#ifdef CONFIG_TRANSPARENT_HUGEPAGE\n{head}"), arch(LAST, f"{LAST}#endif\n")
    )
    assert [rule for rule, *_ in rules(result)] == ["PTC209"]


UNREACHED = "static void unreached(struct mm_struct *mm, pte_t *ptep)\n{\n\tCALL;\n}\n"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("page_table_check_pte_clear(mm, 0, *ptep)", "with 3 arguments, not 2"),
        ("page_table_check_pte_clear_range(mm, *ptep)", "with 2 arguments, not 3"),
        ("page_table_check_pte_set(mm, 0, ptep, *ptep)", "which this tree does not have"),
        ("page_table_check_pte_clear(mm, *ptep)", ""),
        ("page_table_check_pte_clear(mm, make(*ptep, 0))", ""),
        ("/* page_table_check_pte_clear(mm) */ other(mm)", ""),
    ],
)
@pytest.mark.parametrize("path", [ARCH_BODIES, CALLERS])
def test_calls_that_no_helper_reaches(path: str, call: str, said: str) -> None:
    text = (DEMO / path).read_text()
    last = text[text.rindex("\n}\n") - 30 :]
    result = all_variants(Edit(path, last, last + UNREACHED.replace("CALL", call)))
    found = [f for f in result.findings if f.rule == "PTC301"]
    assert [(f.location.path, f.function) for f in found] == ([(path, "unreached")] if said else [])
    assert all(said in f.message for f in found)
    assert found == list(result.findings)


def test_a_hook_without_select_that_no_helper_reaches() -> None:
    text = (DEMO / PGTABLE).read_text()
    without = "".join(
        line for line in text.splitlines(keepends=True) if "page_table_check_p" not in line
    )
    last = (DEMO / ARCH_BODIES).read_text()
    last = last[last.rindex("\n}\n") - 30 :]
    call = UNREACHED.replace("CALL", "page_table_check_pte_clear(mm, *ptep)")
    with open_tree(str(DEMO), None) as tree:
        plain = overlay(tree, (Edit(KCONFIG, SELECT, ""),), mended=False)
        bare = overlay(
            tree,
            (Edit(KCONFIG, SELECT, ""), Edit(PGTABLE, text, without)),
            mended=False,
        )
        more = overlay(
            tree,
            (
                Edit(KCONFIG, SELECT, ""),
                Edit(PGTABLE, text, without),
                Edit(ARCH_BODIES, last, last + call),
            ),
            mended=False,
        )
        only = frozenset({"base"})
        found = [
            [f.location.path for f in check_tree(t, ("demo",), only=only).findings
             if f.rule == "PTC302"]
            for t in (plain, bare, more)
        ]  # fmt: skip
    assert found == [[PGTABLE], [], [ARCH_BODIES]]
