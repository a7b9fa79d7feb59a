# SPDX-License-Identifier: GPL-2.0-only
"""One reading of the instructions of an asm statement: what it would do to its operands."""

from __future__ import annotations

import re
from typing import Final

from . import instructions as table
from .core import Core
from .ctype import IntType
from .instructions import Instruction
from .memory import Variable
from .operands import OPERAND, Effects, NotUnderstood, Operand, Operands
from .values import Int, Pointer, Value

_HEX = re.compile(r"^0x[0-9a-f]+$")
_MASKED = re.compile(r"^\?\(.* & (0x[0-9a-f]+)\)$")
_EITHER = re.compile(r"^\?\((?:(0x[0-9a-f]+) \| (\?.*)|(\?.*) \| (0x[0-9a-f]+))\)$")

MOST_ROUNDS: Final = 3  # of a loop around an exchange: one that finds what it expects, and two


def _is_back(one: Instruction) -> bool:
    """Whether an instruction branches to a label above."""
    last = one.operands[-1] if one.operands else ""
    return bool(table.BACK.match(one.mnemonic) and re.fullmatch(r"\d+b", last))


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


class Reading(Operands):
    """One reading of a template: results first or results last."""

    def __init__(self, core: Core, operands: list[Operand], first: bool) -> None:
        super().__init__(core, operands, first)
        self.equal: bool | None = None  # what was compared last
        self.refused = False  # an exchange found another value than the expected one
        self.repeats = False  # the next instruction branches back
        self.rounds = 0

    def execute(
        self, code: tuple[Instruction, ...], labels: tuple[tuple[str, int], ...] = ()
    ) -> Effects:
        """What the instructions do. Raises NotUnderstood."""
        at = 0
        while at < len(code):
            one, following = code[at], at + 1
            if self.refused and _is_back(one):
                at = self._back(one, following, labels)
                continue
            self.repeats = following < len(code) and _is_back(code[following])
            at = self._jumped(one, following, labels)
            if at == following:
                self._step(one)
            for passed in code[following:at]:
                if passed.mnemonic in table.STORES:
                    width = table.STORES[passed.mnemonic]
                    self.effects.spared.append(self.address(passed.operands[1:], width))
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
            held = self.known(self.get(one.operands[0])).raw == 0
        elif self.equal is None:
            raise NotUnderstood
        else:
            held = self.equal
        return targets[0] if held == wanted else following

    def _back(self, one: Instruction, following: int, labels: tuple[tuple[str, int], ...]) -> int:
        """Where an exchange that was refused is tried again."""
        targets = [at for name, at in labels if f"{name}b" == one.operands[-1] and at < following]
        self.rounds += 1
        if not targets or self.rounds > MOST_ROUNDS:
            raise NotUnderstood
        self.refused = False
        return targets[-1]

    def _step(self, one: Instruction) -> None:
        name, operands = one.mnemonic, one.operands
        plain = name.rstrip(".")
        if name in table.QUIET:
            return
        if _is_back(one):
            return
        branches = name in table.FORWARD or name.rstrip("+-") in table.ON_EQUALITY
        if branches and operands and re.fullmatch(r"\d+f", operands[-1]):
            return  # a branch that is not taken
        if name in table.EQUALITIES and len(operands) in (2, 3):
            mask = (1 << table.EQUALITIES[name]) - 1
            compared = {self.known(self.get(text)).raw & mask for text in operands[-2:]}
            self.equal = len(compared) == 1
            return
        if plain in table.THREE and len(operands) == 3:
            self._three(table.THREE[plain], operands)
        elif name in table.COPIES and len(operands) == 2:
            target, source = operands if self.first else operands[::-1]
            self.set(target, self.get(source))
        elif name in table.HIGH_PARTS and len(operands) == 2:
            if self.first:
                raise NotUnderstood
            self.set(operands[1], self.get(operands[0]))
        elif name in table.LOADS and len(operands) >= 2:
            self._load(table.LOADS[name], operands)
        elif name in table.STORES and len(operands) >= 2:
            self._store(table.STORES[name], operands, name in table.SUCCEED)
        elif name in table.FETCHES and len(operands) == 3:
            place = self.address(operands[2:], 8 if name.endswith("g") else 4)
            old, value = self.read(place), self.get(operands[1])
            new = self.core.operate(table.FETCHES[name], old, value)
            assert place.target is not None
            self.effects.stores.append((place, self.core.convert(new, place.target)))
            self.set(operands[0], old)
        elif name in table.SWAPS and len(operands) == 2:
            self._swap(operands)
        elif name in table.EXCHANGES and len(operands) == 3:
            self._exchange(table.EXCHANGES[name], operands)
        elif name in table.PAIRED and len(operands) == 1:
            self._exchange_pair(operands)
        elif (half := table.HALVES.match(name)) is not None and len(operands) == 2:
            self._half(half, operands)
        else:
            self._row(name, operands)

    def _three(self, op: str, operands: tuple[str, ...]) -> None:
        target, left, right = operands if self.first else (operands[2], operands[0], operands[1])
        a, b = self.get(left), self.get(right)
        if op == "&~":
            b = self._inverted(b)
            op = "&"
        self.set(target, self.core.operate(op, a, b))

    def _inverted(self, value: Value) -> Value:
        if not isinstance(value, Int):
            raise NotUnderstood
        return Int(~value.raw, value.bits, False)

    def _load(self, width: int, operands: tuple[str, ...]) -> None:
        if self.first:
            target, address = operands[0], operands[1:]
        else:
            target, address = operands[-1], operands[:-1]
        self.set(target, self.read(self.address(address, width)))

    def _store(self, width: int, operands: tuple[str, ...], done: bool) -> None:
        value = self.get(operands[0])
        place = self.address(operands[1:], width)
        assert place.target is not None
        self.effects.stores.append((place, self.core.convert(value, place.target)))
        found = OPERAND.match(name := operands[0])
        if done and found is not None and self.operands[self.operand(name)].out:
            self.set(name, Int(1, self.core.bits, False))

    def _swap(self, operands: tuple[str, ...]) -> None:
        place = self.address(operands[:1], 4)
        assert place.target is not None
        old, new = self.read(place), self.get(operands[1])
        self.effects.stores.append((place, self.core.convert(new, place.target)))
        self.set(operands[1], old)

    def _exchange(self, width: int, operands: tuple[str, ...]) -> None:
        place = self.address(operands[2:], width)
        assert place.target is not None
        old = self.read(place)
        expected = self.core.convert(self.get(operands[0]), place.target)
        known = isinstance(old, Int) and isinstance(expected, Int)
        if repr(old) == repr(expected) or (self.repeats and not known):
            new = self.get(operands[1])  # in the end it succeeds, where it is tried again
            self.effects.stores.append((place, self.core.convert(new, place.target)))
            return
        if not known:
            raise NotUnderstood
        self.refused = True
        self.effects.spared.append(place)
        self.set(operands[0], old)

    def _bound(self, letter: str) -> int:
        """The one operand that is in a register, by its constraint. Raises NotUnderstood."""
        found = [n for n, one in enumerate(self.operands) if one.constraint.strip("+=&") == letter]
        if len(found) != 1:
            raise NotUnderstood
        return found[0]

    def _exchange_pair(self, operands: tuple[str, ...]) -> None:
        """An exchange of eight bytes by registers of four: it succeeds, or is tried again.

        The pair with the expected bytes is a variable; elsewhere A says what lies in memory.
        """
        place, whole = self.address(operands, 8), IntType(64, False)
        variable = self.operands[self._bound("A")].place
        if not isinstance(variable, Pointer) or not isinstance(variable.obj, Variable):
            raise NotUnderstood
        pair = self.wide(variable, 8)
        old, expected = self.read(place), self.read(pair)
        known = isinstance(old, Int) and isinstance(expected, Int)
        if known and self.known(old).raw != self.known(expected).raw:
            self.refused = True
            self.effects.spared.append(place)
            self.effects.stores.append((pair, old))
            return
        if not known and not self.repeats:
            raise NotUnderstood
        low, high = (self.get(f"%{self._bound(letter)}") for letter in "bc")
        upper = self.core.operate("<<", self.core.convert(high, whole), Int(32, 32))
        new = self.core.operate("|", upper, self.core.convert(low, whole))
        self.effects.stores.append((place, self.core.convert(new, whole)))
        self.effects.spared.append(pair)

    def _half(self, named: re.Match[str], operands: tuple[str, ...]) -> None:
        """An operation on a halfword of a register, an input's, too: it lives for the template."""
        shift = (32 if named[2] == "h" else 0) + (16 if named[3] == "h" else 0)
        number = self.known(self.get(operands[1])).raw & 0xFFFF
        raw = number << shift
        if named[1] == "n":
            raw |= ~(0xFFFF << shift) & (1 << 64) - 1
        op = "&" if named[1] == "n" else "|"
        value = self.core.operate(op, self.get(operands[0]), Int(raw, 64, False))
        self.effects.registers[self.key(operands[0])[0]] = value

    def _row(self, name: str, operands: tuple[str, ...]) -> None:
        """Instructions whose effect no operand tells."""
        if name in table.ORS or name in table.CLEARS:
            places = [o.place for o in self.operands if o.out and o.memory]
            if len(places) != 1 or not isinstance(places[0], Pointer):
                raise NotUnderstood
            place = self.wide(places[0], 8)
            old = self.known(self.read(place))
            new = old.raw | table.ORS.get(name, 0)
            new &= ~table.CLEARS.get(name, 0)
            self.effects.stores.append((place, Int(new, 64, False)))
        elif name in table.INVALIDATES and len(operands) >= 3:
            bit, width = table.INVALIDATES[name]
            more = 0
            if operands[2].startswith("%"):
                count = self.get(operands[2])
                more = _low_byte(repr(count))
                if isinstance(count, Int):
                    self.set(operands[2], Int(count.raw | 0xFF, count.bits, count.signed))
            for index in range(more + 1):
                place = self.at(self.get(operands[0]), index * width, width)
                old = self.known(self.read(place))
                self.effects.stores.append((place, Int(old.raw | bit, 64, False)))
        elif name in table.COMPARES and len(operands) == 2:
            self._compare_and_swap(table.COMPARES[name], operands)
        else:
            raise NotUnderstood

    def _odd(self, even: Pointer, operands: tuple[str, ...], behind: Pointer) -> Value:
        """The second register of a pair: the second half of the operand, or the one operand more
        that is an input, where the pair is given as two variables."""
        if even.target is None or even.target.size > 8:
            return self.core.load(behind)
        named = {self.operand(text) for text in operands}
        others = [
            f"%{number}"
            for number, operand in enumerate(self.operands)
            if number not in named and not operand.out and not operand.memory
        ]
        if len(others) != 1:
            raise NotUnderstood
        return self.get(others[0])

    def _compare_and_swap(self, width: int, operands: tuple[str, ...]) -> None:
        pair = self.operand(operands[0])
        place = self.operands[pair].place
        if not isinstance(place, Pointer) or not isinstance(place.obj, Variable):
            raise NotUnderstood
        word = IntType(8 * width, False)
        whole = IntType(64, False)
        last = 8 - width
        even = self.core.load(Pointer(place.obj, place.offset + last, word))
        odd = self._odd(place, operands, Pointer(place.obj, place.offset + 8 + last, word))
        address = self.known(self.core.number(self.get(operands[1])))
        target = self.at(Int(address.raw & -width, address.bits, False), 0, width)
        old = self.known(self.read(target))
        if old.raw == self.known(even).raw:
            self.effects.stores.append((target, self.core.convert(odd, word)))
        else:
            self.effects.spared.append(target)
            self.effects.stores.append((Pointer(place.obj, place.offset, whole), old))
        self.effects.kept.add(pair)
