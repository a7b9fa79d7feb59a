# SPDX-License-Identifier: GPL-2.0-only
"""What every part of the evaluator shares: the unit, the run, names, loads and stores."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pycparser import c_ast

from ..model import Location
from .ctype import (
    ArrayType,
    CType,
    Declarations,
    Node,
    PtrType,
    StructType,
    TypeResolver,
    UnknownType,
    VoidType,
)
from .memory import Memory, Table, Variable
from .state import LOCAL_STEP, MAX_STEPS, NOWHERE, Event, Run
from .values import (
    FuncRef,
    Int,
    Opaque,
    PathEnds,
    Pointer,
    SlotInt,
    Struct,
    Text,
    Unjudged,
    Value,
)

MAX_POINTERS: Final = 4  # a structure that leads to an entry over more pointers is not searched
LOCAL_BASE: Final = {64: 0xFFFF_9000_0000_0000, 32: 0xD000_0000}


class Code(Declarations, Protocol):
    """A unit of C as the evaluator sees it: parsed nodes by name, None where there are none."""

    def function_node(self, name: str, near: str) -> Node | None: ...
    def prototype_node(self, name: str) -> Node | None: ...
    def variable_node(self, name: str, near: str) -> Node | None: ...
    def variable_home(self, name: str, near: str) -> str: ...
    def initial_nodes(self, name: str, near: str) -> list[Node]: ...
    def starts_as_zero(self, name: str, structure: bool = False) -> bool: ...
    def otherwise(self, name: str) -> Node | None: ...
    def setters(self, name: str) -> tuple[str, ...]: ...
    def carriers(self, name: str) -> frozenset[str]: ...
    def chooser(self, names: tuple[str, ...]) -> str: ...
    def has_function(self, name: str) -> bool: ...
    def callees(self, name: str) -> frozenset[str]: ...
    def problem(self, name: str) -> str: ...
    def fillers(self, table: str) -> tuple[str, ...]: ...
    def fillings(self, table: str, folder: str) -> list[Any]: ...
    def discarded(self, name: str, near: str) -> bool: ...


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


class Scope:
    """Names of a block; `outer` is the block around it."""

    __slots__ = ("names", "outer")

    def __init__(self, outer: Scope | None = None) -> None:
        self.names: dict[str, Variable] = {}
        self.outer = outer


class Core:
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
        self.canonical: dict[str, Opaque] = {}
        self.known: frozenset[str] = frozenset()  # names of values that need no dereference
        self.global_bases: dict[str, int] = {}
        self.questions: set[tuple[str, str, str]] = set()  # what was asked of the unit
        self.memory.asked = self.questions
        self.global_inits: dict[str, Variable | Opaque] = {}
        self.global_questions: dict[str, frozenset[tuple[str, str, str]]] = {}
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

    def convert(self, value: Value, ctype: CType) -> Value:
        raise NotImplementedError

    def number(self, value: Value) -> Int | Opaque:
        raise NotImplementedError

    def initial(self, node: Node, ctype: CType, scope: Scope) -> Value:
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

    # -- memory

    def table_at(self, address: int) -> tuple[Table, int] | None:
        """The page table that an address lies in, and the byte offset there."""
        for table in self.run.tables:
            assert table.base is not None
            if table.base <= address < table.base + table.span:
                self.run.touched += 1
                return table, address - table.base
        return None

    def at_address(self, value: Int) -> Pointer | Int:
        """An integer used as a pointer: into a table, or a local whose address was taken."""
        found = self.table_at(value.raw)
        if found is not None:
            return Pointer(found[0], found[1], None)
        offset = value.raw - LOCAL_BASE[self.bits]
        if 0 < offset < LOCAL_STEP * (self.run.next_local + 1):
            number, rest = divmod(offset, LOCAL_STEP)
            local = self.run.addressed.get(number)
            if local is not None:
                self.run.touched += 1
                return Pointer(local, rest, None)
        return value

    def is_slot(self, value: Value) -> bool:
        """Whether a value is the address of an entry, as a pointer or as a number."""
        if isinstance(value, Pointer):
            return isinstance(value.obj, Table)
        if isinstance(value, Int):
            return value.bits >= self.bits and self.table_at(value.raw) is not None
        return isinstance(value, Opaque) and value.slot

    def names_slot(self, value: Value) -> bool:
        """Whether an entry's address can be reached from a value given to a function."""
        return self._names_slot(value, 0)

    def _names_slot(self, value: Value, depth: int) -> bool:
        if isinstance(value, SlotInt) or self.is_slot(value):
            return True
        if isinstance(value, Int):
            value = self.at_address(value)  # of a local variable, perhaps
        if isinstance(value, Struct):
            cells = value.cells
        elif isinstance(value, Pointer) and isinstance(value.obj, Variable):
            if value.obj.is_global:
                return False
            if depth > MAX_POINTERS:
                return True  # not searched further: as good as found
            cells = value.obj.cells
        else:
            return False
        return any(
            self.table_at(payload) is not None
            if isinstance(payload, int)
            else self._names_slot(payload, depth + 1)
            for _, payload in cells.values()
        )

    def forget(self, values: Iterable[Value], by: str) -> None:
        """Locals that somebody unseen can reach may hold anything afterwards."""
        todo = list(values)
        while todo:
            value = todo.pop()
            if isinstance(value, Int):
                value = self.at_address(value)
            if isinstance(value, Struct):
                todo.extend(p for _, p in value.cells.values() if not isinstance(p, int))
            obj = value.obj if isinstance(value, Pointer) else None
            if isinstance(obj, Variable) and not obj.is_global:
                todo.extend(
                    Int(p, self.bits, False) if isinstance(p, int) else p
                    for _, p in obj.cells.values()
                )
                obj.cells.clear()
                obj.fill = Opaque(f"set by {by}")

    def forget_globals(self, by: str) -> None:
        """Globals that this run wrote may have been written again by a function not followed."""
        for name in self.run.written:
            var = self.run.globals.get(name)
            if var is not None:
                var.cells.clear()
                var.fill = Opaque(f"{name} after {by}")

    def load(self, place: Value) -> Value:
        """Reads a place."""
        if isinstance(place, Pointer):
            obj, target = place.obj, place.target
            if isinstance(obj, Table):
                if target is None or isinstance(target, (UnknownType, VoidType)):
                    target = self.entry_type(obj.level)
                return self.memory.load_table(obj, place.offset, target)
            assert isinstance(obj, Variable)
            if obj.is_global:
                self.ask_contents(obj.name)
            if isinstance(target, ArrayType):
                return Pointer(obj, place.offset, target.element)
            return self.memory.load(obj, place.offset, target)
        if isinstance(place, Int):
            if place.raw == 0:
                raise PathEnds("NULL dereference")
            found = self.table_at(place.raw)
            if found is not None:
                return self.memory.load_table(found[0], found[1], self.entry_type(found[0].level))
            return Opaque(f"*{place!r}")
        if isinstance(place, Opaque):
            if self.canonical.get(place.name) is place or place.name in self.known:
                return place
            if place.name.startswith("*") or "->" in place.name or "." in place.name:
                return place
            return Opaque(f"*{place.name}", slot=False)
        return Opaque(f"*{place!r}")

    def entry_type(self, level: str) -> CType:
        """pte_t, pmd_t or pud_t of the unit."""
        return self.types.named(f"{level}_t")

    def store(self, place: Value, value: Value) -> None:
        """Writes a place; a store to an unknown place that may be an entry is Unjudged."""
        if type(place) is Pointer:
            local = place.obj
            if type(local) is Variable and not local.is_global:
                self.memory.store(local, place.offset, value, place.target)
                return
        if isinstance(place, Int):
            if place.raw == 0:
                raise PathEnds("NULL dereference")
            pointer = self.at_address(place)
            if isinstance(pointer, SlotInt):
                raise Unjudged("a store through an address made of an entry's")
            if isinstance(pointer, Int):
                return  # an address in no page table (a struct page, say) is no entry
            place = pointer
        if isinstance(place, Opaque):
            if place.slot:
                raise Unjudged(f"a store through {place.name}")
            if isinstance(value, Struct) and self.names_slot(value):
                raise Unjudged(f"an entry's address is kept in {place.name}")
            self.run.touched += 1
            for key in [key for key in self.run.memo if place.name in key]:
                del self.run.memo[key]
            return
        if not isinstance(place, Pointer):
            raise Unjudged("a store to something that is no place")
        obj = place.obj
        if isinstance(obj, Table):
            self._store_entry(obj, place.offset, value, place.target)
            return
        assert isinstance(obj, Variable)
        if obj.is_global:
            if self.names_slot(value):
                raise Unjudged(f"an entry's address is kept in {obj.name}")
            self.ask_contents(obj.name)
            self.run.written.add(obj.name)
            self.memory.store(obj, place.offset, value, place.target)
            return
        self.memory.store(obj, place.offset, value, place.target)

    def _store_entry(self, table: Table, offset: int, value: Value, target: CType | None) -> None:
        index = offset // table.width
        if isinstance(target, (UnknownType, ArrayType, VoidType)):
            target = None
        if isinstance(value, Pointer):
            value = self.number(value)
        if table.window and index not in table.window and 0 <= index < len(table.entries):
            found = self.memory.raw(value, table.width)
            table.entries[index] = found if isinstance(found, int) else 0
            return  # beside the table: it counts for nothing
        before = table.entries[index] if 0 <= index < len(table.entries) else 0
        stand_in = self.opaque_entry
        if stand_in is not None and isinstance(self.memory.raw(value, table.width), Opaque):
            value, target = Int(stand_in, 8 * table.width, False), None
        self.memory.store_table(table, offset, value, target)
        run = self.run
        run.stores += 1
        run.events.append(
            Event(
                kind="store",
                level=table.level,
                name="store",
                location=run.location,
                stack=tuple(run.stack),
                table=table,
                index=index,
                offset=offset,
                old=before,
                new=table.entries[index],
            )
        )

    def type_of_name(self, node: Node, scope: Scope) -> CType:
        raise NotImplementedError

    def _typeof_node(self, node: Node) -> CType:
        raise NotImplementedError

    def type_of_value(self, value: Value) -> CType:
        raise NotImplementedError


__all__ = ["Code", "Core", "PtrType", "Scope", "StructType"]
