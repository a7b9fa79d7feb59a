# SPDX-License-Identifier: GPL-2.0-only
"""C types as the evaluator needs them: widths, signs, layouts.

Layouts follow the common ABI of the kernel's architectures: natural alignment, `long` and
pointers of the word size. Pointees and members are resolved on first use, since the unit declares
thousands of structures that no helper touches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

from pycparser import c_ast

from .values import Unjudged

Node: TypeAlias = Any  # a pycparser node; the package ships no types


class Declarations(Protocol):
    """What the type resolver asks of a unit; every answer is a parsed node or None."""

    def typedef_node(self, name: str) -> Node | None: ...
    def struct_node(self, tag: str) -> Node | None: ...
    def enum_node(self, constant: str) -> Node | None: ...


@dataclass(frozen=True, slots=True)
class IntType:
    """An integer type; `_Bool` has one bit."""

    bits: int
    signed: bool
    size: int = field(init=False, compare=False, repr=False)
    align: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        size = max(1, self.bits // 8)
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "align", size)


@dataclass(frozen=True, slots=True)
class VoidType:
    size: int = 1  # GNU C: arithmetic on void pointers counts bytes
    align: int = 1


@dataclass(frozen=True, slots=True)
class UnknownType:
    """A type that could not be found out (`typeof` of something not followed): keep the value's."""

    @property
    def size(self) -> int:
        raise Unjudged("size of an unknown type")

    align: int = 1


@dataclass(frozen=True, slots=True)
class FuncType:
    size: int = 1
    align: int = 1


class PtrType:
    """A pointer type; `target` is resolved when first asked for."""

    __slots__ = ("_node", "_resolve", "_target", "align", "size")

    def __init__(
        self, size: int, node: Node, resolve: Callable[[Node], CType] | None, target: CType | None
    ) -> None:
        self.size = size
        self.align = size
        self._node = node
        self._resolve = resolve
        self._target = target

    @property
    def target(self) -> CType | None:
        """The pointee, or None for `void *` and pointees that cannot be resolved."""
        if self._resolve is not None:
            resolve, self._resolve = self._resolve, None
            try:
                self._target = resolve(self._node)
            except Unjudged:
                self._target = UnknownType()
        found = self._target
        return None if isinstance(found, VoidType) else found


