# SPDX-License-Identifier: GPL-2.0-only
"""What proves that a store around the hooks changes a count."""

from __future__ import annotations

import re
from typing import Final

from .body import Body
from .draft import Draft, bits_of, spelled
from .entries import MAKES, TAKES_OUT
from .flags import Flags
from .setters import Effect
from .stores import Change

_FOR_USER: Final = re.compile(r"\bvm_page_prot\b|\bvm_get_page_prot\s*\(")


def shown(body: Body, flags: Flags, draft: Draft, known: frozenset[str]) -> tuple[str, int]:
    """What proves that something counted is lost (-1) or put in (+1); '' where nothing does."""
    level = draft.site.level
    name = draft.store.by if draft.store is not None else f"{draft.site.helper}()"
    if draft.put_back is not None:
        return (
            f"{name} takes out a {level} entry and calls no hook, and the same entry is then"
            " put back by a setter that counts it"
        ), -1
    bad = {"bad", "special"} & known
    live = not bad and ("leaf" in known or ("present" in known and level == "pte"))
    if live and draft.effect is Effect.CLEAR:
        what = "leaf" if "leaf" in known else "present"
        return f"{name} takes out a {level} entry that is {what} there, and calls no hook", -1
    bits = bits_of(body, draft)
    if bits and flags.presence(level) in bits:
        on = draft.store is not None and draft.store.change is Change.ON
        if on and known & {"none", "absent", "invalidated"}:
            return f"{name} makes a {level} entry present, and calls no hook", 1
        if live and not on:
            return f"{name} makes a {level} entry absent, and calls no hook", -1
    if draft.setter is None or draft.setter.effect is Effect.SET:
        words = spelled(body, draft.value)
        if _FOR_USER.search(words) and MAKES.search(words) and not TAKES_OUT.search(words):
            return f"{name} puts in an entry with the protection of a vma, and calls no hook", 1
    return "", 0
