# SPDX-License-Identifier: GPL-2.0-only
"""From a tree and a variant to a unit of declarations: preprocess, slice, parse on demand."""

from __future__ import annotations

from analyzer.frontend.errors import UnitError
from analyzer.frontend.includes import Scan
from analyzer.frontend.macros import Macro
from analyzer.frontend.preprocess import OURS, Diagnostic
from analyzer.frontend.read import HEADERS, read_unit, standard_headers
from analyzer.frontend.stage import Stage
from analyzer.frontend.unit import Chunk, ParseCache, Unit
from analyzer.model import Location
from analyzer.preprocessor import Tool, find_tool

__all__ = [
    "HEADERS",
    "OURS",
    "Chunk",
    "Diagnostic",
    "Location",
    "Macro",
    "ParseCache",
    "Scan",
    "Stage",
    "Tool",
    "Unit",
    "UnitError",
    "find_tool",
    "read_unit",
    "standard_headers",
]
