# SPDX-License-Identifier: GPL-2.0-only
"""The type of an expression without evaluating it, for `typeof`, `sizeof` and offsetof."""

from __future__ import annotations

from typing import Any

from pycparser import c_ast

from . import arith
from .core import Core
from .ctype import ArrayType, CType, IntType, Node, PtrType, StructType, UnknownType, same_type
from .memory import Variable
from .names import Operands, Scope, Typed
from .values import FuncRef, Int, PathEnds, Pointer, Struct, Text, Unjudged, Value


class StaticTypes(Core):
    """Type inference; whatever cannot be inferred is UnknownType, never a guess."""

    def type_of_name(self, node: Node, scope: Scope) -> CType:
        """The type that a cast or a declaration names, with `typeof` seen from `scope`."""
        known = self.named_types.get(node)
        if known is not None:
            if known.types:
                self.types.asked |= known.types
            if known.questions:
                self.questions |= known.questions
            return known.ctype
        saved, self.typeof_scope = self.typeof_scope, scope
        before, self.types.asked = self.types.asked, set()
        outer = self.questions.copy()
        self.questions.clear()
        guesses = self.guesses
        try:
            ctype = self.types.of(node)
            if self.guesses == guesses and not self._is_array(node):
                self.named_types[node] = Typed(
                    ctype, frozenset(self.types.asked), frozenset(self.questions)
                )
            return ctype
        finally:
            self.questions |= outer
            before |= self.types.asked
            self.types.asked = before
            self.typeof_scope = saved

    @staticmethod
    def _is_array(node: Node) -> bool:
        """Whether the length of an array takes part in a type: `n` may be another each time."""
        while node is not None:
            if isinstance(node, c_ast.ArrayDecl):
                return True
            node = getattr(node, "type", None)
            if isinstance(node, (str, list)):
                return False
        return False

    def _typeof_node(self, node: Node) -> CType:
        children = node.children()
        if not children:
            return UnknownType()
        inner = children[0][1]
        if isinstance(inner, (c_ast.Typename, c_ast.Decl)):
            return self.types.of(inner)
        return self.static_type(inner, self.typeof_scope)

    def type_of_value(self, value: Value) -> CType:
        """The type of a value that is at hand."""
        if isinstance(value, Int):
            return IntType(value.bits, value.signed)
        if isinstance(value, Struct):
            return value.ctype
        if isinstance(value, Pointer) and value.target is not None:
            return self.types.pointer_to(value.target)
        return UnknownType()

    def static_type(self, node: Node, scope: Scope) -> CType:
        try:
            return self._infer(node, scope)
        except Unjudged:
            self.guesses += 1
            return UnknownType()

    def operand_types(self, node: Any, scope: Scope) -> tuple[CType, CType]:
        """The types of both operands of an operator, or of an array and its index."""
        known = self.typed_operands.get(node)
        if known is not None:
            if known.types:
                self.types.asked |= known.types
            if known.questions:
                self.questions |= known.questions
            return known.left, known.right
        if isinstance(node, c_ast.ArrayRef):
            left, right = node.name, node.subscript
        else:
            left, right = node.left, node.right
        before, self.types.asked = self.types.asked, set()
        outer = self.questions.copy()
        self.questions.clear()
        guesses = self.guesses
        try:
            found = self.static_type(left, scope), self.static_type(right, scope)
            if self.guesses == guesses:
                self.typed_operands[node] = Operands(
                    *found, frozenset(self.types.asked), frozenset(self.questions)
                )
            return found
        finally:
            self.questions |= outer
            before |= self.types.asked
            self.types.asked = before

    def _infer(self, node: Any, scope: Scope) -> CType:
        kind = type(node)
        if kind is c_ast.ID:
            return self._infer_name(node.name, scope)
        if kind is c_ast.Constant:
            if node.type == "string" or node.value.endswith('"'):
                return self.types.pointer_to(IntType(8, True))
            value = arith.constant(node.value, self.bits)
            return IntType(value.bits, value.signed)
        if kind is c_ast.Cast:
            return self.type_of_name(node.to_type, scope)
        if kind is c_ast.CompoundLiteral:
            return self.type_of_name(node.type, scope)
        if kind is c_ast.UnaryOp:
            return self._infer_unary(node, scope)
        if kind is c_ast.BinaryOp:
            return self._infer_binary(node, scope)
        if kind is c_ast.TernaryOp:
            return self._infer_ternary(node, scope)
        if kind is c_ast.StructRef:
            return self._infer_member(node, scope)
        if kind is c_ast.ArrayRef:
            return self._pointee(self._infer(node.name, scope))
        if kind is c_ast.Assignment:
            return self._infer(node.lvalue, scope)
        if kind is c_ast.ExprList:
            return self._infer(node.exprs[-1], scope)
        if kind is c_ast.FuncCall:
            return self._infer_call(node, scope)
        if kind is c_ast.Compound:
            return self._infer_block(node, scope)
        if kind is c_ast.GenericSelection:
            return self._infer_generic(node, scope)
        return UnknownType()

    def _infer_ternary(self, node: Any, scope: Scope) -> CType:
        elvis = isinstance(node.iftrue, c_ast.ID) and node.iftrue.name == "__ptc_elvis"
        arms = (node.cond if elvis else node.iftrue, node.iffalse)
        left, right = (self._infer(arm, scope) for arm in arms)
        if isinstance(left, IntType) and isinstance(right, IntType):
            return self._common(left, right)
        for arm, own, other in ((arms[0], left, right), (arms[1], right, left)):
            if isinstance(own, PtrType) and own.target is None and isinstance(other, PtrType):
                return other if self._is_null(arm, scope) else own  # C11 6.5.15, 6
        if isinstance(left, (UnknownType, IntType)):
            return right
        return left

    def _is_null(self, node: Any, scope: Scope) -> bool:
        """Whether an arm is a null pointer constant: `(void *)0`, `(void *)((long)x * 0l)`."""
        if not isinstance(node, c_ast.Cast):
            return False
        self.guesses += 1
        try:
            value = self.evaluate(node.expr, scope)
        except (Unjudged, PathEnds):
            return False
        return isinstance(value, Int) and value.value == 0

    def _infer_generic(self, node: Any, scope: Scope) -> CType:
        wanted = self._infer(node.expr, scope)
        default: CType = UnknownType()
        for item in node.associations:
            if item.type is None:
                default = self._infer(item.expr, scope)
            elif same_type(self.type_of_name(item.type, scope), wanted):
                return self._infer(item.expr, scope)
        return default

    def _infer_name(self, name: str, scope: Scope) -> CType:
        found = self.find(name, scope)
        if isinstance(found, Variable):
            self.guesses += found.guessed or isinstance(found.ctype, UnknownType)
            return found.ctype
        if isinstance(found, Int):
            return IntType(found.bits, found.signed)
        if not isinstance(found, (FuncRef, Text)):
            self.guesses += 1
        return UnknownType()

    @staticmethod
    def _pointee(ctype: CType) -> CType:
        if isinstance(ctype, ArrayType):
            return ctype.element
        if isinstance(ctype, PtrType):
            return ctype.target or UnknownType()
        return UnknownType()

    def _infer_unary(self, node: Any, scope: Scope) -> CType:
        op = node.op
        if op == "sizeof":
            return self.types.ulong
        inner = self._infer(node.expr, scope)
        if op == "*":
            return self._pointee(inner)
        if op == "&":
            return self.types.pointer_to(inner)
        if op == "!":
            return IntType(32, True)
        if isinstance(inner, IntType) and inner.bits < 32 and op in ("~", "-", "+"):
            return IntType(32, True)
        return inner

    @staticmethod
    def _common(left: IntType, right: IntType) -> IntType:
        bits, signed = arith.common(
            Int(0, left.bits, left.signed), Int(0, right.bits, right.signed)
        )
        return IntType(bits, signed)

    def _infer_binary(self, node: Any, scope: Scope) -> CType:
        if node.op in arith.COMPARISONS or node.op in ("&&", "||"):
            return IntType(32, True)
        left = self._infer(node.left, scope)
        if node.op in ("<<", ">>") and isinstance(left, IntType):
            return left if left.bits >= 32 else IntType(32, True)
        right = self._infer(node.right, scope)
        if isinstance(left, IntType) and isinstance(right, IntType):
            return self._common(left, right)
        if isinstance(left, (PtrType, ArrayType)) and isinstance(right, (PtrType, ArrayType)):
            return self.types.long
        for side in (left, right):
            if isinstance(side, ArrayType):
                return self.types.pointer_to(side.element)
            if isinstance(side, PtrType):
                return side
        return UnknownType()

    def _infer_member(self, node: Any, scope: Scope) -> CType:
        base = self._infer(node.name, scope)
        if node.type == "->":
            base = self._pointee(base)
        if isinstance(base, StructType):
            member = base.member(node.field.name)
            if member is not None:
                return member.ctype
        return UnknownType()

    def _infer_call(self, node: Any, scope: Scope) -> CType:
        if not isinstance(node.name, c_ast.ID):
            return UnknownType()
        name = node.name.name
        if name in ("__ptc_cmpxchg", "__ptc_xchg"):
            return UnknownType()
        if name.startswith("__builtin_") and node.args is not None:
            if name == "__builtin_choose_expr":
                return self._infer(node.args.exprs[1], scope)
            if name == "__builtin_expect":
                return self.types.long
            return IntType(
                64 if name.endswith("64") else 32, not name.startswith("__builtin_bswap")
            )
        near = self.run.location.path
        self.questions.update((("function", name, near), ("prototype", name, "")))
        found = self.code.function_node(name, near)
        declaration = found.decl if found is not None else self.code.prototype_node(name)
        if declaration is None:
            return UnknownType()
        return self.type_of_name(declaration.type.type, Scope())

    def _infer_block(self, node: Any, scope: Scope) -> CType:
        inner = Scope(scope)
        items = node.block_items or []
        for item in items[:-1]:
            if isinstance(item, c_ast.Decl) and item.name:
                guesses = self.guesses
                ctype = self.type_of_name(item.type, inner)
                if isinstance(ctype, UnknownType) and item.init is not None:
                    ctype = self._infer(item.init, inner)
                inner.names[item.name] = local = Variable(item.name, ctype)
                local.guessed = self.guesses != guesses
        return self._infer(items[-1], inner) if items else UnknownType()
