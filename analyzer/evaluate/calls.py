# SPDX-License-Identifier: GPL-2.0-only
"""Calls: builtins, intrinsics, functions of the unit, and functions that cannot be seen.

The one rule for what is not known: an opaque value is harmless until it decides a condition (then
both ways are run), is stored to an entry or given to a hook (then the path is unknown). A
function that cannot be seen is opaque too, unless an entry's address reaches it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pycparser import c_ast

from ..model import Location
from .arith import promote
from .core import LOCAL_BASE, Scope
from .ctype import (
    ArrayType,
    CType,
    FuncType,
    IntType,
    Node,
    StructType,
    UnknownType,
    VoidType,
    same_type,
)
from .expressions import Expressions
from .globals import Globals
from .harmless import BUILD_ERROR as BUILD_ERROR
from .harmless import NO_RETURN
from .inline_asm import InlineAssembly
from .intrinsics import Intrinsics
from .memory import Variable
from .merge import Meeting
from .recall import Before, Recall, call_key
from .state import MAX_DEPTH, Frame, Run
from .statements import Break, Continue, Jump, Return, Statements
from .typing import StaticTypes
from .values import FuncRef, Int, Opaque, PathEnds, Pointer, Struct, Text, Unjudged, Value

_PURE: Final = frozenset({"bswap", "clz", "c", "ctz", "ffs", "popcount", "parity", "clrsb", "abs"})
_ASM: Final = "__ptc_asm"
TANGLE: Final = 3  # choices on one path through a function that is not followed from then on
_TRUTHS: Final = frozenset({"int", "bool", "_Bool", "unsigned", "signed"})
HELPER_DEPTH: Final = 2  # our probe, and the helper that it calls


@dataclass(frozen=True, slots=True)
class Shape:
    """What a call needs to know of a function: parameters, result, place."""

    parameters: tuple[tuple[str, CType], ...]
    result: CType
    has_mm: bool
    defined: Location
    void: bool
    answers: bool  # with a plain number, which is no entry


class Tangled(Exception):
    """A function is not followed any more: the paths of the case are to be run again."""


class Machine(Intrinsics, InlineAssembly, StaticTypes, Expressions, Statements, Globals):
    """Evaluates functions of one unit. `run` holds the state of the current path."""

    def __init__(self, code: Any, bits: int, order: str) -> None:
        super().__init__(code, bits, order)
        self.dispatch = {
            **self.expression_methods(),
            **self.statement_methods(),
            c_ast.FuncCall: self._call,
        }
        self.ordinary: set[str] = set()  # functions that mean what their bodies say
        self.reaches: dict[str, bool] = {}
        self.needed: set[str] = set()  # functions that use the entry's address they are given
        self._shapes: dict[Node, Shape] = {}
        self.shape_questions: dict[str, frozenset[tuple[str, str, str]]] = {}
        self.overrides: dict[str, Callable[[list[Value]], Value | None]] = {}
        self.usual = self.overrides  # those under which calls are remembered
        self.recall = Recall()
        self.tangled: set[str] = set()  # answers nobody can foresee, and no entry depends on
        self.meeting: Meeting | None = None  # where paths of the case that is run come together

    def release(self) -> None:
        """Breaks the cycles that lead through the machine: unit and trees go with the last user.

        Nothing can be evaluated afterwards.
        """
        self.dispatch = {}
        self.overrides = self.usual = {}
        self.types.release()
        self.named_types.clear()
        self.run = Run()

    # -- expressions that call

    def _call(self, node: Node, scope: Scope) -> Value:
        self.mark(node)
        arguments = node.args.exprs if node.args is not None else []
        target = node.name
        if isinstance(target, c_ast.ID):
            name = target.name
            if name == _ASM:
                return self.assembly(arguments, scope)
            if name.startswith("__builtin_") or name == "offsetof":
                try:
                    return self._builtin(name, arguments, scope)
                except (IndexError, ValueError, AttributeError):
                    raise Unjudged(f"{name} with impossible arguments") from None
            local = self._local(name, scope)
            if local is None:
                values = [self.evaluate(argument, scope) for argument in arguments]
                self.mark(node)
                return self.call(name, values)
        callee = self.evaluate(target, scope)
        values = [self.evaluate(argument, scope) for argument in arguments]
        self.mark(node)
        if isinstance(callee, FuncRef):
            return self.call(callee.name, values, callee.home)
        if isinstance(target, c_ast.StructRef):
            stored = self.stored_by(target.field.name, values)
            if stored is not None:
                return stored
        return self.unseen(f"{callee!r}", values, indirect=True)

    @staticmethod
    def _local(name: str, scope: Scope | None) -> Variable | None:
        while scope is not None:
            found = scope.names.get(name)
            if found is not None:
                return found
            scope = scope.outer
        return None

    def _builtin(self, name: str, arguments: list[Node], scope: Scope) -> Value:
        if name == "__builtin_constant_p":
            return Int(int(isinstance(arguments[0], c_ast.Constant)))
        if name == "__builtin_types_compatible_p":
            sides = [self._compared(argument, scope) for argument in arguments]
            unknown = any(isinstance(side, UnknownType) for side in sides)
            return Int(int(not unknown and same_type(sides[0], sides[1])))
        if name == "__builtin_choose_expr":
            picked = self.truth(self.evaluate(arguments[0], scope), arguments[0])
            return self.evaluate(arguments[1 if picked else 2], scope)
        if name in ("__builtin_expect", "__builtin_expect_with_probability"):
            return self.evaluate(arguments[0], scope)
        if name in ("__builtin_unreachable", "__builtin_trap"):
            raise PathEnds("unreachable")
        if name in ("__builtin_offsetof", "offsetof"):
            return self._offsetof(arguments, scope)
        if name in ("__builtin_memcpy", "__builtin_memset", "__builtin_memmove"):
            return self.call(
                name.removeprefix("__builtin_"), [self.evaluate(a, scope) for a in arguments]
            )
        if name in ("__builtin_prefetch", "__builtin_object_size", "__builtin_dynamic_object_size"):
            return Opaque(name)
        given = [self.evaluate(argument, scope) for argument in arguments]
        if name[10:].rstrip("l0123456789") not in _PURE:
            return self.unseen(name, given)
        values = [self.number(value) for value in given]
        if not values or isinstance(values[0], Opaque):
            return Opaque(f"{name}({', '.join(map(repr, values))})")
        return self._bit_builtin(name, promote(values[0]))

    def _compared(self, node: Node, scope: Scope) -> CType:
        if isinstance(node, c_ast.UnaryOp) and node.op == "sizeof":
            node = node.expr
        if isinstance(node, c_ast.Typename):
            return self.type_of_name(node, scope)
        return self.static_type(node, scope)

    def _offsetof(self, arguments: list[Node], scope: Scope) -> Value:
        ctype = self.type_of_name(arguments[0], scope)
        member = arguments[1]
        if isinstance(ctype, StructType) and isinstance(member, c_ast.ID):
            found = ctype.member(member.name)
            if found is not None:
                return Int(found.offset, self.bits, False)
        return Opaque("offsetof")

    def _bit_builtin(self, name: str, value: Int) -> Value:
        stem = name.removeprefix("__builtin_")
        width = 64 if stem.endswith("ll") else self.bits if stem.endswith("l") else 32
        stem = stem.rstrip("l")
        bits = value.value & ((1 << width) - 1)
        if stem.startswith("bswap"):
            size = int(stem[5:]) // 8
            raw = value.value & ((1 << (8 * size)) - 1)
            swapped = int.from_bytes(raw.to_bytes(size, "little"), "big")
            return Int(swapped, 8 * size, False)
        if stem == "popcount":
            return Int(bits.bit_count())
        if stem == "ffs":
            return Int((bits & -bits).bit_length())
        if stem == "ctz" and bits:
            return Int((bits & -bits).bit_length() - 1)
        if stem in ("clz", "c") and bits:
            return Int(width - bits.bit_length())
        return Opaque(f"{name}({value!r})")

    # -- functions

    def call(self, name: str, values: list[Value], home: str = "") -> Value:
        """Calls a function by name, as the file `home` (default: the caller's) knows it."""
        override = self.overrides.get(name)
        if override is not None:
            self.questions.add(("function", name, ""))
            answer = override(values)
            if answer is not None:
                return answer
        if name not in self.ordinary:
            try:
                handled = self.intrinsic(name, values)
            except IndexError:
                raise Unjudged(f"{name} with impossible arguments") from None
            if handled is not None:
                return handled
            if name in NO_RETURN:
                raise PathEnds(name)
            if name.startswith(BUILD_ERROR):
                return self._build_error(name)
            if not self.is_intrinsic(name):
                self.ordinary.add(name)
        near = home or self.run.location.path
        self.questions.add(("function", name, near))
        node = self.code.function_node(name, near)
        if node is None:
            self.questions.add(("prototype", name, ""))
            return self.unseen(name, values)
        if self._skippable(name, node, values):
            self.forget_globals(name)
            return Int(0)
        if name in self.tangled and self.meeting is not None and self._apart(values):
            self.forget_globals(name)
            return Opaque(self._call_name(name, values))
        return self._enter(name, node, values)

    def _build_error(self, name: str) -> Value:
        """A compile-time assertion that seems to fail.

        In the helper itself it says that this configuration has no such helper. Further down it
        cannot really fail, since the kernel builds: the compiler saw a constant where we do not.
        """
        if len(self.run.stack) <= HELPER_DEPTH and not self.transparent:
            raise PathEnds(name)
        return Int(0)

    def _skippable(self, name: str, node: Node, values: list[Value]) -> bool:
        """A void function that gets no entry, no local variable, and reaches no hook."""
        if not self.run.stack:
            return False
        shape = self._shapes.get(node)
        if shape is None:
            shape = self._shapes[node] = self._shape(name, node)
        if not shape.void:
            return False
        given = any(self.names_slot(value) for value in values)
        if given and name in self.needed:
            return False
        if given:
            values = self._used(node, shape, values)
            if any(self.names_slot(value) for value in values):
                self.needed.add(name)
                return False
        for value in values:
            if isinstance(value, Int) and isinstance(self.at_address(value), Pointer):
                return False
            if isinstance(value, Pointer) and not (
                isinstance(value.obj, Variable) and value.obj.is_global
            ):
                return False
        if all(isinstance(value, (Int, Text)) or _is_entry(value) for value in values):
            return True  # numbers and entries by value: it knows neither this table nor this mm
        return not self.noted_reach(name)

    @staticmethod
    def _used(node: Node, shape: Shape, values: list[Value]) -> list[Value]:
        """The arguments for parameters that the body mentions."""
        mentioned: set[str] = set()
        todo = [node.body]
        while todo:
            item = todo.pop()
            if isinstance(item, c_ast.ID):
                mentioned.add(str(item.name))
            todo.extend(child for _, child in item.children())
        pairs = zip(shape.parameters, values, strict=False)
        return [value for (parameter, _), value in pairs if parameter in mentioned]

    def noted_reach(self, name: str) -> bool:
        self.questions.add(("reaches", name, ""))
        return self.reaches_hook(name)

    def reaches_hook(self, name: str) -> bool:
        """Whether a hook can be reached from a function, by the names it mentions."""
        known = self.reaches.get(name)
        if known is not None:
            return known
        seen = {name}
        todo = [name]
        found = False
        while todo and not found:
            for callee in self.code.callees(todo.pop()):
                if callee in seen:
                    continue
                answer = self.reaches.get(callee)
                if answer or self.is_hook(callee):
                    found = True
                    break
                if answer is None:
                    seen.add(callee)
                    todo.append(callee)
        self.reaches[name] = found
        if not found:
            for other in seen:
                self.reaches[other] = False
        return found

    def _enter(self, name: str, node: Node, values: list[Value]) -> Value:
        """Calls a function of the unit, or remembers what it did with the same arguments."""
        run, recall = self.run, self.recall
        if self.transparent or self.booting or run.written or self.overrides is not self.usual:
            return self._execute(name, node, values)
        key = call_key(node, values, run, LOCAL_BASE[self.bits], self.deciding)
        if key is None:
            return self._execute(name, node, values)
        first, steps = len(run.choices), run.steps
        known = recall.find(key, run, self.max_steps)
        if known is not None:
            self.questions |= known.questions
            self.types.asked |= known.types
            if self.meeting is not None and len(run.choices) > first:
                self.meeting.returned(run, first, steps, len(run.events), values, known.result)
            return known.result
        if not recall.worth(node):
            return self._execute(name, node, values)
        before = Before.of(run, key)
        outer = self.questions.copy()
        self.questions.clear()
        types, self.types.asked = self.types.asked, set()
        try:
            result = self._execute(name, node, values)
            recall.keep(node, before, run, values, result, self.questions, self.types.asked)
            return result
        finally:
            run.deepest = max(run.deepest, before.deepest)
            self.questions |= outer
            types |= self.types.asked
            self.types.asked = types

    def _execute(self, name: str, node: Node, values: list[Value]) -> Value:
        run = self.run
        if len(run.stack) >= MAX_DEPTH:
            raise Unjudged(f"calls nested deeper than {MAX_DEPTH}")
        shape = self._shapes.get(node)
        if shape is None:
            shape = self._shapes[node] = self._shape(name, node)
        scope = Scope()
        for (parameter, ctype), value in zip(shape.parameters, values, strict=False):
            if not parameter:
                continue
            value = self.convert(value, ctype)
            scope.names[parameter] = var = Variable(parameter, ctype)
            if type(value) is Struct:
                var.cells = dict(value.cells)
            elif type(ctype) is IntType and type(value) is Int:
                var.cells[0] = (ctype.size, value.raw)
            else:
                self.memory.store(var, 0, value, ctype)
            if isinstance(ctype, UnknownType):
                var.ctype, var.guessed = self.type_of_value(value), True
        defined = shape.defined
        has_mm = shape.has_mm and any(isinstance(value, Opaque) for value in values)  # not NULL
        called = run.location
        run.stack.append(Frame(name, defined, called, has_mm))
        if len(run.stack) > run.deepest:
            run.deepest = len(run.stack)
        before = (run.stores, len(run.events))
        first, steps, meeting = len(run.choices), run.steps, self.meeting
        run.location = defined
        try:
            self.evaluate(node.body, scope)
            result: Value = Int(0)
        except Return as returned:
            if returned.value is None:
                result = Int(0)
            else:
                result = returned.value
                if not isinstance(shape.result, VoidType):
                    result = self.convert(result, shape.result)
        except Jump as jump:
            raise Unjudged(f"goto {jump.label} into a block") from None
        except (Break, Continue):
            raise Unjudged("break or continue outside a loop") from None
        except Unjudged as reason:
            self._entangle(name, shape, values, first, before)
            if not reason.place:
                reason.place = f"{name} ({run.location})"
            if (
                len(run.stack) > 1
                and not any(self.names_slot(value) for value in values)
                and before == (run.stores, len(run.events))
                and not reason.reason.startswith("more than")
                and not self.noted_reach(name)
            ):
                return Opaque(self._call_name(name, values))
            raise
        finally:
            run.stack.pop()
            run.location = called
        if len(run.choices) >= first + TANGLE:
            self._entangle(name, shape, values, first, before)
        if meeting is not None and len(run.choices) > first:
            meeting.returned(run, first, steps, before[1], values, result)
        return result

    def _entangle(
        self, name: str, shape: Shape, values: list[Value], first: int, before: tuple[int, int]
    ) -> None:
        """Raises Tangled for a function that asks much and whose answer is a number.

        It is given no entry's address, stores to none and reaches no hook; its answer is unknown
        from then on, which is more than it can answer.
        """
        run = self.run
        if (
            self.meeting is not None
            and shape.answers
            and len(run.choices) >= first + TANGLE
            and before == (run.stores, len(run.events))
            and self._apart(values)
            and not self.noted_reach(name)
        ):
            self.tangled.add(name)
            self.recall.clear()  # of calls that followed it
            raise Tangled

    def _apart(self, values: list[Value]) -> bool:
        """Whether no argument leads to an entry or to a local variable."""
        for value in values:
            if isinstance(value, Int) and isinstance(self.at_address(value), Pointer):
                return False
            local = isinstance(value, Pointer) and not (
                isinstance(value.obj, Variable) and value.obj.is_global
            )
            if local or self.names_slot(value):
                return False
        return True

    def _shape(self, name: str, node: Node) -> Shape:
        before, self.types.asked = self.types.asked, set()
        try:
            return self._new_shape(node)
        finally:
            known = self.shape_questions.get(name, frozenset())
            self.shape_questions[name] = known | self.types.asked
            before |= self.types.asked
            self.types.asked = before

    def _new_shape(self, node: Node) -> Shape:
        declaration = node.decl.type
        parameters: list[tuple[str, CType]] = []
        has_mm = False
        for parameter in declaration.args.params if declaration.args is not None else []:
            has_mm = has_mm or _takes_mm(parameter)
            if isinstance(parameter, c_ast.EllipsisParam) or not getattr(parameter, "name", None):
                parameters.append(("", UnknownType()))
            else:
                parameters.append((parameter.name, self._adjusted(self.types.of(parameter))))
        coord = node.decl.coord
        defined = Location(coord.file or "", coord.line or 0) if coord else Location("", 0)
        returned = declaration.type
        plain = isinstance(returned, c_ast.TypeDecl) and isinstance(
            returned.type, c_ast.IdentifierType
        )
        return Shape(
            tuple(parameters), self.types.of(returned), has_mm, defined,
            plain and returned.type.names == ["void"],
            plain and {*returned.type.names} <= _TRUTHS,
        )  # fmt: skip

    def _adjusted(self, ctype: CType) -> CType:
        """Parameters of array and function type are pointers (C11 6.7.6.3)."""
        if isinstance(ctype, ArrayType):
            return self.types.pointer_to(ctype.element)
        if isinstance(ctype, FuncType):
            return self.types.pointer_to(ctype)
        return ctype

    @staticmethod
    def _call_name(name: str, values: list[Value]) -> str:
        return f"{name}({', '.join(repr(value) for value in values)})"

    def unseen(self, name: str, values: list[Value], indirect: bool = False) -> Value:
        """A function without a body here. An entry's address must not reach it."""
        if any(self.names_slot(value) for value in values) and not self._only_prints(name, values):
            what = "a call through a pointer" if indirect else "a function without a body here"
            problem = self.code.problem(name)
            raise Unjudged(f"an entry's address is given to {what}: {name}{problem}")
        full = self._call_name(name, values)
        self.forget(values, full)
        self.forget_globals(full)
        return Opaque(full)

    def _only_prints(self, name: str, values: list[Value]) -> bool:
        """A variadic function with a format string: it reads what it is given."""
        if not any(isinstance(value, Text) for value in values):
            return False
        node = self.code.prototype_node(name)
        arguments = getattr(getattr(node, "type", None), "args", None)
        return arguments is not None and any(
            isinstance(p, c_ast.EllipsisParam) for p in arguments.params
        )


def _is_entry(value: Value) -> bool:
    return isinstance(value, Struct) and all(
        isinstance(payload, int) for _, payload in value.cells.values()
    )


def _takes_mm(parameter: Node) -> bool:
    ctype = getattr(parameter, "type", None)
    if not isinstance(ctype, c_ast.PtrDecl):
        return False
    inner = getattr(ctype.type, "type", None)
    return isinstance(inner, c_ast.Struct) and inner.name in ("mm_struct", "vm_area_struct")
