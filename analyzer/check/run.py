# SPDX-License-Identifier: GPL-2.0-only
"""Checks architectures of a tree and merges what holds in several variants."""

from __future__ import annotations

import gc
import hashlib
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from ..clock import Clock
from ..errors import SourceError, UsageError
from ..frontend import ParseCache, Stage
from ..helpers.bodies import SourceIndex
from ..helpers.interface import called_names, find_interface, read_text
from ..kconfig import KconfigFiles, Support, architectures, load_kconfig, variants
from ..law.reuse import Reuse
from ..model import CheckResult, Finding, HelperVerdict, Location, VariantSummary, Verdict
from ..rules.catalogue import find_rule
from ..tree import KernelTree
from .api import hook_api
from .variant import FRAMEWORK, RawFinding, VariantResult, judge_variant

_COUNTING: Final = "page_table_check_pte_clear"
COLLECT: Final = 100_000  # trees of C are big and acyclic: look for cycles rarely
RECURSION: Final = 20_000  # Python frames; helpers nest about 60 calls of some 20 frames each
SUPPORT: Final = "ARCH_SUPPORTS_PAGE_TABLE_CHECK"


def check_tree(
    tree: KernelTree,
    archs: Iterable[str],
    *,
    only: frozenset[str] | None = None,
    jobs: int = 1,
    note: Callable[[str], None] = lambda _: None,
    clock: Clock | None = None,
) -> CheckResult:
    """Judges every helper of `archs` (all their variants, or those named in `only`)."""
    started = time.perf_counter()
    gc.set_threshold(COLLECT, 20, 50)
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION))
    chosen = tuple(archs)
    clock = clock or Clock()
    with clock.stage("interface"):
        called = called_names(tree)
    files = KconfigFiles(tree)
    api = hook_api(tree, architectures(tree))
    problems: list[str] = []
    if api.present and _COUNTING not in read_text(tree, FRAMEWORK):
        problems.append(
            f"{FRAMEWORK}: no {_COUNTING}() to read; what is counted is taken from the"
            " predicates alone"
        )
    summaries: list[VariantSummary] = []
    helpers: list[HelperVerdict] = []
    findings: list[Finding] = []
    cache = ParseCache()
    with Stage(tree) as stage:
        for arch in chosen:
            results, unread = _check_arch(stage, arch, called, files, only, note, cache, clock)
            problems.extend(line for line in unread if line not in problems)
            for result in results:
                summaries.append(result.summary)
                helpers.extend(result.helpers)
                for problem in result.problems:
                    if problem not in problems:
                        problems.append(problem)
            findings.extend(merge(arch, results))
        read = stage.files_read
    findings.sort(key=lambda f: (f.if_enabled, f.arch, f.location, f.rule, f.level, f.message))
    return CheckResult(
        tree_label=tree.label,
        revision=tree.revision,
        api=api,
        summaries=tuple(summaries),
        helpers=tuple(helpers),
        findings=tuple(unique_fingerprints(findings)),
        problems=tuple(problems),
        files_read=read,
        seconds=time.perf_counter() - started,
    )


def _check_arch(
    stage: Stage,
    arch: str,
    called: frozenset[str],
    files: KconfigFiles,
    only: frozenset[str] | None,
    note: Callable[[str], None],
    cache: ParseCache,
    clock: Clock,
) -> tuple[list[VariantResult], list[str]]:
    tree = stage.tree
    with clock.stage("kconfig"):
        kconfig = load_kconfig(tree, arch, files)
        offered = variants(tree, arch, kconfig)
    with clock.stage("interface"):
        interface = find_interface(tree, arch, called)
    index = SourceIndex(tree, arch)
    results: list[VariantResult] = []
    reuse = Reuse()
    hint: tuple[str, ...] = ()
    if only is not None and not any(variant.name in only for variant in offered):
        names = ", ".join(variant.name for variant in offered)
        raise UsageError(f"{arch} has no variant {', '.join(sorted(only))}; it has: {names}")
    for variant in offered:
        if only is not None and variant.name not in only:
            continue
        if not variant.has_mmu:
            continue
        note(f"{variant.label}")
        result = judge_variant(stage, variant, interface, index, hint, cache, clock, reuse)
        hint = result.bodies
        results.append(result)
    if results:
        results.append(_lint(tree, arch, kconfig.select_of(SUPPORT), results))
    unread = [f"{p.location}: {p.message}" for p in kconfig.problems]
    if kconfig.empty:
        unread.append(f"arch/{arch}/Kconfig: there is no Kconfig to read")
    unread += index.damaged
    if not results:
        unread.append(f"arch/{arch}/Kconfig:1: no configuration has an MMU, nothing to judge")
    return [result for result in results if result.variant], unread


def _lint(
    tree: KernelTree, arch: str, support: Support, results: list[VariantResult]
) -> VariantResult:
    """Kconfig against the code: hooks without the select, the select without predicates."""
    found: list[RawFinding] = []
    used = sorted(
        {
            (hook.location, hook.hook, hook.function)
            for result in results
            for verdict in result.helpers
            for hook in verdict.hooks
            if hook.location.path.startswith(f"arch/{arch}/")
        }
    )
    if used and not support.supported:
        location, hook, function = used[0]
        message = f"arch/{arch} calls {hook}() and does not select {SUPPORT}"
        found.append(
            RawFinding("PTC302", function, "pte", location, function, message, None, (function,))
        )
    first = results[0]
    if found:
        results[0] = replace(first, findings=(*first.findings, *found))
    return replace(first, variant="", findings=())


def merge(arch: str, results: list[VariantResult]) -> list[Finding]:
    """One finding for what several variants share; the first variant gives the witness."""
    merged: dict[tuple[str, str, str, str], Finding] = {}
    for result in results:
        for raw in result.findings:
            key = (raw.rule, raw.level, raw.function, str(raw.location))
            known = merged.get(key)
            if known is None:
                merged[key] = _finding(arch, result, raw)
            else:
                merged[key] = replace(
                    known,
                    variants=(*known.variants, result.variant)
                    if result.variant not in known.variants
                    else known.variants,
                    if_enabled=known.if_enabled and not result.supported,
                    helpers=tuple(sorted({*known.helpers, *raw.helpers})),
                )
    return list(merged.values())


def _finding(arch: str, result: VariantResult, raw: RawFinding) -> Finding:
    name = find_rule(raw.rule).name
    mark = "\0".join((raw.rule, arch, raw.level, raw.function, raw.helper))
    return Finding(
        rule=raw.rule,
        name=name,
        arch=arch,
        variants=(result.variant,),
        helper=raw.helper,
        level=raw.level,
        location=raw.location,
        function=raw.function,
        message=raw.message,
        fingerprint=hashlib.sha256(mark.encode()).hexdigest()[:32],
        if_enabled=not result.supported and raw.rule != "PTC302",
        witness=raw.witness,
        helpers=raw.helpers,
    )


def unique_fingerprints(findings: Iterable[Finding]) -> list[Finding]:
    """Two findings never share a fingerprint: later ones of a kind get an ordinal."""
    seen: dict[str, int] = {}
    result = []
    for finding in findings:
        count = seen.get(finding.fingerprint, 0)
        seen[finding.fingerprint] = count + 1
        if count:
            mark = hashlib.sha256(f"{finding.fingerprint}#{count}".encode()).hexdigest()[:32]
            finding = replace(finding, fingerprint=mark)
        result.append(finding)
    return result


__all__ = ["Location", "SourceError", "Verdict", "check_tree", "merge"]
