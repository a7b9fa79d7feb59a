# SPDX-License-Identifier: GPL-2.0-only
"""Which rule a broken path breaks, which function is to be mended, and at which line."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from analyzer.helpers.interface import Signature
from analyzer.helpers.session import Session
from analyzer.law.classify import part_at_fault, raw_primitives, root_of, rule_of
from analyzer.law.deltas import hooked_delta, stored_delta
from analyzer.law.describe import counters, steps, witness
from analyzer.law.messages import message_for
from analyzer.law.outcome import HelperRuns, Outcome
from analyzer.law.runs import Runner
from tests.helpers.bench import ENTRIES, PREDICATE, session

LARGE = """\
static pmd_t pfn_pmd(unsigned long pfn, pgprot_t p) { return (pmd_t) { (pfn << 12) | p.prot }; }
static pmd_t pmd_mkhuge(pmd_t p) { p.pmd |= 128; return p; }
static unsigned long pmd_pfn(pmd_t p) { return p.pmd >> 12; }
static bool pmd_user_accessible_page(pmd_t p) { return (p.pmd & 131) == 131; }
static pte_t pte_mkdirty(pte_t p) { p.pte |= 16; return p; }
static pte_t pte_mkyoung(pte_t p) { p.pte |= 32; return p; }
void page_table_check_pte_clear(struct mm_struct *mm, pte_t pte);
void page_table_check_ptes_set(struct mm_struct *mm, pte_t *ptep, pte_t pte, unsigned int nr);
void page_table_check_pmd_clear(struct mm_struct *mm, pmd_t pmd);
void page_table_check_pmd_set(struct mm_struct *mm, pmd_t *pmdp, pmd_t pmd);
struct mm_struct *other_mm(void);
"""
PLACED = LARGE.replace("mm_struct *mm, p", "mm_struct *mm, unsigned long addr, p")
"""The hooks as newer kernels have them."""
TAKE = "take"
PUT = "put"
MANY = "many"
EACH = "each"
PARAMETERS = {
    TAKE: ("struct mm_struct *mm", "pte_t *ptep"),
    PUT: ("struct mm_struct *mm", "pte_t *ptep", "pte_t pte"),
    MANY: ("struct mm_struct *mm", "pte_t *ptep", "pte_t pte", "unsigned int nr"),
    "clear": ("struct mm_struct *mm", "unsigned long addr", "pte_t *ptep", "unsigned int nr"),
    EACH: (
        "struct mm_struct *mm",
        "unsigned long addr",
        "pte_t *ptep",
        "pte_t pte",
        "unsigned int nr",
    ),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """The runs of a helper and what they were made in."""

    session: Session
    runs: HelperRuns
    signature: Signature

    @property
    def broken(self) -> list[Outcome]:
        return [outcome for outcome in self.runs.outcomes if outcome.status == "broken"]

    def faults(self, raw: frozenset[str] = frozenset()) -> set[tuple[str, str, int]]:
        """Rule, function and line of every broken path."""
        found = set()
        for outcome in self.broken:
            part = part_at_fault(self.session, outcome)
            rule = rule_of(self.session, self.runs, part, outcome)
            function, location = root_of(self.session, part, rule, raw)
            found.add((rule, function, location.line))
        return found


def judged(text: str, kind: str = TAKE, name: str = "", hooks: str = LARGE) -> Judged:
    """The helper `kind` (or `name`, with its parameters) of `text`; line 1 is line 1 of t.c."""
    signature = Signature(name or kind, PARAMETERS[kind], "pte", "t.c")
    it = session(text, entries=ENTRIES + PREDICATE + hooks, signatures=(signature,))
    runs = Runner(it).run(signature)
    assert not runs.reason, runs.reason
    reasons = {outcome.reason for outcome in runs.outcomes if outcome.status == "unknown"}
    assert not reasons, reasons
    return Judged(it, runs, signature)


def take(*lines: str) -> str:
    """A helper that takes an entry out; its first statement is on line 4."""
    body = "\n".join(f"\t{line}" for line in lines)
    head = "static void take(struct mm_struct *mm, pte_t *ptep)"
    return f"{head}\n{{\n\tpte_t old = *ptep;\n{body}\n}}\n"


def put(*lines: str) -> str:
    """A helper that puts an entry in; its first statement is on line 3."""
    body = "\n".join(f"\t{line}" for line in lines)
    return f"static void put(struct mm_struct *mm, pte_t *ptep, pte_t pte)\n{{\n{body}\n}}\n"


STORE = "ptep->pte = 0;"
CLEAR = "page_table_check_pte_clear(mm, old);"
SET = "page_table_check_ptes_set(mm, ptep, pte, 1);"


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ((STORE, CLEAR), set()),
        ((CLEAR, STORE), set()),
        ((STORE,), {("PTC101", "take", 4)}),
        ((STORE, "if (mm->x)", CLEAR), {("PTC101", "take", 4)}),
        ((STORE, CLEAR, CLEAR), {("PTC102", "take", 6)}),
        ((STORE, CLEAR, CLEAR, CLEAR), {("PTC102", "take", 7)}),
        ((STORE, "page_table_check_pte_clear(mm, *ptep);"), {("PTC104", "take", 5)}),
        (("page_table_check_pte_clear(mm, (pte_t) { 0 });", STORE), {("PTC104", "take", 4)}),
        ((STORE, "page_table_check_pte_clear(mm, (pte_t) { old.pte + 4096 });"),
         {("PTC104", "take", 5)}),
        ((STORE, "page_table_check_pte_clear(mm, (pte_t) { old.pte & ~1UL });"),
         {("PTC104", "take", 5)}),
        ((STORE, "page_table_check_pmd_clear(mm, (pmd_t) { old.pte });"), {("PTC105", "take", 5)}),
        ((STORE, "page_table_check_pte_clear(&init_mm, old);"), {("PTC106", "take", 5)}),
        ((STORE, "page_table_check_pte_clear(other_mm(), old);"), {("PTC106", "take", 5)}),
        ((STORE, "page_table_check_pte_clear((struct mm_struct *)0, old);"),
         {("PTC106", "take", 5)}),
        ((STORE, "page_table_check_pte_clear(mm, old, 1);"), {("PTC301", "take", 5)}),
        ((STORE, CLEAR, "page_table_check_pte_clear(&init_mm, old);"), {("PTC106", "take", 6)}),
        ((STORE, CLEAR, "page_table_check_pmd_clear(mm, (pmd_t) { old.pte | 128 });"),
         {("PTC105", "take", 6)}),
        ((STORE, "ptep[1].pte = old.pte; " + CLEAR), {("PTC108", "take", 5)}),
    ],
)  # fmt: skip
def test_taking_out(lines: tuple[str, ...], wanted: set[tuple[str, str, int]]) -> None:
    assert judged(take(*lines)).faults() == wanted


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ((SET, "*ptep = pte;"), set()),
        (("pte_t old = *ptep;", SET, "*ptep = pte;"), set()),
        (("*ptep = pte;",), {("PTC101", "put", 3)}),
        (("*ptep = pte;", SET), {("PTC103", "put", 4)}),
        ((SET, "pte.pte &= ~1UL;", "*ptep = pte;"), {("PTC103", "put", 3)}),
        ((SET, SET, "*ptep = pte;"), {("PTC102", "put", 4)}),
        (("page_table_check_pte_clear(mm, *ptep);", SET, "*ptep = pte;"),
         {("PTC102", "put", 4), ("PTC108", "put", 4)}),
        ((SET.replace("ptep,", "ptep + 1,"), "*ptep = pte;"), {("PTC107", "put", 3)}),
        ((SET.replace(", 1", ", 2"), "*ptep = pte;"), {("PTC107", "put", 3)}),
        ((SET,), {("PTC107", "put", 3)}),
        (("page_table_check_pmd_set(mm, (pmd_t *)ptep, (pmd_t) { pte.pte });", "*ptep = pte;"),
         {("PTC105", "put", 3)}),
        (("if (ptep->pte)", SET, "*ptep = pte;"), {("PTC101", "put", 5)}),
        (("if (!ptep->pte)", SET, "*ptep = pte;"), {("PTC101", "put", 5)}),
        (("if (pte_special(pte))", "page_table_check_pte_clear(mm, *ptep);", "else", SET,
          "*ptep = pte;"), set()),
    ],
)  # fmt: skip
def test_putting_in(lines: tuple[str, ...], wanted: set[tuple[str, str, int]]) -> None:
    assert judged(put(*lines), PUT).faults() == wanted


@pytest.mark.parametrize(
    ("before", "inside", "after", "wanted"),
    [
        ("page_table_check_ptes_set(mm, addr, ptep, pte, nr);", "", "", False),
        ("page_table_check_ptes_set(mm, addr & ~2097151UL, ptep, pte, nr);", "", "", False),
        ("", "page_table_check_ptes_set(mm, addr, ptep + i, pte, 1);", "addr += 4096;", False),
        ("", "page_table_check_ptes_set(mm, addr + i * 4096, ptep + i, pte, 1);", "", False),
        ("", "page_table_check_ptes_set(mm, addr, ptep + i, pte, 1);", "", True),
        ("page_table_check_ptes_set(mm, 0, ptep, pte, nr);", "", "", True),
        ("page_table_check_ptes_set(mm, pte.pte, ptep, pte, nr);", "", "", True),
    ],
)
def test_the_address_that_a_hook_is_given(
    before: str, inside: str, after: str, wanted: bool
) -> None:
    text = (
        "static void each(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte,"
        " unsigned int nr)\n{\n"
        f"\tunsigned int i;\n\n\t{before}\n\tfor (i = 0; i < nr; i++) {{\n\t\t{inside}\n"
        f"\t\tptep[i] = pte;\n\t\tpte.pte += 4096;\n\t\t{after}\n\t}}\n}}\n"
    )
    it = judged(text, EACH, hooks=PLACED)
    found = {(rule, function) for rule, function, _ in it.faults()}
    assert found == ({("PTC107", "each")} if wanted else set())
    for outcome in it.broken:
        assert "address" in message_for("PTC107", "each", outcome, "pte")


@pytest.mark.parametrize(("after", "wanted"), [("addr += 4096;", False), ("", True)])
def test_an_address_that_does_not_advance_with_what_is_cleared(after: str, wanted: bool) -> None:
    text = (
        "static void clear_full_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep,"
        " unsigned int nr)\n{\n\twhile (nr--) {\n\t\tpte_t old = *ptep;\n\n\t\tptep->pte = 0;\n"
        "\t\tpage_table_check_pte_clear(mm, addr, old);\n\t\tptep++;\n"
        f"\t\t{after}\n\t}}\n}}\n"
    )
    it = judged(text, "clear", "clear_full_ptes", PLACED)
    assert {rule for rule, *_ in it.faults()} == ({"PTC107"} if wanted else set())


@pytest.mark.parametrize(("after", "wanted"), [("addr += 4096;", False), ("", True)])
def test_what_is_put_back_is_not_what_a_hook_says_was_taken_out(after: str, wanted: bool) -> None:
    text = (
        "static void clear_full_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep,"
        " unsigned int nr)\n{\n\twhile (nr--) {\n\t\tpte_t old = *ptep;\n\n\t\tptep->pte = 0;\n"
        "\t\tpage_table_check_pte_clear(mm, addr, *ptep);\n"
        "\t\tpage_table_check_ptes_set(mm, addr, ptep, old, 1);\n"
        f"\t\t*ptep = old;\n\t\tptep++;\n\t\t{after}\n\t}}\n}}\n"
    )
    it = judged(text, "clear", "clear_full_ptes", PLACED)
    rules = {rule for rule, *_ in it.faults()}
    assert ("PTC107" in rules) is wanted


@pytest.mark.parametrize(
    ("before", "inside", "wanted"),
    [
        ("page_table_check_ptes_set(mm, ptep, pte, nr);", "", set()),
        ("", "page_table_check_ptes_set(mm, ptep + i, pte, 1);", set()),
        (SET, "", {("PTC107", "many", 5)}),
        ("", "if (!i) page_table_check_ptes_set(mm, ptep, pte, 1);", {("PTC107", "many", 7)}),
        ("", "page_table_check_ptes_set(mm, ptep, pte, nr);", {("PTC102", "many", 7)}),
        ("", "", {("PTC101", "many", 8)}),
    ],
)
def test_putting_many_in(before: str, inside: str, wanted: set[tuple[str, str, int]]) -> None:
    text = (
        "static void many(struct mm_struct *mm, pte_t *ptep, pte_t pte, unsigned int nr)\n{\n"
        f"\tunsigned int i;\n\n\t{before}\n\tfor (i = 0; i < nr; i++) {{\n\t\t{inside}\n"
        "\t\tptep[i] = pte;\n\t\tpte.pte += 4096;\n\t}\n}\n"
    )
    found = judged(text, MANY).faults()
    if len(wanted) == 1 and {rule for rule, *_ in found} - {"PTC107", "PTC103", "PTC108"}:
        assert found == wanted
    assert bool(found) == bool(wanted)
    assert {function for _, function, _ in found} <= {"many"}


@pytest.mark.parametrize(
    ("name", "kind", "body", "rule"),
    [
        ("ptep_set_wrprotect", TAKE, "ptep->pte = 0;", "PTC109"),
        ("ptep_test_and_clear_young", TAKE, "ptep->pte &= ~1UL;", "PTC109"),
        ("mkold_ptes", TAKE, "ptep->pte &= ~1UL;", "PTC109"),
        ("ptep_set_access_flags", PUT, "ptep->pte = pte.pte + 4096;", "PTC109"),
        ("my_set_access_flags", PUT, "ptep->pte = pte.pte;", "PTC101"),
        ("my_wrprotect", TAKE, "ptep->pte = 0;", "PTC101"),
        ("ptep_modify_prot_commit", PUT, "ptep->pte = pte.pte + 4096;", "PTC101"),
        ("clear_full_ptes", TAKE, "ptep->pte = 0;", "PTC101"),
    ],
)
def test_modifiers(name: str, kind: str, body: str, rule: str) -> None:
    """PTC109 is for helpers that promise to change flags only, by their generic names."""
    declared = ", ".join(PARAMETERS[kind])
    found = judged(f"static void {name}({declared}) {{ {body} }}\n", kind, name).faults()
    assert {one[0] for one in found} == {rule}
    assert {one[1] for one in found} == {name}


# -- the function to be mended

RAW = "static void raw(struct mm_struct *mm, pte_t *q, pte_t v)\n{\n\t*q = v;\n}\n"
PLAIN = "static void plain(pte_t *q, pte_t v)\n{\n\t*q = v;\n}\n"


def test_innermost_function_that_knows_the_mm() -> None:
    text = f"{PLAIN}{RAW}" + take("raw(mm, ptep, (pte_t) { 0 });")
    assert judged(text).faults() == {("PTC101", "raw", 7)}
    text = f"{PLAIN}{RAW}" + take("plain(ptep, (pte_t) { 0 });")
    assert judged(text).faults() == {("PTC101", "take", 12)}


def test_function_that_others_rely_on_to_be_raw_is_not_blamed() -> None:
    text = f"{RAW}" + take("raw(mm, ptep, (pte_t) { 0 });")
    assert judged(text).faults(frozenset({"raw"})) == {("PTC101", "take", 8)}
    assert judged(text).faults(frozenset({"raw", "take"})) == {("PTC101", "take", 8)}


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        (RAW + take("raw(mm, ptep, (pte_t) { 0 });", CLEAR), {"raw"}),
        (PLAIN + take("plain(ptep, (pte_t) { 0 });", CLEAR), {"plain"}),
        (take(STORE, CLEAR), set()),
        (RAW + take("raw(mm, ptep, (pte_t) { 0 });"), set()),
        (RAW.replace("\t*q = v;", "\tpage_table_check_pte_clear(mm, *q);\n\t*q = v;")
         + take("raw(mm, ptep, (pte_t) { 0 });"), set()),
        ("static void hook(struct mm_struct *mm, pte_t v) { page_table_check_pte_clear(mm, v); }\n"
         + RAW + take("raw(mm, ptep, (pte_t) { 0 });", "hook(mm, old);"), set()),
    ],
)  # fmt: skip
def test_raw_primitives(text: str, raw: set[str]) -> None:
    """Those below a function that hooks itself, and only on balanced paths."""
    assert raw_primitives([judged(text).runs]) == raw


def test_hook_in_a_callee_is_blamed_there() -> None:
    account = (
        "static void account(struct mm_struct *mm, pte_t v)\n{\n"
        "\tpage_table_check_pte_clear(mm, (pte_t) { 0 });\n}\n"
    )
    assert judged(account + take(STORE, "account(mm, old);")).faults() == {("PTC104", "account", 3)}


def test_call_at_fault_of_two() -> None:
    """Of two calls of our probe the one that is broken by itself."""
    text = (
        "static void first(struct mm_struct *mm, pte_t *ptep) { ptep->pte = 0; }\n"
        "static void second(struct mm_struct *mm, pte_t *ptep, pte_t pte)\n{\n"
        "\tpage_table_check_ptes_set(mm, ptep, pte, 1);\n\t*ptep = pte;\n}\n"
        '# 1 "<ptcheck>"\n'
        "static void put(struct mm_struct *mm, pte_t *ptep, pte_t pte)"
        " { first(mm, ptep); second(mm, ptep, pte); }\n"
    )
    assert judged(text, PUT).faults() == {("PTC101", "first", 1)}


# -- numbers and words


def test_deltas() -> None:
    """Only the first and the last contents of an entry count; init_mm counts nothing."""
    one = judged(put("ptep[1] = *ptep;", SET, "ptep->pte = 5;", "*ptep = pte;",
                     "page_table_check_pte_clear(&init_mm, ptep[1]);"), PUT)  # fmt: skip
    outcome = next(
        o
        for o in one.broken
        if (o.case.old.name, o.case.new and o.case.new.name) == ("user-readonly", "none")
    )
    old = (outcome.case.old.pfn, 1)
    assert stored_delta(one.session, outcome.events) == {} == outcome.expected
    assert hooked_delta(one.session, outcome.events) == {old: -1} == outcome.got


def test_deltas_of_a_batch() -> None:
    text = (
        "static void many(struct mm_struct *mm, pte_t *ptep, pte_t pte, unsigned int nr)\n"
        "{ page_table_check_ptes_set(mm, ptep, pte, nr + 1); *ptep = pte; }\n"
    )
    one = judged(text, MANY)
    outcome = next(o for o in one.broken if o.case.nr == 3 and o.case.new.name == "user-readonly")  # type: ignore[union-attr]
    pfn = outcome.case.new.pfn  # type: ignore[union-attr]
    assert outcome.expected == {(pfn, 1): 1}
    assert outcome.got == {(pfn + i, 1): 1 for i in range(4)}


def test_counters_in_words() -> None:
    assert counters({}) == ("nothing",)
    assert counters({(2, 1): -1, (1, 512): 2}) == ("pfn 0x1 (512 pages): +2", "pfn 0x2: -1")


def test_steps_in_words() -> None:
    one = judged(
        RAW + take("if (mm->x)", "\traw(mm, ptep + 1, (pte_t) { 0 });", STORE, CLEAR, CLEAR)
    )
    outcome = next(
        o for o in one.broken if len(o.stores) == 2 and o.case.old.name == "user-readonly"
    )
    told = [(step.kind, step.function) for step in steps(one.session, "pte", outcome)]
    assert told == [
        ("branch", "take"), ("call", "take"), ("call", "take"), ("store", "raw"), ("store", "take"),
        ("hook", "take"), ("hook", "take"),
    ]  # fmt: skip
    texts = [step.text for step in steps(one.session, "pte", outcome)]
    assert texts[0] == "mm->x: taken"
    assert "entry +1" in texts[3]
    assert "entry +0" in texts[4]
    shown = witness(one.session, "take", "pte", outcome)
    assert shown.expected == ("pfn 0x4000000: -1",)
    assert shown.got == ("pfn 0x4000000: -2",)
    assert shown.old is not None
    assert shown.old.text == "present, pfn 0x4000000, counted"
    assert shown.left is not None
    assert shown.left.text.endswith("not counted")
