# SPDX-License-Identifier: GPL-2.0-only
"""Where code calls setters of page table entries: on whose mapping, past the hooks or through."""

from __future__ import annotations

from .find import check_sites, find_sites, sites_of
from .model import CallSite, Judgement, Mapping, Scan
from .reading import ReadSources

__all__ = [
    "CallSite",
    "Judgement",
    "Mapping",
    "ReadSources",
    "Scan",
    "check_sites",
    "find_sites",
    "sites_of",
]
