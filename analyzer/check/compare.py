# SPDX-License-Identifier: GPL-2.0-only
"""Two results of `check_tree`, and which findings the second has that the first had not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ..model import CheckResult, Excuse, Finding, HelperVerdict, Reach, Reason, Verdict
from .merge import under_another_name

_LINE: Final = re.compile(r":\d+(?=:)")
_ALIKE: Final = 0.5  # of the helpers of an architecture, so that a new name is a renaming


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of the findings of `base` in `head`.

    `new` and `unchanged` are findings of head, `fixed` and `undecided` those of base that head
    does not have; of the latter head cannot judge a helper any more, so that nothing is known.
    `unknown` are helpers and `problems` files that head cannot judge and base could; `renamed`
    architectures that have another name in head.
    """

    base: CheckResult
    head: CheckResult
    new: tuple[Finding, ...]
    fixed: tuple[Finding, ...]
    unchanged: tuple[Finding, ...]
    undecided: tuple[Finding, ...]
    unknown: tuple[HelperVerdict, ...]
    problems: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]

    @property
    def incomplete(self) -> bool:
        """Something cannot be judged any more."""
        return bool(self.undecided or self.unknown or self.problems or not self.head.helpers)


def compare(base: CheckResult, head: CheckResult) -> Comparison:
    """Compare by fingerprints.

    A finding counts as new, too, where it was there for an architecture that did not select the
    option and now does. Architectures are followed where they are renamed.
    """
    names = _renamed(base, head)
    before = {_renamed_fingerprint(f, names): f for f in base.findings}
    after = {f.fingerprint: f for f in head.findings}
    new: list[Finding] = []
    unchanged: list[Finding] = []
    for mark, finding in after.items():
        known = before.get(mark)
        counted_now = known is not None and known.if_enabled and not finding.if_enabled
        (new if known is None or counted_now else unchanged).append(finding)
    gone = [finding for mark, finding in before.items() if mark not in after]
    doubtful = _unknown_helpers(head)
    undecided = [f for f in gone if _in_doubt(f, names, head, doubtful)]
    return Comparison(
        base=base,
        head=head,
        new=tuple(new),
        fixed=tuple(f for f in gone if f not in undecided),
        unchanged=tuple(unchanged),
        undecided=tuple(undecided),
        unknown=_newly_unknown(base, head, names),
        problems=_new_problems(
            (*base.problems, *_unknown_calls(base)), (*head.problems, *_unknown_calls(head))
        ),
        renamed=tuple(sorted(names.items())),
    )


def _in_doubt(
    finding: Finding,
    names: Mapping[str, str],
    head: CheckResult,
    doubtful: frozenset[tuple[str, str]],
) -> bool:
    """Whether head cannot tell that a finding is gone: a helper of it is unknown there."""
    arch = names.get(finding.arch, finding.arch)
    if any((arch, helper) in doubtful for helper in {finding.helper, *finding.helpers}):
        return True
    judged = any(summary.arch == arch for summary in head.summaries)
    there = any(problem.startswith(f"arch/{arch}: not judged") for problem in head.problems)
    return there and not judged


def _unknown_helpers(result: CheckResult) -> frozenset[tuple[str, str]]:
    return frozenset((h.arch, h.helper) for h in result.helpers if h.verdict is Verdict.UNKNOWN)


def _newly_unknown(
    base: CheckResult, head: CheckResult, names: Mapping[str, str]
) -> tuple[HelperVerdict, ...]:
    known = {(names.get(arch, arch), helper) for arch, helper in _unknown_helpers(base)}
    first: dict[tuple[str, str], HelperVerdict] = {}
    for verdict in head.helpers:
        key = (verdict.arch, verdict.helper)
        if verdict.verdict is Verdict.UNKNOWN and key not in known:
            first.setdefault(key, verdict)
    return tuple(first.values())


def _unknown_calls(result: CheckResult) -> tuple[str, ...]:
    """Calls around the hooks that could not be judged, one line each."""
    return tuple(
        f"{call.location}: {call.helper} in {call.function}() is not judged: {call.reason}"
        for call in result.calls
        if call.reach is Reach.UNKNOWN
    )


def _new_problems(base: Iterable[str], head: Iterable[str]) -> tuple[str, ...]:
    """Problems of head that base has not, wherever the lines went."""
    known = Counter(_LINE.sub("", problem) for problem in base)
    found = []
    for problem in head:
        text = _LINE.sub("", problem)
        if known[text]:
            known[text] -= 1
        else:
            found.append(problem)
    return tuple(found)


def _renamed_fingerprint(finding: Finding, names: Mapping[str, str]) -> str:
    """The fingerprint that a finding of base would have under the name of its architecture now."""
    arch = names.get(finding.arch)
    if arch is None:
        return finding.fingerprint
    key = (finding.rule, finding.arch, finding.level, finding.function)
    return under_another_name(finding.fingerprint, key, arch)


def _renamed(base: CheckResult, head: CheckResult) -> dict[str, str]:
    """Architectures that are gone, with the new one that has most of their helpers.

    Of every helper the function that it resolves to, and the verdict, are compared.
    """
    before, after = _shapes(base), _shapes(head)
    gone = sorted(before.keys() - after.keys())
    names: dict[str, str] = {}
    for arch in gone:
        scores = {
            other: len(before[arch] & after[other]) / len(before[arch] | after[other])
            for other in sorted(after.keys() - before.keys() - set(names.values()))
            if before[arch] | after[other]
        }
        best = max(scores, key=lambda other: scores[other], default=None)
        if best is not None and scores[best] >= _ALIKE:
            names[arch] = best
    return names


def _shapes(result: CheckResult) -> dict[str, set[tuple[str, str, str, str]]]:
    shapes: dict[str, set[tuple[str, str, str, str]]] = {}
    for summary in result.summaries:
        shapes.setdefault(summary.arch, set())
    for verdict in result.helpers:
        shapes[verdict.arch].add((verdict.variant, verdict.helper, verdict.level, verdict.function))
    return shapes


def only_new(comparison: Comparison, against: str) -> CheckResult:
    """The result of head, where only new findings count; `against` says since when."""
    old = {finding.fingerprint for finding in comparison.unchanged}
    excuse = Excuse(Reason.BASELINE, f"not new since {against}")
    findings = tuple(
        replace(finding, excuse=excuse)
        if finding.fingerprint in old and finding.excuse is None
        else finding
        for finding in comparison.head.findings
    )
    return replace(comparison.head, findings=findings)
