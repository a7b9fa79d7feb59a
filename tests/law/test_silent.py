# SPDX-License-Identifier: GPL-2.0-only
"""The silent wrong answers that were met (evaluating.md): each test fails without its cure.

The demonstration tree is made such that the wrong answer would be green (balanced or neutral).
"""

from __future__ import annotations

import pytest

from analyzer.check import check_tree
from analyzer.model import Verdict
from analyzer.tree import OverlayTree, open_tree
from tests.law.demo import (
    BODIES,
    DEMO,
    GENERIC,
    PGTABLE,
    Bench,
    Edit,
    arch,
    found,
    generic,
    overlay,
    unknown,
    verdict,
)

SET_PUD = "\tpage_table_check_pud_set(mm, pudp, pud);\n\tset_pud(pudp, pud);\n"
SET_PMD = "\tpage_table_check_pmd_set(mm, pmdp, pmd);\n\tset_pmd(pmdp, pmd);\n"
SET_PTES = "\tpage_table_check_ptes_set(mm, ptep, pte, nr);\n"
HELPERS = "/* Helpers for user mappings. */\n"
FLAG = "#include <linux/jump_label.h>\n"
GREEN = (Verdict.BALANCED, Verdict.NEUTRAL)


def green(bench: Bench, level: str, *edits: Edit) -> list[str]:
    """The helpers of a level that are balanced or neutral."""
    result = bench.judge(*edits)
    assert any(v.level == level for v in result.helpers)
    return [v.helper for v in result.helpers if v.level == level and v.verdict in GREEN]


# -- 1. vacuous green


@pytest.mark.parametrize(
    ("level", "edit"),
    [
        ("pte", arch("\treturn demo_user_accessible(pte_val(pte));\n", "\treturn 0;\n")),
        ("pmd", arch(("\treturn pmd_leaf(pmd) &&"
                      " demo_user_accessible(pmd_val(pmd));\n"), "\treturn 0;\n")),
        ("pud", arch(("\treturn pud_leaf(pud) &&"
                      " demo_user_accessible(pud_val(pud));\n"), "\treturn 0;\n")),
        ("pte", arch("\treturn __pte((pfn << _PAGE_PFN_SHIFT) | pgprot_val(prot));\n",
                     ("\textern pte_t demo_make(unsigned long, pgprot_t);\n\n"
                      "\treturn demo_make(pfn, prot);\n"))),
        ("pud", arch("\treturn __pud((pfn << _PAGE_PFN_SHIFT) | pgprot_val(prot));\n",
                     ("\textern pud_t demo_make(unsigned long, pgprot_t);\n\n"
                      "\treturn demo_make(pfn, prot);\n"))),
    ],
)  # fmt: skip
def test_nothing_is_green_without_a_counted_entry(demo: Bench, level: str, edit: Edit) -> None:
    """Cure: Session.has_counted(); without a counted class at the level the verdict is unknown.

    Without it every helper of the level is neutral or balanced, because nothing ever counts.
    """
    assert green(demo, level, edit) == []


# -- 2. a dummy frame


@pytest.mark.parametrize("frame", ["demo_frame(pte)", "((pte_val(pte) >> 12) + demo_base)"])
def test_unknown_frame_is_not_merged(demo: Bench, frame: str) -> None:
    """Cure: a frame that is not known makes the counting unknown, never one dummy frame.

    With a dummy a store of one counted entry over another, which has no hook here, would leave
    the counters as they are: all is balanced.
    """
    counted = "pte_user_accessible_page({0}) && !pte_special({0})".format
    result = demo.judge(
        arch("#define pte_pfn(pte) ((pte_val(pte) & _PAGE_PFN_MASK) >> _PAGE_PFN_SHIFT)\n",
             "extern unsigned long demo_base;\nunsigned long demo_frame(pte_t pte);\n"
             f"#define pte_pfn(pte) {frame}\n"),
        generic(SET_PTES, f"\tif (!({counted('pte')} && {counted('(*ptep)')}))\n\t{SET_PTES}"),
    )  # fmt: skip
    assert "set_ptes" in unknown(result)


