# SPDX-License-Identifier: GPL-2.0-only
"""Binary operators on values of any kind: numbers, pointers, what is not known."""

from __future__ import annotations

import re

from . import arith
from .ctype import CType, FuncType, PtrType, UnknownType, VoidType
from .memory import Table
from .refilling import ORDERING, Refilling
from .values import (
    FuncRef,
    Int,
    Opaque,
    Partly,
    Pointer,
    SlotInt,
    SlotPart,
    Struct,
    Text,
    Unjudged,
    Value,
)

_KEEPS_ADDRESS = frozenset({"+", "-", "|", "&", "^"})
_INDEXED = re.compile(r"^\(\?(.*) \+ (0x[0-9a-f]+)\)$")
"""`(X + n)`, as opaque arithmetic names it: less X, it is n. Maps of page frames are indexed and
subtracted this way (`mem_map + pfn`); the size of their elements cancels out."""
SMALL = 0x1_0000  # offsets into a page and counts are no addresses


class Operators(Refilling):
    """`left op right`, exact where both are known."""

    def operate(self, op: str, left: Value, right: Value) -> Value:
        """`left op right` for values of any kind."""
        if type(left) is Int and type(right) is Int:
            return arith.binary(op, left, right)
        if isinstance(left, Int) and isinstance(right, Int):
            result = arith.binary(op, left, right)
            marked = left.__class__ is SlotInt or right.__class__ is SlotInt
            if marked and op in _KEEPS_ADDRESS and result.raw >= SMALL:
                return SlotInt(result.value, result.bits, result.signed)
            return self._piece(op, left, right, result)
        if isinstance(left, Struct):
            left = self.number(left)
        if isinstance(right, Struct):
            right = self.number(right)
        if op in ORDERING and self.refilled:
            left, right = self.at_first(left), self.at_first(right)
            if isinstance(left, Int) and isinstance(right, Int):
                return arith.binary(op, left, right)
        if op not in arith.COMPARISONS:
            known = self._with_defaults(op, left, right)
            if known is not None:
                return known
        if isinstance(left, Pointer) or isinstance(right, Pointer):
            return self._pointer_arithmetic(op, left, right)
        if isinstance(left, (FuncRef, Text)) or isinstance(right, (FuncRef, Text)):
            if op in ("==", "!="):
                same = repr(left) == repr(right)
                return Int(int(same == (op == "==")))
            return Opaque(f"({left!r}{op}{right!r})")
        return self._opaque_arithmetic(op, left, right)

    @staticmethod
    def _piece(op: str, left: Int, right: Int, result: Int) -> Int:
        """What is computed from an entry's address: some of its bits, or nothing of it any more,
        as the place of something else (the page of a table) or an index is."""
        both = isinstance(left, SlotInt) and isinstance(right, SlotInt)
        other = right if isinstance(left, SlotInt) else left
        if op in ("<<", ">>"):
            kept = isinstance(left, SlotInt)
        elif op == "/":
            kept = other is right and other.value.bit_count() == 1
        elif op in ("+", "-"):
            kept = not both and other.raw < SMALL
        else:
            kept = op in ("|", "^") or (op == "&" and other.raw >= SMALL)
        if not kept or not result.value:
            return result
        return SlotPart(result.value, result.bits, result.signed)

    @staticmethod
    def is_address(left: Value, right: Value) -> bool:
        """Whether two numbers, one of which may be the address of something, are given."""
        if not isinstance(left, Int) or not isinstance(right, Int):
            return False
        return left.raw >= SMALL or right.raw >= SMALL

    def move(self, op: str, left: Value, right: Value, types: tuple[CType, CType]) -> Value:
        """`left op right`; a pointer that is but a number moves in steps of what it points to."""
        pointers = [isinstance(ctype, PtrType) for ctype in types]
        numbers = isinstance(left, Int) and isinstance(right, Int)
        if op not in ("+", "-") or not numbers or not any(pointers):
            return self.operate(op, left, right)
        assert isinstance(left, Int)
        assert isinstance(right, Int)
        step = self._step_of(types[0] if pointers[0] else types[1])
        if step is None or any(isinstance(ctype, UnknownType) for ctype in types):
            return Opaque(f"({left!r} {op} {right!r})")
        if all(pointers):
            return Int((left.value - right.value) // step, self.bits, True)
        if pointers[0]:
            right = Int(right.value * step, self.bits, right.signed)
        else:
            left = Int(left.value * step, self.bits, left.signed)
        return self.operate(op, left, right)

    @staticmethod
    def _step_of(pointer: CType) -> int | None:
        """Bytes of what a pointer points to; None where that is not known."""
        assert isinstance(pointer, PtrType)
        target = pointer.target
        if target is None or isinstance(target, FuncType):
            return 1
        try:
            return None if isinstance(target, UnknownType) else target.size or None
        except Unjudged:
            return None

    @staticmethod
    def _with_defaults(op: str, left: Value, right: Value) -> Value | None:
        """Arithmetic with variables by their initial values.

        A mask (mostly ones) narrows an entry; a word of flags (`features & 4`) is asked about,
        so what is taken out of it stays a question.
        """
        a = left.default if isinstance(left, Opaque) else left
        b = right.default if isinstance(right, Opaque) else right
        if not isinstance(a, Int) or not isinstance(b, Int):
            return None
        result = arith.binary(op, a, b)
        if op in ("&", ">>"):
            for side in (left, right):
                first = side.default if isinstance(side, Opaque) else None
                if first is not None and first.raw.bit_count() * 2 < first.bits:
                    return Opaque(f"({left!r} {op} {right!r})", default=result)
        return result

    def _opaque_arithmetic(self, op: str, left: Value, right: Value) -> Value:
        slot = self.is_slot(left) or self.is_slot(right)
        for one, other in ((left, right), (right, left)):
            if isinstance(other, Int) and isinstance(one, Opaque):
                if other.value == 0 and op in ("&", "*"):
                    return Int(0, max(32, other.bits), other.signed)
                if other.value == 0 and op in ("|", "^", "+") and not one.name.startswith("("):
                    return one
                if other.value == 0 and op in ("==", "!=") and one.nonnull:
                    return Int(int(op == "!="))
        if op == "-" and isinstance(left, Opaque) and isinstance(right, Opaque):
            index = _INDEXED.match(left.name)
            if index is not None and index[1] == right.name:
                return Int(int(index[2], 16), self.bits, False)
        if isinstance(left, Opaque) and isinstance(right, Opaque) and left.name == right.name:
            if op in ("==", "<=", ">="):
                return Int(1)
            if op in ("!=", "<", ">", "^", "-"):
                return Int(0)
            if op in ("&", "|"):
                return left
        name = f"({left!r} {op} {right!r})"
        return self._masked(op, left, right, name, slot) or Opaque(name, slot=slot)

    @staticmethod
    def _masked(op: str, left: Value, right: Value, name: str, slot: bool) -> Value | None:
        """What a mask leaves of something not known: nothing, or some of its bits."""
        if op not in ("&", "|"):
            return None
        sides = []
        for side in (left, right):
            if isinstance(side, Int):
                sides.append((side.value, side.value))
            elif isinstance(side, Partly):
                sides.append((side.may, side.must))
            else:
                sides.append((-1, 0))
        (may, must), (other_may, other_must) = sides
        if op == "&":
            may, must = may & other_may, must & other_must
        else:
            may, must = may | other_may, must | other_must
        if may == 0:
            known = left if isinstance(left, Int) else right
            bits, signed = (known.bits, known.signed) if isinstance(known, Int) else (32, True)
            return Int(0, max(32, bits), signed)
        return None if (may, must) == (-1, 0) else Partly(name, may, must, slot=slot)

    def _pointer_arithmetic(self, op: str, left: Value, right: Value) -> Value:
        if op in ("+", "-") and isinstance(left, Pointer) and isinstance(right, Int):
            count = Int(right.value, self.bits, True).value
            moved = (count if op == "+" else -count) * self._step(left)
            return Pointer(left.obj, left.offset + moved, left.target)
        if op == "+" and isinstance(left, Int) and isinstance(right, Pointer):
            return Pointer(right.obj, right.offset + left.value * self._step(right), right.target)
        if isinstance(left, Pointer) and isinstance(right, Pointer) and left.obj is right.obj:
            if op == "-":
                return Int((left.offset - right.offset) // self._step(left), self.bits, True)
            if op in arith.COMPARISONS:
                return arith.binary(op, Int(left.offset, 64), Int(right.offset, 64))
        if op in ("==", "!="):
            for one, other in ((left, right), (right, left)):
                if isinstance(one, Pointer) and isinstance(other, Int) and other.raw == 0:
                    return Int(int(op == "!="))
        if op in ("==", "!=") and any(
            isinstance(side, Opaque) and side.nonnull for side in (left, right)
        ):
            return Int(int(op == "!="))  # a known object is not the unknown mm or vma
        if op in ("+", "-"):
            self.forget((left, right), "an unknown index")
        a, b = self.number(left), self.number(right)
        if isinstance(a, Int) and isinstance(b, Int):
            if op == "-" and isinstance(left, Pointer) and isinstance(right, Pointer):
                return Int((a.value - b.value) // self._step(left), self.bits, True)
            return arith.binary(op, a, b)
        if op in ("==", "!=") and isinstance(left, Pointer) and isinstance(right, Pointer):
            return Int(int(op == "!="))
        slot = self.names_slot(left) or self.names_slot(right)
        return Opaque(f"({a!r} {op} {b!r})", slot=slot)

    @staticmethod
    def _step(pointer: Pointer) -> int:
        if isinstance(pointer.target, VoidType):
            return 1
        if pointer.target is None or isinstance(pointer.target, UnknownType):
            return pointer.obj.width if isinstance(pointer.obj, Table) else 1
        return pointer.target.size
