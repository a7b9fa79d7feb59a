# SPDX-License-Identifier: GPL-2.0-only
"""Conversions between numbers, pointers and structures."""

from __future__ import annotations

from .core import Core
from .ctype import CType, FuncType, IntType, PtrType, StructType, UnknownType, VoidType
from .memory import Table, Variable
from .values import Int, Opaque, Partly, Pointer, SlotInt, SlotPart, Struct, Unjudged, Value


class Conversions(Core):
    """Values as numbers, addresses, and values of another type."""

    def number(self, value: Value) -> Int | Opaque:
        """The value as an integer, pointers as addresses."""
        if isinstance(value, (Int, Opaque)):
            return value
        if isinstance(value, Struct):
            try:
                size = value.ctype.size
            except Unjudged:
                size = 8
            raw = self.memory.raw(value, size)
            return raw if isinstance(raw, Opaque) else Int(raw, size * 8 or 32, False)
        if isinstance(value, Pointer):
            return self.address(value)
        return Opaque(f"address {value!r}", nonnull=True)

    def address(self, pointer: Pointer) -> Int | Opaque:
        """The address of a place in memory; local variables get one that no table has."""
        obj = pointer.obj
        if isinstance(obj, Table):
            assert obj.base is not None
            return SlotInt(obj.base + pointer.offset, self.bits, False)
        if obj.base is None:
            obj.base = self.local_address()
            if isinstance(obj, Variable):
                self.run.addressed[self.run.next_local] = obj
        elif isinstance(obj, Variable) and obj.is_global:
            self.questions.add(("base", obj.name, ""))
        return Int(obj.base + pointer.offset, self.bits, False)

    def convert(self, value: Value, ctype: CType) -> Value:
        """Conversion as by assignment or cast to `ctype`."""
        if type(ctype) is IntType:
            if type(value) is Int:
                if ctype.bits == 1:
                    return Int(int(value.value != 0), 1, False)
                if value.bits == ctype.bits and value.signed == ctype.signed:
                    return value
                return Int(value.value, ctype.bits, ctype.signed)
            if isinstance(value, Int):
                if ctype.bits == 1:
                    return Int(int(value.value != 0), 1, False)
                if value.bits == ctype.bits and value.signed == ctype.signed:
                    return value
                whole = value.__class__ is SlotInt and ctype.bits >= self.bits
                kind = SlotInt if whole else SlotPart
                return kind(value.value, ctype.bits, ctype.signed)
            if isinstance(value, Pointer):
                return (
                    Int(1, 1, False)
                    if ctype.bits == 1
                    else self.convert(self.address(value), ctype)
                )
            if isinstance(value, Struct):
                return self.convert(self.number(value), ctype)
            if isinstance(value, Opaque) and value.default is not None and ctype.bits > 1:
                narrowed = Int(value.default.value, ctype.bits, ctype.signed)
                return Opaque(value.name, slot=value.slot, default=narrowed)
            if isinstance(value, Partly) and not 0 <= value.may < 1 << ctype.bits - ctype.signed:
                return Opaque(value.name, slot=value.slot)
            return value
        if isinstance(ctype, PtrType):
            if isinstance(value, Struct):
                value = self.number(value)
            target = ctype.target
            if target is None:
                target = VoidType()
            if isinstance(value, Int) and value.raw:
                found = self.at_address(value)
                if isinstance(found, Int):
                    return value
                value = found
            if isinstance(value, Pointer) and not isinstance(target, (UnknownType, FuncType)):
                return Pointer(value.obj, value.offset, target)
            return value
        if isinstance(ctype, StructType) and isinstance(value, Int):
            try:
                size = ctype.size
            except Unjudged:
                return value
            return Struct(ctype, {0: (size, value.value & ((1 << (8 * size)) - 1))})
        return value
