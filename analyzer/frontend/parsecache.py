# SPDX-License-Identifier: GPL-2.0-only
"""Parsed declarations, remembered: units of one kernel share most of them."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from analyzer.frontend.cparse import Node, parse_declaration
from analyzer.frontend.errors import ChunkError
from analyzer.model import Location


class ParseCache:
    """Parsed declarations by their text, place and typedef names; shared between units.

    A tree that came from here is shared too: never write to it.
    """

    def __init__(self) -> None:
        self.hits = 0
        self.misses = 0
        self._parsed: dict[bytes, tuple[Node, ...] | str] = {}
        self._forgotten: set[bytes] = set()  # keys of what was let go of
        self._common: set[bytes] = set()  # keys of what was asked for again after that

    def parse(self, text: str, location: Location, types: Iterable[str]) -> tuple[Node, ...] | str:
        """Return the external declarations in `text`, or why it cannot be parsed."""
        names = sorted(types)
        key = blake2b(
            f"{location}\0{','.join(names)}\0{text}".encode("utf-8", "surrogateescape"),
            digest_size=16,
        ).digest()
        found = self._parsed.get(key)
        if found is not None:
            self.hits += 1
            return found
        self.misses += 1
        if key in self._forgotten:
            self._common.add(key)
        try:
            nodes = parse_declaration(text, location.path, location.line, names)
            found = tuple(nodes)
        except ChunkError as error:
            found = error.reason
        self._parsed[key] = found
        return found

    def forget(self) -> None:
        """Let go of what one architecture needed, but for what another one needed before it.

        Trees of C are large: macros of an architecture make most of the generic ones its own.
        """
        self._forgotten.update(self._parsed)
        self._parsed = {key: self._parsed[key] for key in self._common if key in self._parsed}

    def clear(self) -> None:
        """Let go of everything; a unit keeps what it has asked for already."""
        self._parsed.clear()
        self._forgotten.clear()
        self._common.clear()

    def __len__(self) -> int:
        return len(self._parsed)
