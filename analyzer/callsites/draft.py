# SPDX-License-Identifier: GPL-2.0-only
"""A call site while it is being judged, and the words of entries that judging it needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ..model import Step
from .body import Body, Call
from .entries import EMPTY
from .flags import cleared, constants
from .model import CallSite
from .setters import Effect, Setter
from .state import State
from .stores import Change, Store

PLAIN: Final = "*"
_BITS: Final = (Change.ON, Change.OFF, Change.FLIP)


@dataclass(slots=True)
class Draft:
    """A call of a setter (or a plain store), with what is known where it stands."""

    site: CallSite
    setter: Setter | None
    slot: str
    value: str
    state: State
    start: int
    table: str = ""  # what populating puts in
    put_back: Step | None = None
    store: Store | None = None
    settled: bool = False  # the site is judged already

    @property
    def effect(self) -> Effect:
        """What it leaves in the slot; an empty entry that is set clears it."""
        effect = self.setter.effect if self.setter is not None else Effect.SET
        if self.store is not None and self.store.change in _BITS:
            effect = Effect.MODIFY
        fills = self.store is not None and self.store.change is Change.FILL
        empty = EMPTY.match(self.value) or (fills and EMPTY.match(f"__pte({self.value})"))
        return Effect.CLEAR if effect is Effect.SET and empty else effect

    @property
    def populates(self) -> bool:
        """Whether it puts a table in."""
        return self.setter is not None and "populate" in self.setter.name


def argument(call: Call, position: int) -> str:
    """An argument of a call; '' where there is none."""
    return call.arguments[position] if 0 <= position < len(call.arguments) else ""


def bits_of(body: Body, draft: Draft) -> tuple[str, ...]:
    """The constants of the bits that an operation on an entry changes; none if that is not told."""
    store = draft.store
    if store is None or store.change not in (Change.ON, Change.OFF):
        return ()
    read = cleared if store.change is Change.OFF else constants
    texts: tuple[str, ...] = (store.value,)
    if store.value.isidentifier() and not constants(store.value):
        texts = body.assigned.get(store.value, ())
    found = [read(text) for text in texts]
    return tuple(dict.fromkeys(bit for one in found for bit in one)) if all(found) else ()


def spelled(body: Body, value: str, depth: int = 0) -> str:
    """An expression together with what its variables were made of."""
    words = [value]
    if depth < 3:
        for name in re.findall(r"(?<![\w.>])([A-Za-z_]\w*)(?!\s*\()", value):
            texts = body.assigned.get(name, ())[:6]
            words.extend(spelled(body, text, depth + 1) for text in texts)
    return " ".join(words)[:4000]
