# SPDX-License-Identifier: GPL-2.0-only
"""Where code calls setters of page table entries: on whose mapping, past the hooks or through."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from .model import CallSite, Judgement, Mapping, Scan

if TYPE_CHECKING:
    from .find import check_sites, find_sites, sites_of
    from .reading import ReadSources

_LATER: Final = {
    "ReadSources": "reading", "check_sites": "find", "find_sites": "find", "sites_of": "find",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """What judges is imported when it is used: most runs find all they need in the cache."""
    module = _LATER.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{module}", __name__), name)


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
