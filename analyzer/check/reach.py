# SPDX-License-Identifier: GPL-2.0-only
"""Whether edited functions need the same files of C that the unit was read with."""

from __future__ import annotations

from collections.abc import Sequence

from ..frontend import Unit
from ..frontend.unit import Chunk
from ..helpers.bodies import reached, words_of
from .notebook import Judged
from .unit import outside, roots


def reaches_the_same(
    unit: Unit, kept: Judged, edited: Sequence[tuple[Chunk, str]], gone: Sequence[str]
) -> bool:
    """Whether `build_unit` would find the same files; False where that is not certain.

    `edited` are functions of the unit, and their texts before; '' of one that is new. `gone` are
    the texts of functions that are not there. A function
    that is called anew may be defined in a file that was not read, and one that is called no more
    may have been the reason why a file was. Raises LeftOut of a part of a unit.
    """
    more: set[str] = set()
    less: set[str] = set()
    for chunk, old in edited:
        (was, through), (now, through_now) = words_of(old), words_of(unit.source(chunk))
        if through != through_now:
            return False
        more |= _declared(unit, now - was)
        less |= _declared(unit, was - now)
    for old in gone:
        was, through = words_of(old)
        if through:
            return False
        less |= _declared(unit, was)
    wanted = reached(unit, more)
    if not (wanted.missing <= {*kept.missing} and wanted.tables <= {*kept.tables}):
        return False
    before = reached(unit, less)
    if not (before.missing or before.tables or outside(unit, before.seen)):
        return True
    whole = reached(unit, roots(unit, ()))
    found = tuple(sorted(whole.missing)), tuple(sorted(whole.tables)), outside(unit, whole.seen)
    return found == (kept.missing, kept.tables, kept.outside)


def _declared(unit: Unit, words: frozenset[str]) -> set[str]:
    """Those that are names of functions."""
    return {word for word in words if word in unit.functions or word in unit.prototypes}


__all__ = ["reaches_the_same"]
