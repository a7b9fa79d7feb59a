# SPDX-License-Identifier: GPL-2.0-only
"""From a tree and a variant to a unit of declarations: preprocess, slice, parse on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from analyzer.later import later
from analyzer.model import Location
from analyzer.preprocessor import Tool, find_tool

if TYPE_CHECKING:
    from analyzer.frontend.errors import UnitError
    from analyzer.frontend.includes import Scan
    from analyzer.frontend.macros import Macro
    from analyzer.frontend.parsecache import ParseCache
    from analyzer.frontend.preprocess import OURS, Diagnostic
    from analyzer.frontend.read import HEADERS, read_unit, standard_headers
    from analyzer.frontend.stage import Stage
    from analyzer.frontend.unit import Chunk, Unit

_MODULES: Final = {
    "Chunk": "unit",
    "Diagnostic": "preprocess",
    "HEADERS": "read",
    "Macro": "macros",
    "OURS": "preprocess",
    "ParseCache": "parsecache",
    "Scan": "includes",
    "Stage": "stage",
    "Unit": "unit",
    "UnitError": "errors",
    "read_unit": "read",
    "standard_headers": "read",
}
__getattr__ = later(__name__, _MODULES)

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