def test_known_frames_tell_the_two_apart(demo: Bench) -> None:
    counted = "pte_user_accessible_page({0}) && !pte_special({0})".format
    result = demo.judge(
        generic(SET_PTES, f"\tif (!({counted('pte')} && {counted('(*ptep)')}))\n\t{SET_PTES}")
    )
    assert verdict(result, "set_ptes").verdict is Verdict.FINDING


# -- 3. independent switches tied together


@pytest.mark.parametrize(("second", "tied"), [("b", False), ("a", True)])
def test_two_static_keys_are_independent(demo: Bench, second: str, tied: bool) -> None:
    """Cure: kernel_stubs/shadow/linux/jump_label.h and the key's address in the choice.

    Tied by a short name, the hook and the store would always happen together: balanced.
    """
    body = (
        "\tif (!static_branch_likely(&demo_a))\n\t\tpage_table_check_pud_set(mm, pudp, pud);\n"
        f"\tif (!static_branch_likely(&demo_{second}))\n\t\tset_pud(pudp, pud);\n"
    )
    result = demo.judge(
        arch(HELPERS, f"{FLAG}extern struct static_key_true demo_a, demo_b;\n"), arch(SET_PUD, body)
    )
    assert verdict(result, "set_pud_at").verdict is (Verdict.BALANCED if tied else Verdict.FINDING)


@pytest.mark.parametrize("second", ["2", "1"])
def test_two_questions_are_independent(demo: Bench, second: str) -> None:
    """Cure: the key of a choice is the callee with its full arguments."""
    body = (
        "\tif (demo_has(1))\n\t\tpage_table_check_pud_set(mm, pudp, pud);\n"
        f"\tif (demo_has({second}))\n\t\tset_pud(pudp, pud);\n"
    )
    result = demo.judge(
        arch(HELPERS, "bool demo_has(int feature) __attribute__((const));\n"), arch(SET_PUD, body)
    )
    wanted = Verdict.FINDING if second == "2" else Verdict.BALANCED
    if verdict(result, "set_pud_at").verdict is not wanted:
        assert second == "1"  # asked twice: to take the two for different is the safe side


# -- 4. asm goto


def test_labels_of_asm_goto_are_taken(demo: Bench) -> None:
    """Cure: InlineAssembly makes each label of `asm goto` a way of a choice.

    Without them the branch that stores without a hook is never taken.
    """
    has = (
        "static inline bool demo_fast(void)\n{\n"
        '\tasm goto("1: nop" : : "i" (5) : : yes);\n\treturn false;\nyes:\n\treturn true;\n}\n'
    )
    result = demo.judge(
        arch(HELPERS, has),
        arch(
            SET_PUD, "\tif (demo_fast()) {\n\t\tset_pud(pudp, pud);\n\t\treturn;\n\t}\n" + SET_PUD
        ),
    )
    assert found(result) == {("PTC101", "set_pud_at")}


# -- 5. the address of an entry as a number


@pytest.mark.parametrize(
    ("declared", "store"),
    [
        ("void demo_poke(unsigned long to, unsigned long what);\n",
         "demo_poke((unsigned long)pudp, pud_val(pud));"),
        ("void demo_poke(unsigned long to, unsigned long what);\n",
         "demo_poke(__pa(pudp), pud_val(pud));"),
        (("struct demo_update { unsigned long to, what; };\n"
          "void demo_batch(struct demo_update *u);\n"),
         "struct demo_update u = { (unsigned long)pudp, pud_val(pud) };\n\n\tdemo_batch(&u);"),
        ("", ('asm volatile("put %1,0(%0)" : : "r" ((unsigned long)pudp), "r" (pud_val(pud)) :'
              ' "memory");')),
    ],
)  # fmt: skip
def test_address_as_a_number_is_still_the_entry(demo: Bench, declared: str, store: str) -> None:
    """Cure: Core.names_slot() looks for the table's addresses in numbers, also inside of what a
    pointer points to. Otherwise the store is not seen: neutral (or balanced with the hook)."""
    result = demo.judge(
        arch(HELPERS, declared), arch(SET_PUD, SET_PUD.replace("set_pud(pudp, pud);", store))
    )
    assert "set_pud_at" in unknown(result)


