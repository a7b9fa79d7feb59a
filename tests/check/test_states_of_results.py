# SPDX-License-Identifier: GPL-2.0-only
"""Two states of the processor in one result: what a helper that only BUG()s in one is worth."""

from __future__ import annotations

import pytest

from analyzer.check.results import NEVER_RETURNS, VariantResult, both_worlds
from analyzer.model import HelperVerdict, VariantSummary, Verdict


def result(verdict: Verdict, reason: str = "") -> VariantResult:
    one = HelperVerdict("demo", "base", "pudp_invalidate", "pud", verdict, None, "", (), reason)
    summary = VariantSummary("demo", "base", True, 0, 0, 0, 0, 0)
    return VariantResult("base", True, summary, (one,), (), (), ())


@pytest.mark.parametrize(
    ("reason", "wanted"),
    [(NEVER_RETURNS, Verdict.BALANCED), ("something else", Verdict.UNKNOWN)],
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_state_in_which_nothing_returns_says_nothing(
    reason: str, wanted: Verdict, turned: bool
) -> None:
    states = [result(Verdict.UNKNOWN, reason), result(Verdict.BALANCED)]
    first, second = reversed(states) if turned else states
    both = both_worlds(first, second)
    assert [one.verdict for one in both.helpers] == [wanted]
    assert both.summary.unknown == (wanted is Verdict.UNKNOWN)


def test_where_no_state_returns_it_stays_unknown() -> None:
    never = result(Verdict.UNKNOWN, NEVER_RETURNS)
    assert both_worlds(never, never).helpers[0].verdict is Verdict.UNKNOWN
