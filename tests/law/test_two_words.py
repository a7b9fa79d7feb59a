# SPDX-License-Identifier: GPL-2.0-only
"""Entries of two words, which a 32-bit processor stores one after the other.

The frame is in the upper word, what makes an entry counted in the lower one: a helper that forgets
a word, or gives a hook the half of an entry, is found.
"""

from __future__ import annotations

import pytest

from analyzer.helpers.interface import Signature
from analyzer.law.classify import part_at_fault, root_of, rule_of
from analyzer.law.outcome import HelperRuns
from analyzer.law.runs import Runner
from tests.helpers.bench import session

ENTRIES = """\
typedef _Bool bool;
enum { VM_READ = 1, VM_WRITE = 2, VM_EXEC = 4, VM_SHARED = 8 };
typedef union { struct { WORDS }; unsigned long long pte; } pte_t;
typedef struct { unsigned long prot; } pgprot_t;
struct mm_struct { int x; };
extern struct mm_struct init_mm;
static pte_t pfn_pte(unsigned long pfn, pgprot_t p)
{
	pte_t pte;

	pte.low = p.prot;
	pte.high = pfn;
	return pte;
}
static pgprot_t vm_get_page_prot(unsigned long flags) { return (pgprot_t) { flags ? 3 : 4 }; }
static bool pte_present(pte_t p) { return p.low & 5; }
static unsigned long pte_pfn(pte_t p) { return p.high; }
static void pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep) { ptep->pte = 0; }
static bool pte_user_accessible_page(pte_t p) { return (p.low & 3) == 3; }
unsigned long __ptc_value_PAGE_SIZE = (4096UL);
void page_table_check_pte_clear(struct mm_struct *mm, pte_t pte);
void page_table_check_ptes_set(struct mm_struct *mm, pte_t *ptep, pte_t pte, unsigned int nr);
"""
WORDS = {
    "little": "unsigned long low; unsigned long high;",
    "big": "unsigned long high; unsigned long low;",
}
TAKE = ("struct mm_struct *mm", "pte_t *ptep")
PUT = (*TAKE, "pte_t pte")
SET = "page_table_check_ptes_set(mm, ptep, pte, 1);"
CLEAR = "page_table_check_pte_clear(mm, old);"
HALVES = "pte_t old; old.low = ptep->low; ptep->low = 0; old.high = ptep->high; ptep->high = 0;"
BOTH = "ptep->high = pte.high; ptep->low = pte.low;"


def judged(endian: str, parameters: tuple[str, ...], body: str) -> tuple[set[str], set[str]]:
    """The rules that a helper breaks, and what became of its paths."""
    signature = Signature("helper", parameters, "pte", "t.c")
    text = f"static void helper({', '.join(parameters)}) {{ {body} }}\n"
    entries = ENTRIES.replace("WORDS", WORDS[endian])
    it = session(text, entries=entries, signatures=(signature,), bits=32, endian=endian)
    assert it.width("pte") == 8
    runs: HelperRuns = Runner(it).run(signature)
    assert not runs.reason, runs.reason
    assert not runs.vacuous
    rules = set()
    for outcome in runs.outcomes:
        if outcome.status == "broken":
            part = part_at_fault(it, outcome)
            rule = rule_of(it, runs, part, outcome)
            rules.add(rule)
            assert root_of(it, part, rule, frozenset())[0] == "helper"
    return rules, {outcome.status for outcome in runs.outcomes}


@pytest.mark.parametrize("endian", ["little", "big"])
@pytest.mark.parametrize(
    ("body", "rules"),
    [
        (f"{SET} {BOTH}", set()),
        (f"{SET} ptep->low = pte.low; ptep->high = pte.high;", set()),
        (f"{SET} *ptep = pte;", set()),
        (f"{SET} ptep->low = 0; {BOTH}", set()),  # not present in between
        (BOTH, {"PTC101"}),
        (f"{BOTH} {SET}", {"PTC103"}),
        (f"ptep->low = pte.low; {SET} ptep->high = pte.high;", {"PTC103"}),
        (f"{SET} ptep->low = pte.low;", {"PTC103"}),
        (f"{SET} {SET} {BOTH}", {"PTC102"}),
    ],
)
def test_putting_in(endian: str, body: str, rules: set[str]) -> None:
    found, statuses = judged(endian, PUT, body)
    assert found == rules
    assert ("broken" in statuses) is bool(rules)
    assert "unknown" not in statuses


@pytest.mark.parametrize("endian", ["little", "big"])
@pytest.mark.parametrize(
    ("body", "rules"),
    [
        (f"pte_t old = *ptep; ptep->low = 0; ptep->high = 0; {CLEAR}", set()),
        (HALVES + CLEAR, set()),
        (f"pte_t old = *ptep; ptep->low = 0; {CLEAR}", set()),  # the rest counts for nothing
        (f"pte_t old = *ptep; ptep->high = 0; {CLEAR}", {"PTC108"}),
        ("ptep->low = 0; ptep->high = 0;", {"PTC101"}),
        (f"pte_t old; ptep->low = 0; old = *ptep; ptep->high = 0; {CLEAR}", {"PTC104"}),
        (f"pte_t old = *ptep; old.high = 0; ptep->pte = 0; {CLEAR}", {"PTC104"}),
        (f"pte_t old = *ptep; old.low = 0; ptep->pte = 0; {CLEAR}", {"PTC104"}),
    ],
)
def test_taking_out(endian: str, body: str, rules: set[str]) -> None:
    found, statuses = judged(endian, TAKE, body)
    assert found == rules
    assert ("broken" in statuses) is bool(rules)
    assert "unknown" not in statuses


@pytest.mark.parametrize("endian", ["little", "big"])
@pytest.mark.parametrize(
    ("body", "rules"),
    [
        ("ptep->low &= ~8UL;", set()),
        ("ptep->low &= ~2UL;", {"PTC101"}),
        ("ptep->high ^= 1;", {"PTC101"}),
    ],
)
def test_changing_in_place(endian: str, body: str, rules: set[str]) -> None:
    found, statuses = judged(endian, TAKE, body)
    assert found == rules
    assert statuses == ({"neutral", "broken"} if rules else {"neutral"})