class ArrayType:
    """An array; `length` None where the declaration gives none."""

    __slots__ = ("element", "length")

    def __init__(self, element: CType, length: int | None) -> None:
        self.element = element
        self.length = length

    @property
    def size(self) -> int:
        return self.element.size * (self.length or 0)

    @property
    def align(self) -> int:
        return self.element.align


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a structure: byte offset; `bit`/`width` for bit fields (width 0: none)."""

    name: str
    ctype: CType
    offset: int
    bit: int = 0
    width: int = 0


class StructType:
    """A structure or union with its layout, computed on first use."""

    __slots__ = ("_build", "_layout", "_resolver", "tag", "union")

    def __init__(
        self,
        tag: str,
        union: bool,
        build: Callable[[], tuple[tuple[Member, ...], int, int]],
        resolver: TypeResolver | None = None,
    ) -> None:
        self._resolver = resolver
        self.tag = tag
        self.union = union
        self._build = build
        self._layout: tuple[tuple[Member, ...], int, int] | None = None

    @property
    def layout(self) -> tuple[tuple[Member, ...], int, int]:
        if self._resolver is not None:
            self._resolver.asked.add(("struct", self.tag, ""))
        if self._layout is None:
            self._layout = self._build()
        return self._layout

    @property
    def members(self) -> tuple[Member, ...]:
        return self.layout[0]

    @property
    def size(self) -> int:
        return self.layout[1]

    @property
    def align(self) -> int:
        return self.layout[2]

    def member(self, name: str) -> Member | None:
        """The member, also of an anonymous structure inside, at its offset from the top."""
        for item in self.members:
            if item.name == name:
                return item
        for item in self.members:
            if not item.name and isinstance(item.ctype, StructType):
                found = item.ctype.member(name)
                if found is not None:
                    return Member(
                        name, found.ctype, item.offset + found.offset, found.bit, found.width
                    )
        return None


CType: TypeAlias = "IntType | VoidType | UnknownType | FuncType | PtrType | ArrayType | StructType"

_WIDTHS: Final = {"char": 8, "short": 16, "int": 32, "__int128": 128, "_Bool": 1}


class Nothing:
    """The declarations of a unit that is gone."""

    def typedef_node(self, name: str) -> Node | None:
        return None

    def struct_node(self, tag: str) -> Node | None:
        return None

    def enum_node(self, constant: str) -> Node | None:
        return None


def _gone(node: Node) -> Any:
    raise Unjudged("the unit is gone")


class TypeResolver:
    """Turns type nodes into types for one word size.

    `constant` evaluates array bounds; `typeof` infers the type of an expression in a scope (both
    are given by the machine, which owns the expressions).
    """

    def __init__(
        self,
        declarations: Declarations,
        bits: int,
        constant: Callable[[Node], int],
        typeof: Callable[[Node], CType],
        align64: int | None = None,
    ) -> None:
        self.bits = bits
        self._declarations = declarations
        self._constant = constant
        self._typeof = typeof
        self._named: dict[str, CType] = {}
        self._tagged: dict[str, StructType] = {}
        self._by_node: dict[Node, CType] = {}
        self.asked: set[tuple[str, str, str]] = set()
        self.long = IntType(bits, True)
        self.ulong = IntType(bits, False)

    def release(self) -> None:
        """Lets go of the unit; types that are in use keep the layouts that they have."""
        self._declarations = Nothing()
        self._constant = self._typeof = _gone
        self._named.clear()
        self._tagged.clear()
        self._by_node.clear()

    def pointer_to(self, target: CType) -> PtrType:
        """The type `target *`."""
        return PtrType(self.bits // 8, None, None, target)

    def define(self, name: str, ctype: CType) -> None:
        """A typedef inside a function, of a name that the unit does not have."""
        self._named[name] = ctype

    def named(self, name: str) -> CType:
        """A typedef by name; Unjudged when the unit has none."""
        self.asked.add(("type", name, ""))
        found = self._named.get(name)
        if found is None:
            node = self._declarations.typedef_node(name)
            if node is None:
                raise Unjudged(f"type {name} is not defined")
            self._named[name] = UnknownType()  # a typedef that names itself ends here
            found = self._named[name] = self.of(node)
        return found

    def of(self, node: Node) -> CType:
        """The type of a declaration, type name or declarator."""
        kind = type(node)
        if kind in (c_ast.Typename, c_ast.Decl, c_ast.TypeDecl, c_ast.Typedef):
            return self.of(node.type)
        if kind is c_ast.IdentifierType:
            return self._identifier(node.names)
        if kind is c_ast.PtrDecl:
            if _below_is_typeof(node.type):
                return self.pointer_to(self.of(node.type))  # `typeof` depends on the scope: now
            return PtrType(self.bits // 8, node.type, self.of, None)
        if kind is c_ast.ArrayDecl:
            return self._array(node)
        if kind is c_ast.FuncDecl:
            return FuncType()
        if kind is c_ast.Enum:
            return IntType(32, False)
        if kind in (c_ast.Struct, c_ast.Union):
            return self._struct(node)
        if kind.__name__ == "TypeOf":
            return self._typeof(node)
        raise Unjudged(f"type {kind.__name__}")

    def _identifier(self, names: list[str]) -> CType:
        if len(names) == 1 and names[0] not in _WIDTHS:
            name = names[0]
            if name == "void":
                return VoidType()
            if name == "__auto_type":
                return UnknownType()
            if name not in ("long", "signed", "unsigned", "float", "double"):
                return self.named(name)
        if "void" in names:
            return VoidType()
        unsigned = "unsigned" in names
        longs = names.count("long")
        if longs >= 2:
            return IntType(64, not unsigned)
        if longs:
            return IntType(self.bits, not unsigned)
        for word, width in _WIDTHS.items():
            if word in names:
                return IntType(width, width != 1 and not unsigned)
        if "double" in names or "float" in names:
            return UnknownType()
        return IntType(32, not unsigned)

    def _array(self, node: Node) -> ArrayType:
        length = None
        if node.dim is not None:
            try:
                length = self._constant(node.dim)
            except Unjudged:
                length = None
        return ArrayType(self.of(node.type), length)

    def _struct(self, node: Node) -> CType:
        union = isinstance(node, c_ast.Union)
        if node.decls is None:
            tag = node.name or ""
            key = f"{'union' if union else 'struct'} {tag}"
            known = self._tagged.get(key)
            if known is None:
                known = StructType(tag, union, lambda: self._tagged_layout(tag, union), self)
                self._tagged[key] = known
            return known
        found = self._by_node.get(node)
        if found is None:
            decls = node.decls
            found = StructType(node.name or "", union, lambda: self._layout(decls, union))
            self._by_node[node] = found
        return found

    def _tagged_layout(self, tag: str, union: bool) -> tuple[tuple[Member, ...], int, int]:
        node = self._declarations.struct_node(tag)
        if node is None:
            raise Unjudged(f"struct {tag} is not defined")
        while not isinstance(node, (c_ast.Struct, c_ast.Union)):
            node = node.type
        if node.decls is None:
            raise Unjudged(f"struct {tag} is not defined")
        return self._layout(node.decls, union)

    def _layout(self, decls: list[Node], union: bool) -> tuple[tuple[Member, ...], int, int]:
        members: list[Member] = []
        end = 0  # in bits
        size = align = 0
        for decl in decls:
            if isinstance(decl, (c_ast.Pragma, c_ast.StaticAssert)):
                continue
            ctype = self.of(decl)
            width = 0
            if getattr(decl, "bitsize", None) is not None:
                width = self._constant(decl.bitsize)
                unit = ctype.size * 8
                if width == 0:
                    end = -(-end // unit) * unit
                    continue
                if end // unit != (end + width - 1) // unit:
                    end = -(-end // unit) * unit
                start = 0 if union else end
                members.append(
                    Member(decl.name or "", ctype, start // unit * (unit // 8), start % unit, width)
                )
                end = start + width
                align = max(align, ctype.align)
                size = max(size, -(-end // 8))
                continue
            member_align = max(1, ctype.align)
            offset = 0 if union else -(-end // (8 * member_align)) * member_align
            members.append(Member(decl.name or "", ctype, offset))
            end = 8 * (offset + ctype.size)
            align = max(align, member_align)
            size = max(size, offset + ctype.size)
        if align:
            size = -(-size // align) * align
        return tuple(members), size, max(1, align)


def _below_is_typeof(node: Node) -> bool:
    while isinstance(node, (c_ast.PtrDecl, c_ast.TypeDecl, c_ast.ArrayDecl)):
        node = node.type
    return type(node).__name__ == "TypeOf"


def same_type(left: CType, right: CType) -> bool:
    """Whether two types are compatible, qualifiers aside; unknown types are like no other."""
    if isinstance(left, PtrType) and isinstance(right, PtrType):
        a, b = left.target, right.target
        if a is None or b is None:
            return a is b
        return same_type(a, b)
    if isinstance(left, StructType) and isinstance(right, StructType):
        if left.tag or right.tag:
            return left.tag == right.tag and left.union == right.union
        return left is right
    if isinstance(left, (UnknownType, PtrType, StructType, ArrayType)):
        return False
    return left == right
