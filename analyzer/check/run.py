# SPDX-License-Identifier: GPL-2.0-only
"""Checks architectures of a tree and merges what holds in several variants."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from ..clock import Clock
from ..model import CheckResult, Finding, HelperVerdict, VariantSummary
from ..tree import KernelTree
from .judging import Facts, Shared, judge_archs, survey
from .limits import Limits
from .merge import merge, merged_calls


def check_tree(
    tree: KernelTree,
    archs: Iterable[str],
    *,
    only: frozenset[str] | None = None,
    jobs: int = 1,
    note: Callable[[str], None] = lambda _: None,
    clock: Clock | None = None,
    facts: Facts | None = None,
    limits: Limits | None = None,
    shared: Shared | None = None,
) -> CheckResult:
    """Judges every helper of `archs` (all their variants, or those named in `only`).

    `jobs` processes judge an architecture each; `facts` remembers what was found out before,
    `shared` what contents were parsed to. The result, but for its seconds, depends on none of
    them. What `limits` end is not judged.
    """
    started = time.perf_counter()
    chosen = tuple(archs)
    clock = clock or Clock()
    known = survey(tree, clock, facts, shared.trees if shared is not None else ())
    bounds = limits or Limits()
    judged = judge_archs(tree, chosen, known, only, jobs, clock, note, facts, bounds, shared)
    if shared is not None:
        shared.trees = [*shared.trees[-1:], tree]
    problems: list[str] = list(known.problems)
    summaries: list[VariantSummary] = []
    helpers: list[HelperVerdict] = []
    findings: list[Finding] = []
    files: set[str] = set()
    for one in judged:
        files.update(one.files)
        problems.extend(line for line in one.unread if line not in problems)
        for result in one.variants:
            summaries.append(result.summary)
            helpers.extend(result.helpers)
            problems.extend(line for line in result.problems if line not in problems)
        findings.extend(merge(one.arch, one.variants))
    findings.sort(key=lambda f: (f.if_enabled, f.arch, f.location, f.rule, f.level, f.message))
    return CheckResult(
        tree_label=tree.label,
        revision=tree.revision,
        api=known.api,
        summaries=tuple(summaries),
        helpers=tuple(helpers),
        findings=tuple(findings),
        problems=tuple(problems),
        files_read=len(files),
        seconds=time.perf_counter() - started,
        calls=merged_calls(call for one in judged for call in one.calls),
    )
