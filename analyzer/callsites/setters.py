# SPDX-License-Identifier: GPL-2.0-only
"""Which names store to an entry that they are given, and which of those reach a hook.

Read from the definitions as they stand in the headers and in mm/ and arch/<arch>/: a function or
macro is a setter when it has a parameter that points to an entry and its text stores through it,
or hands it to a setter. The architecture's definitions win over the generic ones; where it has
several (of which a configuration chooses), what any of them does counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ..brackets import closing, split_arguments
from ..helpers.contracts import Old, contract_for, is_helper
from .body import Call
from .code import Function
from .definitions import CALL, Defined, Definitions
from .through import exchanged, on_bits, stores_through, uses

_HOOK: Final = re.compile(r"^_*page_table_check_(?:pte|pmd|pud)s?_(?:set|clear)$")
_SLOT_TYPE: Final = re.compile(r"\b(pte|pmd|pud)_t\s*\*\s*(?:const\s*)?$")
_UPPER_TYPE: Final = re.compile(r"\b(?:p4d|pgd)_t\s*\*")
_VALUE_TYPE: Final = re.compile(r"^(?:const\s+)?(pte|pmd|pud)_t$")
_SLOT_NAME: Final = re.compile(r"^_*(pte|pmd|pud)(?:p|ptr)$")
_VALUE_NAME: Final = re.compile(r"^_*(?:pte|pmd|pud)(?:val|v)?$|^_*(?:entry|pteval|new\w*)$")
_MM: Final = re.compile(r"\bmm_struct\s*\*")
_VMA: Final = re.compile(r"\bvm_area_struct\s*\*")
_ANSWERS: Final = re.compile(r"\b(?:int|bool|(?<!unsigned )long)\s*$")
_WORD: Final = re.compile(r"\w+")
_MACHINE_WORD: Final = re.compile(r"\bpv_ops\b|\bPVOP_\w+|\basm\b|\b__asm__\b")

PRIMITIVES: Final = tuple(
    name for level in ("pte", "pmd", "pud") for name in (f"set_{level}", f"{level}_clear")
)
"""What every architecture has to store an entry, as generic code calls it (linux/pgtable.h)."""


class Effect(Enum):
    """What a setter leaves in the slot."""

    SET = "set"  # the entry that it is given
    CLEAR = "clear"  # nothing
    MODIFY = "modify"  # what stood there, with other flags


@dataclass(frozen=True, slots=True)
class Setter:
    """How to read a call: the positions of its arguments, -1 where there is none."""

    name: str
    level: str
    effect: Effect
    slot: int
    mm: int
    vma: int
    value: int
    hooked: bool

    @property
    def primitive(self) -> bool:
        """It is not told whose table it changes, so it cannot hook."""
        return self.mm < 0 and self.vma < 0


@dataclass(frozen=True, slots=True)
class Node:
    """One definition: whether it calls a hook, and what else about entries it calls."""

    name: str
    path: str
    hooks: bool
    callees: tuple[str, ...]


class Setters:
    """The setters that one architecture sees."""

    def __init__(self, generic: Definitions, own: Definitions) -> None:
        self._generic = generic
        self._own = own
        self._hooked: dict[str, bool] = {}
        self._stores: dict[tuple[str, int], bool] = {}

    def _definitions(self, name: str) -> list[Defined]:
        return self._own.of(name) or self._generic.of(name)

    def among(self, names: Iterable[str]) -> Mapping[str, Setter]:
        """The setters of these names, the primitives included."""
        found: dict[str, Setter] = {}
        for name in sorted({*PRIMITIVES, *names}):
            if "page_table_check" not in name:
                setter = self._setter(name)
                if setter is not None:
                    found[name] = setter
        return found

    def _setter(self, name: str) -> Setter | None:
        if not is_helper(name) or not name.islower():
            return None
        best: Setter | None = None
        rank = (False, False)
        for defined in self._definitions(name):
            found = self._shape(name, defined)
            if found is None:
                continue
            # the stub of a configuration that has no such entries stores nothing
            own = (self._stored_in(defined, found.slot), found.mm >= 0)
            if best is None or own > rank:
                best, rank = found, own
        if best is None and name in PRIMITIVES:
            level = name.removeprefix("set_")[:3]
            clear = name.endswith("_clear")
            mm = 0 if name == "pte_clear" else -1
            slot = _slot_of(name)
            effect = Effect.CLEAR if clear else Effect.SET
            return Setter(name, level, effect, slot, mm, -1, -1 if clear else 1, False)
        return best

    def _shape(self, name: str, defined: Defined) -> Setter | None:
        function = defined.function
        if function.head == "alias":
            other = defined.body.strip()
            if other == name or not re.fullmatch(r"[a-z_]\w*", other):
                return None
            known = self._setter(other)
            if known is None:
                return None
            return Setter(
                name, known.level, known.effect, known.slot, known.mm, known.vma, known.value,
                self.hooked(name),
            )  # fmt: skip
        level, slot, mm, vma, value = "", -1, -1, -1, -1
        for index, parameter in enumerate(function.parameters):
            kind = parameter.type
            if _UPPER_TYPE.search(kind):
                return None
            typed = _SLOT_TYPE.search(kind) if kind else _SLOT_NAME.match(parameter.name)
            if typed and slot < 0 and not kind.startswith("const"):
                slot, level = index, typed[1]
            elif _MM.search(kind) or (not kind and parameter.name.strip("_") == "mm"):
                mm = index
            elif _VMA.search(kind) or (not kind and parameter.name.strip("_") == "vma"):
                vma = index
            elif _VALUE_TYPE.match(kind) or (not kind and _VALUE_NAME.match(parameter.name)):
                value = index
        if slot < 0 or not self._is_stored(name, slot):
            return None
        if mm < 0 and vma < 0 and _ANSWERS.search(function.head):
            return None  # it answers a question, and may clear what is damaged on the way
        effect = Effect.SET if value >= 0 else self._effect(name, defined, slot)
        return Setter(name, level, effect, slot, mm, vma, value, self.hooked(name))

    def _effect(self, name: str, defined: Defined, slot: int) -> Effect:
        """Without an entry to set: clears, unless what it stores is made of what stands there."""
        pointer = re.escape(defined.function.parameters[slot].name)
        stores = stores_through(pointer, defined.body)
        if not stores:
            for call, position in self._handed(defined, slot):
                known = self._setter(call.name) if call.name != name else None
                if known is None or known.slot != position:
                    continue
                if known.effect is Effect.SET and 0 <= known.value < len(call.arguments):
                    value = call.arguments[known.value]
                    return Effect.MODIFY if re.search(rf"\b{pointer}\b", value) else Effect.CLEAR
                return known.effect
        if exchanged(pointer).search(defined.body):
            return Effect.CLEAR
        if on_bits(pointer).search(defined.body):
            return Effect.MODIFY
        followed = uses(pointer).findall(defined.body)
        return Effect.MODIFY if len(followed) > len(stores) else Effect.CLEAR

    def _is_stored(self, name: str, position: int) -> bool:
        """Whether the parameter at a position is stored through, here or further down."""
        key = (name, position)
        known = self._stores.get(key)
        if known is not None:
            return known
        self._stores[key] = False  # while it is being found out
        result = _stores_by_name(name, position) or any(
            self._stored_in(defined, position) for defined in self._definitions(name)
        )
        self._stores[key] = result
        return result

    def _stored_in(self, defined: Defined, position: int) -> bool:
        parameters = defined.function.parameters
        body = defined.body
        if defined.function.head == "alias":
            other = body.strip()
            return other != defined.function.name and self._is_stored(other, position)
        if position >= len(parameters) or not parameters[position].name:
            return False
        name = re.escape(parameters[position].name)
        if not re.search(rf"\b{name}\b", body):
            return False
        if stores_through(name, body):
            return True
        if _MACHINE_WORD.search(body) and re.search(r"\bset|\bclear|volatile", body):
            return True
        return any(
            self._is_stored(call.name, index) for call, index in self._handed(defined, position)
        )

    def _handed(self, defined: Defined, position: int) -> Iterator[tuple[Call, int]]:
        """Calls that are given the parameter as it is, and at which position."""
        name = re.escape(defined.function.parameters[position].name)
        alone = re.compile(rf"^(?:\([^()]*\*\s*\))?\s*&?\(?\s*{name}\s*\)?(?:->\w+|\s*\+\s*\w+)?$")
        body = defined.body
        for match in CALL.finditer(body):
            if match[1] == defined.function.name or match[1] in ("if", "while", "for", "switch"):
                continue
            end = closing(body, match.end() - 1)
            if end < 0:
                continue
            arguments = split_arguments(body[match.end() : end - 1])
            for index, argument in enumerate(arguments):
                if alone.match(argument):
                    yield Call(match[1], arguments, match.start(), end), index

    def hooked(self, name: str) -> bool:
        """Whether a name reaches a hook."""
        known = self._hooked.get(name)
        if known is None:
            known = reaches_hook(name, self.nodes, self._hooked)
        return known

    def nodes(self, name: str) -> tuple[Node, ...]:
        """The definitions of a name, as far as hooks are concerned."""
        return tuple(
            Node(
                name, defined.path, any(_HOOK.match(called) for called in defined.called),
                tuple(sorted(self._callees(defined))),
            )
            for defined in self._definitions(name)
        )  # fmt: skip

    def stores_asked(self) -> tuple[tuple[str, int], ...]:
        """Of which parameters it was asked whether they are stored through."""
        return tuple(sorted(self._stores))

    def about_stores(self, name: str, positions: Iterable[int]) -> tuple[object, ...]:
        """What `among` found by the text of a function at its parameters, without that of others:
        the same for two texts, and setters are the same."""
        return tuple(
            self._about_store(defined, position)
            for defined in self._definitions(name)
            for position in positions
        )

    def _about_store(self, defined: Defined, position: int) -> tuple[object, ...]:
        parameters, body = defined.function.parameters, defined.body
        if position >= len(parameters) or not parameters[position].name:
            return ()
        pointer = re.escape(parameters[position].name)
        stores = stores_through(pointer, body)
        word = _MACHINE_WORD.search(body) and re.search(r"\bset|\bclear|volatile", body)
        own = re.compile(rf"\b{pointer}\b")
        handed = tuple(
            (call.name, at, tuple(own.search(text) is not None for text in call.arguments))
            for call, at in self._handed(defined, position)
            if "page_table_check" not in call.name
        )
        return (
            own.search(body) is not None, bool(stores), bool(word), handed,
            bool(exchanged(pointer).search(body)), bool(on_bits(pointer).search(body)),
            len(uses(pointer).findall(body)) > len(stores),
        )  # fmt: skip

    def reaching(self) -> frozenset[str]:
        """The names of all definitions that reach a hook."""
        every = [*self._own.every(), *self._generic.every()]
        names = {name for name, _ in every}
        users: dict[str, list[str]] = {}
        for name, one in every:
            for word in names.intersection(_WORD.findall(one.body)):
                users.setdefault(word, []).append(name)
        found = {name for name, one in every if "page_table_check" in one.body}
        todo = list(found)
        while todo:
            new = set(users.get(todo.pop(), ())) - found
            found |= new
            todo += new
        return frozenset(found)

    def others(self, setters: Mapping[str, Setter]) -> frozenset[str]:
        """Names that nobody declares for generic code, and that may be setters."""
        found = set()
        for definitions in (self._own, self._generic):
            for name, one in definitions.every():
                if name not in setters and name.islower() and may_set(one.function):
                    found.add(name)
        return frozenset(found)

    @property
    def usual(self) -> bool:
        """Whether no hook was found to store through what it is given."""
        return not any(
            stores and "page_table_check" in name for (name, _), stores in self._stores.items()
        )

    def graph(self, names: Iterable[str]) -> tuple[Node, ...]:
        """Every definition that some names reach."""
        todo = sorted(set(names))
        seen = set(todo)
        found: list[Node] = []
        while todo:
            for node in self.nodes(todo.pop()):
                found.append(node)
                new = [name for name in node.callees if name not in seen]
                seen.update(new)
                todo += new
        return tuple(sorted(found, key=lambda node: (node.name, node.path)))

    def _callees(self, defined: Defined) -> Iterable[str]:
        own = defined.function.name
        if defined.function.head == "alias":
            other = defined.body.strip()
            return (other,) if other != own else ()
        return (
            called
            for called in defined.called
            if called != own and ("pte" in called or "pmd" in called or "pud" in called)
        )


def may_set(function: Function) -> bool:
    """Whether a definition is given a pointer to an entry, or is another name for something."""
    return function.head == "alias" or any(
        _SLOT_TYPE.search(one.type) if one.type else _SLOT_NAME.match(one.name)
        for one in function.parameters
    )


def _slot_of(primitive: str) -> int:
    """Where a primitive takes the slot."""
    return 2 if primitive == "pte_clear" else 0


def _stores_by_name(name: str, position: int) -> bool:
    """Whether it is a primitive, whatever its code looks like (assembler, a function pointer)."""
    return name in PRIMITIVES and position == _slot_of(name)


def reaches_hook(name: str, nodes: Callable[[str], Iterable[Node]], known: dict[str, bool]) -> bool:
    """Whether a definition of a name reaches a hook; `known` is looked up, and added to."""
    seen = {name}
    todo = [name]
    found = False
    while todo and not found:
        here = todo.pop()
        answer = known.get(here)
        if answer is not None:
            found = answer
            continue
        for node in nodes(here):
            found = found or node.hooks
            new = [callee for callee in node.callees if callee not in seen]
            seen.update(new)
            todo += new
    known[name] = found
    if not found:
        known.update(dict.fromkeys(seen, False))
    return found


def may_be_found(setter: Setter) -> bool:
    """Whether a call of a setter, were it not hooked, could be a finding of its own."""
    return setter.primitive or contract_for(setter.name).old is Old.UNCOUNTED
