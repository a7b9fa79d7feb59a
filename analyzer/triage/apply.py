# SPDX-License-Identifier: GPL-2.0-only
"""Decides for each finding whether it counts, and tells which excuses nothing was found for.

The first that holds excuses a finding: its rule is disabled, a comment at the helper, an entry
of the configuration, the baseline. An excuse that is not used is told only after a run that
judged everything it could be about: all variants of the architectures in question.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from analyzer.errors import SourceError
from analyzer.model import CheckResult, Excuse, Finding, Location, Notice, Reason
from analyzer.report.escape import visible
from analyzer.settings import RuleChoice, Suppression
from analyzer.settings.model import EVERY_RULE
from analyzer.tree import KernelTree
from analyzer.triage.baseline import Baseline, excuse
from analyzer.triage.comments import MARK, Comment, comments
from analyzer.triage.renamed import followed, renamed

MALFORMED = "PTC911"
UNUSED = "PTC912"
STALE = "PTC913"

_GENERIC = ("include/linux", "include/asm-generic", "mm")  # where findings of all can be


@dataclass(frozen=True, slots=True)
class Policy:
    """What was asked for. `whole`: the architectures of which every variant was judged.

    `complete`: these are all that the tree has. `source` names the configuration, with a word
    about whose it is.
    """

    rules: RuleChoice = EVERY_RULE
    suppressions: tuple[Suppression, ...] = ()
    baseline: Baseline | None = None
    comments: bool = True
    whole: frozenset[str] = frozenset()
    complete: bool = False
    source: str = ""


def triage(result: CheckResult, tree: KernelTree, policy: Policy) -> CheckResult:
    """The result with an excuse for each finding that does not count, and with notices."""
    names: dict[str, str] = {}
    if policy.baseline is not None:
        names = renamed(policy.baseline, result, tree)
        policy = replace(policy, baseline=followed(policy.baseline, names))
    written = dict(_written(result, tree, policy)) if policy.comments else {}
    used: set[object] = set()
    known = policy.baseline.fingerprints if policy.baseline else frozenset()
    findings = tuple(_judged(finding, policy, written, known, used) for finding in result.findings)
    notices = [
        *_about_comments(written, policy, used),
        *_about_suppressions(policy, used),
        *_about_names(names, policy),
        *_about_baseline(result, policy),
    ]
    return replace(
        result,
        findings=findings,
        notices=tuple(notices),
        policy=policy.source,
        baseline=policy.baseline.name if policy.baseline else "",
    )


def _judged(
    finding: Finding,
    policy: Policy,
    written: dict[str, tuple[Comment, ...]],
    known: frozenset[str],
    used: set[object],
) -> Finding:
    excuses = [
        *_by_comment(finding, written, used),
        *_by_configuration(finding, policy, used),
    ]
    disabled = policy.rules.disabled_by(finding.rule)
    if disabled:
        excuses.insert(0, Excuse(Reason.DISABLED, f"{disabled} is disabled"))
    if policy.baseline is not None and finding.fingerprint in known:
        excuses.append(excuse(policy.baseline))
    return replace(finding, excuse=excuses[0]) if excuses else finding


def _by_comment(
    finding: Finding, written: dict[str, tuple[Comment, ...]], used: set[object]
) -> Iterator[Excuse]:
    path, line = finding.location.path, finding.location.line
    for comment in written.get(path, ()):
        here = comment.first <= line <= comment.last
        if here and not comment.problem and finding.rule in comment.rules:
            used.add((path, comment.line, finding.rule))
            yield Excuse(Reason.COMMENT, comment.reason, Location(path, comment.line))


def _by_configuration(finding: Finding, policy: Policy, used: set[object]) -> Iterator[Excuse]:
    names = {finding.helper, finding.function, *finding.helpers}
    for one in policy.suppressions:
        if one.rule != finding.rule or not fnmatch.fnmatchcase(finding.location.path, one.path):
            continue
        if one.helper and not any(fnmatch.fnmatchcase(name, one.helper) for name in names):
            continue
        used.add(one)
        yield Excuse(Reason.CONFIGURATION, one.reason, one.location)


def _written(
    result: CheckResult, tree: KernelTree, policy: Policy
) -> Iterator[tuple[str, tuple[Comment, ...]]]:
    """The suppressions in the files that findings can be in."""
    for path, data in tree.read_many(_paths(result, tree)):
        if MARK in data:
            found = comments(data.decode("utf-8", "replace"))
            if found:
                yield path, found


def _paths(result: CheckResult, tree: KernelTree) -> Iterable[str]:
    paths = {finding.location.path for finding in result.findings}
    paths |= {helper.location.path for helper in result.helpers if helper.location is not None}
    roots = [f"arch/{arch}" for arch in sorted({s.arch for s in result.summaries})]
    for root in (*(f"{top}/{name}" for top in roots for name in ("include", "mm")), *_GENERIC):
        try:
            paths.update(path for path in tree.walk(root, (".h", ".c")) if _likely(path))
        except SourceError:
            continue  # named by the check itself
    return sorted(paths)


def _likely(path: str) -> bool:
    """Headers and code of page tables; others only if a finding or a helper is in them."""
    folder, _, name = path.rpartition("/")
    return (folder.startswith("arch/") and folder.endswith("/mm")) or any(
        word in name for word in ("pgtable", "tlb", "huge", "pgalloc", "page_table")
    )


def _about_comments(
    written: dict[str, tuple[Comment, ...]], policy: Policy, used: set[object]
) -> Iterator[Notice]:
    for path, found in sorted(written.items()):
        for comment in found:
            place = Location(path, comment.line)
            if comment.problem:
                yield Notice(MALFORMED, f"suppresses nothing: {comment.problem}", place)
                continue
            if not _covered(path, policy):
                continue
            for rule in comment.rules:
                if (path, comment.line, rule) not in used:
                    yield Notice(UNUSED, f"nothing was found for {rule} here", place)


def _covered(path: str, policy: Policy) -> bool:
    """Whether everything that could use a suppression in that file was judged."""
    top, _, rest = path.partition("/")
    return policy.complete or (top == "arch" and rest.partition("/")[0] in policy.whole)


def _about_suppressions(policy: Policy, used: set[object]) -> Iterator[Notice]:
    for one in policy.suppressions:
        if one not in used and _covered(one.path, policy):
            helper = f" and helper '{visible(one.helper)}'" if one.helper else ""
            yield Notice(
                UNUSED,
                f"nothing was found for {one.rule} with path '{visible(one.path)}'{helper}",
                one.location,
            )


def _about_names(names: dict[str, str], policy: Policy) -> Iterator[Notice]:
    name = policy.baseline.name if policy.baseline is not None else ""
    for old, new in sorted(names.items()):
        yield Notice(STALE, f"the baseline {name} says {old} of what is {new} now: write it again")


def _about_baseline(result: CheckResult, policy: Policy) -> Iterator[Notice]:
    if policy.baseline is None:
        return
    present = {finding.fingerprint for finding in result.findings}
    for entry in policy.baseline.entries:
        if entry.fingerprint in present:
            continue
        if not (policy.complete or entry.arch in policy.whole):
            continue
        what = " ".join(filter(None, (entry.rule, entry.arch, entry.level, entry.function)))
        yield Notice(
            STALE,
            f"{what}: in the baseline {policy.baseline.name} and no longer found "
            f"({entry.fingerprint})",
            Location(entry.path, 0) if entry.path else None,
        )
