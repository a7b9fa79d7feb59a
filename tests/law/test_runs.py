# SPDX-License-Identifier: GPL-2.0-only
"""Cases and paths of helpers that the demonstration tree does not have."""

from __future__ import annotations

import pytest

from analyzer.check.results import VariantResult
from analyzer.model import HelperVerdict, Step, Verdict
from tests.law.demo import (
    CALLERS,
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

PLACE = "#ifdef CONFIG_TRANSPARENT_HUGEPAGE\n\n/* pmd */\n"
XCHG_PTE = "\tpte_t old = __pte(xchg(&ptep->pte, 0UL));\n\n\tpage_table_check_pte_clear(mm, old);\n"
CALL = "void demo_drop(struct mm_struct *mm, unsigned long addr, pte_t *ptep)\n{\n"


def helper(parameters: str, body: str, call: str, before: str = "") -> tuple[Edit, ...]:
    """A helper `demo_helper` that generic code calls."""
    text = f"{before}static inline void demo_helper({parameters})\n{{\n{body}\n}}\n\n"
    return (
        generic(PLACE, text + PLACE),
        Edit(CALLERS, CALL, f"{CALL}\tdemo_helper({call});\n"),
    )


def judged(
    demo: Bench, parameters: str, body: str, call: str, before: str = ""
) -> tuple[HelperVerdict, VariantResult]:
    result = demo.judge(*helper(parameters, body, call, before))
    return verdict(result, "demo_helper"), result


SLOT = "struct mm_struct *mm, unsigned long addr, pte_t *ptep"
BATCH = f"{SLOT}, unsigned int nr"
LOOP = (
    "\tunsigned int i;\n\n\tfor (i = 0; i < nr; i++) {{\n\t\tpte_t old = ptep[i];\n\n"
    "\t\tset_pte(ptep + i, __pte(0));\n{}\t}}"
)


@pytest.mark.parametrize(
    ("hook", "wanted"),
    [
        ("\t\tpage_table_check_pte_clear(mm, old);\n", Verdict.BALANCED),
        ("\t\tif (!i)\n\t\t\tpage_table_check_pte_clear(mm, old);\n", Verdict.FINDING),
        (
            "\t\tif (i != nr - 1 || nr == 1)\n\t\t\tpage_table_check_pte_clear(mm, old);\n",
            Verdict.FINDING,
        ),
        ("", Verdict.FINDING),
    ],
)
def test_batches_without_a_contract(demo: Bench, hook: str, wanted: Verdict) -> None:
    """A helper that nobody has heard of, with a count, is asked about several entries."""
    one, result = judged(demo, BATCH, LOOP.format(hook), "mm, addr, ptep, 4")
    assert one.verdict is wanted, found(result)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("\tset_pte(to, *ptep);\n\tset_pte(ptep, __pte(0));", Verdict.NEUTRAL),
        ("\tset_pte(to, *ptep);", Verdict.FINDING),
        ("\tset_pte_at(mm, addr, to, *ptep);", Verdict.BALANCED),
        ("\tset_pte_at(mm, addr, to, ptep_get_and_clear(mm, addr, ptep));", Verdict.BALANCED),
        ("\tset_pte(to, ptep_get_and_clear(mm, addr, ptep));", Verdict.FINDING),
    ],
)
def test_two_slots_of_one_level(demo: Bench, body: str, wanted: Verdict) -> None:
    one, result = judged(demo, f"{SLOT}, pte_t *to", body, "mm, addr, ptep, ptep")
    assert one.verdict is wanted, found(result)


def test_helper_that_reads_is_none(demo: Bench) -> None:
    result = demo.judge(
        *helper(SLOT, "\tif (pte_val(*ptep))\n\t\tmm->total_vm++;", "mm, addr, ptep")
    )
    assert "demo_helper" not in {v.helper for v in result.helpers}
    assert result.findings == ()


def conditions(count: int) -> str:
    return "".join(f"\tif (demo_ask({i}))\n\t\tn += {1 << i};\n" for i in range(count))


ASK = "int demo_ask(int what);\n"
ROUNDS = (
    "\tunsigned int i, n = 0;\n\n\tfor (i = 0; i < nr; i++) {{\n\t\tpte_t old = ptep[i];\n\n"
    "{}\t\tset_pte(ptep + i, __pte(n ? 0 : 4096));\n{}\t}}"
)


