# SPDX-License-Identifier: GPL-2.0-only
"""What several reports say in the same words: order, counts, the closing line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from analyzer.model import (
    CheckResult,
    Finding,
    HelperVerdict,
    Location,
    Notice,
    RawCall,
    Reach,
    Reason,
    VariantSummary,
    Verdict,
)
from analyzer.report.coverage import rows, total
from analyzer.report.escape import place, visible
from analyzer.report.options import ReportOptions
from analyzer.rules.catalogue import BY_CODE

Severity = Literal["error", "warning", "note"]

IF_ENABLED = "would be found if the architecture selected ARCH_SUPPORTS_PAGE_TABLE_CHECK"

_WARNINGS = ("PTC302", "PTC9")


def severity(finding: Finding, options: ReportOptions) -> Severity:
    """How much a finding matters: what is only so if enabled is a note."""
    if finding.if_enabled and not options.as_if_enabled:
        return "note"
    return "warning" if finding.rule.startswith(_WARNINGS) else "error"


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in the order of all reports: by architecture, place and rule."""
    return sorted(
        findings,
        key=lambda f: (f.arch, f.location, f.rule, f.level, f.helper, f.fingerprint, f.variants),
    )


def counts(finding: Finding, options: ReportOptions) -> bool:
    """Whether a finding counts: it is not excused, and its architecture selects the option."""
    return finding.excuse is None and (options.as_if_enabled or not finding.if_enabled)


def counting(result: CheckResult, options: ReportOptions) -> list[Finding]:
    """The findings that count."""
    return [finding for finding in ordered(result.findings) if counts(finding, options)]


def if_enabled(result: CheckResult, options: ReportOptions) -> list[Finding]:
    """The findings that would be ones if the architecture selected the option."""
    return [
        f
        for f in ordered(result.findings)
        if f.excuse is None and f.if_enabled and not options.as_if_enabled
    ]


def excused(result: CheckResult, *reasons: Reason) -> list[Finding]:
    """The findings that do not count for one of the reasons (default: for any)."""
    wanted = reasons or tuple(Reason)
    return [f for f in ordered(result.findings) if f.excuse and f.excuse.reason in wanted]


def excused_words(result: CheckResult) -> str:
    """`2 suppressed, 1 in the baseline`; '' if nothing is excused."""
    numbers = [
        (len(excused(result, Reason.COMMENT, Reason.CONFIGURATION)), "suppressed"),
        (len(excused(result, Reason.DISABLED)), "of disabled rules"),
        (len(excused(result, Reason.BASELINE)), "in the baseline"),
    ]
    return ", ".join(f"{number} {what}" for number, what in numbers if number)


def ordered_summaries(result: CheckResult) -> list[VariantSummary]:
    """The variants by architecture; those of one architecture in the order of the run."""
    return sorted(result.summaries, key=lambda summary: summary.arch)


def where(finding: Finding, result: CheckResult) -> str:
    """In which variants a finding holds: `every variant of demo`, or their names."""
    known = {summary.variant for summary in result.summaries if summary.arch == finding.arch}
    if len(known) > 1 and known <= set(finding.variants):
        return f"every variant of {finding.arch}"
    named = (f"{finding.arch}/{variant}" for variant in finding.variants)
    return ", ".join(named) or finding.arch or "the whole tree"


def closing_lines(result: CheckResult, options: ReportOptions) -> list[str]:
    """What was judged and what was not, in one or two sentences."""
    all_ = total(rows(result))
    archs = len({summary.arch for summary in result.summaries})
    beside = all_.not_applicable
    found = len(counting(result, options))
    hidden = len(if_enabled(result, options))
    lines = []
    if not result.api.present:
        lines.append("this tree has no page table check: no hook is declared")
    if result.policy:
        lines.append(f"configuration: {visible(result.policy)}")
    more = excused_words(result)
    around, unknown = _raw_calls(result), len(unknown_calls(result))
    lines.append(
        f"{count(found, 'finding')}{f', {hidden} more if enabled' if hidden else ''}"
        f"{f' ({more})' if more else ''}; "
        f"{count(archs, 'architecture')}, {count(len(result.summaries), 'variant')}; "
        f"{all_.judged} of {count(all_.helpers, 'helper')} judged: {all_.balanced} balanced, "
        f"{all_.neutral} neutral, {all_.finding} finding, {all_.unknown} unknown"
        f"{f', {beside} not applicable' if beside else ''}; "
        f"{count(all_.unparsed, 'function')} not parsed; {around}"
        f"{count(result.files_read, 'file')} read"
        f"{f', {result.seconds:.1f} s' if options.timing else ''}"
    )
    if elsewhere := call_counts(result)[Reach.ELSEWHERE]:
        lines.append(
            f"{count(elsewhere, 'call')} around the hooks in code that no judged configuration"
            " compiles: see ptcheck callsites"
        )
    if not result.summaries or not all_.helpers:
        lines.append("nothing was judged")
    elif result.incomplete:
        lines.append(
            "incomplete: "
            + " and ".join(
                part
                for part in (
                    f"{count(all_.unknown, 'helper')} could not be judged" if all_.unknown else "",
                    f"{count(unknown, 'call')} around the hooks could not be judged"
                    if unknown
                    else "",
                    f"{count(len(result.problems), 'problem')} with files of the tree"
                    if result.problems
                    else "",
                )
                if part
            )
        )
    return lines


