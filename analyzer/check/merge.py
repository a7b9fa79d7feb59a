# SPDX-License-Identifier: GPL-2.0-only
"""Findings of several variants as one, each with a fingerprint of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from ..model import Finding, RawCall
from ..rules.catalogue import find_rule
from .results import RawFinding, VariantResult

MOST_ALIKE: Final = 1000  # findings of one function that are told apart by a number only


def merge(arch: str, results: Sequence[VariantResult]) -> list[Finding]:
    """One finding for what several variants share; the first variant gives the witness.

    In the order in which the variants show them, which no edit of a file changes.
    """
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
    return with_fingerprints(merged.values())


def _finding(arch: str, result: VariantResult, raw: RawFinding) -> Finding:
    return Finding(
        rule=raw.rule,
        name=find_rule(raw.rule).name,
        arch=arch,
        variants=(result.variant,),
        helper=raw.helper,
        level=raw.level,
        location=raw.location,
        function=raw.function,
        message=raw.message,
        fingerprint="",
        if_enabled=not result.supported and raw.rule != "PTC302",
        witness=raw.witness,
        helpers=raw.helpers,
    )


def fingerprint(rule: str, arch: str, level: str, function: str, number: int = 0) -> str:
    """What tells a finding: the rule and the function to be mended, not where that stands.

    So it survives lines and files that move, and text that is laid out anew. `number` counts
    what is alike in all of these: definitions of one function in different configurations.
    """
    mark = "\0".join((rule, arch, level, function))
    if number:
        mark += f"\0{number}"
    return hashlib.sha256(mark.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def under_another_name(mark: str, key: tuple[str, str, str, str], arch: str) -> str:
    """The fingerprint that a finding (`key`: rule, architecture, level, function) has if its
    architecture is called otherwise; the same where it is none of ours."""
    rule, _, level, function = key
    for number in range(MOST_ALIKE):
        if fingerprint(*key, number) == mark:
            return fingerprint(rule, arch, level, function, number)
    return mark


def with_fingerprints(findings: Iterable[Finding]) -> list[Finding]:
    """The findings with the fingerprints that they have in this order; no two have the same."""
    seen: dict[tuple[str, str, str, str], int] = {}
    marked = []
    for finding in findings:
        key = (finding.rule, finding.arch, finding.level, finding.function)
        number = seen.get(key, 0)
        seen[key] = number + 1
        marked.append(replace(finding, fingerprint=fingerprint(*key, number)))
    return marked


def merged_calls(calls: Iterable[RawCall]) -> tuple[RawCall, ...]:
    """Calls that several architectures judge alike as one, in the order of the tree."""
    found: dict[RawCall, list[str]] = {}
    for call in calls:
        found.setdefault(replace(call, archs=()), []).extend(call.archs)
    merged = [replace(c, archs=tuple(sorted(dict.fromkeys(a)))) for c, a in found.items()]
    return tuple(
        sorted(merged, key=lambda c: (c.location, c.helper, c.function, c.reach.value, c.reason))
    )
