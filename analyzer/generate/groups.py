# SPDX-License-Identifier: GPL-2.0-only
"""Variants that read another page-table header than the others do (32 and 64 bits, say)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..frontend import Unit


def header_groups(units: Mapping[str, Unit], arch: str) -> list[tuple[str, frozenset[str]]]:
    """Headers of the architecture and the variants that read them, where that is not all.

    The header that most variants read comes first, and of those the one nearest to the top.
    """
    pattern = re.compile(rf"^arch/{re.escape(arch)}/include/asm/[\w/.-]*pgtable[\w.-]*\.h$")
    readers: dict[str, set[str]] = {}
    for name, unit in units.items():
        for path in unit.files:
            if pattern.match(path):
                readers.setdefault(path, set()).add(name)
    found = [(path, frozenset(names)) for path, names in readers.items() if len(names) < len(units)]
    order: list[tuple[str, frozenset[str]]] = []
    for path, names in sorted(found, key=lambda f: (-len(f[1]), f[0].count("/"), len(f[0]), f[0])):
        if all(names != other for _, other in order):
            order.append((path, names))
    return order