TAKES_ANY = """\
static inline void demo_put(int n, ...)
{
	__builtin_va_list rest;
	pud_t *to;

	__builtin_va_start(rest, n);
	to = __builtin_va_arg(rest, pud_t *);
	to->pud = __builtin_va_arg(rest, unsigned long);
	__builtin_va_end(rest);
}
"""
SAYS = """\
int demo_print(const char *f, __builtin_va_list rest);
static inline int demo_say(const char *f, ...)
{
	__builtin_va_list rest;

	__builtin_va_start(rest, f);
	return demo_print(f, rest);
}
"""
PAIR = "struct demo_pair { unsigned long to, what; };\n"
KEPT = "{ (unsigned long)pudp, pud_val(pud) }"


@pytest.mark.parametrize(
    ("declared", "store"),
    [
        ("void demo_flush(struct mm_struct *mm);\n",
         "mm->total_vm = (unsigned long)pudp; demo_flush(mm);"),
        ("void demo_flush(void);\n", "mm->pgd = (pgd_t *)pudp; demo_flush();"),
        ("pud_t **demo_mine(void);\nvoid demo_flush(void);\n",
         "*demo_mine() = pudp; demo_flush();"),
        (f"{PAIR}extern struct demo_pair demo_queue[16];\nextern int demo_last;\n",
         f"demo_queue[demo_last++] = (struct demo_pair) {KEPT};"),
        (f"{PAIR}extern struct demo_pair demo_queue[16];\nextern int demo_last;\n",
         "demo_queue[demo_last].to = (unsigned long)pudp; demo_queue[demo_last++].what = 1;"),
        (PAIR, f'struct demo_pair two = {KEPT}; asm volatile("put %0" : : "m" (two) : "memory");'),
        (PAIR, f'struct demo_pair two = {KEPT}; asm volatile("put %0" : "+m" (two));'),
        (TAKES_ANY, "demo_put(2, pudp, pud_val(pud));"),
        (TAKES_ANY.replace("int n,", "pud_t *n,"), "demo_put(pudp, pud_val(pud));"),
    ],
)  # fmt: skip
def test_address_that_is_left_somewhere_is_still_the_entry(
    demo: Bench, declared: str, store: str
) -> None:
    """Cure: Core.store() and InlineAssembly look into what is stored to a place that is not known
    and into what assembler finds in memory, Machine at arguments that have no name."""
    result = demo.judge(arch(HELPERS, declared + HELPERS), arch(SET_PUD, f"\t{store}\n"))
    assert "set_pud_at" in unknown(result)


@pytest.mark.parametrize(
    ("declared", "store"),
    [
        ("static inline int demo_say(const char *f, ...) { return 0; }\n", 'demo_say("%p", pudp);'),
        (SAYS, 'demo_say("%p", pudp);'),
        ("", 'pud_t *p = pudp; asm volatile("" : : "m" (p) : "memory");'),
        ("", 'pud_t *p = pudp; unsigned long t; asm("ld %0, %1" : "=r" (t) : "m" (p));'),
    ],
)  # fmt: skip
def test_what_is_only_read_or_printed(demo: Bench, declared: str, store: str) -> None:
    result = demo.judge(arch(HELPERS, declared + HELPERS), arch(SET_PUD, f"\t{store}\n{SET_PUD}"))
    assert verdict(result, "set_pud_at").verdict is Verdict.BALANCED


def test_store_when_a_block_is_left(demo: Bench) -> None:
    """Cure: `cleanup` is a part of the tree that the front end makes, and not dropped."""
    later = (
        "struct demo_later { pud_t *slot; pud_t entry; };\n"
        "static inline void demo_store(struct demo_later *l) { set_pud(l->slot, l->entry); }\n"
    )
    body = "\tstruct demo_later l __attribute__((cleanup(demo_store))) = { pudp, pud };\n"
    hook = "\tpage_table_check_pud_set(mm, pudp, pud);\n"
    result = demo.judge(arch(HELPERS, later + HELPERS), arch(SET_PUD, body))
    assert found(result) == {("PTC101", "set_pud_at")}
    result = demo.judge(arch(HELPERS, later + HELPERS), arch(SET_PUD, body + hook))
    assert verdict(result, "set_pud_at").verdict is Verdict.BALANCED


def test_store_through_a_number_in_a_callee_is_seen(demo: Bench) -> None:
    poke = (
        "static inline void poke(unsigned long to, unsigned long what)\n{\n"
        "\t*(unsigned long *)to = what;\n}\n"
    )
    result = demo.judge(
        arch(HELPERS, poke), arch(SET_PUD, "\tpoke((unsigned long)pudp, pud_val(pud));\n")
    )
    assert found(result) == {("PTC101", "set_pud_at")}


