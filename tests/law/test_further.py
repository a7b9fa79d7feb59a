# SPDX-License-Identifier: GPL-2.0-only
"""Entries with a mark, and batches of some length, where a helper tells them from others."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.check import check_tree
from analyzer.model import Verdict
from analyzer.tree import OverlayTree, open_tree
from tests.law.demo import Bench, Edit, arch, found, generic, verdict

HELPERS = "/* Helpers for user mappings. */\n"
HOOK = "\tpage_table_check_ptes_set(mm, ptep, pte, nr);\n"
CLEARED = "\tpage_table_check_pte_clear(mm, old);\n"
MARK = "#define _PAGE_DEMO (1UL << 9)\n"


def marked(maker: str, level: str = "pte") -> Edit:
    """A mark that no other entry has, and the modifier that sets it."""
    return arch(HELPERS, f"{MARK}#define {level}_{maker}(x) {level}_set_bits(x, _PAGE_DEMO)\n")


@pytest.mark.parametrize("maker", ["mkcont", "mkdevmap", "mkuffd_wp", "mkuffd", "mksoft_dirty"])
@pytest.mark.parametrize("slot", ["pte", "*ptep"])
def test_a_marked_entry_without_its_hook(demo: Bench, maker: str, slot: str) -> None:
    """Neither what comes nor what goes may be left out for its mark."""
    edit = generic(HOOK, f"\tif (!(pte_val({slot}) & _PAGE_DEMO))\n\t{HOOK}")
    assert found(demo.judge(marked(maker), edit)) == {("PTC101", "set_ptes")}


def test_a_marked_entry_that_is_taken_out(demo: Bench) -> None:
    edit = arch(CLEARED, f"\tif (!(pte_val(old) & (_PAGE_DEMO | _PAGE_EXEC)))\n\t{CLEARED}")
    result = demo.judge(marked("mkcont"), edit)
    assert found(result) == {("PTC101", "ptep_get_and_clear")}
    edit = arch(CLEARED, f"\tif (!(pte_val(old) & _PAGE_DEMO))\n\t{CLEARED}")
    result = demo.judge(marked("mkcont"), edit)
    assert found(result) == {("PTC101", "ptep_get_and_clear")}
    (witness,) = [finding.witness for finding in result.findings]
    assert witness is not None
    assert witness.old is not None
    assert witness.old.name == "user-writable, mkcont"


def test_marks_of_huge_entries(demo: Bench) -> None:
    hook = "\tpage_table_check_pud_set(mm, pudp, pud);\n"
    edit = arch(f"{hook}\tset_pud(pudp, pud);\n",
                f"\tif (pud_val(pud) & _PAGE_DEMO)\n\t\treturn set_pud(pudp, pud);\n{hook}"
                "\tset_pud(pudp, pud);\n")  # fmt: skip
    bits = "#define pud_set_bits(x, b) __pud(pud_val(x) | (b))\n"
    result = demo.judge(
        arch(HELPERS, f"{bits}{MARK}#define pud_mkdevmap(x) pud_set_bits(x, _PAGE_DEMO)\n"), edit
    )
    assert found(result) == {("PTC101", "set_pud_at")}


def test_a_mark_that_is_not_counted_is_no_entry_of_a_user(demo: Bench) -> None:
    """What the predicate says of it is asked, and the law holds without a hook."""
    edit = generic(HOOK, f"\tif (!(pte_val(pte) & _PAGE_DEMO))\n\t{HOOK}")
    accessible = "\treturn (entry & _PAGE_USER_BASE) == _PAGE_USER_BASE;\n"
    uncounted = accessible.replace("== _PAGE", "== _PAGE").replace(
        "(entry & _PAGE_USER_BASE)", "(entry & (_PAGE_USER_BASE | (1UL << 9)))"
    )
    result = demo.judge(marked("mkcont"), edit, arch(accessible, uncounted))
    assert result.findings == ()


@pytest.mark.parametrize(
    "condition",
    ["nr < 4", "nr <= 8", "16 > nr", "nr != 16", "nr <= 16U", "!(nr >= 1 << 6)"],
)
def test_a_batch_of_some_length_without_its_hook(demo: Bench, condition: str) -> None:
    result = demo.judge(generic(HOOK, f"\tif ({condition})\n\t{HOOK}"))
    assert found(result) == {("PTC101", "set_ptes")}


@pytest.mark.parametrize("counted", ["nr < 4 ? nr : 4", "nr > 16 ? 16 : nr", "nr & 15", "nr % 6"])
def test_a_hook_that_is_told_of_fewer(demo: Bench, counted: str) -> None:
    result = demo.judge(generic("ptep, pte, nr);\n\n\tfor", f"ptep, pte, {counted});\n\n\tfor"))
    assert found(result) == {("PTC107", "set_ptes")}


@pytest.mark.parametrize("limit", [4, 16, 300])
def test_a_batch_that_is_taken_out(demo: Bench, limit: int) -> None:
    call = "\t\tptep_get_and_clear_full(mm, addr + i * PAGE_SIZE, ptep + i, full);\n"
    raw = "\t\tif (nr > LIMIT)\n\t\t\tpte_clear(mm, addr, ptep + i);\n\t\telse\n\t"
    result = demo.judge(generic(call, raw.replace("LIMIT", str(limit)) + call))
    assert found(result) == {("PTC101", "clear_full_ptes")}


def test_both_ways_that_keep_the_books(demo: Bench) -> None:
    two = f"\tif (nr >= 16 || pte_val(pte) & _PAGE_DEMO) {{\n\t{HOOK}\t}} else {{\n\t{HOOK}\t}}\n"
    result = demo.judge(marked("mkcont"), generic(HOOK, two))
    assert verdict(result, "set_ptes").verdict is Verdict.BALANCED
    assert result.findings == ()


def test_an_entry_that_is_put_back_raw_lacks_its_hook(demo: Bench) -> None:
    """Taken out behind a hook and put back without: that is no change in place."""
    body = (
        "\tunsigned long old = READ_ONCE(ptep->pte);\n\n"
        "\twhile (!try_cmpxchg(&ptep->pte, &old, old & ~_PAGE_WRITE))\n\t\tbarrier();\n"
    )
    raw = (
        "\tpte_t old = *ptep;\n\n\tif (pte_val(old) & _PAGE_DEMO) {\n"
        "\t\told = ptep_get_and_clear(mm, addr, ptep);\n"
        "\t\tset_pte(ptep, pte_wrprotect(old));\n\t\treturn;\n\t}\n"
        "\tset_pte(ptep, pte_wrprotect(old));\n"
    )
    result = demo.judge(marked("mkcont"), arch(body, raw))
    assert found(result) == {("PTC101", "ptep_set_wrprotect")}
    assert verdict(result, "ptep_set_wrprotect").verdict is Verdict.FINDING


@pytest.mark.kernel
@pytest.mark.slow
def test_a_block_of_contiguous_entries_is_folded_behind_the_hooks(kernel_6_12: Path) -> None:
    """arm64 takes a block of entries out and puts it back with another mark: raw, it is found."""
    path = "arch/arm64/mm/contpte.c"
    with open_tree(str(kernel_6_12), None) as tree:
        text = tree.read(path)
        call = b"\t__set_ptes(mm, start_addr, start_ptep, pte, CONT_PTES);\n}\n"
        assert text.count(call) == 1
        raw = b"\tfor (i = 0; i < CONT_PTES; i++) __set_pte(start_ptep + i, pte);\n}\n"
        edited = OverlayTree(tree, {path: text.replace(call, raw)})
        results = [check_tree(one, ("arm64",), only=frozenset({"base"})) for one in (tree, edited)]
    assert results[0].findings == ()
    (finding,) = results[1].findings
    assert (finding.function, finding.location.path) == ("contpte_convert", path)


MADE = (
    "#define pte_{0}(x) pte_set_bits(x, _PAGE_DEMO)\n",
    "static inline pte_t pte_{0}(pte_t pte)\n{{\n\treturn pte_set_bits(pte, _PAGE_DEMO);\n}}\n",
)


@pytest.mark.parametrize("maker", ["mkmine", "mkglobal", "mk_own"])
@pytest.mark.parametrize("form", MADE)
def test_a_mark_that_only_this_tree_has(demo: Bench, maker: str, form: str) -> None:
    """Any function or macro of the headers that makes an entry of an entry."""
    bits = "static inline pte_t pte_set_bits(pte_t pte, unsigned long bits);\n"
    edit = generic(HOOK, f"\tif (!(pte_val(pte) & _PAGE_DEMO))\n\t{HOOK}")
    result = demo.judge(arch(HELPERS, f"{MARK}{bits}{form.format(maker)}"), edit)
    assert found(result) == {("PTC101", "set_ptes")}
    (witness,) = [finding.witness for finding in result.findings]
    assert witness is not None
    assert witness.new is not None
    assert witness.new.name == f"user-writable, {maker}"


def test_a_mark_that_another_function_makes(demo: Bench) -> None:
    """Its name is of no account."""
    tag = (
        "static inline pte_t pte_tagged(pte_t pte)\n{\n\treturn pte_set_bits(pte, _PAGE_DEMO);\n}\n"
    )
    edit = generic(HOOK, f"\tif (!(pte_val(pte) & _PAGE_DEMO))\n\t{HOOK}")
    result = demo.judge(arch(HELPERS, f"{MARK}{tag}"), edit)
    assert found(result) == {("PTC101", "set_ptes")}


def test_a_bit_that_nobody_sets_is_no_mark(demo: Bench) -> None:
    edit = generic(HOOK, f"\tif (!(pte_val(pte) & _PAGE_DEMO))\n\t{HOOK}")
    assert demo.judge(arch(HELPERS, MARK), edit).findings == ()


@pytest.mark.parametrize("condition", ["nr < 512", "nr != 512", "nr <= 511", "nr < 500"])
def test_a_batch_that_fills_a_table(demo: Bench, condition: str) -> None:
    result = demo.judge(generic(HOOK, f"\tif ({condition})\n\t{HOOK}"))
    assert found(result) == {("PTC101", "set_ptes")}


@pytest.mark.parametrize("condition", ["nr <= 512", "nr < 513", "nr < 4096"])
def test_a_batch_lies_in_one_table(demo: Bench, condition: str) -> None:
    """Nobody gives more entries than a page table has."""
    result = demo.judge(generic(HOOK, f"\tif ({condition})\n\t{HOOK}"))
    assert result.findings == ()
    assert verdict(result, "set_ptes").verdict is Verdict.BALANCED


SET_PUD = "\tset_pud(pudp, pud);\n}\n"


@pytest.mark.parametrize(
    "more",
    [
        "set_pud(pudp + 1, __pud(0));",
        "pud_clear(pudp + 1);",
        "pudp[3] = __pud(0);",
        "set_pud(pudp - 1, __pud(0));",
        "set_pud(pudp - 2, __pud(0)); pud_clear(pudp + 2);",
        "set_pud(pudp + 80, __pud(0));",
        "if (!pud_write(pud)) pud_clear(pudp + 1);",
        "for (int i = 1; i < 4; i++) WRITE_ONCE(pudp[i].pud, 0);",
    ],
)
def test_a_neighbour_that_is_emptied(demo: Bench, more: str) -> None:
    result = demo.judge(arch(SET_PUD, SET_PUD.replace("}", f"\t{more}\n}}")))
    (rule,) = [rule for rule, function in found(result)]
    assert rule in ("PTC101", "PTC107", "PTC108")
    assert verdict(result, "set_pud_at").verdict is Verdict.FINDING


def test_a_neighbour_that_is_taken_out_behind_a_hook(demo: Bench) -> None:
    more = "page_table_check_pud_clear(mm, pudp[1]);\n\tpud_clear(pudp + 1);"
    result = demo.judge(arch(SET_PUD, SET_PUD.replace("}", f"\t{more}\n}}")))
    assert verdict(result, "set_pud_at").verdict is Verdict.BALANCED
    assert result.findings == ()


def test_the_entry_behind_a_batch_is_emptied(demo: Bench) -> None:
    result = demo.judge(generic(HOOK, f"\tif (nr > 1)\n\t\tset_pte(ptep + nr, __pte(0));\n{HOOK}"))
    assert verdict(result, "set_ptes").verdict is Verdict.FINDING
