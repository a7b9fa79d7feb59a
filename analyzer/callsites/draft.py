# SPDX-License-Identifier: GPL-2.0-only
"""A call site while it is being judged, and the words of entries that judging it needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ..model import Step
from .body import Body, Call
from .entries import EMPTY
from .model import CallSite
from .setters import Effect, Setter
from .state import State

PLAIN: Final = "*"


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

    @property
    def effect(self) -> Effect:
        """What it leaves in the slot; an empty entry that is set clears it."""
        effect = self.setter.effect if self.setter is not None else Effect.SET
        return Effect.CLEAR if effect is Effect.SET and EMPTY.match(self.value) else effect

    @property
    def populates(self) -> bool:
        """Whether it puts a table in."""
        return self.setter is not None and "populate" in self.setter.name


def argument(call: Call, position: int) -> str:
    """An argument of a call; '' where there is none."""
    return call.arguments[position] if 0 <= position < len(call.arguments) else ""


def spelled(body: Body, value: str, depth: int = 0) -> str:
    """An expression together with what its variables were made of."""
    words = [value]
    if depth < 3:
        for name in re.findall(r"(?<![\w.>])([A-Za-z_]\w*)(?!\s*\()", value):
            texts = body.assigned.get(name, ())[:6]
            words.extend(spelled(body, text, depth + 1) for text in texts)
    return " ".join(words)[:4000]
