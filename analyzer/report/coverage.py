# SPDX-License-Identifier: GPL-2.0-only
"""How much of each variant was judged, and how: the table at the end of a report.

What is not applicable (no entry of that level is ever counted, or nothing defines the helper) is
counted apart: it is neither judged nor unknown, and the share judged does not contain it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from analyzer.model import CheckResult, VariantSummary, Verdict

COLUMNS: Final = ("balanced", "neutral", "finding", "unknown", "n/a", "not parsed", "judged")
IF_ENABLED: Final = "a finding of a variant that does not select the option: if enabled"
NOT_APPLICABLE: Final = (
    "n/a, not applicable: no entry of that level is counted there, or nothing defines the helper"
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The helpers of one variant, or of all together, by verdict."""

    balanced: int
    neutral: int
    finding: int
    unknown: int
    not_applicable: int
    unparsed: int  # functions of the page table headers

    @property
    def judged(self) -> int:
        """Helpers with a verdict."""
        return self.balanced + self.neutral + self.finding

    @property
    def helpers(self) -> int:
        """Helpers that there is something to judge about."""
        return self.judged + self.unknown

    @property
    def share(self) -> str:
        """The share judged, `99.1 %`; rounded down, so that 100 % means all. `-` of nothing."""
        if not self.helpers:
            return "-"
        tenths = 1000 * self.judged // self.helpers
        return "100 %" if tenths == 1000 else f"{tenths // 10}.{tenths % 10} %"

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands below `COLUMNS`."""
        numbers = (
            self.balanced, self.neutral, self.finding, self.unknown, self.not_applicable,
            self.unparsed,
        )  # fmt: skip
        return (*map(str, numbers), self.share)


@dataclass(frozen=True, slots=True)
class Row:
    """One variant in the table."""

    arch: str
    variant: str
    supported: bool
    coverage: Coverage


def rows(result: CheckResult) -> list[Row]:
    """The variants by architecture; those of one architecture in the order of the run."""
    beside = Counter(
        (one.arch, one.variant) for one in result.helpers if one.verdict is Verdict.NOT_APPLICABLE
    )
    return [
        Row(s.arch, s.variant, s.supported, _of(s, beside[s.arch, s.variant]))
        for s in sorted(result.summaries, key=lambda summary: summary.arch)
    ]


def total(parts: Iterable[Row]) -> Coverage:
    """All variants together."""
    chosen = [row.coverage for row in parts]
    return Coverage(
        sum(one.balanced for one in chosen),
        sum(one.neutral for one in chosen),
        sum(one.finding for one in chosen),
        sum(one.unknown for one in chosen),
        sum(one.not_applicable for one in chosen),
        sum(one.unparsed for one in chosen),
    )


def remarks(parts: Iterable[Row]) -> list[str]:
    """What has to be said of the columns of this table."""
    known = list(parts)
    said = []
    if any(row.coverage.finding and not row.supported for row in known):
        said.append(IF_ENABLED)
    if any(row.coverage.not_applicable for row in known):
        said.append(NOT_APPLICABLE)
    return said


def _of(summary: VariantSummary, beside: int) -> Coverage:
    return Coverage(
        summary.balanced, summary.neutral, summary.finding, summary.unknown, beside,
        summary.unparsed,
    )  # fmt: skip
