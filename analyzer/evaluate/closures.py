# SPDX-License-Identifier: GPL-2.0-only
"""Expressions that are evaluated often, made into closures: one for each node of the tree.

A closure does what the method of its node does (see `expressions` and `places`), step by step:
it knows its node's parts beforehand. Nodes without a closure of their own go to their method.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from pycparser import c_ast

from ..model import Location
from . import arith
from .ctype import ArrayType, IntType, Node, VoidType
from .expressions import MOVES, Expressions, constants_only
from .names import Scope
from .places import pointer_of
from .values import FuncRef, Int, Pointer, Unjudged, Value

Closure: TypeAlias = Callable[[Scope], Value]
TOO_MANY: Final = "more steps than one helper may take"


class Closures(Expressions):
    """Makes closures of expressions; `Warm` those of statements."""

    def __init__(self, code: Any, bits: int, order: str) -> None:
        super().__init__(code, bits, order)
        self.makers: dict[type, Callable[[Any], Closure]] = {
            c_ast.Constant: self._made_constant,
            c_ast.ID: self._made_name,
            c_ast.BinaryOp: self._made_binary,
            c_ast.UnaryOp: self.made_unary,
            c_ast.Assignment: self._made_assignment,
            c_ast.Cast: self._made_cast,
            c_ast.StructRef: self._made_member,
            c_ast.ExprList: self._made_comma,
            c_ast.FuncCall: self.made_call,
        }

    def forget_closures(self) -> None:
        """They hold the machine."""
        self.makers = {}

    def made(self, node: Node) -> Closure:
        """A closure that does what `evaluate` does with a node."""
        maker = self.makers.get(type(node))
        return self.made_as_it_is(node) if maker is None else maker(node)

    def tick(self) -> None:
        run = self.run
        run.steps += 1
        if run.steps > self.max_steps:
            raise Unjudged(TOO_MANY)

    def line_of(self, node: Node) -> Location | None:
        coord = node.coord
        return None if coord is None else Location(coord.file or "", coord.line or 0)

    def made_as_it_is(self, node: Node) -> Closure:
        evaluate = self.evaluate
        return lambda scope: evaluate(node, scope)

    def call(self, name: str, values: list[Value], home: str = "") -> Value:
        """Calls a function by name, as the file `home` (default: the caller's) knows it."""
        raise NotImplementedError

    # -- leaves

    def _made_constant(self, node: Node) -> Closure:
        try:
            value = self._constant(node, Scope())
        except Unjudged:
            return self.made_as_it_is(node)

        def constant(scope: Scope) -> Value:
            run = self.run
            run.steps += 1
            if run.steps > self.max_steps:
                raise Unjudged(TOO_MANY)
            return value

        return constant

    def _made_name(self, node: Node) -> Closure:
        name = node.name
        load, other = self.memory.load, self.of_file_scope

        def identifier(scope: Scope | None) -> Value:
            run = self.run
            run.steps += 1
            if run.steps > self.max_steps:
                raise Unjudged(TOO_MANY)
            while scope is not None:
                local = scope.names.get(name)
                if local is not None:
                    ctype = local.ctype
                    if type(ctype) is IntType:
                        cell = local.cells.get(0)
                        if cell is not None and type(cell[1]) is int and cell[0] == ctype.size:
                            return Int(cell[1], ctype.bits, ctype.signed)
                    elif type(ctype) is ArrayType:
                        return Pointer(local, 0, ctype.element)
                    return load(local, 0, ctype)
                scope = scope.outer
            return other(name)

        return identifier

    # -- operators

    def _made_binary(self, node: Node) -> Closure:
        if constants_only(node):
            return self.made_as_it_is(node)
        op = node.op
        left, right = self.made(node.left), self.made(node.right)
        step, operate, truth = self.tick, self.operate, self.truth
        first, second = node.left, node.right
        if op == "&&":

            def both(scope: Scope) -> Value:
                step()
                return Int(int(truth(left(scope), first) and truth(right(scope), second)))

            return both
        if op == "||":

            def either(scope: Scope) -> Value:
                step()
                return Int(int(truth(left(scope), first) or truth(right(scope), second)))

            return either
        binary, moves = arith.binary, op in MOVES
        is_address, move = self.is_address, self.move

        def arithmetic(scope: Scope) -> Value:
            run = self.run
            run.steps += 1
            if run.steps > self.max_steps:
                raise Unjudged(TOO_MANY)
            a = left(scope)
            b = right(scope)
            if moves and is_address(a, b):
                return move(op, a, b, self.operand_types(node, scope))
            if type(a) is Int and type(b) is Int:
                return binary(op, a, b)
            return operate(op, a, b)

        return arithmetic

    def made_unary(self, node: Node) -> Closure:
        """A closure of `*p` or `!x`."""
        op = node.op
        if op not in ("*", "!"):
            return self.made_as_it_is(node)
        inner, operand = self.made(node.expr), node.expr
        step, load, truth = self.tick, self.load, self.truth
        if op == "!":

            def negation(scope: Scope) -> Value:
                step()
                return Int(int(not truth(inner(scope), operand)))

            return negation

        def dereference(scope: Scope) -> Value:
            step()
            pointer = inner(scope)
            if isinstance(pointer, FuncRef):
                return pointer
            if type(pointer) is Pointer and isinstance(pointer.target, ArrayType):
                return Pointer(pointer.obj, pointer.offset, pointer.target.element)
            return load(pointer)

        return dereference

    def _made_cast(self, node: Node) -> Closure:
        named, inner = node.to_type, self.made(node.expr)
        step, type_of_name, convert = self.tick, self.type_of_name, self.convert

        def cast(scope: Scope) -> Value:
            step()
            target = type_of_name(named, scope)
            value = inner(scope)
            return Int(0) if isinstance(target, VoidType) else convert(value, target)

        return cast

    def _made_comma(self, node: Node) -> Closure:
        items = [self.made(item) for item in node.exprs]
        step = self.tick

        def comma(scope: Scope) -> Value:
            step()
            value: Value = Int(0)
            for item in items:
                value = item(scope)
            return value

        return comma

    # -- places

    def made_place(self, node: Node) -> Callable[[Scope], Any]:
        """A closure that does what `place` does with a node."""
        kind = type(node)
        place = self.place
        if kind is c_ast.ID:
            name = node.name

            def variable(scope: Scope) -> Any:
                inner: Scope | None = scope
                while inner is not None:
                    local = inner.names.get(name)
                    if local is not None:
                        return Pointer(local, 0, local.ctype)
                    inner = inner.outer
                return place(node, scope)

            return variable
        if kind is c_ast.UnaryOp and node.op == "*":
            pointer, pointed = self.made(node.expr), self.pointer_value
            return lambda scope: pointed(pointer(scope))
        if kind is c_ast.StructRef:
            return self._made_member_place(node)
        return lambda scope: place(node, scope)

    def _made_member_place(self, node: Node) -> Callable[[Scope], Any]:
        name, base_node = node.field.name, node.name
        member_of, at = self.member_of, self.member_at
        pointer = pointer_of(node)
        if pointer is not None:
            base = self.made(pointer)
        elif isinstance(base_node, (c_ast.ID, c_ast.StructRef, c_ast.ArrayRef, c_ast.UnaryOp)):
            base = self.made_place(base_node)
        else:
            inner, temporary = self.made(base_node), self.temporary
            base = lambda scope: temporary(inner(scope))  # noqa: E731  (as the others are)

        def member_place(scope: Scope) -> Any:
            found = base(scope)
            if type(found) is Pointer:
                return member_of(found, name)
            return at(node, found, scope)

        return member_place

    def _made_member(self, node: Node) -> Closure:
        place_of, load, step = self._made_member_place(node), self.load, self.tick

        def member(scope: Scope) -> Value:
            step()
            place = place_of(scope)
            if type(place) is Pointer and isinstance(place.target, ArrayType):
                return Pointer(place.obj, place.offset, place.target.element)
            return load(place)

        return member

    def _made_assignment(self, node: Node) -> Closure:
        where = self.line_of(node)
        place_of, value_of = self.made_place(node.lvalue), self.made(node.rvalue)
        step, convert, store, load = self.tick, self.convert, self.store, self.load
        op, typed = node.op, self.type_of_place

        def assign(scope: Scope) -> Value:
            step()
            if where is not None:
                self.run.location = where
            value = value_of(scope)
            place = place_of(scope)
            value = convert(value, typed(place))
            store(place, value)
            return value

        def change(scope: Scope) -> Value:
            step()
            if where is not None:
                self.run.location = where
            place = place_of(scope)
            old = load(place)
            types = typed(place), self.types.long
            value = convert(self.move(op[:-1], old, value_of(scope), types), types[0])
            store(place, value)
            return value

        return assign if op == "=" else change

    # -- calls

    def made_call(self, node: Node) -> Closure:
        """A closure of a call by name."""
        target = node.name
        arguments = node.args.exprs if node.args is not None else []
        name = target.name if isinstance(target, c_ast.ID) else ""
        if not name or name.startswith(("__builtin_", "__ptc_asm")) or name == "offsetof":
            return self.made_as_it_is(node)
        where = self.line_of(node)
        values_of = [self.made(argument) for argument in arguments]
        step, call, plain = self.tick, self.call, self.made_as_it_is(node)

        def called(scope: Scope) -> Value:
            inner: Scope | None = scope
            while inner is not None:
                if name in inner.names:
                    return plain(scope)  # through a pointer
                inner = inner.outer
            step()
            run = self.run
            if where is not None:
                run.location = where
            values = [value_of(scope) for value_of in values_of]
            if where is not None:
                run.location = where
            return call(name, values)

        return called
