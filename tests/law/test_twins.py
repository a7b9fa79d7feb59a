# SPDX-License-Identifier: GPL-2.0-only
"""Runs that are taken over from another case are those that the case would make itself."""

from __future__ import annotations

import pytest

from analyzer.frontend.unit import Unit
from analyzer.helpers.interface import Signature
from analyzer.helpers.probes import probe_text
from analyzer.helpers.session import Session
from analyzer.law.outcome import HelperRuns
from analyzer.law.runs import Runner
from tests.helpers.bench import ENTRIES, PREDICATE, variant

MM, ADDR, SLOT = "struct mm_struct *mm", "unsigned long addr", "pte_t *ptep"
HOOK = "void page_table_check_pte_clear(struct mm_struct *mm, pte_t pte);\n"
DRAIN = Signature("drain", (MM, ADDR, SLOT, "unsigned int nr"), "pte", "t.c")
TAKE = Signature("take", (MM, ADDR, SLOT), "pte", "t.c")
BODY = """static inline void
drain(struct mm_struct *mm, unsigned long addr, pte_t *ptep, unsigned int nr)
{
	pte_t old = *ptep;
	BODY
}
"""
ALIAS = "drain(mm, addr, ptep, 1);"
"""What the preprocessor makes of a call of the other helper, which is a macro."""
CLEARS = "if (mystery(addr)) return; ptep->pte = 0; page_table_check_pte_clear(mm, old);"


def unit(body: str, take: str = ALIAS) -> Session:
    declared = "int mystery(unsigned long addr);\n" + HOOK
    probes = probe_text((DRAIN, TAKE), {}).replace(" take(mm, addr, ptep);", f" {take}")
    text = ENTRIES + PREDICATE + declared + BODY.replace("BODY", body)
    return Session(Unit(f'\n# 1 "t.c"\n{text}\n# 1 "<ptcheck>"\n{probes}\n'), variant())


class Counting(Runner):
    """Counts the runs that are made."""

    made = 0

    def _trace(self, *arguments: object, **named: object) -> object:  # type: ignore[override]
        self.made += 1
        return super()._trace(*arguments, **named)  # type: ignore[arg-type]


def judged(body: str, take: str = ALIAS) -> tuple[list[HelperRuns], list[int]]:
    """Both helpers in one session that knows of both, and the runs that each took."""
    runner = Counting(unit(body, take))
    runner.twins.expect((DRAIN, TAKE))
    runs, made = [], []
    for signature in (DRAIN, TAKE):
        before = runner.made
        runs.append(runner.run(signature))
        made.append(runner.made - before)
    return runs, made


def alone(body: str, signature: Signature, take: str = ALIAS) -> HelperRuns:
    """A helper in a session of its own, which nobody told of another."""
    return Runner(unit(body, take)).run(signature)


def told(runs: HelperRuns) -> list[object]:
    """Everything that is said of a helper."""
    return [
        (
            one.status, one.case, one.choices, one.expected, one.got, one.left, one.reason,
            [event._replace(table=None) for event in one.events],
        )
        for one in runs.outcomes
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        CLEARS,
        "ptep->pte = 0;",
        "page_table_check_pte_clear(mm, old); ptep->pte = 0;",
        "ptep->pte = nr;",
        "do { old = *ptep; ptep->pte = 0; page_table_check_pte_clear(mm, old); } while (--nr);",
        "*ptep = ptep[1]; page_table_check_pte_clear(mm, old);",
        "if (nr > 1) page_table_check_pte_clear(mm, ptep[1]);",
    ],
)
def test_a_name_of_a_helper_is_judged_as_if_it_were_alone(body: str) -> None:
    runs, _ = judged(body)
    for signature, found in zip((DRAIN, TAKE), runs, strict=True):
        assert told(found) == told(alone(body, signature))


def test_what_is_the_same_call_is_not_run_again() -> None:
    _, made = judged(CLEARS)
    assert made[0] > 0
    assert made[1] == 0


def test_a_number_of_entries_without_use_makes_no_difference() -> None:
    _, without = judged(CLEARS)
    _, used = judged(CLEARS.replace("mystery(addr)", "mystery(addr + nr)"))
    assert without[0] < used[0]


def test_each_name_stands_on_its_own_stack() -> None:
    runs, _ = judged(CLEARS)
    for found in runs:
        stacks = [event.stack for one in found.outcomes for event in one.events]
        assert stacks
        for stack in stacks:
            assert stack[0].function == f"__ptc_call_{found.signature.name}"
            assert stack[1].function == "drain"


def test_a_helper_that_gives_something_else_is_run() -> None:
    _, made = judged(CLEARS, "drain(mm, addr + 4096, ptep, 1);")
    assert made[1] > 0


def test_a_helper_that_does_more_than_the_call_is_run() -> None:
    more = "drain(mm, addr, ptep, 1); page_table_check_pte_clear(mm, *ptep);"
    runs, made = judged(CLEARS, more)
    assert made[1] > 0
    assert told(runs[1]) == told(alone(CLEARS, TAKE, more))


def test_a_batch_with_other_entries_behind_is_run() -> None:
    """The number is not used, but the entry behind is: in a batch it is another one."""
    runs, _ = judged("*ptep = ptep[1]; page_table_check_pte_clear(mm, old);")
    left = {
        one.case.nr: one.left for one in runs[0].outcomes if one.case.old.name == "user-readonly"
    }
    assert left[1] != left[3]


def test_questions_of_a_twin_are_those_of_its_runs() -> None:
    runner = Runner(unit(CLEARS))
    runner.twins.expect((DRAIN, TAKE))
    for signature in (DRAIN, TAKE):
        runner.run(signature)
    single = Runner(unit(CLEARS))
    single.run(TAKE)
    assert single.noted["take"].asked <= runner.noted["take"].asked


def test_entries_that_look_alike_are_run_once() -> None:
    runner = Counting(unit(CLEARS.replace("mystery(addr)", "!addr")))
    found = runner.run(TAKE)
    raws = {one.case.old.raw for one in found.outcomes}
    assert len(raws) < len({one.case.old.name for one in found.outcomes})
    assert runner.made == len(raws)
