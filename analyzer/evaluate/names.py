# SPDX-License-Identifier: GPL-2.0-only
"""The state of an evaluation, its run, and what names stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pycparser import c_ast

from ..model import Location
from .code import Code
from .ctype import CType, Node, StructType, TypeResolver
from .memory import Memory, Variable
from .state import LOCAL_STEP, MAX_STEPS, NOWHERE, Run
from .values import FuncRef, Int, Opaque, Pointer, Struct, Text, Unjudged, Value

LOCAL_BASE: Final = {64: 0xFFFF_9000_0000_0000, 32: 0xD000_0000}
_COMPARED = re.compile(r"^\((?:\??(.*) (==|!=) 0x0|0x0 (==|!=) \??(.*))\)$")


def condition_key(name: str) -> tuple[str, bool]:
    """`(X != 0)` and `(X == 0)` are questions about X: one choice decides all three."""
    match = _COMPARED.match(name)
    if match is None:
        return name, True
    return match[1] or match[4], (match[2] or match[3]) == "!="


@dataclass(frozen=True, slots=True)
class Folded:
    """The value of an expression that is the same wherever it is run, and what it asked."""

    value: Value
    types: frozenset[tuple[str, str, str]]
    questions: frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Typed:
    """What a type name means, and what it asked."""

    ctype: CType
    types: frozenset[tuple[str, str, str]]
    questions: frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Operands:
    """The types of two operands, and what they asked."""

    left: CType
    right: CType
    types: frozenset[tuple[str, str, str]]
    questions: frozenset[tuple[str, str, str]]


class Scope:
    """Names of a block; `outer` is the block around it, `ends` what is called when it is left."""

    __slots__ = ("ends", "names", "outer")

    def __init__(self, outer: Scope | None = None) -> None:
        self.names: dict[str, Variable] = {}
        self.outer = outer
        self.ends: list[tuple[str, Value]] | None = None


class Names:
    """State and name lookup of the evaluator for one unit and one word size."""

    def __init__(self, code: Code, bits: int, order: str) -> None:
        self.code = code
        self.bits = bits
        self.memory = Memory(order)
        self.types = TypeResolver(code, bits, self.constant_expression, self._typeof_node)
        self.run = Run()
        self.world: dict[str, int] = {}  # state of the machine that is the same for a whole run
        self.max_steps = MAX_STEPS
        self.locations: dict[Node, Location] = {}
        self.constants: dict[Node, Value] = {}
        self.folded: dict[Node, Folded | None] = {}
        self.guesses = 0  # how often the type of an expression depended on more than its text
        self.enums: dict[str, Int] = {}
        self.named_types: dict[Node, Typed] = {}
        self.typed_operands: dict[Node, Operands] = {}
        self.canonical: dict[str, Opaque] = {}
        self.known: frozenset[str] = frozenset()  # names of values that need no dereference
        self.global_bases: dict[str, int] = {}
        self.questions: set[tuple[str, str, str]] = set()  # what was asked of the unit
        self.memory.asked = self.questions
        self.global_inits: dict[str, Variable | Opaque] = {}
        self.global_questions: dict[str, frozenset[tuple[str, str, str]]] = {}
        self.barriers: set[Node] = set()  # asm statements without operands that do nothing
        self.reached: dict[Node, Any] = {}  # what statements reach
        self.booted: dict[str, dict[tuple[int, ...], Any]] = {}  # values of globals after boot
        self.booting: set[str] = set()
        self.refilled = False  # a table of functions holds others than at first
        self.deciding = False  # entries are made: conditions of boot may be chosen
        self.moody: set[str] = set()  # globals whose value at boot depends on choices
        self.boot_keys: set[str] = set()  # conditions that such values depend on
        self.typeof_scope: Scope = Scope()
        self.transparent = False  # hooks are followed into their bodies instead of recorded
        self.opaque_entry: int | None = None  # stands for a table whose address is not known
        self.dispatch: Mapping[type, Callable[[Any, Scope], Value]] = {}

    # -- given by the other parts

    def evaluate(self, node: Node, scope: Scope) -> Value:
        raise NotImplementedError

    def fold(self, node: Node, scope: Scope) -> Value | None:
        raise NotImplementedError

    def place(self, node: Node, scope: Scope) -> Pointer | Opaque | Int:
        raise NotImplementedError

    def operate(self, op: str, left: Value, right: Value) -> Value:
        raise NotImplementedError

    def move(self, op: str, left: Value, right: Value, types: tuple[CType, CType]) -> Value:
        raise NotImplementedError

    @staticmethod
    def is_address(left: Value, right: Value) -> bool:
        raise NotImplementedError

    def convert(self, value: Value, ctype: CType) -> Value:
        raise NotImplementedError

    def number(self, value: Value) -> Int | Opaque:
        raise NotImplementedError

    def initial(self, node: Node, ctype: CType, scope: Scope) -> Value:
        raise NotImplementedError

    def operand_types(self, node: Node, scope: Scope) -> tuple[CType, CType]:
        raise NotImplementedError

    def static_type(self, node: Node, scope: Scope) -> CType:
        raise NotImplementedError

    # -- the run

    def new_run(self, prefix: tuple[int, ...] = (), place: Location = NOWHERE) -> Run:
        """A run in this world, at a place of the tree."""
        return Run(
            prefix=prefix, memo=dict(self.world), location=place, asked=self.questions,
            steady=self.refilled,
        )  # fmt: skip

    def mark(self, node: Node) -> None:
        """Remembers where the run is."""
        where = self.locations.get(node)
        if where is None:
            coord = node.coord
            if coord is None:
                return
            where = self.locations[node] = Location(coord.file or "", coord.line or 0)
        self.run.location = where

    def truth(self, value: Value, node: Node | None = None) -> bool:
        """Whether a condition holds; an unknown one goes both ways, a path each."""
        if isinstance(value, Int):
            return value.value != 0
        if isinstance(value, Opaque):
            if value.nonnull:
                return True
            if node is not None:
                self.mark(node)
            name, sense = condition_key(value.name)
            if self.refilled and self.is_unset(name):
                return not sense
            return bool(self.run.choose(name)) == sense
        if isinstance(value, Struct):
            return self.truth(self.number(value), node)
        return True

    def is_unset(self, key: str) -> bool:
        """Whether a condition is a member of a variable that nobody initialises: it is zero."""
        name = key.partition("+")[0]
        if not name.isidentifier() or self.code.variable_node(name, "") is None:
            return False
        return not self.code.initial_nodes(name, "")

    def local_address(self) -> int:
        """An address for a local variable whose address is taken as a number."""
        self.run.next_local += 1
        return LOCAL_BASE[self.bits] + LOCAL_STEP * self.run.next_local

    # -- names

    def find(self, name: str, scope: Scope | None, address: bool = False) -> Variable | Value:
        """What a name stands for: a variable, an enumeration constant, a function.

        With `address` only the place of a structure is wanted, not what it holds.
        """
        while scope is not None:
            local = scope.names.get(name)
            if local is not None:
                return local
            scope = scope.outer
        known = self.enums.get(name)
        if known is not None:
            self.questions.add(("enum", name, ""))
            return known
        node = self.code.enum_node(name)
        self.questions.add(("enum", name, ""))
        if node is not None:
            return self._enumerate(node, name)
        if self.code.variable_node(name, self.run.location.path) is not None:
            found = self.global_variable(name)
            if address and isinstance(found, Variable) and isinstance(found.ctype, StructType):
                self.questions.add(("address", name, ""))
            else:
                self.ask_contents(name)
            return found
        self.questions.add(("variable", name, ""))
        self.questions.add(("function", name, ""))
        self.questions.add(("prototype", name, ""))
        if self.code.has_function(name) or self.code.prototype_node(name) is not None:
            return FuncRef(name, self.run.location.path)
        if name in ("__func__", "__FUNCTION__", "__PRETTY_FUNCTION__"):
            return Text(name)
        raise Unjudged(f"{name} is not declared")

    def _enumerate(self, node: Node, name: str) -> Int:
        while not isinstance(node, c_ast.Enum):
            node = node.type
        current = -1
        for item in node.values.enumerators:
            if item.value is None:
                current += 1
            else:
                current = self.constant_expression(item.value)
            bits = 32 if -(1 << 31) <= current < 1 << 31 else 64
            self.enums[item.name] = Int(current, bits, True)
        return self.enums[name]

    def constant_expression(self, node: Node) -> int:
        """A constant expression as a number; Unjudged when it is none."""
        value = self.number(self.evaluate(node, Scope()))
        if isinstance(value, Opaque):
            raise Unjudged(f"{value.name} is no constant")
        return value.value

    def global_variable(self, name: str) -> Variable | Value:
        raise NotImplementedError

    def ask_contents(self, name: str) -> None:
        """Notes that a run depends on what a global variable holds, and on its type."""
        self.questions.add(("variable", name, ""))
        self.questions.update(self.global_questions.get(name, ()))

    def field(self, base: Opaque, name: str, arrow: str) -> Opaque:
        """A member of something unknown, by name."""
        full = f"{base.name}{arrow}{name}"
        return self.canonical.get(full) or Opaque(full, slot=base.slot)

    # -- types

    def type_of_name(self, node: Node, scope: Scope) -> CType:
        raise NotImplementedError

    def _typeof_node(self, node: Node) -> CType:
        raise NotImplementedError

    def type_of_value(self, value: Value) -> CType:
        raise NotImplementedError
