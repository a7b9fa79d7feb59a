# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck bits --format json`, schema 1: documented in docs/bits-json.md."""

from __future__ import annotations

from typing import Any, Final

from analyzer import __version__

from ..model import Location
from ..report.json import to_json
from .run import Tables
from .table import BitTable, Row

SCHEMA: Final = 1


def render_json(result: Tables) -> str:
    """The tables as one JSON document."""
    return to_json(document(result))


def document(result: Tables) -> dict[str, Any]:
    """The tables as plain lists and dictionaries, in the order of the documentation."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "ptcheck", "version": __version__},
        "tree": {"path": result.tree_label, "revision": result.revision},
        "tables": [_table(table) for table in result.tables],
        "problems": list(result.problems),
        "incomplete": result.incomplete,
        "files_read": result.files_read,
        "seconds": round(result.seconds, 3),
    }


def _table(table: BitTable) -> dict[str, Any]:
    return {
        "arch": table.arch,
        "variant": table.variant,
        "level": table.level,
        "width": table.width,
        "reason": table.reason,
        "bits": [_row(row) for row in table.rows],
        "without_bit": [
            {
                "name": other.name,
                "reason": other.reason,
                "depends": list(other.depends),
                **_place(other.location),
            }
            for other in table.others
        ],
        "conditions": list(table.conditions),
    }


def _row(row: Row) -> dict[str, Any]:
    bit = row.bit
    return {
        "name": bit.name or None,
        "kind": row.kind,
        "mask": f"{bit.mask:#x}",
        "low": bit.positions[0],
        "high": bit.positions[1],
        "role": bit.role,
        "roles": list(row.roles),
        "seen": row.seen or None,
        "present": not row.swap,
        **_place(bit.location),
        "aliases": list(bit.aliases),
        "overlaps": list(bit.overlaps),
        "depends": list(row.depends),
    }


def _place(location: Location) -> dict[str, Any]:
    if not location.path:
        return {"path": None, "line": None}
    return {"path": location.path, "line": location.line}