def unknown_calls(result: CheckResult) -> list[RawCall]:
    """The calls around the hooks that could not be judged."""
    return [call for call in result.calls if call.reach is Reach.UNKNOWN]


def call_counts(result: CheckResult) -> dict[Reach, int]:
    """How many calls around the hooks are what; of one that differs the worst counts."""
    worst: dict[tuple[Location, str, str], Reach] = {}
    order = (Reach.ELSEWHERE, Reach.HARMLESS, Reach.FINDING, Reach.UNKNOWN)
    for call in result.calls:
        key = (call.location, call.helper, call.function)
        worst[key] = max(worst.get(key, Reach.ELSEWHERE), call.reach, key=order.index)
    return {reach: sum(one is reach for one in worst.values()) for reach in Reach}


def _raw_calls(result: CheckResult) -> str:
    numbers = call_counts(result)
    every = sum(numbers.values()) - numbers[Reach.ELSEWHERE]
    judged = every - numbers[Reach.UNKNOWN]
    return f"{judged} of {count(every, 'call')} around the hooks judged; " if every else ""


def count(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def notice_line(notice: Notice) -> str:
    """`path:line: PTC912 suppression-unused: message`, escaped."""
    at = f"{place(notice.location)}: " if notice.location else ""
    return f"{at}{notice_words(notice)}"


def notice_words(notice: Notice) -> str:
    """`PTC912 suppression-unused: message`, escaped."""
    known = BY_CODE.get(notice.rule)
    name = f" {known.name}" if known else ""
    return f"{visible(notice.rule)}{name}: {visible(notice.message)}"


@dataclass(frozen=True, slots=True)
class NotJudged:
    """Helpers of one architecture of which the same is said, or one call."""

    reason: str
    location: Location | None  # of the definition, if it is the same for all
    helpers: tuple[str, ...]
    variants: tuple[str, ...]  # 'demo/base'; 'demo' for a call


def not_judged(result: CheckResult) -> list[NotJudged]:
    """All unknown helpers, grouped by architecture and reason, most helpers first; then each
    call around the hooks that could not be judged."""
    return _grouped(result, Verdict.UNKNOWN) + [
        NotJudged(call.reason, call.location, (called_words(call),), call.archs)
        for call in unknown_calls(result)
    ]


def remarked(result: CheckResult) -> list[NotJudged]:
    """Neutral helpers of which a reader should know more than that."""
    return _grouped(result, Verdict.NEUTRAL)


def _grouped(result: CheckResult, verdict: Verdict) -> list[NotJudged]:
    """The helpers with this verdict and a reason (an unknown one may lack it)."""
    groups: dict[tuple[str, str], list[HelperVerdict]] = {}
    for helper in result.helpers:
        if helper.verdict is verdict and (helper.reason or verdict is Verdict.UNKNOWN):
            groups.setdefault((helper.arch, helper.reason), []).append(helper)
    found = []
    for (_, reason), members in groups.items():
        places = {member.location for member in members}
        helpers = dict.fromkeys(member.helper for member in members)
        variants = dict.fromkeys(f"{member.arch}/{member.variant}" for member in members)
        location = places.pop() if len(places) == 1 else None
        found.append(NotJudged(reason, location, tuple(helpers), tuple(variants)))
    found.sort(key=lambda group: (-len(group.helpers), group.reason, group.variants))
    return found


def called_words(call: RawCall) -> str:
    """`pud_clear() in move_huge_pud()`."""
    name = "a plain store" if call.helper == "*" else f"{call.helper}()"
    return f"{name} in {call.function}()"
