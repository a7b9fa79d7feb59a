# SPDX-License-Identifier: GPL-2.0-only
"""In which configurations of an architecture a call site is compiled."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from ..frontend.conditions import holds
from ..helpers.bodies import SourceIndex
from ..kconfig import Config, KconfigFiles, Variant, load_kconfig, variants
from ..tree import KernelTree
from .model import CallSite, Judgement, Scan

_OTHER: Final = re.compile(r"!?\s*\bdefined\s*(?:\(\s*(?!CONFIG_)\w+\s*\)|(?!CONFIG_)[A-Za-z]\w*)")


def compiled(site: CallSite, variant: Variant, index: SourceIndex) -> bool:
    """Whether a configuration compiles the line; what is no CONFIG_ symbol is taken to hold."""
    return index.built(site.location.path, variant.config) and holds_in(
        site.conditions, variant.config
    )


def holds_in(conditions: tuple[str, ...], config: Config) -> bool:
    """Whether #if conditions hold, those that ask for anything but CONFIG_ symbols as well."""
    return all(
        "CONFIG_" not in condition or holds(_OTHER.sub("1", condition), config)
        for condition in conditions
    )


def only_compiled(tree: KernelTree, scan: Scan) -> Scan:
    """The scan without findings, and without what is unknown, in architectures of which no
    configuration compiles the line."""
    files = KconfigFiles(tree)
    known: dict[str, tuple[SourceIndex, tuple[Variant, ...]]] = {}
    sites: list[CallSite] = []
    for site in scan.sites:
        if site.judgement not in (Judgement.FINDING, Judgement.UNKNOWN):
            sites.append(site)
            continue
        live: list[str] = []
        dead: list[str] = []
        for arch in site.archs:
            if arch not in known:
                offered = variants(tree, arch, load_kconfig(tree, arch, files))
                known[arch] = SourceIndex(tree, arch), offered
            index, offered = known[arch]
            found = any(compiled(site, variant, index) for variant in offered if variant.has_mmu)
            (live if found else dead).append(arch)
        if live:
            sites.append(replace(site, archs=tuple(live)))
        if dead:
            would = f"it would be {site.judgement.value}: {site.reason}"
            sites.append(
                replace(
                    site, archs=tuple(dead), judgement=Judgement.UNCOUNTED, rule="", path=(),
                    reason=f"no configuration compiles it; {would}",
                )
            )  # fmt: skip
    return replace(scan, sites=tuple(sites))
