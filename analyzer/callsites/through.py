# SPDX-License-Identifier: GPL-2.0-only
"""How a function stores through a pointer to an entry that it is given, as its text says it."""

from __future__ import annotations

import re


def exchanged(pointer: str) -> re.Pattern[str]:
    """Exchanges an entry for none."""
    return re.compile(rf"xchg\w*\s*\([^;]*\b{pointer}\b[^;,]*,\s*(?:__p\w\w\()?0\w*\)")


def on_bits(pointer: str) -> re.Pattern[str]:
    """Bits of an entry change, and the rest stays."""
    return re.compile(
        rf"\b(?:_{{0,3}}(?:test_and_)?(?:set|clear|change)_bit|\w*atomic\w*_(?:and|or|xor))\w*"
        rf"\s*\([^;]*\b{pointer}\b"
    )


def stores_through(pointer: str, body: str) -> list[str]:
    """The stores through a pointer, and through copies of it that have another type."""
    found = _store_pattern(pointer).findall(body)
    cast = re.compile(rf"\b(\w+)\s*=\s*\([^()]*\*\s*\)\s*{pointer}\s*;")
    for match in cast.finditer(body):
        if match[1] != pointer:
            found += _store_pattern(match[1]).findall(body, match.end())
    return found


def uses(pointer: str) -> re.Pattern[str]:
    """Follows a pointer."""
    return re.compile(rf"\*\s*\(?\s*{pointer}\b|\b{pointer}\s*\)?->")


def _store_pattern(name: str) -> re.Pattern[str]:
    """Stores through a pointer, by the way they are written in the kernel."""
    return re.compile(
        rf"\*\s*\(?\s*{name}\s*\)?[\w.\[\]\s)]*=(?!=)"
        rf"|\b{name}\s*\)?\s*(?:->|\[)[\w.\[\]\s)]*=(?!=)"
        rf"|\bWRITE_ONCE\s*\(\s*\*?\s*\(?[^,;]*\b{name}\b"
        rf"|\b\w*(?:xchg|set_bit|clear_bit|set_64bit|atomic\w*_(?:and|or|xor|andnot|set))\w*\s*"
        rf"\((?:[^,;()]|\([^()]*\))*\b{name}\b|\b\w*xchg\w*\s*\([^,;]*\b{name}\b"
        rf"|\b(?:_{{0,3}}(?:test_and_)?(?:set|clear)_bit|\w*atomic\w*_(?:and|or|xor))\w*\s*"
        rf"\([^;]*\b{name}\b"
    )