@pytest.mark.parametrize(
    ("hook", "wanted"),
    [
        ("\t\tpage_table_check_pte_clear(mm, old);\n", Verdict.BALANCED),
        ("\t\tif (!i)\n\t\t\tpage_table_check_pte_clear(mm, old);\n", Verdict.FINDING),
    ],
)
def test_a_batch_with_too_many_paths_is_a_pair(demo: Bench, hook: str, wanted: Verdict) -> None:
    """Three conditions a round: two rounds have 64 paths, three have more than are followed."""
    one, result = judged(demo, BATCH, ROUNDS.format(conditions(3), hook), "mm, addr, ptep, nr", ASK)
    assert one.verdict is wanted, (one.reason, found(result))


LOOK = (
    f"{ASK}static inline int demo_look(pte_t pte)\n{{\n\tint n = 0;\n\n"
    f"{conditions(8)}\treturn n;\n}}\n"
)
TAKE = "\tpte_t old = __pte(xchg(&ptep->pte, 0UL));\n\n"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("\tdemo_note(demo_look(old));\n\tpage_table_check_pte_clear(mm, old);",
         Verdict.BALANCED),
        ("\tif (demo_look(old))\n\t\tpage_table_check_pte_clear(mm, old);", Verdict.FINDING),
        ("\tif (!demo_look(old))\n\t\tpage_table_check_pte_clear(mm, old);", Verdict.FINDING),
        ("\tpage_table_check_pte_clear(mm, old);\n\tset_pte(ptep, __pte(demo_look(old)));",
         Verdict.UNKNOWN),
    ],
)  # fmt: skip
def test_a_number_with_many_ways_to_it(demo: Bench, body: str, wanted: Verdict) -> None:
    """Such a function is not followed: its answer may be anything, and decides both ways."""
    before = f"{LOOK}void demo_note(int n);\n"
    one, result = judged(demo, SLOT, TAKE + body, "mm, addr, ptep", before)
    assert one.verdict is wanted, (one.reason, found(result))


def test_limit_of_paths_is_unknown(demo: Bench) -> None:
    body = (
        f"\tunsigned long n = 0;\n\n{conditions(7)}"
        "\tset_pte_at(mm, addr, ptep, n ? __pte(n << 20) : *ptep);"
    )
    one, _ = judged(demo, SLOT, body, "mm, addr, ptep", "int demo_ask(int what);\n")
    assert (one.verdict, one.reason) == (Verdict.UNKNOWN, "more than 64 paths")


def test_limit_of_conditions_is_unknown(demo: Bench) -> None:
    body = f"\tint n = 0;\n\n{conditions(20)}\tset_pte_at(mm, addr, ptep, __pte(0));"
    one, _ = judged(demo, SLOT, body, "mm, addr, ptep", "int demo_ask(int what);\n")
    assert one.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("\tREAD_ONCE(*ptep);\n\tfor (;;)\n\t\tbarrier();", "does not end"),
        ("\tdemo_helper2(mm, addr, ptep);", "without a body"),
        ("\tset_pte(ptep, __pte(demo_value()));", "unknown value is stored"),
        ("\tpage_table_check_pte_clear(mm, __pte(demo_value()));", "unknown value"),
        ('\tasm volatile("st %0" : "=m" (*ptep));', "assembler"),
        ("\tdemo_again(mm, addr, ptep);", "deeper"),
        ("\tpage_table_check_ptes_set(mm, ptep, *ptep, ~0U);\n\tset_pte(ptep, *ptep);", ""),
    ],
)
def test_what_cannot_be_followed_is_unknown(demo: Bench, body: str, reason: str) -> None:
    before = (
        "unsigned long demo_value(void);\n"
        f"void demo_helper2({SLOT});\n"
        f"static inline void demo_again({SLOT})\n{{\n\tdemo_again(mm, addr, ptep);\n}}\n\n"
    )
    one, _ = judged(demo, SLOT, body, "mm, addr, ptep", before)
    assert one.verdict is Verdict.UNKNOWN
    assert reason in one.reason
    assert "demo_" in one.reason or not reason


def test_one_unknown_path_is_not_green(demo: Bench) -> None:
    body = "\tif (demo_ask(1))\n\t\tdemo_out(ptep);\n\tset_pte_at(mm, addr, ptep, __pte(0));"
    one, result = judged(
        demo, SLOT, body, "mm, addr, ptep", "int demo_ask(int what);\nvoid demo_out(pte_t *p);\n"
    )
    assert one.verdict is Verdict.UNKNOWN
    assert result.findings == ()


