# SPDX-License-Identifier: GPL-2.0-only
"""The global variables that a file of C defines, found by its bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b

_INITIAL = re.compile(
    rb"^(?!static\b|typedef\b|extern\b|return\b)([A-Za-z_][\w \t*]*?)"
    rb"(?:[ \t]*__\w+\([^)\n]*\))*[ \t]*=[ \t]*([^;{}\"#]{1,200});",
    re.M,
)
_TENTATIVE = re.compile(
    rb"^(?!static\b|typedef\b|extern\b|return\b|union\b|enum\b)([A-Za-z_][\w \t]*?)"
    rb"(?:[ \t]*__\w+(?:\([^)\n]*\))?)*[ \t]*;",
    re.M,
)
_NAME = re.compile(rb"\b[A-Za-z_]\w*\b")
Named = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Defined:
    """The globals that a file defines: names and value of those that are initialised, the names
    of those that are not."""

    initialised: tuple[tuple[Named, bytes], ...]
    tentative: tuple[Named, ...]

    @classmethod
    def by(cls, data: bytes) -> Defined:
        """What a file defines, by its text."""
        return cls(
            tuple((_names(words), value) for words, value in _INITIAL.findall(data)),
            tuple(_names(words) for words in _TENTATIVE.findall(data)),
        )


def _names(words: bytes) -> Named:
    return tuple(_NAME.findall(words)[1:])


class Globals:
    """What the files of no architecture define, by contents: it is the same for all of them."""

    def __init__(self) -> None:
        self._found: dict[bytes, Defined] = {}

    def of(self, path: str, data: bytes) -> Defined:
        """What a file defines."""
        if path.startswith("arch/"):
            return Defined.by(data)
        key = blake2b(data, digest_size=16).digest()
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = Defined.by(data)
        return found
