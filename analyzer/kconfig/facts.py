# SPDX-License-Identifier: GPL-2.0-only
"""Facts about an architecture that stand in its headers, not in its Kconfig."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.errors import SourceError

if TYPE_CHECKING:
    from analyzer.kconfig.files import Reader

_ORDER = re.compile(rb"^[ \t]*#[ \t]*include[ \t]*<linux/byteorder/(big|little)_endian\.h>", re.M)
_WIDTH = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+__BITS_PER_LONG[ \t]+(32|64)\b", re.MULTILINE)


def architectures(tree: Reader) -> tuple[str, ...]:
    """The directories below arch/ that have headers or a Kconfig, sorted."""
    found = []
    for entry in tree.entries("arch"):
        base = f"arch/{entry.name}"
        if tree.kind(f"{base}/include/asm") is not None or tree.kind(f"{base}/Kconfig") is not None:
            found.append(entry.name)
    return tuple(found)


def byte_order(tree: Reader, arch: str) -> str | None:
    """'big' or 'little' if the architecture's byteorder.h names exactly one of them."""
    return _only(tree, arch, "byteorder.h", _ORDER)


def word_size(tree: Reader, arch: str) -> int | None:
    """32 or 64 if the architecture's bitsperlong.h names exactly one of them."""
    found = _only(tree, arch, "bitsperlong.h", _WIDTH)
    return None if found is None else int(found)


def _only(tree: Reader, arch: str, header: str, pattern: re.Pattern[bytes]) -> str | None:
    for directory in ("include/uapi/asm", "include/asm"):
        try:
            data = tree.read(f"arch/{arch}/{directory}/{header}")
        except SourceError:
            continue
        answers: set[bytes] = set(pattern.findall(data))
        if len(answers) == 1:
            return answers.pop().decode("ascii")
    return None
