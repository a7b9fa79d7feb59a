# SPDX-License-Identifier: GPL-2.0-only
"""What a call has to know of a function before its body is run, and whether it has to be run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pycparser import c_ast

from ..model import Location
from .core import Core
from .ctype import ArrayType, CType, FuncType, Node, UnknownType
from .memory import Variable
from .names import Scope
from .values import Int, Pointer, Struct, Text, Unjudged, Value

LEAST_PAGE: Final = 0x1000  # bytes; no architecture has smaller pages
_TRUTHS: Final = frozenset({"int", "bool", "_Bool", "unsigned", "signed"})


@dataclass(frozen=True, slots=True)
class Shape:
    """What a call needs to know of a function: parameters, result, place."""

    parameters: tuple[tuple[str, CType], ...]
    result: CType
    has_mm: bool
    defined: Location
    void: bool
    answers: bool  # with a plain number, which is no entry
    variadic: bool

    def unnamed(self, values: list[Value]) -> list[Value]:
        """The arguments that the body takes by va_arg()."""
        return values[len(self.parameters) - 1 :] if self.variadic else []


class Shapes(Core):
    """Signatures of functions, and which calls change nothing that is watched."""

    def __init__(self, code: Any, bits: int, order: str) -> None:
        super().__init__(code, bits, order)
        self.reaches: dict[str, bool] = {}
        self.needed: set[str] = set()  # functions that use the entry's address they are given
        self._shapes: dict[Node, Shape] = {}
        self._mentions: dict[Node, tuple[frozenset[str], list[Node]]] = {}
        self.shape_questions: dict[str, frozenset[tuple[str, str, str]]] = {}

    @staticmethod
    def is_hook(name: str) -> bool:
        """Whether a name is one of the hooks."""
        raise NotImplementedError

    def skippable(self, name: str, node: Node, values: list[Value]) -> bool:
        """A void function that gets no entry, no local variable, and reaches no hook."""
        if not self.run.stack:
            return False
        shape = self.shape(name, node)
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

    def _used(self, node: Node, shape: Shape, values: list[Value]) -> list[Value]:
        """The arguments for parameters that the body makes use of.

        Where all that it takes of an address is the offset into a page (`(unsigned long)ptep &
        0x7f8`), it does not know the address.
        """
        known = self._mentions.get(node)
        if known is None:
            known = self._mentions[node] = self._mentioned(node.body)
        mentioned, masks = known
        for mask in masks:
            self.fold(mask, Scope())  # to ask again what it asks
        pairs = zip(shape.parameters, values, strict=False)
        named = [value for (parameter, _), value in pairs if parameter in mentioned]
        return named + shape.unnamed(values)

    def mentions(self, node: Node) -> frozenset[str]:
        """The names that the body of a function makes use of."""
        known = self._mentions.get(node)
        if known is None:
            known = self._mentions[node] = self._mentioned(node.body)
        return known[0]

    def _mentioned(self, body: Node) -> tuple[frozenset[str], list[Node]]:
        """The names in a function, and the masks of those addresses of which it takes bits."""
        mentioned: set[str] = set()
        masks: list[Node] = []
        todo = [body]
        while todo:
            item = todo.pop()
            if isinstance(item, c_ast.ID):
                mentioned.add(str(item.name))
            mask = self._offset_mask(item)
            if mask is not None:
                masks.append(mask)
            else:
                todo.extend(child for _, child in item.children())
        return frozenset(mentioned), masks

    def _offset_mask(self, node: Node) -> Node | None:
        """The mask of an expression that is a name's number less than a page; else None."""
        if not isinstance(node, c_ast.BinaryOp) or node.op != "&":
            return None
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if (
                isinstance(side, c_ast.Cast)
                and isinstance(side.to_type.type, c_ast.TypeDecl)
                and isinstance(side.to_type.type.type, c_ast.IdentifierType)
                and isinstance(side.expr, c_ast.ID)
            ):
                mask = self.fold(other, Scope())
                if isinstance(mask, Int) and 0 <= mask.value < LEAST_PAGE:
                    return other
        return None

    def takes_any(self, name: str, node: Node, shape: Shape, values: list[Value]) -> bool:
        """Whether a body takes arguments that have no name: it is not followed to them. With a
        format it prints them; an entry's address must not be among all arguments otherwise."""
        if not any(word.startswith("__builtin_va") for word in self.mentions(node)):
            return False
        unnamed = shape.unnamed(values)
        named = values[: len(values) - len(unnamed)]
        prints = any(isinstance(value, Text) for value in named)
        if any(self.names_slot(value) for value in (named if prints else values)):
            raise Unjudged(f"an entry's address is given to {name}, which takes any arguments")
        return not self.noted_reach(name)

    def only_prints(self, name: str, values: list[Value]) -> bool:
        """A variadic function with a format string: it reads what it is given."""
        if not any(isinstance(value, Text) for value in values):
            return False
        node = self.code.prototype_node(name)
        arguments = getattr(getattr(node, "type", None), "args", None)
        return arguments is not None and any(
            isinstance(p, c_ast.EllipsisParam) for p in arguments.params
        )

    def noted_reach(self, name: str) -> bool:
        """`reaches_hook`, as a question that was asked."""
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

    def shape(self, name: str, node: Node) -> Shape:
        """What a call of the function `node` needs to know of it; found once."""
        shape = self._shapes.get(node)
        if shape is None:
            shape = self._shapes[node] = self._asked_shape(name, node)
        return shape

    def _asked_shape(self, name: str, node: Node) -> Shape:
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
        has_mm = variadic = False
        for parameter in declaration.args.params if declaration.args is not None else []:
            has_mm = has_mm or _takes_mm(parameter)
            variadic |= isinstance(parameter, c_ast.EllipsisParam)
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
            plain and {*returned.type.names} <= _TRUTHS, variadic,
        )  # fmt: skip

    def _adjusted(self, ctype: CType) -> CType:
        """Parameters of array and function type are pointers (C11 6.7.6.3)."""
        if isinstance(ctype, ArrayType):
            return self.types.pointer_to(ctype.element)
        if isinstance(ctype, FuncType):
            return self.types.pointer_to(ctype)
        return ctype


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
