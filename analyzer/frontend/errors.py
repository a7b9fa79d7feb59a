# SPDX-License-Identifier: GPL-2.0-only
"""The error of one declaration: it never leaves the front end, the unit lists it instead."""

from __future__ import annotations

from analyzer.errors import SourceError


class ChunkError(SourceError):
    """One declaration of a unit cannot be read; only what uses it becomes unknown."""