def test_a_broken_path_is_a_finding_though_another_is_unknown(demo: Bench) -> None:
    body = "\tif (demo_ask(1))\n\t\tdemo_out(ptep);\n\telse\n\t\tset_pte(ptep, __pte(0));"
    one, result = judged(
        demo, SLOT, body, "mm, addr, ptep", "int demo_ask(int what);\nvoid demo_out(pte_t *p);\n"
    )
    assert one.verdict is Verdict.FINDING
    assert found(result) == {("PTC101", "demo_helper")}


def test_path_that_does_not_return_is_not_judged(demo: Bench) -> None:
    body = (
        "\tif (pte_present(*ptep)) {\n\t\tset_pte(ptep, __pte(0));\n"
        "\t\t__builtin_unreachable();\n\t}\n\tset_pte(ptep, __pte(0));"
    )
    one, result = judged(demo, SLOT, body, "mm, addr, ptep")
    assert (one.verdict, found(result)) == (Verdict.NEUTRAL, set())


def test_helper_of_which_no_path_returns_is_not_green(demo: Bench) -> None:
    one, _ = judged(
        demo, SLOT, "\tset_pte(ptep, __pte(0));\n\t__builtin_unreachable();", "mm, addr, ptep"
    )
    assert one.verdict is Verdict.UNKNOWN


def test_store_that_is_undone_is_neutral(demo: Bench) -> None:
    body = "\tpte_t old = *ptep;\n\n\tset_pte(ptep, __pte(0));\n\tset_pte(ptep, old);"
    one, _ = judged(demo, SLOT, body, "mm, addr, ptep")
    assert one.verdict is Verdict.NEUTRAL


@pytest.mark.parametrize("over", ["swap", "kernel"])
def test_kind_of_the_old_entry_matters(demo: Bench, over: str) -> None:
    """A hook that is left out only where a counted entry is replaced by a counted one."""
    body = (
        "\tif (!pte_present(*ptep) || !pte_present(pte) || pte_pfn(pte) == pte_pfn(*ptep))\n"
        "\t\tpage_table_check_ptes_set(mm, ptep, pte, 1);\n\tset_pte(ptep, pte);"
    )
    if over == "kernel":
        body = (
            "\tif (!pte_write(pte) || !pte_write(*ptep))\n"
            "\t\tpage_table_check_ptes_set(mm, ptep, pte, 1);\n\tset_pte(ptep, pte);"
        )
    one, _ = judged(demo, f"{SLOT}, pte_t pte", body, "mm, addr, ptep, *ptep")
    assert one.verdict is Verdict.FINDING


def test_without_a_writable_class_counted_still_meets_counted(demo: Bench) -> None:
    """The pivots of the cases must hold a counted entry, whatever the tree can make."""
    forget = (
        "\tif (pud_leaf(*pudp) && pud_leaf(pud)) {\n\t\tset_pud(pudp, pud);\n\t\treturn;\n\t}\n"
        "\tpage_table_check_pud_set(mm, pudp, pud);\n"
    )
    result = demo.judge(
        arch("\tpage_table_check_pud_set(mm, pudp, pud);\n", forget),
        arch("#define pud_mkwrite(pud) __pud(pud_val(pud) | _PAGE_WRITE)\n", ""),
        arch("#define pud_mkdirty(pud) __pud(pud_val(pud) | _PAGE_DIRTY)\n", ""),
        arch("#define pud_mkyoung(pud) __pud(pud_val(pud) | _PAGE_ACCESSED)\n", ""),
    )
    assert verdict(result, "set_pud_at").verdict is Verdict.FINDING


def test_huge_counts_do_not_hang(demo: Bench) -> None:
    result = demo.judge(
        generic("\tpage_table_check_ptes_set(mm, ptep, pte, nr);\n",
                "\tpage_table_check_ptes_set(mm, ptep, pte, nr - 2);\n")
    )  # fmt: skip
    assert verdict(result, "set_ptes").verdict in (Verdict.UNKNOWN, Verdict.FINDING)


# -- the evidence


def steps(result: VariantResult) -> tuple[Step, ...]:
    (one,) = result.findings
    assert one.witness is not None
    return one.witness.path


