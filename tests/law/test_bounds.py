# SPDX-License-Identifier: GPL-2.0-only
"""What has too many paths, or takes too many steps, is given up early, and is unknown."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from analyzer.helpers.interface import Signature
from analyzer.law import runs
from analyzer.law.bounds import FEW_RUNS, MAX_PATHS, NET_RUNS, NO_END, ROUNDS, TOO_MUCH
from analyzer.law.outcome import Case, HelperRuns
from analyzer.law.reuse import Reuse
from analyzer.law.runs import Runner
from tests.helpers.bench import PREDICATE, session

SLOT = "struct mm_struct *mm, unsigned long addr, pte_t *ptep"
HOOK = "void page_table_check_pte_clear(struct mm_struct *mm, pte_t pte);\nint ask(int n);\n"
CLEAR = "pte_t old = *ptep; ptep->pte = 0; page_table_check_pte_clear(mm, old);"
LOOP = "for (int i = 0; i < nr; i++) {{ {each} ptep++; }}"


def runner(body: str, parameters: str = SLOT, before: str = "") -> tuple[Runner, Signature]:
    signature = Signature("take", tuple(parameters.split(", ")), "pte", "t.c")
    text = f"{PREDICATE}{HOOK}{before}static void take({parameters}) {{ {body} }}\n"
    return Runner(session(text, signatures=(signature,))), signature


def conditions(count: int) -> str:
    return "int n = 0;" + "".join(f" if (ask({i})) n += {1 << i};" for i in range(count))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[Case]:
    """How many runs each case took."""
    found: Counter[Case] = Counter()
    trace = Runner._trace

    def counting(self: Runner, signature: Signature, case: Case, *rest: Any) -> Any:
        found[case] += 1
        return trace(self, signature, case, *rest)

    monkeypatch.setattr(Runner, "_trace", counting)
    return found


def reasons(found: HelperRuns) -> set[str]:
    return {outcome.reason for outcome in found.outcomes if outcome.status == "unknown"}


def test_paths_that_wait_for_ever_are_no_paths_too_many() -> None:
    """A function that is tried until it succeeds, after conditions that change what it is asked."""
    text = f"{conditions(7)} again: if (ask(n)) goto again; {CLEAR}"
    one, signature = runner(text)
    found = one.run(signature)
    assert reasons(found) == set()
    assert {outcome.status for outcome in found.outcomes} == {"balanced", "ends"}


def test_one_case_with_too_many_paths_is_enough(made: Counter[Case]) -> None:
    one, signature = runner(f"{conditions(10)} {CLEAR}")
    assert reasons(one.run(signature)) == {"more than 64 paths"}
    first, *others = made.values()
    assert first <= ROUNDS * MAX_PATHS + NET_RUNS  # one by one, then those that come to the same
    assert others
    assert max(others) <= FEW_RUNS


def test_every_entry_is_still_looked_at() -> None:
    """A case that is given up early shows what its first paths do."""
    one, signature = runner(f"{conditions(9)} ptep->pte = 0;")
    broken = {o.case.old.name for o in one.run(signature).outcomes if o.status == "broken"}
    assert broken == {"user-readonly", "user-exec-only"}


def test_what_can_be_followed_is_followed_to_the_end(made: Counter[Case]) -> None:
    one, signature = runner(f"{conditions(5)} {CLEAR}")
    assert {outcome.status for outcome in one.run(signature).outcomes} == {"balanced"}
    assert set(made.values()) == {32}


def test_a_batch_that_is_given_up_says_nothing_of_single_entries(made: Counter[Case]) -> None:
    loop = LOOP.format(each=f"{conditions(6)} {CLEAR}")
    many = "int m = 0;" + "".join(f" if (ask({i})) m += {i};" for i in range(10, 19))
    one, signature = runner(f"{loop} if (nr > 1) {{ {many} }}", f"{SLOT}, unsigned int nr")
    assert "more than 256 paths" in reasons(one.run(signature))
    assert {count for case, count in made.items() if case.nr == 1} == {64}


def test_of_a_batch_with_too_many_paths_the_ways_through_the_first_are_tried() -> None:
    body = LOOP.format(each=f"{conditions(6)} {CLEAR}")
    one, signature = runner(body, f"{SLOT}, unsigned int nr")
    found = one.run(signature)
    assert {outcome.status for outcome in found.outcomes} == {"balanced"}
    assert {outcome.case.nr for outcome in found.outcomes} == {1, 2}


@pytest.mark.parametrize("wrong", [f"{{ {CLEAR} }} break;", "ptep->pte = 0;"])
def test_what_is_wrong_with_a_batch_is_found_among_many_paths(wrong: str) -> None:
    """Only the second entry is not hooked, or has its hook twice."""
    each = f"{conditions(6)} if (i) {{ {wrong} }} else {{ {CLEAR} }}"
    if "break" in wrong:
        each = f"{conditions(6)} {CLEAR} if (i) {{ page_table_check_pte_clear(mm, old); }}"
    one, signature = runner(LOOP.format(each=each), f"{SLOT}, unsigned int nr")
    broken = {o.case.nr for o in one.run(signature).outcomes if o.status == "broken"}
    assert broken == {2}


def test_a_batch_of_which_no_path_ends_is_unknown() -> None:
    before = "int more(int n);\n"
    last = "if (i) { if (more(i)) n++; else __builtin_unreachable(); }"
    each = f"{conditions(6)} {CLEAR} {last}"
    one, signature = runner(LOOP.format(each=each), f"{SLOT}, unsigned int nr", before)
    assert reasons(one.run(signature)) == {NO_END}


def test_steps_have_a_bound(monkeypatch: pytest.MonkeyPatch, made: Counter[Case]) -> None:
    monkeypatch.setattr(runs, "MAX_WORK", 5000)
    loop = "for (int i = 0; i < 100; i++) n += i;"
    one, signature = runner(f"{conditions(4)} {loop} {CLEAR}")
    found = one.run(signature)
    assert reasons(found) == {TOO_MUCH}
    assert list(made.values())[-1] == 1
    assert len(made) == len({outcome.case for outcome in found.outcomes})


def test_variants_that_share_runs_give_up_at_the_same_place(made: Counter[Case]) -> None:
    """Whoever made the runs: the next case has the same bound."""
    body = f"{conditions(9)} {CLEAR}"
    reuse = Reuse()
    one, signature = runner(body)
    one.run(signature, reuse)
    (record,) = reuse._records["take"]
    (first, traces), *others = record.traces.items()
    alone = [made[case] for case, _ in others]
    partly = Reuse()
    other, signature = runner(body)
    partly.keep(signature, record.setting, {first: traces}, one.session.asked(), one.answers)
    made.clear()
    other.run(signature, partly)
    assert first not in made
    assert [made[case] for case, _ in others] == alone


def test_an_address_is_the_same_before_it_was_asked_for() -> None:
    body = f"{CLEAR} ptep[1].pte = (unsigned long)&near_ & 0;"
    reuse = Reuse()
    for _ in range(2):
        one, signature = runner(body, before="int near_[4];\n")
        one.run(signature, reuse)
    assert reuse.hits == 1
