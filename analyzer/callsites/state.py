# SPDX-License-Identifier: GPL-2.0-only
"""What is known about entries at one point of a function, and what holds where two ways meet."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from ..brackets import closing, split_arguments

Facts = dict[str, frozenset[str]]
Said = list[tuple[str, str]]
"""What a condition says: the entry, and one word about it."""

LEVEL: Final = r"(?:huge_)?(?:pte|pmd|pud)"
_LOAD: Final = re.compile(
    r"^(?:READ_ONCE|native_\w+_get|(?:huge_)?(?:pte|pmd|pud)p_?get(?:_lockless\w*)?"
    r"|(?:pte|pmd|pud)_read_atomic|(?:pmd|pte|pud)p_get_once)\s*\((.*)\)$", re.S
)  # fmt: skip
_DEREFERENCE: Final = re.compile(r"^\*\s*\(?\s*([\w.>\-\[\]]+)\s*\)?$")
_ELEMENT: Final = re.compile(r"^[A-Za-z_][\w.>\-]*\s*\[[^\[\]]*\]$")
_FIRST: Final = re.compile(r"\s*\[\s*0\s*\]$")
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
UNCOUNTED: Final = frozenset({"none", "absent", "special", "bad", "invalidated", "uncounted"})
"""What is said of entries that page table check does not count."""


@cache
def word(name: str) -> re.Pattern[str]:
    """The name where it stands alone."""
    return re.compile(rf"\b{re.escape(name)}\b")


@dataclass(slots=True)
class State:
    """What is known at one point."""

    facts: Facts = field(default_factory=dict)
    holds: dict[str, str] = field(default_factory=dict)  # variable -> slot it is a copy of
    taken: dict[str, int] = field(default_factory=dict)  # variable -> site that cleared its slot
    swaps: dict[str, str] = field(default_factory=dict)  # swp_entry_t -> entry it was made of
    tests: dict[str, tuple[Said, Said]] = field(default_factory=dict)  # of a variable: true, false
    guards: tuple[tuple[int, str], ...] = ()  # conditions on the way, with their positions

    def copy(self) -> State:
        """A state that changes on its own."""
        return State(
            dict(self.facts),
            dict(self.holds),
            dict(self.taken),
            dict(self.swaps),
            dict(self.tests),
            self.guards,
        )

    def key(self, expression: str) -> str:
        """The entry that an expression is: a slot, or a variable that is a copy of none."""
        text = expression.strip()
        while text.startswith("(") and closing(text, 0) == len(text):
            text = text[1:-1].strip()
        match = _DEREFERENCE.match(text)
        if match is not None:
            return f"*{match[1]}"
        match = _LOAD.match(text)
        if match is not None:
            arguments = split_arguments(match[1])
            last = arguments[-1] if arguments else ""
            return f"*{_FIRST.sub('', last.lstrip('*& ').strip())}"
        if _ELEMENT.match(text):
            return f"*{_FIRST.sub('', text)}"
        if text in self.holds:
            return self.holds[text]
        if text in self.swaps:
            return self.swaps[text]
        return text

    def about(self, key: str) -> frozenset[str]:
        """Everything that is known of an entry."""
        return self.facts.get(key, frozenset())

    def learn(self, said: Said) -> None:
        """Adds what a condition said."""
        for key, word in said:
            self.facts[key] = self.about(key) | {word}

    def forget_variable(self, name: str) -> None:
        """A variable gets another value."""
        self.holds.pop(name, None)
        self.taken.pop(name, None)
        self.swaps.pop(name, None)
        self.tests.pop(name, None)
        self._forget_tests(name)
        pattern = word(name)
        for table in (self.facts, self.holds, self.swaps):
            for key in [k for k, v in table.items() if pattern.search(k)]:
                table.pop(key)
        for table in (self.holds, self.swaps):
            for key in [k for k, v in table.items() if pattern.search(v)]:
                table.pop(key)

    def _forget_tests(self, name: str) -> None:
        """What a variable says of an entry that is another one now says nothing."""
        for variable, (yes, no) in list(self.tests.items()):
            if any(key == name or _names(key, name) for key, _ in (*yes, *no)):
                del self.tests[variable]

    def stored(self, slot: str, words: frozenset[str]) -> list[str]:
        """The slot gets another entry; returns the variables that are copies of the old one."""
        copies = [name for name, held in self.holds.items() if held == slot]
        for name in copies:
            self.facts[name] = self.about(slot)
            del self.holds[name]
        self.facts[slot] = words
        self._forget_tests(slot)
        return copies

    def touched(self, text: str) -> None:
        """Slots that a loop names may change in it; copies stay what they are."""
        self.tests.clear()
        for name, slot in list(self.holds.items()):
            if _names(slot, text):
                self.facts[name] = self.about(slot)
                del self.holds[name]
        for key in [k for k in self.facts if k.startswith("*") and _names(k, text)]:
            del self.facts[key]

    def unlock(self) -> None:
        """Slots may change now; copies stay what they are."""
        self.tests.clear()
        for name, slot in list(self.holds.items()):
            self.facts[name] = self.about(slot)
            del self.holds[name]
        for key in [k for k in self.facts if k.startswith("*")]:
            del self.facts[key]


def meet(left: State | None, right: State | None) -> State | None:
    """What holds on both of two ways; None is a way that does not come here."""
    if left is None or right is None:
        return right if left is None else left
    return State(
        {k: _both(v, right.facts[k]) for k, v in left.facts.items() if k in right.facts},
        {k: v for k, v in left.holds.items() if right.holds.get(k) == v},
        {k: v for k, v in left.taken.items() if right.taken.get(k) == v},
        {k: v for k, v in left.swaps.items() if right.swaps.get(k) == v},
        {k: v for k, v in left.tests.items() if right.tests.get(k) == v},
        tuple(g for g in left.guards if g in right.guards),
    )


def _names(slot: str, text: str) -> bool:
    """Whether a text has any variable of a slot in it."""
    return any(word(name).search(text) for name in _WORD.findall(slot))


def _both(left: frozenset[str], right: frozenset[str]) -> frozenset[str]:
    """What two ways say of one entry; not counted on both, for whatever reason, is not counted."""
    shared = left & right
    return shared | {"uncounted"} if left & UNCOUNTED and right & UNCOUNTED else shared
