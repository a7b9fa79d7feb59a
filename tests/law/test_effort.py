# SPDX-License-Identifier: GPL-2.0-only
"""The bound on all helpers of an architecture together."""

from __future__ import annotations

import pytest

from analyzer.check import arch
from analyzer.law.bounds import EXHAUSTED, MAX_EFFORT, Effort
from analyzer.law.reuse import Reuse
from analyzer.model import Verdict
from tests.law.demo import bench, checked


def test_helpers_that_come_after_the_bound_are_unknown() -> None:
    with bench() as demo:
        demo.reuse = Reuse(Effort())
        whole = demo.judge()
        effort = demo.reuse.effort
        assert effort is not None
        assert not effort.exhausted
        assert 0 < effort.steps < MAX_EFFORT // 20

        demo.reuse = Reuse(Effort(effort.steps // 2))
        half = demo.judge()
    unknown = [one for one in half.helpers if one.verdict is Verdict.UNKNOWN]
    assert unknown
    assert {one.reason for one in unknown} == {EXHAUSTED}
    before = {one.helper: one.verdict for one in whole.helpers}
    for one in half.helpers:  # what was judged within the bound is as it was
        assert one.verdict in (Verdict.UNKNOWN, before[one.helper])
    assert len(unknown) < len(half.helpers)


def test_runs_that_hold_elsewhere_cost_nothing() -> None:
    with bench() as demo:
        demo.reuse = Reuse(Effort())
        demo.judge()
        effort = demo.reuse.effort
        assert effort is not None
        steps = effort.steps
        demo.judge()
        assert effort.steps == steps


def test_a_run_that_is_exhausted_is_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not checked().incomplete
    monkeypatch.setattr(arch, "Effort", lambda: Effort(100))
    result = checked()
    assert result.incomplete
    assert {one.reason for one in result.helpers if one.verdict is Verdict.UNKNOWN} == {EXHAUSTED}
