# SPDX-License-Identifier: GPL-2.0-only
"""Bit tables of page-table entries: which bits an entry has, what each is for, where it is named.

Names come from the macro table and the enumerations of a unit, values from the evaluator, roles
from what the tree's own constructors, modifiers and tests do with each bit.
"""

from __future__ import annotations

from .run import Reading, Tables, bit_tables, read_bits, variant_tables
from .table import BitTable, Row

__all__ = ["BitTable", "Reading", "Row", "Tables", "bit_tables", "read_bits", "variant_tables"]
