# SPDX-License-Identifier: GPL-2.0-only
"""Patch series as text: read an mbox or a diff, apply it to a tree in memory."""

from __future__ import annotations

from .apply import apply_series
from .model import FileChange, Hunk, Patch, SeriesError
from .read import parse_series, read_series

__all__ = [
    "FileChange",
    "Hunk",
    "Patch",
    "SeriesError",
    "apply_series",
    "parse_series",
    "read_series",
]
