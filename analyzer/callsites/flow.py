# SPDX-License-Identifier: GPL-2.0-only
"""What is known about an entry where it is stored to: the tests that were passed on the way.

A walk over the statements of one function in their order. It knows what each condition says about
an entry (present, a leaf, a table, nothing), which variables hold a copy of one, and forgets both
where ways meet that disagree, at labels, in loops, and when a lock is given back. It never
guesses: what is not known is the empty set.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ..brackets import closing
from .blocks import Expression, If, Label, Loop, Statement, statements
from .body import Body, expression_at
from .conditions import conditions
from .state import LEVEL, Facts, State, meet, word

_TEST: Final = re.compile(r"^(?:!\s*)*([A-Za-z_]\w*)\s*\((.*)\)$", re.S)
_ASSERTS: Final = re.compile(r"^(?:VM_)?BUG_ON(?:_\w+)?$")
_TO_SWAP: Final = re.compile(rf"\b{LEVEL}_to_swp_entry\s*\(|\bsoftleaf_from_{LEVEL}\s*\(")
_ASSIGN: Final = re.compile(r"(?:^|[\s*,(])([A-Za-z_]\w*)\s*=(?!=)")
_MEMBER: Final = re.compile(r"([A-Za-z_]\w*(?:(?:->|\.)\w+)+)\s*=(?!=)")
_STEP: Final = re.compile(r"(?:\+\+|--)\s*([A-Za-z_]\w*)|([A-Za-z_]\w*)\s*(?:\+\+|--|[+\-]=)")
_LEAVES: Final = re.compile(r"^(?:return|goto|break|continue)\b")
_UNLOCK: Final = re.compile(r"\b(?!munlock|unlock_page|folio_unlock|\w*memcg)\w*unlock\w*\s*\(")
"""Gives back a lock under which entries stay what they are; those of pages are none."""
_NAME: Final = re.compile(r"^[A-Za-z_]\w*$")


Visit = Callable[[State, int, int], None]
"""Called with the state before the text [start:end] of the file is carried out."""


class Walk:
    """Goes through one function and shows every piece of it with what is known there."""

    def __init__(self, body: Body, visit: Visit, known: Facts | None = None) -> None:
        self.body = body
        self.visit = visit
        self.known = known or {}
        self.code = body.source.text if body.function.is_macro else body.source.code

    def run(self) -> None:
        """Walks the function. Raises TooDeep."""
        start, end = self.body.function.start, self.body.function.end
        if self.code[start : start + 1] == "{":
            start, end = start + 1, end - 1
        self._block(statements(self.code, start, end), State(dict(self.known)))

    def _block(self, items: tuple[Statement, ...], state: State | None) -> State | None:
        entry = state.copy() if state is not None else State()
        for item in items:
            if isinstance(item, Label):
                state = meet(state, entry.copy()) if item.case else State()
                if item.case and state is not None:
                    state = entry.copy()
            elif state is None:
                state = self._one(item, State())  # only reached from a place we did not see
            else:
                state = self._one(item, state)
        return state

    def _one(self, item: Statement, state: State) -> State | None:
        if isinstance(item, Expression):
            return self._expression(item.start, item.end, state)
        if isinstance(item, If):
            return self._if(item, state)
        assert isinstance(item, Loop)
        return self._loop(item, state)

    def _if(self, item: If, state: State) -> State | None:
        start, end = item.condition
        after = self._expression(start, end, state) or state
        text = self.code[start:end]
        yes, no = conditions(text, after)
        words = " ".join(text.split())
        then = after.copy()
        then.learn(yes)
        then.guards = (*after.guards, (start, words))
        otherwise = after.copy()
        otherwise.learn(no)
        otherwise.guards = (*after.guards, (start, f"not ({words})"))
        return meet(self._block(item.then, then), self._block(item.otherwise, otherwise))

    def _loop(self, item: Loop, state: State) -> State | None:
        start, end = item.head
        first = self._expression(start, end, state) or state
        if item.kind == "switch":
            self._block(item.body, first.copy())
            changed = first.copy()
            self._forget_changes(changed, item)
            return changed
        inside = first.copy()
        self._forget_changes(inside, item)
        after = inside.copy()
        if item.kind == "while":
            yes, no = conditions(self.code[start:end], inside)
            inside.learn(yes)
            if not _breaks(item.body, self.code):
                after.learn(no)
        self._block(item.body, inside)
        return after

    def _forget_changes(self, state: State, item: Loop) -> None:
        start, end = _span(item)
        text = self.code[start:end]
        for match in _ASSIGN.finditer(text):
            state.forget_variable(match[1])
        for match in _STEP.finditer(text):
            state.forget_variable(match[1] or match[2])
        for name in re.findall(r"&\s*([A-Za-z_]\w*)", text):
            state.forget_variable(name)
        if _UNLOCK.search(text):
            state.unlock()
        else:
            state.touched(text)
        state.taken.clear()

    def _expression(self, start: int, end: int, state: State) -> State | None:
        """Carries out one piece of text."""
        text = self.code[start:end]
        if not text.strip():
            return state
        state = state.copy()
        self.visit(state, start, end)
        if "=" in text:
            self._assignments(text, state)
        if "++" in text or "--" in text or "+=" in text or "-=" in text:
            for match in _STEP.finditer(text):
                state.forget_variable(match[1] or match[2])
        asserted = _TEST.match(text.strip()) if "BUG_ON" in text else None
        if asserted and _ASSERTS.match(asserted[1]):
            state.learn(conditions(asserted[2], state)[1])
        if "unlock" in text and _UNLOCK.search(text):
            state.unlock()
        for name in re.findall(r"&\s*([A-Za-z_]\w*)\s*[,)]", text):
            state.forget_variable(name)
        return None if _LEAVES.match(text.strip()) else state

    def _assignments(self, text: str, state: State) -> None:
        for match in _ASSIGN.finditer(text):
            value = expression_at(text, match.end())
            self._assign(state, match[1], value, text[: match.start()])
        for match in _MEMBER.finditer(text):
            state.forget_variable(match[1])
            key = state.key(expression_at(text, match.end()))
            if key.startswith("*"):
                state.holds[match[1]] = key

    def _assign(self, state: State, name: str, value: str, before: str) -> None:
        kind = self.body.types.get(name, "")
        if (
            before.rstrip().endswith("*")
            and kind.count("*") == 1
            and not re.search(r"\w\s*\**\s*\*$", before.rstrip())
        ):
            return  # a store through the variable: the visitor saw it
        key = state.key(value)
        swap = _TO_SWAP.search(value)
        source = ""
        if swap is not None:
            close = closing(value, swap.end() - 1)
            source = state.key(value[swap.end() : close - 1]) if close > 0 else ""
        known = state.about(key) if _NAME.match(key) else frozenset()
        taken = state.taken.get(key)
        state.forget_variable(name)
        if key.startswith("*"):
            if not word(name).search(key):
                state.holds[name] = key
        elif _NAME.match(key) and key != name:
            state.facts[name] = known
            if taken is not None:
                state.taken[name] = taken
        elif taken is None:
            same = re.search(
                rf"^{LEVEL}_(?:mk|clear_|wrprotect|modify|set_|sw|maybe)\w*\s*\((\w+)", value
            )
            if same is not None and same[1] in state.taken:
                state.taken[name] = state.taken[same[1]]
        if source:
            state.swaps[name] = source
        said = conditions(value, state)
        if any(said):
            state.tests[name] = said


def _span(item: Loop) -> tuple[int, int]:
    start, end = item.head
    for statement in item.body:
        one = _span_of(statement)
        start, end = min(start, one[0]), max(end, one[1])
    return start, end


def _span_of(item: Statement) -> tuple[int, int]:
    if isinstance(item, Expression):
        return item.start, item.end
    if isinstance(item, Label):
        return item.start, item.start
    if isinstance(item, Loop):
        return _span(item)
    start, end = item.condition
    for one in (*item.then, *item.otherwise):
        inner = _span_of(one)
        start, end = min(start, inner[0]), max(end, inner[1])
    return start, end


def _breaks(items: tuple[Statement, ...], code: str) -> bool:
    start, end = 1 << 62, 0
    for item in items:
        one = _span_of(item)
        start, end = min(start, one[0]), max(end, one[1])
    return "break" in code[start:end] or "goto" in code[start:end]
