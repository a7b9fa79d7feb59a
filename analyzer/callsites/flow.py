# SPDX-License-Identifier: GPL-2.0-only
"""What is known about an entry where it is stored to: the tests that were passed on the way.

A walk over the statements of one function in their order. It knows what each condition says about
an entry (present, a leaf, a table, nothing), which variables hold a copy of one, and forgets both
where ways meet that disagree, at labels, in loops, and when a lock is given back. It never
guesses: what is not known is the empty set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from .blocks import Expression, If, Label, Loop, Statement, statements
from .body import Body, Call, expression_at
from .text import closing, split_arguments

Facts = dict[str, frozenset[str]]

_LEVEL: Final = r"(?:huge_)?(?:pte|pmd|pud)"
_LOAD: Final = re.compile(
    r"^(?:READ_ONCE|native_\w+_get|(?:huge_)?(?:pte|pmd|pud)p_?get(?:_lockless\w*)?"
    r"|(?:pte|pmd|pud)_read_atomic|(?:pmd|pte|pud)p_get_once)\s*\((.*)\)$", re.S
)  # fmt: skip
_DEREFERENCE: Final = re.compile(r"^\*\s*\(?\s*([\w.>\-\[\]]+)\s*\)?$")
_TEST: Final = re.compile(r"^(?:!\s*)*([A-Za-z_]\w*)\s*\((.*)\)$", re.S)
_WRAPPER: Final = re.compile(
    r"^(?:likely|unlikely|WARN_ON_ONCE|WARN_ON|VM_WARN_ON\w*|BUG_ON|VM_BUG_ON|IS_ERR)$"
)
_ASSERTS: Final = re.compile(r"^(?:VM_)?BUG_ON(?:_\w+)?$")
_NONE: Final = re.compile(rf"^{_LEVEL}_none(?:_mostly)?$")
_PRESENT: Final = re.compile(rf"^{_LEVEL}_present$")
_LEAF: Final = re.compile(rf"^(?:{_LEVEL}|p)_(?:leaf|trans_huge|huge|large|devmap|sect)$")
_ABSENT: Final = re.compile(r"^(?:is_|non_)\w*(?:swap|marker|migration|hwpoison|private)\w*$")
_NOT_TABLE: Final = re.compile(
    rf"^{_LEVEL}_none_or_(?:\w+_or_)?clear_bad$|^{_LEVEL}_trans_unstable$"
)
_BAD: Final = re.compile(rf"^{_LEVEL}_bad$")
_SPECIAL: Final = re.compile(rf"^{_LEVEL}_special$|^is_huge_zero_\w+$|^is_zero_pfn$")
_TO_SWAP: Final = re.compile(rf"\b{_LEVEL}_to_swp_entry\s*\(")
_ASSIGN: Final = re.compile(r"(?:^|[\s*,(])([A-Za-z_]\w*)\s*=(?!=)")
_STEP: Final = re.compile(r"(?:\+\+|--)\s*([A-Za-z_]\w*)|([A-Za-z_]\w*)\s*(?:\+\+|--|[+\-]=)")
_LEAVES: Final = re.compile(r"^(?:return|goto|break|continue)\b")
_UNLOCK: Final = re.compile(r"\b\w*unlock\w*\s*\(")
_NAME: Final = re.compile(r"^[A-Za-z_]\w*$")
MAX_CONDITION: Final = 40


@dataclass(slots=True)
class State:
    """What is known at one point."""

    facts: Facts = field(default_factory=dict)
    holds: dict[str, str] = field(default_factory=dict)  # variable -> slot it is a copy of
    taken: dict[str, int] = field(default_factory=dict)  # variable -> site that cleared its slot
    swaps: dict[str, str] = field(default_factory=dict)  # swp_entry_t -> entry it was made of
    guards: tuple[tuple[int, str], ...] = ()  # conditions on the way, with their positions

    def copy(self) -> State:
        """A state that changes on its own."""
        return State(
            dict(self.facts), dict(self.holds), dict(self.taken), dict(self.swaps), self.guards
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
            return f"*{last.lstrip('*& ').strip()}"
        if text in self.holds:
            return self.holds[text]
        if text in self.swaps:
            return self.swaps[text]
        return text

    def about(self, key: str) -> frozenset[str]:
        """Everything that is known of an entry."""
        return self.facts.get(key, frozenset())

    def learn(self, said: list[tuple[str, str]]) -> None:
        """Adds what a condition said."""
        for key, word in said:
            self.facts[key] = self.about(key) | {word}

    def forget_variable(self, name: str) -> None:
        """A variable gets another value."""
        self.holds.pop(name, None)
        self.taken.pop(name, None)
        self.swaps.pop(name, None)
        pattern = re.compile(rf"\b{re.escape(name)}\b")
        for table in (self.facts, self.holds, self.swaps):
            for key in [k for k, v in table.items() if pattern.search(k)]:
                table.pop(key)
        for table in (self.holds, self.swaps):
            for key in [k for k, v in table.items() if pattern.search(v)]:
                table.pop(key)

    def stored(self, slot: str, words: frozenset[str]) -> list[str]:
        """The slot gets another entry; returns the variables that are copies of the old one."""
        copies = [name for name, held in self.holds.items() if held == slot]
        for name in copies:
            self.facts[name] = self.about(slot)
            del self.holds[name]
        self.facts[slot] = words
        return copies

    def unlock(self) -> None:
        """Slots may change now; copies stay what they are."""
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
        {k: v & right.facts[k] for k, v in left.facts.items() if k in right.facts},
        {k: v for k, v in left.holds.items() if right.holds.get(k) == v},
        {k: v for k, v in left.taken.items() if right.taken.get(k) == v},
        {k: v for k, v in left.swaps.items() if right.swaps.get(k) == v},
        tuple(g for g in left.guards if g in right.guards),
    )


Visit = Callable[[State, int, int], None]
"""Called with the state before the text [start:end] of the file is carried out."""


class Walk:
    """Goes through one function and shows every piece of it with what is known there."""

    def __init__(self, body: Body, visit: Visit) -> None:
        self.body = body
        self.visit = visit
        self.code = body.source.text if body.function.is_macro else body.source.code

    def run(self) -> None:
        """Walks the function. Raises TooDeep."""
        start, end = self.body.function.start, self.body.function.end
        if self.code[start : start + 1] == "{":
            start, end = start + 1, end - 1
        self._block(statements(self.code, start, end), State())

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
        state.unlock()
        state.taken.clear()

    def _expression(self, start: int, end: int, state: State) -> State | None:
        """Carries out one piece of text."""
        text = self.code[start:end]
        if not text.strip():
            return state
        state = state.copy()
        self.visit(state, start, end)
        for match in _ASSIGN.finditer(text):
            value = expression_at(text, match.end())
            self._assign(state, match[1], value, text[: match.start()])
        for match in _STEP.finditer(text):
            state.forget_variable(match[1] or match[2])
        asserted = _TEST.match(text.strip())
        if asserted and _ASSERTS.match(asserted[1]):
            state.learn(conditions(asserted[2], state)[1])
        if _UNLOCK.search(text):
            state.unlock()
        for name in re.findall(r"&\s*([A-Za-z_]\w*)\s*[,)]", text):
            state.forget_variable(name)
        return None if _LEAVES.match(text.strip()) else state

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
            if not re.search(rf"\b{re.escape(name)}\b", key):
                state.holds[name] = key
        elif _NAME.match(key) and key != name:
            state.facts[name] = known
            if taken is not None:
                state.taken[name] = taken
        elif taken is None:
            same = re.search(
                rf"^{_LEVEL}_(?:mk|clear_|wrprotect|modify|set_|sw|maybe)\w*\s*\((\w+)", value
            )
            if same is not None and same[1] in state.taken:
                state.taken[name] = state.taken[same[1]]
        if source:
            state.swaps[name] = source


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


def conditions(
    text: str, state: State, depth: int = 0
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What is known of which entry if a condition is true, and if it is false."""
    text = text.strip()
    while text.startswith("(") and closing(text, 0) == len(text):
        text = text[1:-1].strip()
    if depth > MAX_CONDITION:
        return [], []
    for operator in ("||", "&&"):
        parts = _split(text, operator)
        if len(parts) > 1:
            said = [conditions(part, state, depth + 1) for part in parts]
            every = [one for yes, no in said for one in (yes if operator == "&&" else no)]
            some = [yes if operator == "||" else no for yes, no in said]
            shared = [one for one in some[0] if all(one in other for other in some[1:])]
            return (every, shared) if operator == "&&" else (shared, every)
    if text.startswith("!") and not text.startswith("!="):
        yes, no = conditions(text[1:], state, depth + 1)
        return no, yes
    match = _TEST.match(text)
    if match is None or closing(text, text.index("(")) != len(text):
        return [], []
    name, inner = match[1], match[2]
    if _WRAPPER.match(name):
        return conditions(inner, state, depth + 1)
    return _atom(name, inner, state)


