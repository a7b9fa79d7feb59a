# SPDX-License-Identifier: GPL-2.0-only
"""Where the cache is, by the rules of the XDG base directories."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def default_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return $XDG_CACHE_HOME/ptcheck/facts, or ~/.cache/ptcheck/facts.

    The specification says that a relative $XDG_CACHE_HOME is to be ignored.
    """
    named = environment.get("XDG_CACHE_HOME", "")
    if os.path.isabs(named):  # noqa: PTH117 (no Path of what may be empty)
        return Path(named) / "ptcheck" / "facts"
    return Path(os.path.expanduser("~")) / ".cache" / "ptcheck" / "facts"  # noqa: PTH111 (no home)
