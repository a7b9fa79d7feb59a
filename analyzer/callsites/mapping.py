# SPDX-License-Identifier: GPL-2.0-only
"""Whose page table an entry is in: from the mm, the table walked, the entry, and the callers.

No file and no architecture is known by name. What says "kernel" is that the mm is `init_mm` or
another mm that no process has, that the walk began at a table that is a variable of the kernel,
that the entry is made with a PAGE_KERNEL protection or is a copy of one of the kernel's, that the
function is gone after boot, or that it works for a guest. What says "user" is a vma, a fault, or
the mm of a task.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from ..model import Location, Step
from .body import Body, expression_at
from .entries import MAKES
from .evidence import Callers, Evidence, Makers, Tables, Through, Use
from .flags import Flags
from .model import Mapping
from .words import (
    ALLOCATED,
    ENTRY_OF_USER,
    KERNEL,
    KERNEL_ENTRY,
    NUMBER,
    OTHERS_TYPE,
    TASK,
    USER,
    USER_TYPE,
)

_WORD: Final = re.compile(r"(?<![\w])(?:(?<!->)(?<!\.))([A-Za-z_]\w*)")
_VARIABLE: Final = re.compile(r"^&\s*\w+(?:(?:->|\.)\w+)*$")
_RETURNED: Final = re.compile(r"\breturn\b")
_CALLED: Final = re.compile(r"\b([a-z_]\w*)\s*\(")
_OWN_MM: Final = re.compile(r"(?<![\w.>])(\w+_mm)\b(?!\s*(?:\(|->))")
_LOADED: Final = re.compile(
    r"(?<![\w)])\*\s*\(?\s*([A-Za-z_][\w.>\-\[\]]*)"
    r"|\b(?:READ_ONCE|\w*p_?get\w*)\s*\(\s*\*?\s*([A-Za-z_][\w.>\-]*)\s*\)"
)
_RETURNS_ENTRY: Final = re.compile(r"\b(?:pte|pmd|pud|p4d|pgd)_t\s*\*\s*$")
__all__ = ["Evidence", "Origins", "Use"]
MAX_DEPTH: Final = 24  # of callers and of assignments, one after the other
MAX_MADE: Final = 6  # of functions and variables that a new table goes through
MAX_STEPS: Final = 3  # that a witness shows of the way to a function
MAX_ASKED: Final = 300  # parameters whose callers are read for one question


@dataclass(slots=True)
class _Question:
    """What was asked already for one answer: each parameter of a function only once."""

    parameters: set[tuple[str, int, int]] = field(default_factory=set)
    returned: set[tuple[str, int]] = field(default_factory=set)


class Origins:
    """Asks for the origin of expressions of one architecture's view of the tree."""

    def __init__(
        self,
        callers: Callers,
        is_table: Tables,
        makers: Makers,
        through: Through,
        flags: Flags | None = None,
        has_hooks: Callable[[], bool] = bool,
        is_array: Callable[[str], bool] = bool,
    ) -> None:
        self.flags = flags or Flags()
        self.has_hooks = has_hooks
        self.is_array = is_array
        self._through = through
        self._callers = callers
        self._is_table = is_table
        self._makers = makers
        self._parameters: dict[tuple[str, int, int], tuple[Evidence, ...]] = {}

    def judge(
        self,
        body: Body,
        expressions: Iterable[str],
        value: str = "",
        addresses: Iterable[str] = (),
    ) -> Evidence:
        """What the arguments of a call say together; the entry's own words count most."""
        if value and self._kernel_entry(body, value, 0):
            return Evidence(Mapping.KERNEL, "the entry has a protection of the kernel")
        if self.at_boot(body):
            return Evidence(Mapping.KERNEL, f"{body.function.name}() is gone after boot", True)
        for address in addresses:
            for one in self._address(body, address):
                return Evidence(Mapping.KERNEL, f"the address is one of {one.reason}")
        copied = self._copied(body, value)
        if copied is not None:
            return copied
        found: list[Evidence] = []
        for expression in expressions:
            found += self._of(body, expression, set(), 0, _Question())
            agreed = _agreed(found)
            if agreed is not None:
                return agreed
        return self._by_types(body, value, found)

    def _kernel_entry(self, body: Body, value: str, depth: int) -> bool:
        """Whether an entry is made with a protection of the kernel, here or by every caller."""
        if KERNEL_ENTRY.search(self._spelled(body, value)):
            return True
        position = body.position_of(value)
        if position < 0 or not body.function.is_static or depth >= MAX_STEPS:
            return False
        uses = list(self._callers(body))
        return bool(uses) and all(
            use.direct
            and position < len(use.call.arguments)
            and self._kernel_entry(use.body, use.call.arguments[position], depth + 1)
            for use in uses
        )

    def _by_types(self, body: Body, value: str, found: list[Evidence]) -> Evidence:
        """What is left to say where the expressions do not agree."""
        given = [(n, k) for n, k in body.types.items() if body.position_of(n) >= 0]
        for name, kind in given:
            if OTHERS_TYPE.search(kind):
                return Evidence(
                    Mapping.KERNEL, f"{name} is a {kind.strip('*')}: a guest or the next kernel"
                )
        if found:
            first = next((e for e in found if e.mapping is Mapping.KERNEL), None)
            second = next((e for e in found if e.mapping is Mapping.USER), None)
            if first is not None and second is not None:
                return Evidence(Mapping.UNKNOWN, f"both: {first.reason}; {second.reason}")
        for _, kind in given:
            if USER_TYPE.search(kind):
                return Evidence(Mapping.USER, f"the function is given a {kind.strip('*')}")
        for name, kind in given:
            if "struct mm_struct*" in kind:
                return Evidence(Mapping.USER, f"whoever calls it says whose table it is ({name})")
        if value and ENTRY_OF_USER.search(self._spelled(body, value)):
            return Evidence(Mapping.USER, "the entry has the protection of a vma")
        for name, kind in body.types.items():
            if "struct vm_area_struct*" in kind:
                return Evidence(Mapping.USER, f"the function works for a vma ({name})")
        return Evidence(Mapping.UNKNOWN, "nothing here or in its callers says whose table it is")

    def at_boot(self, body: Body, depth: int = 0) -> bool:
        """Whether only code that is gone after boot runs a function, and on no process's table."""
        if TASK.search(body.text):
            return False
        if body.function.at_boot:
            return True
        if not body.function.is_static or depth >= MAX_STEPS:
            return False
        uses = list(self._callers(body))
        return bool(uses) and all(u.direct and self.at_boot(u.body, depth + 1) for u in uses)

    def _copied(self, body: Body, value: str) -> Evidence | None:
        """The kernel, where the new entry is a copy of one of its own (`set_pmd(pmd, *pmd_k)`)."""
        words = self._spelled(body, value)
        slots = dict.fromkeys(m[1] or m[2] for m in _LOADED.finditer(words))
        if not slots or MAKES.search(words):
            return None
        found = [_agreed(self._of(body, slot, set(), 0, _Question())) for slot in slots if slot]
        if not all(e and e.mapping is Mapping.KERNEL and not e.boot for e in found):
            return None
        reason = found[0].reason if found[0] else ""
        return Evidence(Mapping.KERNEL, f"the entry is a copy of the kernel's own ({reason})")

    def _address(self, body: Body, text: str) -> list[Evidence]:
        """Whether an address is one of the kernel's, from its words and from who computes it."""
        texts = [text]
        for name in _WORD.findall(text):
            texts += body.assigned.get(name, ())
        for one in tuple(texts):
            for name in _CALLED.findall(one):
                maker = self._makers(body, name)
                if maker is not None:
                    texts += _returns(maker)
        found = [e for one in texts for e in self._literal(body, one)]
        return [e for e in found if e.mapping is Mapping.KERNEL]

    def _spelled(self, body: Body, value: str, depth: int = 0) -> str:
        """An expression together with what its variables were made of."""
        words = [value]
        if depth < 2:
            for name in _WORD.findall(value):
                texts = body.assigned.get(name, ())[:6]
                words.extend(self._spelled(body, text, depth + 1) for text in texts)
        return " ".join(words)[:2000]

    def _of(
        self, body: Body, text: str, seen: set[str], depth: int, question: _Question
    ) -> list[Evidence]:
        found = self._literal(body, text)
        if found or depth > MAX_DEPTH:
            return found
        for name in _WORD.findall(text):
            if name in seen:
                continue
            seen.add(name)
            found += self._variable(body, name, seen, depth, question)
        if not found:
            for name in _CALLED.findall(text):
                maker = self._makers(body, name)
                if (
                    maker is not None
                    and _RETURNS_ENTRY.search(maker.function.head)
                    and (f"{name}()" not in seen)
                ):
                    seen.add(f"{name}()")
                    found += self._returned(maker, depth + 1, question)
        return found

    def _returned(self, body: Body, depth: int, question: _Question) -> list[Evidence]:
        """Where a function that returns a pointer to an entry has it from; not its callers."""
        key = (body.source.path, body.function.start)
        if key in question.returned:
            return []
        question.returned.add(key)
        own = {p.name for p in body.function.parameters}
        return [e for text in _returns(body) for e in self._of(body, text, own, depth, question)]

    def fresh(self, body: Body, slot: str, depth: int = 0) -> str:
        """Why a slot is in a table that nothing maps yet; '' where that is not shown."""
        name = next((word for word in _WORD.findall(slot) if word in body.types), "")
        own = re.compile(rf"\b{re.escape(name)}\b")
        texts = [t for t in body.assigned.get(name, ()) if t != "NULL" and not own.search(t)]
        if not name or depth >= MAX_MADE:
            return ""
        position = body.position_of(name)
        if position < 0:
            reasons = [self._made(body, text, depth) for text in texts]
        elif texts or not body.function.is_static:
            return ""
        else:
            reasons = [
                self.fresh(use.body, use.call.arguments[position], depth + 1)
                if use.direct and position < len(use.call.arguments)
                else ""
                for use in self._callers(body)
            ]
        return reasons[0] if reasons and all(reasons) else ""

    def _made(self, body: Body, text: str, depth: int) -> str:
        match = ALLOCATED.search(text)
        if match is not None:
            return f"{match[0].rstrip('( ')}() makes a table that nothing maps yet"
        return self.fresh(body, text, depth + 1)

    def maker(self, body: Body, name: str) -> Body | None:
        """The function of a name that the same file defines."""
        return self._makers(body, name)

    def uses(self, body: Body) -> tuple[Use, ...]:
        """Where a function's name stands."""
        return tuple(self._callers(body))

    def is_result(self, body: Body, name: str, passed_on: tuple[str, ...] = ()) -> bool:
        """Whether a parameter points to a variable of every caller: no entry of a table.

        A caller may have it from its own callers, by the same name; `passed_on` are those that
        have it from this function.
        """
        position = body.position_of(name)
        if position < 0 or len(passed_on) > MAX_STEPS:
            return False
        found = False
        for use in self._callers(body):
            if not use.direct or position >= len(use.call.arguments):
                continue
            text, caller = use.call.arguments[position], use.body.function.name
            if text == "NULL" or (text == name and caller in (*passed_on, body.function.name)):
                continue
            if text == name:
                if not self.is_result(use.body, name, (*passed_on, body.function.name)):
                    return False
            elif not _VARIABLE.match(text):
                return False
            found = True
        given = [text for text in self._through(body, position) if text != "NULL"]
        return (found or bool(given)) and all(_VARIABLE.match(text) for text in given)

    def path_to(self, body: Body) -> list[Step]:
        """A way to a function: one caller, and one of that one's, outermost first."""
        steps: list[Step] = []
        names = {body.function.name}
        while len(steps) < MAX_STEPS:
            use = next(
                (u for u in self._callers(body) if u.direct and u.body.function.name not in names),
                None,
            )
            if use is None:
                break
            place = Location(use.body.source.path, use.body.source.line(use.call.start))
            caller = use.body.function.name
            steps.insert(0, Step("call", place, caller, f"calls {body.function.name}()"))
            names.add(caller)
            body = use.body
        return steps

    def _literal(self, body: Body, text: str) -> list[Evidence]:
        match = KERNEL.search(text)
        if match is not None:
            return [Evidence(Mapping.KERNEL, f"{match[0]}")]
        match = _OWN_MM.search(text)
        if match is not None and match[1] not in body.types:
            return [Evidence(Mapping.KERNEL, f"{match[1]} belongs to no process")]
        match = USER.search(text)
        if match is not None:
            root = re.match(r"[^A-Za-z_]*(\w+)", text)
            kind = body.types.get(root[1], "") if root else ""
            if not OTHERS_TYPE.search(kind) and "mm_walk" not in kind:
                return [Evidence(Mapping.USER, match[0].strip("->"))]
        return []

    def _variable(
        self, body: Body, name: str, seen: set[str], depth: int, question: _Question
    ) -> list[Evidence]:
        kind = body.types.get(name, "")
        if NUMBER.match(kind):  # an address: its own words count, not whose it may be
            texts = [t for text in body.assigned.get(name, ()) for t in self._literal(body, text)]
            return [one for one in texts if one.mapping is Mapping.KERNEL]
        if USER_TYPE.search(kind):
            return [Evidence(Mapping.USER, f"{name} is a {kind.strip('*')}")]
        if OTHERS_TYPE.search(kind):
            return [
                Evidence(
                    Mapping.KERNEL, f"{name} is a {kind.strip('*')}: a guest or the next kernel"
                )
            ]
        if not kind and self._is_table(body, name):
            return [Evidence(Mapping.KERNEL, f"{name} is a table of the kernel")]
        found: list[Evidence] = []
        for text in body.assigned.get(name, ()):
            found += self._of(body, text, seen, depth + 1, question)
        position = body.position_of(name)
        if position >= 0:
            found += self._parameter(body, position, depth, question)
        return found

    def _parameter(
        self, body: Body, position: int, depth: int, question: _Question
    ) -> list[Evidence]:
        """What callers give for a parameter."""
        key = (body.source.path, body.function.start, position)
        known = self._parameters.get(key)
        if known is not None:
            return list(known)
        if key in question.parameters or len(question.parameters) > MAX_ASKED:
            return []
        first = not question.parameters
        question.parameters.add(key)
        found: list[Evidence] = []
        for use in self._callers(body):
            if use.direct:
                if use.body.function.at_boot:
                    name = use.body.function.name
                    reason = f"called by {name}(), gone after boot"
                    found.append(Evidence(Mapping.KERNEL, reason, True))
                    continue
                if position < len(use.call.arguments):
                    text = use.call.arguments[position]
                    found += self._of(use.body, text, set(), depth + 1, question)
            else:
                for argument in (use.call.name, *use.call.arguments[:2]):
                    said = self._of(use.body, argument, set(), depth + 1, question)
                    found += [Evidence(e.mapping, f"handed to {use.call.name}()") for e in said]
                    if said:
                        break
        kept = tuple(dict.fromkeys(found))
        if first:  # the whole of it: nothing was left out because it had been asked before
            self._parameters[key] = kept
        return list(kept)


def _returns(body: Body) -> list[str]:
    return [expression_at(body.text, m.end()) for m in _RETURNED.finditer(body.text)]


def _agreed(found: list[Evidence]) -> Evidence | None:
    """The evidence where all of it says the same; what is gone after boot contradicts nobody."""
    lasting = [one for one in found if not one.boot] or found
    kinds = {one.mapping for one in lasting}
    return lasting[0] if len(kinds) == 1 else None
