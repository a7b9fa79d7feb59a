# SPDX-License-Identifier: GPL-2.0-only
"""Executes the instructions of an asm statement, where the table of instructions has them all.

Nothing is written before the whole template was understood. Which of the outer operands of an
instruction is its result depends on the assembler's dialect; both readings are tried, and only
one that writes outputs and reads what is set is a reading at all.
"""

from __future__ import annotations

from . import instructions as table
from .core import Core
from .ctype import IntType
from .instructions import Instruction
from .operands import Effects, NotUnderstood, Operand
from .template import Reading
from .values import Int, Opaque, Value


class Assembler(Core):
    """Reads templates; a mixin of the evaluator."""

    def execute(self, text: str, operands: list[Operand]) -> bool:
        """Executes a template; False when it was not understood (nothing has happened then)."""
        found = table.program(text)
        if found is None or not found.plain:
            return False
        codes = [found.plain] if found.patched is None else [found.plain, found.patched]
        try:
            readings = self._readings(codes, operands, found.labels)
        except NotUnderstood:
            return False
        patched = found.patched is not None and bool(
            self.run.choose(f"asm patched by {found.section}")
        )
        effects = readings[patched]
        for place, value in effects.stores:
            self.store(place, value)
        for number, operand in enumerate(operands):
            if number in effects.kept or operand.memory or not operand.out:
                continue
            if operand.place is not None:
                self.store(operand.place, self._result(number, operand, effects))
        return True

    def _readings(
        self,
        codes: list[tuple[Instruction, ...]],
        operands: list[Operand],
        labels: tuple[tuple[str, int], ...],
    ) -> list[Effects]:
        """The effects of each program; one dialect must read them all."""
        readings: dict[str, list[Effects]] = {}
        for first in (True, False):
            try:
                effects = [Reading(self, operands, first).execute(code, labels) for code in codes]
            except NotUnderstood:
                continue
            readings.setdefault(repr([one.shown() for one in effects]), effects)
        if len(readings) != 1:
            raise NotUnderstood
        return next(iter(readings.values()))

    def _result(self, number: int, operand: Operand, effects: Effects) -> Value:
        low, high = f"%{number}", f"%L{number}"
        value = effects.registers.get(low)
        if value is None:
            return Opaque("an assembler output that is not set")
        other = effects.registers.get(high)
        if other is None:
            return value
        a, b = (value, other) if self.memory.order == "big" else (other, value)
        wide = Int(self.bits, 32)
        upper = self.operate("<<", self.convert(a, IntType(2 * self.bits, False)), wide)
        return self.operate("|", upper, self.convert(b, IntType(2 * self.bits, False)))
