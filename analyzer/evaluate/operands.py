# SPDX-License-Identifier: GPL-2.0-only
"""The operands of an asm statement: registers with values, and places in memory."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from .core import Core
from .ctype import IntType
from .memory import Table, Variable
from .values import Int, Pointer, Value

OPERAND: Final = re.compile(r"^%(?:([A-Z])?(\d+)|\[(\w+)\])$")
_PART = re.compile(r"^%%?(hi|lo|uhi|ulo|lm|hm)\((.+)\)$")
_NUMBER = re.compile(r"^[#$]?(-?(?:0x[0-9a-fA-F]+|\d+))$")
_BASED = re.compile(r"^(-?\w*)\((.+)\)$")
_BRACKETS = re.compile(r"^\[\s*(.+?)\s*\]$")
_REGISTER = re.compile(r"^(?:%%?)?([a-z]+\d+)$")
_ZERO: Final = frozenset({"r0", "g0", "zero", "%r0", "%g0"})


class NotUnderstood(Exception):
    """The template is not read: an instruction or operand that the table does not have."""


@dataclass(slots=True)
class Operand:
    """An operand of an asm statement: a register with a value, or a place in memory."""

    constraint: str
    name: str
    out: bool
    memory: bool
    place: Value | None  # of outputs, and of everything in memory
    value: Value | None  # of inputs and in-out operands


@dataclass(slots=True)
class Effects:
    """What a reading of a template would do."""

    registers: dict[str, Value] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)  # outputs that are as they were, or stored to
    stores: list[tuple[Pointer, Value]] = field(default_factory=list)
    spared: list[Pointer] = field(default_factory=list)  # what a branch left as it was

    def shown(self) -> str:
        """The same text for the same effects."""
        registers = sorted((k, repr(v)) for k, v in self.registers.items())
        stores = [(repr(p), repr(p.target and p.target.size), repr(v)) for p, v in self.stores]
        return repr((registers, sorted(self.kept), stores))


class Operands:
    """What the registers of a template hold while it is read, and what it has stored so far."""

    def __init__(self, core: Core, operands: list[Operand], first: bool) -> None:
        self.core = core
        self.operands = operands
        self.first = first  # results stand first
        self.effects = Effects()
        registers = self.effects.registers
        for number, operand in enumerate(operands):
            if operand.memory or operand.value is None:
                continue
            value = core.number(operand.value)
            if isinstance(value, Int) and value.bits == 64 and core.bits == 32:
                halves = (Int(value.raw >> 32, 32, False), Int(value.raw, 32, False))
                if core.memory.order == "little":
                    halves = (halves[1], halves[0])
                registers[f"%{number}"], registers[f"%L{number}"] = halves
            else:
                kept = operand.value if core.is_slot(operand.value) else value
                registers[f"%{number}"] = kept

    def operand(self, text: str) -> int:
        """The number of an operand by its number or name. Raises NotUnderstood."""
        found = OPERAND.match(text)
        if found is None:
            raise NotUnderstood
        if found[3]:
            for number, operand in enumerate(self.operands):
                if operand.name == found[3]:
                    return number
            raise NotUnderstood
        number = int(found[2])
        if number >= len(self.operands):
            raise NotUnderstood
        return number

    def key(self, text: str) -> tuple[str, int]:
        """What a register is called in `effects`, and its operand. Raises NotUnderstood."""
        found = OPERAND.match(text)
        number = self.operand(text)
        letter = found[1] if found is not None else None
        if letter not in (None, "L"):
            raise NotUnderstood
        return f"%{letter or ''}{number}", number

    def get(self, text: str) -> Value:
        """The value of a register or an immediate. Raises NotUnderstood."""
        part = _PART.match(text)
        if part is not None:
            return self._part(part[1], self.known(self.get(part[2])))
        immediate = _NUMBER.match(text)
        if immediate is not None:
            return Int(int(immediate[1], 0), self.core.bits, False)
        if text.startswith("%") and not text.startswith("%%") and OPERAND.match(text):
            key, number = self.key(text)
            if self.operands[number].memory:
                raise NotUnderstood
            value = self.effects.registers.get(key)
        else:
            register = _REGISTER.match(text)
            if register is None:
                raise NotUnderstood
            if register[1] in _ZERO:
                return Int(0, self.core.bits, False)
            value = self.effects.registers.get(register[1])
        if value is None:
            raise NotUnderstood
        return value

    def set(self, text: str, value: Value) -> None:
        """Put a value into a register, or an output. Raises NotUnderstood."""
        if OPERAND.match(text):
            key, number = self.key(text)
            operand = self.operands[number]
            if not operand.out or operand.memory:
                raise NotUnderstood
            self.effects.registers[key] = value
            return
        register = _REGISTER.match(text)
        if register is None:
            raise NotUnderstood
        self.effects.registers[register[1]] = value

    def _part(self, which: str, value: Int) -> Int:
        raw = value.raw
        if which in ("uhi", "ulo"):
            raw >>= 32
        raw &= 0xFFFF_FFFF
        raw = raw & ~0x3FF if which in ("hi", "uhi") else raw & 0x3FF
        return Int(raw, self.core.bits, False)

    def known(self, value: Value) -> Int:
        """A value as a number. Raises NotUnderstood where it is none."""
        if isinstance(value, Pointer):
            value = self.core.number(value)
        if not isinstance(value, Int):
            raise NotUnderstood
        return value

    # -- memory

    def address(self, parts: tuple[str, ...], width: int) -> Pointer:
        """The place of `width` bytes that the operands of a load or store name.

        Raises NotUnderstood.
        """
        width = width or (self.core.bits // 8 if self.first else 4)
        if len(parts) == 1:
            text = parts[0]
            inner = _BRACKETS.match(text)
            if inner is not None:
                return self.at(self.get(inner[1]), 0, width)
            based = _BASED.match(text)
            if based is not None:
                offset = int(based[1] or "0", 0) if _NUMBER.match(based[1] or "0") else None
                if offset is None:
                    raise NotUnderstood
                return self.at(self.get(based[2]), offset, width)
            number = self.operand(text)
            place = self.operands[number].place
            if not self.operands[number].memory or not isinstance(place, Pointer):
                raise NotUnderstood
            return self.wide(place, width)
        if len(parts) != 2:
            raise NotUnderstood
        base, index = parts
        if base in ("0", *_ZERO):
            base, index = index, base
        if index not in ("0", *_ZERO):
            raise NotUnderstood
        return self.at(self.get(base), 0, width)

    def wide(self, place: Pointer, width: int) -> Pointer:
        """A place as one of `width` bytes."""
        return Pointer(place.obj, place.offset, IntType(8 * width, False))

    def at(self, address: Value, offset: int, width: int) -> Pointer:
        """The place of `width` bytes behind an address. Raises NotUnderstood."""
        if isinstance(address, Int):
            address = self.core.at_address(address)
        if not isinstance(address, Pointer) or not isinstance(address.obj, (Table, Variable)):
            raise NotUnderstood
        return self.wide(Pointer(address.obj, address.offset + offset, None), width)

    def read(self, place: Pointer) -> Value:
        """What stands at a place, with the template's own stores."""
        for stored, value in reversed(self.effects.stores):
            if stored.obj is place.obj and stored.offset == place.offset:
                return value
        return self.core.load(place)
