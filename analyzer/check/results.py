# SPDX-License-Identifier: GPL-2.0-only
"""What one variant gives, and two states of the processor in one result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ..model import HelperVerdict, Location, RawCall, VariantSummary, Verdict, Witness

NEVER_RETURNS: Final = "every path ends: unreachable"
"""Why a helper is not judged that only BUG()s in one state of the processor."""


@dataclass(frozen=True, slots=True)
class RawFinding:
    """A finding in one variant, before it is merged with those of other variants."""

    rule: str
    helper: str
    level: str
    location: Location
    function: str
    message: str
    witness: Witness | None
    helpers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VariantResult:
    """Everything found out about one variant."""

    variant: str
    supported: bool
    summary: VariantSummary
    helpers: tuple[HelperVerdict, ...]
    findings: tuple[RawFinding, ...]
    problems: tuple[str, ...]
    bodies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArchResult:
    """Everything found out about one architecture.

    `unread` names what of its Kconfig and sources could not be read, `files` what was read,
    `calls` those around the hooks that a variant compiles.
    `settled`: no bound on time or memory was hit, so that another run gives the same.
    """

    arch: str
    variants: tuple[VariantResult, ...]
    unread: tuple[str, ...]
    files: tuple[str, ...]
    settled: bool = True
    calls: tuple[RawCall, ...] = ()


def both_worlds(first: VariantResult, second: VariantResult) -> VariantResult:
    """Two states of the processor in one verdict: the worse of the two for each helper.

    One that never returns in a state (BUG()) says nothing there.
    """
    others = {(v.helper, v.level): v for v in second.helpers}
    merged = tuple(
        _worse(verdict, others.pop((verdict.helper, verdict.level), verdict))
        for verdict in first.helpers
    )
    helpers = tuple(sorted((*merged, *others.values()), key=lambda v: (v.level, v.helper)))
    known = {(f.rule, f.level, f.function, f.location) for f in first.findings}
    more = tuple(
        f for f in second.findings if (f.rule, f.level, f.function, f.location) not in known
    )
    counts = {kind: sum(v.verdict is kind for v in helpers) for kind in Verdict}
    summary = replace(
        first.summary,
        balanced=counts[Verdict.BALANCED],
        neutral=counts[Verdict.NEUTRAL],
        finding=counts[Verdict.FINDING],
        unknown=counts[Verdict.UNKNOWN],
    )
    return replace(first, summary=summary, helpers=helpers, findings=(*first.findings, *more))


def _worse(one: HelperVerdict, other: HelperVerdict) -> HelperVerdict:
    """The worse of two verdicts about a helper."""
    if NEVER_RETURNS in (one.reason, other.reason):
        return other if one.reason == NEVER_RETURNS else one
    return max(one, other, key=severity)


def severity(verdict: HelperVerdict) -> int:
    """How bad a verdict is, for the worse of two."""
    order = (
        Verdict.NOT_APPLICABLE,
        Verdict.NEUTRAL,
        Verdict.BALANCED,
        Verdict.UNKNOWN,
        Verdict.FINDING,
    )
    return order.index(verdict.verdict)