# -- 6. impossible pairs


def test_helpers_are_asked_under_their_contract(demo: Bench) -> None:
    """Cure: analyzer/helpers/contracts.py. Without it these correct helpers are findings."""
    result = demo.judge()
    assert result.findings == ()
    for helper in (
        "pte_clear_not_present_full", "ptep_set_access_flags", "pmd_populate", "ptep_set_wrprotect",
    ):  # fmt: skip
        assert verdict(result, helper).verdict is Verdict.NEUTRAL, helper
    assert verdict(result, "ptep_modify_prot_commit").verdict is Verdict.BALANCED


def test_contract_does_not_hide_a_broken_helper(demo: Bench) -> None:
    body = "\t\tnew = old | (pte_val(entry) & flags);\n"
    result = demo.judge(
        Edit(
            "arch/demo/mm/pgtable.c",
            body,
            "\t\tnew = (old | (pte_val(entry) & flags)) & ~_PAGE_USER;\n",
        )
    )
    assert found(result) == {("PTC109", "ptep_set_access_flags")}


# -- 7. what an invalidation leaves


@pytest.mark.parametrize("left", ["pmd_wrprotect(pmdp_get(pmdp))", "pmd_mkold(*pmdp)", "*pmdp"])
def test_counted_entry_that_an_invalidation_leaves(demo: Bench, left: str) -> None:
    """Cure: PredicateLaws asks the predicate about the value really left in the slot.

    The architecture has no pmd_mkinvalid() here, and the counters and the slot agree.
    """
    result = demo.judge(
        Edit(BODIES, "pmd_mkinvalid(pmdp_get(pmdp))", left),
        arch(
            "static inline pmd_t pmd_mkinvalid(pmd_t pmd)",
            "static inline pmd_t demo_split(pmd_t pmd)",
        ),
    )
    assert found(result) == {("PTC203", "pmd_user_accessible_page")}
    assert verdict(result, "pmdp_invalidate").verdict in GREEN


# -- 8. hook only if present


@pytest.mark.parametrize(
    ("edit", "function", "helper"),
    [
        (generic(SET_PTES, "\tif (pte_present(pte))\n\t" + SET_PTES), "set_ptes", "set_ptes"),
        (arch(SET_PUD, "\tif (pud_present(pud))\n\t" + SET_PUD), "set_pud_at", "set_pud_at"),
        (arch(SET_PUD, "\tif (pud_val(pud))\n\t" + SET_PUD), "set_pud_at", "set_pud_at"),
        (arch(SET_PUD, "\tif (pud_leaf(pud))\n\t" + SET_PUD), "set_pud_at", "set_pud_at"),
        (arch(SET_PUD, "\tif (!pud_present(*pudp))\n\t" + SET_PUD), "set_pud_at", "set_pud_at"),
        (generic(SET_PTES, "\tif (pte_present(pte) || pte_none(pte))\n\t" + SET_PTES),
         "set_ptes", "set_ptes"),
        (arch(SET_PMD, "\tif (pmd_present(pmd) || pmd_none(pmd))\n\t" + SET_PMD),
         "set_pmd_at", "set_pmd_at"),
    ],
)  # fmt: skip
def test_hook_only_if_present(demo: Bench, edit: Edit, function: str, helper: str) -> None:
    """Cure: entries that are not present stand over live ones among the cases (swap out)."""
    result = demo.judge(edit)
    assert verdict(result, helper).verdict is Verdict.FINDING
    assert {where for _, where in found(result)} == {function}


# -- 9. another architecture's headers


