# SPDX-License-Identifier: GPL-2.0-only
"""What declarations declare, by their text, remembered for units that share most of them."""

from __future__ import annotations

from analyzer.frontend.declarators import declared_names, enum_constants, objects_in, tags
from analyzer.frontend.patterns import PROTOTYPE
from analyzer.frontend.unit import NO_OBJECT, TYPEDEF
from analyzer.frontend.words import NOT_NAMES

Names = tuple[tuple[str, str], ...]  # kind of a chunk, name


class Remembered:
    """What `Unit` makes its indexes of; of the same text it is the same."""

    def __init__(self) -> None:
        self._known: dict[str, Names] = {}

    def of(self, text: str, braced: bool) -> Names:
        """All that a declaration declares."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = tuple(_declared(text, braced))
        return found


def _declared(text: str, braced: bool) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if text.startswith(TYPEDEF):
        found += [("typedef", name) for name, _ in declared_names(text)]
    if braced:
        found += [("enum" if kind == "enum" else "struct", tag) for kind, tag in tags(text)]
        if "enum" in text:
            found += [("enum_constant", name) for name in enum_constants(text)]
    if not text.startswith(NO_OBJECT):
        simple = None if braced else PROTOTYPE.match(text)
        if simple and simple[1] not in NOT_NAMES:
            found.append(("prototype", simple[1]))
        else:
            found += objects_in(text, 0, len(text), braced)
    return found


__all__ = ["Names", "Remembered"]
