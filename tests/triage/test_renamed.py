# SPDX-License-Identifier: GPL-2.0-only
"""A baseline that was written before an architecture was given another name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.check.merge import with_fingerprints
from analyzer.model import CheckResult, Finding, Location, Reason
from analyzer.tree import KernelTree, MemoryTree
from analyzer.triage import Baseline, Policy, triage
from analyzer.triage.baseline import entry_of
from tests.report.example import example

GONE = MemoryTree({"arch/sample/x.h": ""})
THERE = MemoryTree({"arch/demo/x.h": "", "arch/sample/x.h": ""})


def found(arch: str, *functions: str) -> tuple[Finding, ...]:
    """A finding in each of these functions."""
    one = replace(example().findings[0], arch=arch, excuse=None)
    one = replace(one, location=Location(f"arch/{arch}/include/asm/pgtable.h", 1))
    return tuple(with_fingerprints(replace(one, function=name) for name in functions))


def result(*findings: Finding) -> CheckResult:
    return replace(example(), findings=findings)


def baseline(*findings: Finding) -> Baseline:
    return Baseline("b.json", tuple(entry_of(one) for one in findings))


def test_a_renamed_architecture_is_followed() -> None:
    """Two findings of one function are told apart by a number, under each name."""
    known = baseline(*found("demo", "f", "f"))
    told = triage(result(*found("sample", "f", "f")), GONE, Policy(baseline=known, complete=True))
    assert [one.excuse and one.excuse.reason for one in told.findings] == [Reason.BASELINE] * 2
    (notice,) = told.notices
    assert notice.message == "the baseline b.json says demo of what is sample now: write it again"
    assert notice.rule == "PTC913"


def test_what_is_new_in_it_counts() -> None:
    known = baseline(*found("demo", "f"))
    told = triage(result(*found("sample", "f", "f", "g")), GONE, Policy(baseline=known))
    assert [one.excuse is None for one in told.findings] == [False, True, True]


MOVED = tuple(
    replace(one, location=Location("arch/sample/mm/x.c", 1)) for one in found("sample", "f")
)


@pytest.mark.parametrize(
    ("now", "tree", "known"),
    [
        (found("sample", "f"), THERE, baseline(*found("demo", "f"))),
        ((*found("sample", "f"), *found("other", "f")), GONE, baseline(*found("demo", "f"))),
        (found("sample", "f"), GONE, baseline(*found("demo", "f", "g"))),
        (MOVED, GONE, baseline(*found("demo", "f"))),
        (found("sample", "f"), GONE, baseline(*found("demo", "f"), *found("sample", "g"))),
    ],
    ids=["there still", "two are alike", "one is missing", "another file", "known itself"],
)
def test_nothing_is_followed_that_is_not_sure(
    now: tuple[Finding, ...], tree: KernelTree, known: Baseline
) -> None:
    told = triage(result(*now), tree, Policy(baseline=known))
    assert all(one.excuse is None for one in told.findings)
    assert told.notices == ()
