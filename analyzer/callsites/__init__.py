# SPDX-License-Identifier: GPL-2.0-only
"""Where code calls setters of page table entries: on whose mapping, past the hooks or through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..later import later
from .model import CallSite, Judgement, Mapping, Scan

if TYPE_CHECKING:
    from .find import check_sites, find_sites, sites_of
    from .reading import ReadSources

_LATER: Final = {
    "ReadSources": "reading", "check_sites": "find", "find_sites": "find", "sites_of": "find",
}  # fmt: skip
__getattr__ = later(__name__, _LATER)

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
