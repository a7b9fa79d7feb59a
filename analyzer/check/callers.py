# SPDX-License-Identifier: GPL-2.0-only
"""Call sites that go around the hooks, as findings of the variants that compile them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..callsites import CallSite
from ..callsites.live import compiled
from ..helpers.bodies import SourceIndex
from ..kconfig import Variant
from ..model import Witness
from .results import RawFinding, VariantResult


def with_call_sites(
    sites: Sequence[CallSite],
    results: list[VariantResult],
    offered: Iterable[Variant],
    index: SourceIndex,
) -> list[VariantResult]:
    """The results with one more finding in each variant that compiles such a call."""
    if not sites:
        return results
    by_name = {variant.name: variant for variant in offered}
    found: list[VariantResult] = []
    for result in results:
        variant = by_name.get(result.variant)
        more = (
            tuple(_finding(site, variant.label) for site in sites if compiled(site, variant, index))
            if variant is not None
            else ()
        )
        found.append(replace(result, findings=(*result.findings, *more)))
    return found


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
