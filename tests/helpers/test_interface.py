# SPDX-License-Identifier: GPL-2.0-only
"""Which functions and macros are helpers: found in the tree, by their parameters and callers."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.helpers.contracts import CONTRACTS, New, Old, contract_for, is_helper
from analyzer.helpers.interface import called_names, find_interface
from tests.helpers.bench import tree

CALLERS = "mm/memory.c"
ARCH = "arch/new/include/asm/pgtable.h"
GENERIC = "include/linux/pgtable.h"


def interface(folder: Path, called: str, **files: str) -> dict[str, tuple[tuple[str, ...], str]]:
    """Name -> (parameters, level) of what `called` names and `files` declare."""
    calls = "pte_t x; " + " ".join(f"{name}();" for name in called.split())
    with tree(folder, **{CALLERS: calls, **files}) as it:
        found = find_interface(it, "new", called_names(it))
    return {s.name: (s.parameters, s.level) for s in found.signatures}


SET = (
    "static inline void {}(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte)\n"
    "{{\n}}\n"
)


def test_function_with_an_entry_and_an_mm(tmp_path: Path) -> None:
    found = interface(tmp_path, "set_it raw_one", **{GENERIC: SET.format("set_it")})
    assert found == {
        "set_it": (
            ("struct mm_struct *mm", "unsigned long addr", "pte_t *ptep", "pte_t pte"), "pte",
        )
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "static inline void f(pte_t *ptep, pte_t pte)\n{\n}\n",
        "static inline void f(struct mm_struct *mm, pte_t pte)\n{\n}\n",
        "static inline void f(struct mm_struct *mm, p4d_t *p4d, pud_t *pud)\n{\n}\n",
        "/* void f(struct mm_struct *mm, pte_t *ptep); */\n",
        "// void f(struct mm_struct *mm, pte_t *ptep);\n",
        (
            "static inline void page_table_check_pte_set(struct mm_struct *mm, pte_t *ptep, pte_t"
            " pte)\n{\n}\n"
        ),
    ],
)
def test_what_is_no_helper(tmp_path: Path, text: str) -> None:
    assert interface(tmp_path, "f page_table_check_pte_set", **{GENERIC: text}) == {}


def test_what_nobody_calls_is_none(tmp_path: Path) -> None:
    assert interface(tmp_path, "other", **{ARCH: SET.format("f")}) == {}


def test_the_architecture_comes_first(tmp_path: Path) -> None:
    """Its own signature wins, whatever other architectures do."""
    own = "int f(struct mm_struct *mm, pte_t *ptep, int extra);\n"
    other = "int f(struct mm_struct *mm, pte_t *ptep, int a, int b);\n"
    found = interface(
        tmp_path, "f", **{GENERIC: SET.format("f"), ARCH: own,
                          "arch/other/include/asm/pgtable.h": other}
    )  # fmt: skip
    assert found["f"][0] == ("struct mm_struct *mm", "pte_t *ptep", "int extra")


@pytest.mark.parametrize(
    ("text", "parameters", "level"),
    [
        ("#define f(mm, addr, ptep, pte) g(mm, ptep, pte)\n",
         ("struct mm_struct *mm", "unsigned long addr", "pte_t *ptep", "pte_t pte"), "pte"),
        ("#define f(vma, address, pmdp) \\\n\tg(vma, pmdp)\n",
         ("struct vm_area_struct *vma", "unsigned long address", "pmd_t *pmdp"), "pmd"),
        ("void f(struct mm_struct *, unsigned long, pud_t *, pud_t);\n",
         ("struct mm_struct * __arg0", "unsigned long __arg1", "pud_t * __arg2", "pud_t __arg3"),
         "pud"),
        ("void f(struct vm_area_struct *vma, pte_t *ptep __always_unused, int full);\n",
         ("struct vm_area_struct *vma", "pte_t *ptep", "int full"), "pte"),
        ("extern pmd_t\nf(struct vm_area_struct *vma,\n  unsigned long address, pmd_t *pmdp);\n",
         ("struct vm_area_struct *vma", "unsigned long address", "pmd_t *pmdp"), "pmd"),
    ],
)  # fmt: skip
def test_signatures(tmp_path: Path, text: str, parameters: tuple[str, ...], level: str) -> None:
    assert interface(tmp_path, "f", **{ARCH: text}) == {"f": (parameters, level)}


def test_alias(tmp_path: Path) -> None:
    found = interface(tmp_path, "f", **{ARCH: SET.format("own_f") + "#define f own_f\n"})
    assert found["f"][1] == "pte"


@pytest.mark.parametrize(
    "text",
    [
        "void f(struct mm_struct *mm, pte_t *ptep, ...);\n",
        "void f(struct mm_struct *mm, pte_t *ptes[4]);\n",
        "void f(struct mm_struct *mm, pte_t *ptep,);\n",
        "void f(,struct mm_struct *mm, pte_t *ptep);\n",
        "void f(struct mm_struct *mm, pte_t *ptep, int [3]);\n",
        "#define f(mm, ptep, ...) g(mm, ptep)\n",
        "#define f(mm, ptep, args...) g(mm, ptep)\n",
        "#define f( ) g()\n",
        "#define f(mm,,ptep) g()\n",
        "void f(struct mm_struct *mm, pte_t *ptep, int);\n",
    ],
)
def test_odd_declarations_are_no_traceback(tmp_path: Path, text: str) -> None:
    interface(tmp_path, "f", **{ARCH: text})


# -- contracts


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("pte_clear", Old.UNCOUNTED, New.ANY),
        ("pte_clear_not_present_full", Old.UNCOUNTED, New.ANY),
        ("huge_pte_clear", Old.UNCOUNTED, New.ANY),
        ("clear_not_present_full_ptes", Old.UNCOUNTED, New.ANY),
        ("clear_nonpresent_ptes", Old.UNCOUNTED, New.ANY),
        ("ptep_set_access_flags", Old.PRESENT, New.SAME),
        ("huge_ptep_set_access_flags", Old.PRESENT, New.SAME),
        ("pmdp_set_access_flags", Old.PRESENT, New.SAME),
        ("ptep_modify_prot_start", Old.PRESENT, New.PROTECTED),
        ("ptep_modify_prot_commit", Old.PRESENT, New.PROTECTED),
        ("ptep_modify_prot", Old.PRESENT, New.PROTECTED),  # both, as one transaction
        ("huge_ptep_modify_prot", Old.PRESENT, New.PROTECTED),
        ("set_pmd_at", Old.ANY, New.NO_TABLE),
        ("set_pud_at", Old.ANY, New.NO_TABLE),
        ("ptep_set_wrprotect", Old.PRESENT, New.ANY),
        ("pmdp_test_and_clear_young", Old.PRESENT, New.ANY),
        ("ptep_clear_flush_young", Old.PRESENT, New.ANY),
        ("pmdp_invalidate", Old.PRESENT, New.ANY),
        ("pmdp_collapse_flush", Old.TABLE, New.ANY),
        ("pmd_populate", Old.UNCOUNTED, New.ANY),
        ("clear_full_ptes", Old.PRESENT, New.ANY),
        ("set_ptes", Old.ANY, New.ANY),
        ("set_pte_at", Old.ANY, New.ANY),
        ("ptep_get_and_clear", Old.ANY, New.ANY),
        ("ptep_clear", Old.ANY, New.ANY),
        ("ptep_clear_flush", Old.ANY, New.ANY),
        ("pmdp_huge_get_and_clear", Old.ANY, New.ANY),
        ("pmdp_establish", Old.ANY, New.ANY),
        ("my_ptep_set_access_flags", Old.ANY, New.ANY),
        ("pte_clear_everything", Old.ANY, New.ANY),
        ("demo_pte_clear", Old.ANY, New.ANY),
    ],
)
def test_contracts(name: str, old: Old, new: New) -> None:
    """A promise is made for whole names only: a helper of a fork gets none."""
    contract = contract_for(name)
    assert (contract.old, contract.new) == (old, new)
    assert contract.reason


def test_every_contract_has_a_reason() -> None:
    assert all(len(row.reason) > 20 for row in CONTRACTS)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("pte_free", False), ("pmd_alloc_one", False), ("set_pte_at", True), ("pmd_populate", True),
     ("pte_clear", True), ("ptep_get_and_clear", True), ("pgtable_trans_huge_deposit", False)],
)  # fmt: skip
def test_names_that_only_look_like_helpers(name: str, wanted: bool) -> None:
    assert is_helper(name) is wanted


def test_the_slot_of_a_macro_is_the_first_one(tmp_path: Path) -> None:
    header = (
        "#define pmd_populate_kernel(mm, pmdp, ptep) (pmd_val(*(pmdp)) = (unsigned long)ptep)\n"
    )
    with tree(tmp_path, **{"arch/new/include/asm/pgalloc.h": header}) as it:
        (one,) = find_interface(it, "new", frozenset({"pmd_populate_kernel"})).signatures
    assert one.level == "pmd"
    assert one.parameters == ("struct mm_struct *mm", "pmd_t *pmdp", "pte_t *ptep")
