# SPDX-License-Identifier: GPL-2.0-only
"""Values as texts and how they compare (scripts/kconfig/expr.c)."""

from __future__ import annotations

TRISTATE: dict[str, int] = {"n": 0, "m": 1, "y": 2}

_MAX_DIGITS = 40


def letter(value: int) -> str:
    """0, 1, 2 as n, m, y."""
    return "nmy"[value]


def number(text: str, base: int) -> int | None:
    """The number that a text is; None if it is none (or absurdly long)."""
    if len(text) > _MAX_DIGITS or "_" in text:
        return None
    try:
        return int(text, base)
    except ValueError:
        return None


def valid(kind: str, text: str) -> bool:
    """Whether a user may give this text to a symbol of this type."""
    if kind == "int":
        return number(text, 10) is not None
    if kind == "hex":
        return number(text, 16) is not None
    return True


def order(left_type: str, left: str, right_type: str, right: str) -> int:
    """-1, 0 or 1: as numbers where both are numbers, else as texts."""
    a, b = _sortable(left_type, left), _sortable(right_type, right)
    if a is not None and b is not None:
        return (a > b) - (a < b)
    return (left > right) - (left < right)


def _sortable(kind: str, text: str) -> int | None:
    if kind in ("bool", "tristate"):
        return TRISTATE.get(text)
    if kind == "string":
        return None
    return number(text, {"int": 10, "hex": 16}.get(kind, 0))
