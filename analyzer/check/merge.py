# SPDX-License-Identifier: GPL-2.0-only
"""Findings of several variants as one, each with a fingerprint of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..model import Finding
from ..rules.catalogue import find_rule
from .results import RawFinding, VariantResult


def merge(arch: str, results: Sequence[VariantResult]) -> list[Finding]:
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
