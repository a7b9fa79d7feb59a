# SPDX-License-Identifier: GPL-2.0-only
"""Places: what an lvalue stands for, members, elements."""

from __future__ import annotations

from pycparser import c_ast

from .core import Core
from .ctype import ArrayType, Member, Node, PtrType, StructType
from .memory import Table, Variable
from .names import Scope
from .values import FuncRef, Int, Opaque, PathEnds, Pointer, Struct, Unjudged, Value

Place = Pointer | Opaque | Int


def pointer_of(node: Node) -> Node | None:
    """The pointer that `p->m` or `(*p).m` goes through; None for a member of a structure."""
    if node.type == "->":
        return node.name
    through = isinstance(node.name, c_ast.UnaryOp) and node.name.op == "*"
    return node.name.expr if through else None


class Places(Core):
    """Evaluates lvalues to a pointer, the name of an unknown place, or an address."""

    def place(self, node: Node, scope: Scope) -> Place:
        """Where an lvalue is: a pointer to it, the name of an unknown place, or an address."""
        kind = type(node)
        if kind is c_ast.ID:
            found = self.find(node.name, scope)
            if isinstance(found, Variable):
                return Pointer(found, 0, found.ctype)
            if isinstance(found, FuncRef):
                return Opaque(f"&{found.name}", nonnull=True)
            if isinstance(found, Opaque):
                return found
            raise Unjudged(f"{node.name} is no variable")
        if kind is c_ast.UnaryOp and node.op == "*":
            value = self.evaluate(node.expr, scope)
            return self.pointer_value(value)
        if kind is c_ast.StructRef:
            return self._member_place(node, scope)
        if kind is c_ast.ArrayRef:
            base = self.evaluate(node.name, scope)
            index = self.evaluate(node.subscript, scope)
            if isinstance(index, Pointer):
                base, index = index, base
            index = self.number(index)
            if self.is_address(base, index):  # what stands there is not known, its address is
                types = self.operand_types(node, scope)
                return self.pointer_value(self.move("+", base, index, types))
            return self.pointer_value(self.operate("+", base, index))
        if kind is c_ast.Cast:
            place = self.place(node.expr, scope)
            if isinstance(place, Pointer):
                return Pointer(place.obj, place.offset, self.type_of_name(node.to_type, scope))
            return place
        if kind is c_ast.CompoundLiteral or kind in (c_ast.FuncCall, c_ast.Compound):
            return self.temporary(self.evaluate(node, scope))
        if kind is c_ast.TernaryOp:
            taken = self.truth(self.evaluate(node.cond, scope), node)
            return self.place(node.iftrue if taken else node.iffalse, scope)
        if kind is c_ast.ExprList:
            for item in node.exprs[:-1]:
                self.evaluate(item, scope)
            return self.place(node.exprs[-1], scope)
        return self.temporary(self.evaluate(node, scope))

    def temporary(self, value: Value) -> Place:
        if isinstance(value, Struct):
            var = Variable("temporary", value.ctype)
            var.cells.update(value.cells)
            return Pointer(var, 0, value.ctype)
        if isinstance(value, Opaque):
            return value
        var = Variable("temporary", self.type_of_value(value))
        self.memory.store(var, 0, value, None)
        return Pointer(var, 0, var.ctype)

    def pointer_value(self, value: Value) -> Place:
        if isinstance(value, Pointer):
            return value
        if isinstance(value, Int):
            if value.raw == 0:
                raise PathEnds("NULL dereference")
            return self.at_address(value)
        if isinstance(value, Opaque):
            return Opaque(f"*{value.name}", slot=value.slot)
        if isinstance(value, Struct):
            return self.pointer_value(self.number(value))
        return Opaque(f"*{value!r}")

    def _member_place(self, node: Node, scope: Scope) -> Place:
        pointer = pointer_of(node)
        if pointer is not None:
            return self.member_at(node, self.evaluate(pointer, scope), scope)
        if isinstance(node.name, (c_ast.ID, c_ast.StructRef, c_ast.ArrayRef, c_ast.UnaryOp)):
            return self.member_at(node, self.place(node.name, scope), scope)
        return self.member_at(node, self.temporary(self.evaluate(node.name, scope)), scope)

    def member_at(self, node: Node, base: Value, scope: Scope) -> Place:
        """The place of a member, of what the node's pointer or structure stands for."""
        name, pointer = node.field.name, pointer_of(node)
        arrow = "." if pointer is None else "->"
        if pointer is not None:
            if isinstance(base, Struct):
                base = self.number(base)
            if isinstance(base, Int):
                base = self.at_address(base) if base.raw else base
        if isinstance(base, Int):
            return self._offset_of(node.name if pointer is None else pointer, base, name, scope)
        if isinstance(base, Opaque):
            return self.field(base, name, arrow)
        if not isinstance(base, Pointer):
            return Opaque(f"{base!r}{arrow}{name}")
        return self.member_of(base, name)

    def member_of(self, base: Pointer, name: str) -> Place:
        """`base->name`."""
        ctype = base.target
        if isinstance(base.obj, Variable) and base.obj.is_global:
            self.ask_contents(base.obj.name)
        if not isinstance(ctype, StructType):
            ctype = base.obj.ctype if isinstance(base.obj, Variable) else None
            if not isinstance(ctype, StructType) or base.offset:
                if isinstance(base.obj, Variable) and base.obj.fill is not None:
                    return self.field(base.obj.fill, name, ".")
                return Opaque(f"{base!r}.{name}", slot=isinstance(base.obj, Table))
        try:
            member = ctype.member(name)
        except Unjudged:
            member = None
            if isinstance(base.obj, Variable) and base.obj.is_global:
                return self.field(Opaque(base.obj.name), name, ".")
        if member is None:
            return Opaque(f"{base!r}.{name}", slot=isinstance(base.obj, Table))
        if member.width:
            local = isinstance(base.obj, Variable) and not base.obj.is_global
            return Opaque(f"bit field {base!r}.{name}", slot=local or isinstance(base.obj, Table))
        return Pointer(base.obj, base.offset + member.offset, member.ctype)

    def _offset_of(self, node: Node, base: Int, name: str, scope: Scope) -> Place:
        """`&((struct s *)0)->member` and its like: an address, not an access."""
        ctype = self.static_type(node, scope)
        if isinstance(ctype, PtrType):
            target = ctype.target
            if isinstance(target, StructType):
                try:
                    member = target.member(name)
                except Unjudged:
                    member = None
                if isinstance(member, Member):
                    return Int(base.value + member.offset, self.bits, False)
        return Opaque(f"{base!r}->{name}")

    def _member(self, node: Node, scope: Scope) -> Value:
        place = self._member_place(node, scope)
        if isinstance(place, Pointer) and isinstance(place.target, ArrayType):
            return Pointer(place.obj, place.offset, place.target.element)
        return self.load(place)

    def _element(self, node: Node, scope: Scope) -> Value:
        place = self.place(node, scope)
        if isinstance(place, Pointer) and isinstance(place.target, ArrayType):
            return Pointer(place.obj, place.offset, place.target.element)
        return self.load(place)
