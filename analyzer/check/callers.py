# SPDX-License-Identifier: GPL-2.0-only
"""Call sites that go around the hooks, in the variants that compile them: findings, and sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from ..callsites import CallSite, Judgement
from ..callsites.live import compiled
from ..helpers.bodies import SourceIndex
from ..kconfig import Variant
from ..model import RawCall, Reach, Witness
from .results import RawFinding, VariantResult


def with_call_sites(
    sites: Sequence[CallSite],
    results: list[VariantResult],
    offered: Iterable[Variant],
    index: SourceIndex,
) -> list[VariantResult]:
    """The results with one more finding in each variant that compiles such a call."""
    found_sites = [site for site in sites if site.judgement is Judgement.FINDING]
    if not found_sites:
        return results
    by_name = {variant.name: variant for variant in offered}
    found: list[VariantResult] = []
    for result in results:
        variant = by_name.get(result.variant)
        more = (
            tuple(
                _finding(site, variant.label)
                for site in found_sites
                if compiled(site, variant, index)
            )
            if variant is not None
            else ()
        )
        found.append(replace(result, findings=(*result.findings, *more)))
    return found


_REACH: Final = {
    Judgement.UNCOUNTED: Reach.HARMLESS,
    Judgement.FINDING: Reach.FINDING,
    Judgement.UNKNOWN: Reach.UNKNOWN,
}


def raw_calls(
    arch: str,
    sites: Sequence[CallSite],
    results: Sequence[VariantResult],
    offered: Iterable[Variant],
    index: SourceIndex,
) -> tuple[RawCall, ...]:
    """The calls around the hooks that a judged variant compiles; of others those that are not
    known to be harmless."""
    judged = {result.variant for result in results}
    chosen = [variant for variant in offered if variant.name in judged]
    found = []
    for site in sites:
        reach = _REACH.get(site.judgement)
        if reach is not None and not any(compiled(site, variant, index) for variant in chosen):
            reach = None if reach is Reach.HARMLESS else Reach.ELSEWHERE
        if reach is not None:
            reason = site.reason if reach is Reach.UNKNOWN else ""
            found.append(
                RawCall(
                    site.helper, site.level, site.location, site.function, reach, reason, (arch,)
                )
            )
    return tuple(found)


def _finding(site: CallSite, label: str) -> RawFinding:
    witness = Witness(
        variant=label, helper=site.helper, old=None, new=None, left=None, path=site.path,
        expected=(f"the {site.level} entry: {site.change:+d}",), got=("nothing",),
    )  # fmt: skip
    message = f"{site.function}(): {site.reason}"
    return RawFinding(
        site.rule, site.helper, site.level, site.location, site.function, message, witness,
        (site.helper,),
    )  # fmt: skip
