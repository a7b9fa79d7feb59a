# SPDX-License-Identifier: GPL-2.0-only
"""Which commit made a finding: as few commits as possible are judged, in git's own order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from ..model import CheckResult, Finding, Verdict
from .compare import compare


@dataclass(frozen=True, slots=True)
class Target:
    """What is looked for: more findings of this kind than the good commit has (`allowed`).

    Not its fingerprint: an architecture that has another name in a commit is looked at under it.
    """

    finding: Finding
    allowed: int

    @property
    def key(self) -> tuple[str, str, str]:
        """Rule, level and function."""
        return _key(self.finding)


class State(Enum):
    """What a commit says about a target."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


class Commits(Protocol):
    """The order in which commits are asked; see `analyzer.tree.History`."""

    def middle(
        self, good: list[str], bad: str, *, first_parent: bool = False
    ) -> list[tuple[str, int]]: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """`commits` has the one that made the finding, or several of which it is one.

    `judged` counts commits that were asked; `skipped` are those that cannot be judged.
    """

    target: Target
    commits: tuple[str, ...]
    judged: int
    skipped: tuple[str, ...]

    @property
    def commit(self) -> str | None:
        """The commit, None where those that cannot be judged hide it."""
        return self.commits[0] if len(self.commits) == 1 else None


def targets(
    good: CheckResult, bad: CheckResult, rule: str, helper: str | None
) -> tuple[list[Target], list[Finding]]:
    """What bad has and good has not, and what of that kind good has already."""
    names = dict(compare(good, bad).renamed)
    before = [f for f in good.findings if _wanted(f, rule, helper)]
    counts: dict[tuple[str, tuple[str, str, str]], int] = {}
    for finding in before:
        key = (names.get(finding.arch, finding.arch), _key(finding))
        counts[key] = counts.get(key, 0) + 1
    found: dict[tuple[str, tuple[str, str, str]], list[Finding]] = {}
    for finding in bad.findings:
        if _wanted(finding, rule, helper):
            found.setdefault((finding.arch, _key(finding)), []).append(finding)
    new = [
        Target(findings[allowed], allowed)
        for key, findings in sorted(found.items())
        if len(findings) > (allowed := counts.get(key, 0))
    ]
    return new, before


def state(target: Target, result: CheckResult) -> State:
    """Whether a commit has the finding; unknown where it cannot judge the helper."""
    archs = {summary.arch for summary in result.summaries}
    mine = target.finding.arch if target.finding.arch in archs else None
    number = sum(
        _key(finding) == target.key and mine in (None, finding.arch) for finding in result.findings
    )
    if number > target.allowed:
        return State.BAD
    helpers = {target.finding.helper, target.finding.function, *target.finding.helpers}
    if any(
        verdict.verdict is Verdict.UNKNOWN and {verdict.helper, verdict.function} & helpers
        for verdict in result.helpers
        if mine in (None, verdict.arch)
    ):
        return State.UNKNOWN
    if any(
        problem.startswith("arch/") and ": not judged" in problem for problem in result.problems
    ):
        return State.UNKNOWN
    return State.GOOD


def bisect(
    target: Target,
    good: str,
    bad: str,
    commits: Commits,
    ask: Callable[[str], State],
    first_parent: bool = False,
) -> Answer:
    """Find the first commit, from good to bad, that has the finding.

    As `git bisect`: of the commits that can still be it the one in the middle is asked, where
    that cannot be judged the next best.
    """
    goods, skipped, judged = [good], set[str](), 0
    while True:
        order = commits.middle(goods, bad, first_parent=first_parent)
        left = [commit for commit, _ in order if commit != bad and commit not in skipped]
        if not left:
            unsure = [commit for commit, _ in order if commit != bad]
            return Answer(target, (bad, *unsure), judged, tuple(sorted(skipped)))
        chosen = left[0]
        answer = ask(chosen)
        judged += 1
        if answer is State.BAD:
            bad = chosen
        elif answer is State.GOOD:
            goods.append(chosen)
        else:
            skipped.add(chosen)


def _wanted(finding: Finding, rule: str, helper: str | None) -> bool:
    names: Iterable[str] = (finding.helper, finding.function, *finding.helpers)
    return finding.rule == rule and (helper is None or helper in names)


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.level, finding.function