def test_witness_tells_the_path(demo: Bench) -> None:
    result = demo.judge(
        generic("\tpage_table_check_pud_clear(mm, old);\n",
                "\tif (!demo_quick())\n\t\tpage_table_check_pud_clear(mm, old);\n"),
        arch("/* Helpers for user mappings. */\n", "bool demo_quick(void);\n"),
    )  # fmt: skip
    (one,) = result.findings
    assert (one.rule, one.function) == ("PTC101", "pudp_huge_get_and_clear")
    assert one.witness is not None
    kinds = [step.kind for step in one.witness.path]
    assert kinds.count("branch") == 1
    assert kinds.index("call") < kinds.index("store")
    assert "hook" not in kinds
    branch = next(step for step in one.witness.path if step.kind == "branch")
    assert "demo_quick()" in branch.text
    assert branch.function == "pudp_huge_get_and_clear"
    store = next(step for step in one.witness.path if step.kind == "store")
    assert store.location.path == PGTABLE
    assert store.function == "set_pud"
    assert one.witness.old is not None
    assert "counted" in one.witness.old.text
    assert "not counted" not in one.witness.old.text
    assert one.witness.left is not None
    assert (one.witness.left.value, one.witness.expected, one.witness.got) == (
        0, ("pfn 0x4000000 (262144 pages): -1",), ("nothing",),
    )  # fmt: skip


def test_witness_shows_the_hook_as_it_was_called(demo: Bench) -> None:
    result = demo.judge(
        arch("\tpage_table_check_pmd_set(mm, pmdp, pmd);\n\tset_pmd(pmdp, pmd);\n",
             "\tset_pmd(pmdp, pmd);\n\tpage_table_check_pmd_set(mm, pmdp, pmd);\n")
    )  # fmt: skip
    kinds = [step.kind for step in steps(result) if step.kind in ("hook", "store")]
    assert kinds == ["store", "hook"]
    (hook,) = [step for step in steps(result) if step.kind == "hook"]
    (store,) = [step for step in steps(result) if step.kind == "store"]
    assert "page_table_check_pmd_set(slot holds" in hook.text
    assert (hook.function, store.function) == ("set_pmd_at", "set_pmd")


def test_finding_is_at_the_line_that_goes_on_to_the_store(demo: Bench) -> None:
    edit = arch(
        "\tpage_table_check_pud_set(mm, pudp, pud);\n\tset_pud(pudp, pud);\n",
        "\tset_pud(pudp, pud);\n",
    )
    (one,) = demo.judge(edit).findings
    lines = overlay(demo.tree, (edit,)).read(PGTABLE).decode().splitlines()
    assert one.location.path == PGTABLE
    assert lines[one.location.line - 1] == "\tset_pud(pudp, pud);"
    assert one.helpers == ("set_pud_at",)


def test_delegating_helpers_are_listed_under_the_root(demo: Bench) -> None:
    result = demo.judge(mended=False)
    (one,) = result.findings
    assert one.function == one.helper == "pmdp_huge_get_and_clear"
    assert set(one.helpers) == {
        "pmdp_huge_get_and_clear", "pmdp_huge_get_and_clear_full", "pmdp_huge_clear_flush",
    }  # fmt: skip
    for name in one.helpers:
        assert verdict(result, name).verdict is Verdict.FINDING
    assert not unknown(result)


def test_raw_setter_below_a_hooked_one_is_not_blamed(demo: Bench) -> None:
    """One caller of the raw setter hooks, another forgets it: the other is the one to mend."""
    raw = (
        "static inline void __set_pmd_at(struct mm_struct *mm, pmd_t *pmdp, pmd_t pmd)\n"
        "{\n\tset_pmd(pmdp, pmd);\n}\n\n"
    )
    hooked = "\tpage_table_check_pmd_set(mm, pmdp, pmd);\n\tset_pmd(pmdp, pmd);\n"
    establish = (
        "\tpage_table_check_pmd_set(vma->vm_mm, pmdp, pmd);\n\n"
        "\treturn __pmd(xchg(&pmdp->pmd, pmd_val(pmd)));\n"
    )
    result = demo.judge(
        arch("static inline void set_pmd_at(", f"{raw}static inline void set_pmd_at("),
        arch(hooked, hooked.replace("\tset_pmd(pmdp", "\t__set_pmd_at(mm, pmdp")),
        arch(
            establish,
            "\tpmd_t old = *pmdp;\n\n\t__set_pmd_at(vma->vm_mm, pmdp, pmd);\n\treturn old;\n",
        ),
    )
    assert found(result) == {("PTC101", "pmdp_establish")}