def _atom(
    name: str, inner: str, state: State
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    arguments = split_arguments(inner)
    if not arguments:
        return [], []
    key = state.key(arguments[0])
    if _NONE.match(name):
        return [(key, "none")], [(key, "some")]
    if _PRESENT.match(name):
        return [(key, "present")], [(key, "absent")]
    if _LEAF.match(name):
        return [(key, "leaf")], [(key, "not a leaf")]
    if _ABSENT.match(name):
        return [(key, "absent")], []
    if _BAD.match(name):
        return [(key, "bad")], []
    if _SPECIAL.match(name):
        return [(key, "special")], []
    if _NOT_TABLE.match(name):
        slot = f"*{arguments[0].lstrip('&* ')}"
        return [], [(slot, "table")]
    return [], []


def _split(text: str, operator: str) -> list[str]:
    """Cuts at an operator outside of brackets."""
    found: list[str] = []
    depth = start = 0
    for match in re.finditer(r"[(\[{)\]}]|&&|\|\|", text):
        if match[0] in "([{":
            depth += 1
        elif match[0] in ")]}":
            depth -= 1
        elif depth == 0 and match[0] == operator:
            found.append(text[start : match.start()])
            start = match.end()
    found.append(text[start:])
    return found


def calls_in(body: Body, start: int, end: int) -> Iterator[Call]:
    """The calls of a function that begin in a stretch of the file."""
    for call in body.calls:
        if start <= call.start < end:
            yield call
