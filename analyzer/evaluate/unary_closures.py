# SPDX-License-Identifier: GPL-2.0-only
"""Closures of the rarer operators: see `closures`."""

from __future__ import annotations

from typing import Any, Final

from pycparser import c_ast

from . import arith
from .closures import TOO_MANY, Closure, Closures
from .ctype import IntType
from .expressions import constants_only
from .memory import Variable
from .names import Scope
from .values import FuncRef, Int, Opaque, Pointer, Unjudged, Value

_STEPS: Final = ("++", "--", "p++", "p--")
_SIGNS: Final = ("~", "-")
EXPECTED: Final = ("__builtin_expect", "__builtin_expect_with_probability")


class UnaryClosures(Closures):
    """Constant expressions, operators of one operand, `c ? a : b`, expected values."""

    def __init__(self, code: Any, bits: int, order: str) -> None:
        super().__init__(code, bits, order)
        self.makers |= {
            c_ast.UnaryOp: self._made_operator,
            c_ast.TernaryOp: self._made_ternary,
        }

    def made_as_it_is(self, node: Any) -> Closure:
        """A closure of the method of a node; of what is known once that is run."""
        plain = super().made_as_it_is(node)
        sized = isinstance(node, c_ast.UnaryOp) and node.op == "sizeof"
        if not (sized or isinstance(node, c_ast.BinaryOp)) or not constants_only(node):
            return plain
        folded = self.folded

        def constant(scope: Scope) -> Value:
            known = folded.get(node)
            if known is None:
                return plain(scope)
            run = self.run
            run.steps += 1
            if run.steps > self.max_steps:
                raise Unjudged(TOO_MANY)
            if known.types:
                self.types.asked |= known.types
            if known.questions:
                self.questions |= known.questions
            return known.value

        return constant

    def _made_operator(self, node: Any) -> Closure:
        op = node.op
        if op in _STEPS:
            return self._made_step(node)
        if op == "&":
            return self._made_address(node)
        return self._made_sign(node) if op in _SIGNS else self.made_unary(node)

    def _made_step(self, node: Any) -> Closure:
        place_of, step, load, store = self.made_place(node.expr), self.tick, self.load, self.store
        move, convert, typed = self.move, self.convert, self.type_of_place
        op, before = "+" if "+" in node.op else "-", node.op[0] == "p"
        one, types = Int(1), self.types

        def count(scope: Scope) -> Value:
            step()
            place = place_of(scope)
            old = load(place)
            ctype = typed(place)
            new = convert(move(op, old, one, (ctype, types.long)), ctype)
            store(place, new)
            return old if before else new

        return count

    def _made_address(self, node: Any) -> Closure:
        inner = node.expr
        if not isinstance(inner, (c_ast.ID, c_ast.StructRef)):
            return self.made_as_it_is(node)
        name = inner.name if isinstance(inner, c_ast.ID) else ""
        place_of, find, step = self.made_place(inner), self.find, self.tick

        def address(scope: Scope) -> Value:
            step()
            if name:
                found = find(name, scope, address=True)
                if isinstance(found, FuncRef):
                    return found
                if isinstance(found, Variable):
                    return Pointer(found, 0, found.ctype)
            place: Value = place_of(scope)
            if isinstance(place, Opaque) and not place.name.startswith("&"):
                return Opaque(f"&{place.name}", nonnull=True, slot=place.slot)
            return place

        return address

    def _made_sign(self, node: Any) -> Closure:
        inner, op, step, number = self.made(node.expr), node.op, self.tick, self.number

        def signed(scope: Scope) -> Value:
            step()
            value = number(inner(scope))
            if isinstance(value, Opaque) and value.default is not None:
                value = value.default
            if isinstance(value, Opaque):
                return Opaque(f"{op}{value.name}", slot=value.slot)
            value = arith.promote(value)
            return Int(~value.value if op == "~" else -value.value, value.bits, value.signed)

        return signed

    def _made_ternary(self, node: Any) -> Closure:
        if isinstance(node.iftrue, c_ast.ID) and node.iftrue.name == "__ptc_elvis":
            return self.made_as_it_is(node)
        cond, true, false = self.made(node.cond), self.made(node.iftrue), self.made(node.iffalse)
        step, truth, type_of = self.tick, self.truth, self.static_type

        def either(scope: Scope) -> Value:
            step()
            taken = truth(cond(scope), node)
            value = (true if taken else false)(scope)
            if isinstance(value, Int):  # the other arm takes part in the type
                other = type_of(node.iffalse if taken else node.iftrue, scope)
                if isinstance(other, IntType):
                    bits, signed = arith.common(value, Int(0, other.bits, other.signed))
                    return Int(value.value, bits, signed)
            return value

        return either

    def made_call(self, node: Any) -> Closure:
        """A closure of a call; of what is expected, that of the value."""
        arguments = node.args.exprs if node.args is not None else []
        if not arguments or getattr(node.name, "name", "") not in EXPECTED:
            return super().made_call(node)
        where, value_of, step = self.line_of(node), self.made(arguments[0]), self.tick
        name = node.name.name

        def expected(scope: Scope) -> Value:
            step()
            if where is not None:
                self.run.location = where
            try:
                return value_of(scope)
            except (IndexError, ValueError, AttributeError):
                raise Unjudged(f"{name} with impossible arguments") from None

        return expected
