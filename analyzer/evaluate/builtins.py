# SPDX-License-Identifier: GPL-2.0-only
"""The compiler's own functions: what gcc and clang compute for `__builtin_*` and `offsetof`."""

from __future__ import annotations

from typing import Final

from pycparser import c_ast

from .arith import promote
from .core import Core
from .ctype import CType, Node, StructType, UnknownType, same_type
from .names import Scope
from .values import Int, Opaque, PathEnds, Value

_PURE: Final = frozenset({"bswap", "clz", "c", "ctz", "ffs", "popcount", "parity", "clrsb", "abs"})


class Builtins(Core):
    """Calls of functions that no file defines."""

    def call(self, name: str, values: list[Value], home: str = "") -> Value:
        """Calls a function by name, as the file `home` (default: the caller's) knows it."""
        raise NotImplementedError

    def unseen(self, name: str, values: list[Value], indirect: bool = False) -> Value:
        """A function without a body here."""
        raise NotImplementedError

    def builtin(self, name: str, arguments: list[Node], scope: Scope) -> Value:
        """The value of a builtin; IndexError and the like for arguments that it cannot have."""
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
