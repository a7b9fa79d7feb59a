# SPDX-License-Identifier: GPL-2.0-only
"""One reading of the instructions of an asm statement: what it would do to its operands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from . import instructions as table
from .core import Core
from .ctype import IntType
from .instructions import Instruction
from .memory import Table, Variable
from .values import Int, Pointer, Value

_OPERAND = re.compile(r"^%(?:([A-Z])?(\d+)|\[(\w+)\])$")
_PART = re.compile(r"^%%?(hi|lo|uhi|ulo|lm|hm)\((.+)\)$")
_NUMBER = re.compile(r"^[#$]?(-?(?:0x[0-9a-fA-F]+|\d+))$")
_BASED = re.compile(r"^(-?\w*)\((.+)\)$")
_BRACKETS = re.compile(r"^\[\s*(.+?)\s*\]$")
_REGISTER = re.compile(r"^(?:%%?)?([a-z]+\d+)$")
_HEX = re.compile(r"^0x[0-9a-f]+$")
_MASKED = re.compile(r"^\?\(.* & (0x[0-9a-f]+)\)$")
_EITHER = re.compile(r"^\?\((?:(0x[0-9a-f]+) \| (\?.*)|(\?.*) \| (0x[0-9a-f]+))\)$")
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


def _low_byte(text: str) -> int:
    """The last eight bits of a value by its name: a number, options in front of a masked word."""
    number = _HEX.match(text)
    if number is not None:
        return int(text, 16) & 0xFF
    masked = _MASKED.match(text)
    if masked is not None and int(masked[1], 16) & 0xFF == 0:
        return 0
    either = _EITHER.match(text)
    if either is not None:
        return _low_byte(either[1] or either[4]) | _low_byte(either[2] or either[3])
    raise NotUnderstood


class Reading:
    """One reading of a template: results first or results last."""

    def __init__(self, core: Core, operands: list[Operand], first: bool) -> None:
        self.core = core
        self.operands = operands
        self.first = first
        self.effects = Effects()
        self.equal: bool | None = None  # what was compared last
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

    def execute(
        self, code: tuple[Instruction, ...], labels: tuple[tuple[str, int], ...] = ()
    ) -> Effects:
        """What the instructions do. Raises NotUnderstood."""
        at = 0
        while at < len(code):
            one, following = code[at], at + 1
            at = self._jumped(one, following, labels)
            if at == following:
                self._step(one)
            for passed in code[following:at]:
                if passed.mnemonic in table.STORES:
                    width = table.STORES[passed.mnemonic]
                    self.effects.spared.append(self._address(passed.operands[1:], width))
        self._all_memory_outputs()
        return self.effects

    def _all_memory_outputs(self) -> None:
        """A memory output that was not stored to as a whole: the reading missed something."""
        for operand in self.operands:
            if not (operand.out and operand.memory):
                continue
            place = operand.place
            if not isinstance(place, Pointer):
                raise NotUnderstood
            size = place.target.size if place.target is not None else 1
            bytes_ = set(range(place.offset, place.offset + size))
            for stored in (*(at for at, _ in self.effects.stores), *self.effects.spared):
                if stored.obj is place.obj and stored.target is not None:
                    bytes_ -= set(range(stored.offset, stored.offset + stored.target.size))
            if bytes_:
                raise NotUnderstood

    # -- instructions

    def _jumped(self, one: Instruction, following: int, labels: tuple[tuple[str, int], ...]) -> int:
        """Where the code goes on after an instruction: further below, where it branches there."""
        below = re.fullmatch(r"(\d+)f", one.operands[-1]) if one.operands else None
        equality = table.ON_EQUALITY.get(one.mnemonic.rstrip("+-"))
        wanted = table.FORWARD.get(one.mnemonic, equality)
        if wanted is None or below is None or len(one.operands) != (2 if equality is None else 1):
            return following
        targets = [at for name, at in labels if name == below[1] and at >= following]
        if not targets:
            raise NotUnderstood
        if equality is None:
            held = self._known(self._get(one.operands[0])).raw == 0
        elif self.equal is None:
            raise NotUnderstood
        else:
            held = self.equal
        return targets[0] if held == wanted else following

    def _step(self, one: Instruction) -> None:
        name, operands = one.mnemonic, one.operands
        plain = name.rstrip(".")
        if name in table.QUIET:
            return
        if table.BACK.match(name) and operands and re.fullmatch(r"\d+b", operands[-1]):
            return
        branches = name in table.FORWARD or name.rstrip("+-") in table.ON_EQUALITY
        if branches and operands and re.fullmatch(r"\d+f", operands[-1]):
            return  # a branch that is not taken
        if name in table.EQUALITIES and len(operands) in (2, 3):
            mask = (1 << table.EQUALITIES[name]) - 1
            compared = {self._known(self._get(text)).raw & mask for text in operands[-2:]}
            self.equal = len(compared) == 1
            return
        if plain in table.THREE and len(operands) == 3:
            self._three(table.THREE[plain], operands)
        elif name in table.COPIES and len(operands) == 2:
            target, source = operands if self.first else operands[::-1]
            self._set(target, self._get(source))
        elif name in table.HIGH_PARTS and len(operands) == 2:
            if self.first:
                raise NotUnderstood
            self._set(operands[1], self._get(operands[0]))
        elif name in table.LOADS and len(operands) >= 2:
            self._load(table.LOADS[name], operands)
        elif name in table.STORES and len(operands) >= 2:
            self._store(table.STORES[name], operands, name in table.SUCCEED)
        elif name in table.FETCHES and len(operands) == 3:
            place = self._address(operands[2:], 8 if name.endswith("g") else 4)
            old, value = self._read(place), self._get(operands[1])
            new = self.core.operate(table.FETCHES[name], old, value)
            assert place.target is not None
            self.effects.stores.append((place, self.core.convert(new, place.target)))
            self._set(operands[0], old)
        elif name in table.SWAPS and len(operands) == 2:
            self._swap(operands)
        else:
            self._row(name, operands)

    def _three(self, op: str, operands: tuple[str, ...]) -> None:
        target, left, right = operands if self.first else (operands[2], operands[0], operands[1])
        a, b = self._get(left), self._get(right)
        if op == "&~":
            b = self._inverted(b)
            op = "&"
        self._set(target, self.core.operate(op, a, b))

    def _inverted(self, value: Value) -> Value:
        if not isinstance(value, Int):
            raise NotUnderstood
        return Int(~value.raw, value.bits, False)

    def _load(self, width: int, operands: tuple[str, ...]) -> None:
        if self.first:
            target, address = operands[0], operands[1:]
        else:
            target, address = operands[-1], operands[:-1]
        self._set(target, self._read(self._address(address, width)))

    def _store(self, width: int, operands: tuple[str, ...], done: bool) -> None:
        value = self._get(operands[0])
        place = self._address(operands[1:], width)
        assert place.target is not None
        self.effects.stores.append((place, self.core.convert(value, place.target)))
        found = _OPERAND.match(name := operands[0])
        if done and found is not None and self.operands[self._operand(name)].out:
            self._set(name, Int(1, self.core.bits, False))

    def _swap(self, operands: tuple[str, ...]) -> None:
        place = self._address(operands[:1], 4)
        assert place.target is not None
        old, new = self._read(place), self._get(operands[1])
        self.effects.stores.append((place, self.core.convert(new, place.target)))
        self._set(operands[1], old)

    def _read(self, place: Pointer) -> Value:
        for stored, value in reversed(self.effects.stores):
            if stored.obj is place.obj and stored.offset == place.offset:
                return value
        return self.core.load(place)

    def _row(self, name: str, operands: tuple[str, ...]) -> None:
        """Instructions whose effect no operand tells."""
        if name in table.ORS or name in table.CLEARS:
            places = [o.place for o in self.operands if o.out and o.memory]
            if len(places) != 1 or not isinstance(places[0], Pointer):
                raise NotUnderstood
            place = self._wide(places[0], 8)
            old = self._known(self._read(place))
            new = old.raw | table.ORS.get(name, 0)
            new &= ~table.CLEARS.get(name, 0)
            self.effects.stores.append((place, Int(new, 64, False)))
        elif name in table.INVALIDATES and len(operands) >= 3:
            bit, width = table.INVALIDATES[name]
            more = 0
            if operands[2].startswith("%"):
                count = self._get(operands[2])
                more = _low_byte(repr(count))
                if isinstance(count, Int):
                    self._set(operands[2], Int(count.raw | 0xFF, count.bits, count.signed))
            for index in range(more + 1):
                place = self._at(self._get(operands[0]), index * width, width)
                old = self._known(self._read(place))
                self.effects.stores.append((place, Int(old.raw | bit, 64, False)))
        elif name in table.COMPARES and len(operands) == 2:
            self._compare_and_swap(table.COMPARES[name], operands)
        else:
            raise NotUnderstood

    def _compare_and_swap(self, width: int, operands: tuple[str, ...]) -> None:
        pair = self._operand(operands[0])
        place = self.operands[pair].place
        if not isinstance(place, Pointer) or not isinstance(place.obj, Variable):
            raise NotUnderstood
        word = IntType(8 * width, False)
        whole = IntType(64, False)
        last = 8 - width
        even = self.core.load(Pointer(place.obj, place.offset + last, word))
        odd = self.core.load(Pointer(place.obj, place.offset + 8 + last, word))
        address = self._known(self.core.number(self._get(operands[1])))
        target = self._at(Int(address.raw & -width, address.bits, False), 0, width)
        old = self._known(self._read(target))
        if old.raw == self._known(even).raw:
            self.effects.stores.append((target, self.core.convert(odd, word)))
        else:
            self.effects.stores.append((Pointer(place.obj, place.offset, whole), old))
        self.effects.kept.add(pair)

    # -- operands

    def _operand(self, text: str) -> int:
        found = _OPERAND.match(text)
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

    def _key(self, text: str) -> tuple[str, int]:
        found = _OPERAND.match(text)
        number = self._operand(text)
        letter = found[1] if found is not None else None
        if letter not in (None, "L"):
            raise NotUnderstood
        return f"%{letter or ''}{number}", number

    def _get(self, text: str) -> Value:
        """The value of a register or an immediate."""
        part = _PART.match(text)
        if part is not None:
            return self._part(part[1], self._known(self._get(part[2])))
        immediate = _NUMBER.match(text)
        if immediate is not None:
            return Int(int(immediate[1], 0), self.core.bits, False)
        if text.startswith("%") and not text.startswith("%%") and _OPERAND.match(text):
            key, number = self._key(text)
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

    def _set(self, text: str, value: Value) -> None:
        if _OPERAND.match(text):
            key, number = self._key(text)
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

    def _known(self, value: Value) -> Int:
        if isinstance(value, Pointer):
            value = self.core.number(value)
        if not isinstance(value, Int):
            raise NotUnderstood
        return value

    # -- memory

    def _address(self, parts: tuple[str, ...], width: int) -> Pointer:
        width = width or (self.core.bits // 8 if self.first else 4)
        if len(parts) == 1:
            text = parts[0]
            inner = _BRACKETS.match(text)
            if inner is not None:
                return self._at(self._get(inner[1]), 0, width)
            based = _BASED.match(text)
            if based is not None:
                offset = int(based[1] or "0", 0) if _NUMBER.match(based[1] or "0") else None
                if offset is None:
                    raise NotUnderstood
                return self._at(self._get(based[2]), offset, width)
            number = self._operand(text)
            place = self.operands[number].place
            if not self.operands[number].memory or not isinstance(place, Pointer):
                raise NotUnderstood
            return self._wide(place, width)
        if len(parts) != 2:
            raise NotUnderstood
        base, index = parts
        if base in ("0", *_ZERO):
            base, index = index, base
        if index not in ("0", *_ZERO):
            raise NotUnderstood
        return self._at(self._get(base), 0, width)

    def _wide(self, place: Pointer, width: int) -> Pointer:
        return Pointer(place.obj, place.offset, IntType(8 * width, False))

    def _at(self, address: Value, offset: int, width: int) -> Pointer:
        if isinstance(address, Int):
            address = self.core.at_address(address)
        if not isinstance(address, Pointer) or not isinstance(address.obj, (Table, Variable)):
            raise NotUnderstood
        return self._wide(Pointer(address.obj, address.offset + offset, None), width)
