# SPDX-License-Identifier: GPL-2.0-only
"""Units of a variant that can be kept."""

from __future__ import annotations

from analyzer.frontend import Stage, Unit, read_unit
from analyzer.kconfig import Variant


def unit_of(stage: Stage, variant: Variant) -> Unit:
    """The page-table headers of a variant, without .c files."""
    return read_unit(stage, variant, probes="int probe;\n", keep=True)
