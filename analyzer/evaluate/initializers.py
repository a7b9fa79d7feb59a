# SPDX-License-Identifier: GPL-2.0-only
"""Initializers: braces, designators, ranges."""

from __future__ import annotations

from typing import Final

from pycparser import c_ast

from .core import Core
from .ctype import ArrayType, CType, IntType, Node, StructType, UnknownType
from .memory import Variable
from .names import Scope
from .values import Int, Opaque, Payload, Pointer, Struct, Text, Unjudged, Value

MAX_ZEROED: Final = 1 << 16  # bytes


class Initializers(Core):
    """The value of an initializer for an object of a type."""

    def initial(self, node: Node, ctype: CType, scope: Scope) -> Value:
        """The value of an initializer for an object of type `ctype`."""
        if not isinstance(node, c_ast.InitList):
            return self.convert(self.evaluate(node, scope), ctype)
        if isinstance(ctype, (IntType, UnknownType)) or not isinstance(
            ctype, (StructType, ArrayType)
        ):
            if node.exprs:
                return self.initial(node.exprs[0], ctype, scope)
            return Int(0)
        scratch = Variable("initializer", ctype, fill=None)
        self.zero(scratch, ctype)
        self._fill(scratch, 0, ctype, node, scope)
        struct = ctype if isinstance(ctype, StructType) else _array_as_struct(ctype)
        return Struct(struct, dict(scratch.cells))

    def zero(self, var: Variable, ctype: CType) -> None:
        """Members without an initializer are zero (C11 6.7.9); of large objects they are opaque."""
        var.cells.update(self._zeros(ctype))

    def _zeros(self, ctype: CType) -> dict[int, tuple[int, Payload]]:
        """The cells of a blank object of a type; no two of them overlap."""
        size = ctype.size
        cells: dict[int, tuple[int, Payload]] = {}
        if size > MAX_ZEROED:
            return cells
        if isinstance(ctype, ArrayType):
            if ctype.length and ctype.length <= 512:
                inner, step = self._zeros(ctype.element), ctype.element.size
                for start in range(0, ctype.length * step, step) if step else ():
                    for at, cell in inner.items():
                        cells[start + at] = cell
        elif isinstance(ctype, StructType):
            for member in ctype.members[:1] if ctype.union else ctype.members:
                if not member.width:
                    for at, cell in self._zeros(member.ctype).items():
                        cells[member.offset + at] = cell
        elif size:
            cells[0] = (size, 0)
        return cells

    def _fill(self, var: Variable, offset: int, ctype: CType, node: Node, scope: Scope) -> None:
        if isinstance(ctype, ArrayType):
            index = 0
            for item in node.exprs or []:
                last = index
                if isinstance(item, c_ast.NamedInitializer):
                    index, last = self._designated_range(item.name[0], scope)
                    if len(item.name) > 1:
                        self._fill_designated(var, offset, ctype, item, scope)
                        index = last + 1
                        continue
                    item = item.expr
                for at in range(index, min(last, index + 4096) + 1):
                    self._fill_one(
                        var, offset + at * ctype.element.size, ctype.element, item, scope
                    )
                index = last + 1
            return
        assert isinstance(ctype, StructType)
        members = [m for m in ctype.members if m.name or isinstance(m.ctype, StructType)]
        position = 0
        for item in node.exprs or []:
            if isinstance(item, c_ast.NamedInitializer):
                self._fill_designated(var, offset, ctype, item, scope)
                name = getattr(item.name[0], "name", "")
                names = [m.name for m in members]
                position = names.index(name) + 1 if name in names else position
                continue
            if position >= len(members):
                return
            member = members[position]
            position += 1
            if member.width:
                raise Unjudged("an initializer of a bit field")
            self._fill_one(var, offset + member.offset, member.ctype, item, scope)

    def _fill_designated(
        self, var: Variable, offset: int, ctype: CType, item: Node, scope: Scope
    ) -> None:
        inner: CType = ctype
        for part in item.name:
            if isinstance(inner, StructType) and isinstance(part, c_ast.ID):
                member = inner.member(part.name)
                if member is None:
                    return
                if member.width:
                    raise Unjudged("an initializer of a bit field")
                offset += member.offset
                inner = member.ctype
            elif isinstance(inner, ArrayType):
                index, _ = self._designated_range(part, scope)
                offset += index * inner.element.size
                inner = inner.element
            else:
                return
        self._fill_one(var, offset, inner, item.expr, scope)

    def _fill_one(self, var: Variable, offset: int, ctype: CType, item: Node, scope: Scope) -> None:
        if isinstance(item, c_ast.InitList) and isinstance(ctype, (StructType, ArrayType)):
            self._fill(var, offset, ctype, item, scope)
            return
        try:
            if isinstance(ctype, (StructType, ArrayType)):
                value = self.evaluate(item, scope)
                if isinstance(value, (Int, Pointer)):
                    raise Unjudged("an initializer that leaves out braces")
            value = self.initial(item, ctype, scope)
        except Unjudged as reason:
            if self.run.stack:
                raise
            value = Opaque(f"initializer ({reason})")  # of a global: one member is not known
        if not isinstance(value, Text) or not isinstance(ctype, ArrayType):
            self.memory.store(var, offset, value, ctype)

    def _designated_range(self, node: Node, scope: Scope) -> tuple[int, int]:
        expr = node.expr if isinstance(node, c_ast.ArrayDesignator) else node
        if isinstance(expr, c_ast.BinaryOp) and expr.op == "...":
            return self.constant_expression(expr.left), self.constant_expression(expr.right)
        index = self.constant_expression(expr)
        return index, index


def _array_as_struct(ctype: ArrayType) -> StructType:
    """An initialised array travels as a structure of its cells."""
    return StructType("", False, lambda: ((), ctype.size, ctype.align))
