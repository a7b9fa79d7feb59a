# SPDX-License-Identifier: GPL-2.0-only
"""The mutations themselves, on C of our own."""

from __future__ import annotations

import pytest

from tests.mutants.mutate import KINDS, mutants
from tests.mutants.sites import Site, find_sites

PATH = "arch/toy/include/asm/pgtable.h"
PROTOTYPES = {
    "page_table_check_ptes_set": (
        "struct mm_struct *mm",
        "pte_t *ptep",
        "pte_t pte",
        "unsigned int nr",
    ),
    "page_table_check_pmd_set": ("struct mm_struct *mm", "pmd_t *pmdp", "pmd_t pmd"),
    "page_table_check_puds_set": ("mm", "addr", "pudp", "pud", "nr"),  # a macro has no types
    "page_table_check_pte_clear": ("struct mm_struct *mm", "pte_t pte"),
    "page_table_check_pmd_clear": ("struct mm_struct *mm", "pmd_t pmd"),
}
TEXT = """\
#ifndef _TOY_H
/* page_table_check_pte_clear(mm, pte); is not called here */
#define hooked(mm, pte) page_table_check_pte_clear(mm, pte)
static inline void set_ptes(struct mm_struct *mm, pte_t *ptep,
\t\t\t    pte_t pte, unsigned int nr)
{
\tpage_table_check_ptes_set(mm, ptep,
\t\t\t\t  pte, nr);
\twhile (nr--)
\t\tset_pte(ptep++, pte);
}

#ifndef __HAVE_ARCH_GET
static inline pte_t get(struct mm_struct *mm, pte_t *ptep)
{
\tpte_t pte = xchg(ptep, "{(;" "}");

\tpage_table_check_pte_clear(mm, pte);	// page_table_check_pte_clear(mm, pte);
\treturn pte;
}
#endif

static inline pmd_t establish(struct mm_struct *mm, pmd_t *pmdp, pmd_t pmd)
{
\tpage_table_check_pmd_set(mm, pmdp, pmd);
\tif (smp)
\t\treturn xchg(pmdp, pmd);
\treturn swap(pmdp, pmd);
}

void page_table_check_pmd_clear(struct mm_struct *mm, pmd_t pmd);
#endif
"""


@pytest.fixture
def sites() -> list[Site]:
    return list(find_sites(PATH, TEXT))


def _made(site: Site) -> dict[str, list[str]]:
    """The changed lines of each mutant, without indentation."""
    result = {}
    for mutant in mutants(site, TEXT, PROTOTYPES):
        lines = zip(TEXT.split("\n"), mutant.text.split("\n"), strict=True)
        result[mutant.kind] = [new.strip() for old, new in lines if new != old]
    return result


def test_calls_are_found_and_nothing_else(sites: list[Site]) -> None:
    assert [(s.line, s.hook, s.function.name, s.function.returns) for s in sites] == [
        (7, "page_table_check_ptes_set", "set_ptes", "void"),
        (18, "page_table_check_pte_clear", "get", "pte_t"),
        (25, "page_table_check_pmd_set", "establish", "pmd_t"),
    ]
    assert sites[0].args == ("mm", "ptep", "pte", "nr")
    assert (sites[1].first_line, sites[1].last_line) == (14, 20)
    assert sites[1].guards == ("_TOY_H", "__HAVE_ARCH_GET")


def test_set_with_a_loop(sites: list[Site]) -> None:
    hook = "page_table_check_ptes_set"
    slot, count = "pte_t *kept_slot = ptep;", "unsigned int kept_nr = nr;"
    assert _made(sites[0]) == {
        "deleted": ["", ";"],
        "duplicated": [f"pte, nr); {hook}(mm, ptep, pte, nr);"],
        "moved": [
            f"struct mm_struct *kept_mm = mm; {slot} pte_t kept_value = pte; {count}",
            "",
            f"{hook}(kept_mm, kept_slot, kept_value, kept_nr);}}",
        ],
        "emptied": [f"{hook}(mm, ptep, __pte(0), nr);", ""],
        "level": ["page_table_check_pmd_set(mm, (pmd_t *)ptep, __pmd(pte_val(pte)));", ""],
    }


def test_set_with_several_ways_out(sites: list[Site]) -> None:
    call = "page_table_check_pmd_set(kept_mm, kept_slot, kept_value);"
    assert _made(sites[2])["moved"][1:] == [
        f"{{ pmd_t kept = xchg(pmdp, pmd); {call} return kept; }}",
        f"{{ pmd_t kept = swap(pmdp, pmd); {call} return kept; }}",
    ]


def test_other_prototypes(sites: list[Site]) -> None:
    hook = "page_table_check_puds_set"
    assert _made(sites[2])["level"] == [f"{hook}(mm, addr, (pud_t *)pmdp, __pud(pmd_val(pmd)), 1);"]


def test_clear(sites: list[Site]) -> None:
    hook, note = "page_table_check_pte_clear", "\t// page_table_check_pte_clear(mm, pte);"
    exchange = 'pte = xchg(ptep, "{(;" "}");'
    assert _made(sites[1]) == {
        "deleted": [f";{note}"],
        "duplicated": [f"{hook}(mm, pte); {hook}(mm, pte);{note}"],
        "moved": [f"{hook}(mm, *ptep);{note}"],
        "emptied": [f"{hook}(mm, __pte(0));{note}"],
        "early": [f"{hook}(mm, *ptep); pte_t {exchange}", f";{note}"],
        "unread": [f"pte_t pte; {hook}(mm, pte); {exchange}", f";{note}"],
        "level": [f"page_table_check_pmd_clear(mm, __pmd(pte_val(pte)));{note}"],
    }


def test_every_kind_is_made(sites: list[Site]) -> None:
    assert {kind for site in sites for kind in _made(site) if kind in KINDS} <= set(KINDS)
    assert set(_made(sites[1])) == set(KINDS)