@pytest.mark.parametrize("way", ["include", "asm-generic", "a header of nobody"])
def test_headers_of_another_architecture_are_not_judged(way: str) -> None:
    """Cure: read_unit() asserts the origin of the page-table header (_check_origin).

    arch/demo/include/asm/pgtable.h leads to that of another architecture, in which all is well.
    """
    text = (DEMO / PGTABLE).read_text()
    other = "arch/other/include/asm/pgtable.h"
    edits: dict[str, bytes | None] = {other: text.encode()}
    if way == "include":
        edits[PGTABLE] = b'#include "../../../other/include/asm/pgtable.h"\n'
    elif way == "asm-generic":
        edits[PGTABLE] = None
        edits["include/asm-generic/pgtable.h"] = (
            b'#include "../../arch/other/include/asm/pgtable.h"\n'
        )
        edits[GENERIC] = (
            (DEMO / GENERIC).read_bytes().replace(b"<asm/pgtable.h>", b"<asm-generic/pgtable.h>")
        )
    else:
        edits[PGTABLE] = None
        edits["include/asm/pgtable.h"] = text.encode()
    with open_tree(str(DEMO), None) as tree:
        result = check_tree(OverlayTree(overlay(tree, ()), edits), ("demo",))
    assert result.findings == ()
    assert not [v for v in result.helpers if v.verdict in GREEN]
    assert result.incomplete
    assert any("include/asm/pgtable.h" in problem for problem in result.problems), result.problems


HALVES = "union demo_halves { unsigned long whole; unsigned int half[2]; };\n"
PUT = 'asm volatile("put %2, %0, %1" : : "r" (hi), "r" (lo), "r" (pud_val(pud)) : "memory");'


@pytest.mark.parametrize(
    "split",
    [
        "unsigned long a = (unsigned long)pudp, hi = a >> 32, lo = a & 0xffffffff;",
        "unsigned long a = (unsigned long)pudp, hi = a / 65536, lo = a & 0xffff;",
        "unsigned int hi = (unsigned long)pudp >> 32, lo = (unsigned long)pudp;",
        "unsigned long hi = 0, lo = (unsigned long)pudp << 4;",
        "unsigned long hi = __pa(pudp) >> 12, lo = __pa(pudp) & 0xfff;",
        "unsigned long hi = ((unsigned long)pudp >> 3) | (5UL << 61), lo = 0;",
        ("union demo_halves u = { .whole = (unsigned long)pudp };\n"
        "\tunsigned int lo = u.half[0], hi = u.half[1];"),
        ("struct demo_two { unsigned int hi, lo; } two = { (unsigned long)pudp >> 32, 0 };\n"
        "\tunsigned int hi = two.hi, lo = two.lo;"),
        "unsigned long hi = demo_high((unsigned long)pudp), lo = 0;",
        "unsigned short hi = (unsigned long)pudp >> 32, lo = 0;",
    ],
)  # fmt: skip
def test_an_address_in_pieces_is_still_the_entry(demo: Bench, split: str) -> None:
    """Cure: SlotPart marks some bits of an entry's address, and assembler is not given them."""
    high = "static inline unsigned long demo_high(unsigned long a) { return a >> 32; }\n"
    result = demo.judge(
        arch(HELPERS, HALVES + high + HELPERS), arch(SET_PUD, f"\t{split}\n\t{PUT}\n")
    )
    assert "assembler is given an entry's address" in unknown(result)["set_pud_at"]


@pytest.mark.parametrize(
    "other",
    [
        "unsigned long hi = ((unsigned long)pudp >> 3) & 0x1ff, lo = 0;",  # a place in the table
        "unsigned long hi = ((unsigned long)pudp >> 12) * 64 + 0xffffea0000000000UL, lo = 0;",
        "unsigned long hi = (unsigned long)pudp >> 3 != 5, lo = (unsigned long)pudp % 64;",
        "unsigned long hi = (unsigned long)(pudp + 5) - (unsigned long)pudp, lo = 0;",
        "unsigned long hi = 0, lo = addr >> 12;",
    ],
)
def test_what_is_made_of_an_address_and_leads_to_no_entry(demo: Bench, other: str) -> None:
    edit = arch(SET_PUD, f"\t{other}\n\t{PUT}\n{SET_PUD}")
    assert verdict(demo.judge(edit), "set_pud_at").verdict is Verdict.BALANCED


def test_pieces_that_are_put_together_are_the_entry(demo: Bench) -> None:
    lines = (
        "\tunsigned int hi = (unsigned long)pudp >> 32, lo = (unsigned long)pudp;\n"
        "\tpud_t *to = (pud_t *)(((unsigned long)hi << 32) | lo);\n\n\tset_pud(to, pud);\n"
    )
    assert found(demo.judge(arch(SET_PUD, lines))) == {("PTC101", "set_pud_at")}
