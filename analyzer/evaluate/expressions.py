# SPDX-License-Identifier: GPL-2.0-only
"""Expressions: values, places, conversions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pycparser import c_ast

from . import arith
from .conversions import Conversions
from .ctype import (
    ArrayType,
    CType,
    IntType,
    Node,
    PtrType,
    UnknownType,
    VoidType,
    same_type,
)
from .memory import Variable
from .names import Folded, Scope
from .operators import Operators
from .places import Place, Places
from .values import (
    FuncRef,
    Int,
    Opaque,
    Pointer,
    Struct,
    Text,
    Unjudged,
    Value,
)

_ASK: Any = object()
MOVES = ("+", "-")  # of pointers
_FOLDED = (c_ast.BinaryOp, c_ast.UnaryOp, c_ast.Cast, c_ast.Constant)


def constants_only(node: Node) -> bool:
    """Whether an expression is made of constants, sizes, operators and casts to named types."""
    todo = [node]
    while todo:
        item = todo.pop()
        if not isinstance(item, _FOLDED):
            return False
        if isinstance(item, c_ast.Constant):
            if item.type == "string":
                return False
        elif isinstance(item, c_ast.Cast):
            if not isinstance(item.to_type.type, c_ast.TypeDecl) or not isinstance(
                item.to_type.type.type, c_ast.IdentifierType
            ):
                return False
            todo.append(item.expr)
        elif isinstance(item, c_ast.UnaryOp):
            if item.op == "sizeof":
                continue
            if item.op not in ("~", "-", "+", "!"):
                return False
            todo.append(item.expr)
        else:
            todo += (item.left, item.right)
    return True


class Expressions(Places, Conversions, Operators):
    """Evaluates expressions; `Core` holds the unit and the state of the run."""

    def evaluate(self, node: Node, scope: Scope) -> Value:
        """The value of an expression (or of the last statement of a statement expression)."""
        run = self.run
        run.steps += 1
        if run.steps > self.max_steps:
            raise Unjudged("more steps than one helper may take")
        method = self.dispatch.get(type(node))
        if method is None:
            raise Unjudged(f"C construct {type(node).__name__}")
        return method(node, scope)

    def expression_methods(self) -> dict[type, Callable[[Any, Scope], Value]]:
        """Which method evaluates which node."""
        return {
            c_ast.Constant: self._constant,
            c_ast.ID: self._identifier,
            c_ast.BinaryOp: self._binary,
            c_ast.UnaryOp: self._unary,
            c_ast.Assignment: self._assignment,
            c_ast.TernaryOp: self._ternary,
            c_ast.Cast: self._cast,
            c_ast.StructRef: self._member,
            c_ast.ArrayRef: self._element,
            c_ast.ExprList: self._comma,
            c_ast.CompoundLiteral: self._literal,
            c_ast.InitList: self._init_list,
            c_ast.Typename: self._typename,
            c_ast.GenericSelection: self._generic,
        }

    # -- leaves

    def _constant(self, node: Node, scope: Scope) -> Value:
        value = self.constants.get(node)
        if value is None:
            text = node.value
            if node.type == "string" or text.endswith('"'):
                value = Text(text)
            else:
                value = arith.constant(text, self.bits)
            self.constants[node] = value
        return value

    def _identifier(self, node: Node, scope: Scope) -> Value:
        name = node.name
        inner: Scope | None = scope
        while inner is not None:
            local = inner.names.get(name)
            if local is not None:  # most names are those of local numbers
                ctype = local.ctype
                if type(ctype) is IntType:
                    cell = local.cells.get(0)
                    if cell is not None and type(cell[1]) is int and cell[0] == ctype.size:
                        return Int(cell[1], ctype.bits, ctype.signed)
                if isinstance(ctype, ArrayType):
                    return Pointer(local, 0, ctype.element)
                return self.memory.load(local, 0, ctype)
            inner = inner.outer
        return self.of_file_scope(name)

    def of_file_scope(self, name: str) -> Value:
        """What a name stands for that no block declares, as a value."""
        found = self.find(name, None)
        if not isinstance(found, Variable):
            return found
        ctype = found.ctype
        if isinstance(ctype, ArrayType):
            return Pointer(found, 0, ctype.element)
        return self.memory.load(found, 0, ctype)

    def _typename(self, node: Node, scope: Scope) -> Value:
        raise Unjudged("a type where a value is needed")

    # -- operators

    def _comma(self, node: Node, scope: Scope) -> Value:
        value: Value = Int(0)
        for item in node.exprs:
            value = self.evaluate(item, scope)
        return value

    def _ternary(self, node: Node, scope: Scope) -> Value:
        if isinstance(node.iftrue, c_ast.ID) and node.iftrue.name == "__ptc_elvis":
            value = self.evaluate(node.cond, scope)
            taken = self.truth(value, node)
            if not taken:
                value = self.evaluate(node.iffalse, scope)
            unused = node.iffalse if taken else node.cond
        else:
            taken = self.truth(self.evaluate(node.cond, scope), node)
            value = self.evaluate(node.iftrue if taken else node.iffalse, scope)
            unused = node.iffalse if taken else node.iftrue
        if isinstance(value, Int):  # the other arm takes part in the type
            other = self.static_type(unused, scope)
            if isinstance(other, IntType):
                bits, signed = arith.common(value, Int(0, other.bits, other.signed))
                return Int(value.value, bits, signed)
        return value

    def _fold(self, node: Node, scope: Scope) -> Folded | None:
        """The value of an expression of constants only; it costs no steps."""
        if not constants_only(node):
            return None
        before, self.types.asked = self.types.asked, set()
        outer = self.questions.copy()
        self.questions.clear()
        guesses, steps = self.guesses, self.run.steps
        self.folded[node] = None
        try:
            value = self.evaluate(node, scope)
            if self.guesses != guesses or not isinstance(value, (Int, Text)):
                return None
            return Folded(value, frozenset(self.types.asked), frozenset(self.questions))
        except Unjudged:
            return None
        finally:
            self.run.steps = steps
            self.questions |= outer
            before |= self.types.asked
            self.types.asked = before

    def fold(self, node: Node, scope: Scope) -> Value | None:
        """The value of an expression that is the same wherever it is run; None if it is not."""
        known = self.folded.get(node, _ASK)
        if known is _ASK:
            known = self.folded[node] = self._fold(node, scope)
        if known is None:
            return None
        if known.types:
            self.types.asked |= known.types
        if known.questions:
            self.questions |= known.questions
        value: Value = known.value
        return value

    def _binary(self, node: Node, scope: Scope) -> Value:
        known = self.fold(node, scope)
        if known is not None:
            return known
        op = node.op
        if op == "&&":
            return Int(
                int(
                    self.truth(self.evaluate(node.left, scope), node.left)
                    and self.truth(self.evaluate(node.right, scope), node.right)
                )
            )
        if op == "||":
            return Int(
                int(
                    self.truth(self.evaluate(node.left, scope), node.left)
                    or self.truth(self.evaluate(node.right, scope), node.right)
                )
            )
        left, right = self.evaluate(node.left, scope), self.evaluate(node.right, scope)
        if op in MOVES and self.is_address(left, right):
            return self.move(op, left, right, self.operand_types(node, scope))
        return self.operate(op, left, right)

    def _unary(self, node: Node, scope: Scope) -> Value:
        op = node.op
        if op == "&":
            if isinstance(node.expr, c_ast.ID):
                found = self.find(node.expr.name, scope, address=True)
                if isinstance(found, FuncRef):
                    return found
                if isinstance(found, Variable):
                    return Pointer(found, 0, found.ctype)
            place = self.place(node.expr, scope)
            if isinstance(place, Opaque) and not place.name.startswith("&"):
                return Opaque(f"&{place.name}", nonnull=True, slot=place.slot)
            return place
        if op == "*":
            pointer = self.evaluate(node.expr, scope)
            if isinstance(pointer, FuncRef):
                return pointer
            if isinstance(pointer, Pointer) and isinstance(pointer.target, ArrayType):
                return Pointer(pointer.obj, pointer.offset, pointer.target.element)
            return self.load(pointer)
        if op == "sizeof":
            return self.fold(node, scope) or self._sizeof(node.expr, scope)
        if op in ("_Alignof", "__alignof__"):
            return Int(self.type_of_name(node.expr, scope).align, self.bits, False)
        if op in ("++", "--", "p++", "p--"):
            place = self.place(node.expr, scope)
            old = self.load(place)
            ctype, one = self.type_of_place(place), Int(1)
            new = self.move("+" if "+" in op else "-", old, one, (ctype, self.types.long))
            new = self.convert(new, ctype)
            self.store(place, new)
            return old if op[0] == "p" else new
        value = self.evaluate(node.expr, scope)
        if op == "!":
            return Int(int(not self.truth(value, node.expr)))
        value = self.number(value)
        if isinstance(value, Opaque) and value.default is not None:
            value = value.default
        if isinstance(value, Opaque):
            return Opaque(f"{op}{value.name}", slot=value.slot)
        value = arith.promote(value)
        if op == "~":
            return Int(~value.value, value.bits, value.signed)
        if op == "-":
            return Int(-value.value, value.bits, value.signed)
        if op == "+":
            return value
        raise Unjudged(f"operator {op}")

    def _sizeof(self, node: Node, scope: Scope) -> Value:
        if isinstance(node, c_ast.Typename):
            ctype = self.type_of_name(node, scope)
        elif isinstance(node, c_ast.Constant) and node.type == "string":
            return Int(len(node.value.strip('"')) + 1, self.bits, False)
        else:
            ctype = self.static_type(node, scope)
        if isinstance(ctype, UnknownType):
            return Opaque("sizeof")
        try:
            return Int(ctype.size, self.bits, False)
        except Unjudged as reason:
            return Opaque(f"sizeof {reason}")

    def _assignment(self, node: Node, scope: Scope) -> Value:
        self.mark(node)
        if node.op == "=":
            value = self.evaluate(node.rvalue, scope)
            place = self.place(node.lvalue, scope)
        else:
            place = self.place(node.lvalue, scope)
            left, right = self.load(place), self.evaluate(node.rvalue, scope)
            types = self.type_of_place(place), self.types.long  # nobody adds two pointers
            value = self.move(node.op[:-1], left, right, types)
        value = self.convert(value, self.type_of_place(place))
        self.store(place, value)
        return value

    @staticmethod
    def type_of_place(place: Place) -> CType:
        if isinstance(place, Pointer):
            if isinstance(place.obj, Variable) and place.target is None:
                return place.obj.ctype
            return place.target if place.target is not None else UnknownType()
        return UnknownType()

    def _cast(self, node: Node, scope: Scope) -> Value:
        target = self.type_of_name(node.to_type, scope)
        if isinstance(target, VoidType):
            self.evaluate(node.expr, scope)
            return Int(0)
        value = self.evaluate(node.expr, scope)
        return self.convert(value, target)

    def _literal(self, node: Node, scope: Scope) -> Value:
        ctype = self.type_of_name(node.type, scope)
        value = self.initial(node.init, ctype, scope)
        if not isinstance(ctype, ArrayType) or not isinstance(value, Struct):
            return value
        var = Variable("compound literal", ctype)
        var.cells.update(value.cells)
        return Pointer(var, 0, ctype.element)

    def _init_list(self, node: Node, scope: Scope) -> Value:
        raise Unjudged("an initializer without a type")

    def _generic(self, node: Node, scope: Scope) -> Value:
        """_Generic: the association of the operand's type, else the default.

        Where the type is not known, arms that differ only in the pointee's qualifiers are
        alike, and the first of them serves.
        """
        wanted = self.static_type(node.expr, scope)
        default = None
        pointers = True
        for item in node.associations:
            if item.type is None:
                default = item.expr
                continue
            offered = self.type_of_name(item.type, scope)
            pointers = pointers and isinstance(offered, PtrType)
            if same_type(offered, wanted):
                return self.evaluate(item.expr, scope)
        if default is None and pointers and node.associations:
            default = node.associations[0].expr
        if default is None:
            raise Unjudged("_Generic without a matching type")
        return self.evaluate(default, scope)
