# SPDX-License-Identifier: GPL-2.0-only
"""Global variables: their addresses and initial values."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from typing import Final

from ..model import Location
from .boot import Boot
from .ctype import ArrayType, IntType, Node, StructType, UnknownType
from .initializers import Initializers
from .memory import Variable
from .names import Scope
from .refilling import Refilling
from .state import NOWHERE
from .values import Int, Opaque, PathEnds, Payload, Struct, Text, Unjudged, Value

GLOBAL_BASE: Final = {64: 0xFFFF_8000_0010_0000, 32: 0xC010_0000}
GLOBAL_STEP: Final = 0x1_0000  # a page of any size that tables of entries are aligned to
GLOBALS: Final = {64: 0x1_0000, 32: 0xFF0}  # places for them, below those of local variables


def global_address(name: str, bits: int, taken: Collection[int] = ()) -> int:
    """What stands for the address of a global variable: the same whoever asks, and when, unless
    another one has got that place. Raises Unjudged where all are taken."""
    places = GLOBALS[bits]
    place = zlib.crc32(name.encode("utf-8", "replace")) % places
    if len(taken) >= places:
        raise Unjudged(f"more than {places} global variables")
    while (address := GLOBAL_BASE[bits] + GLOBAL_STEP * place) in taken:
        place = (place + 1) % places
    return address


def in_any_order(bases: Mapping[str, int], bits: int) -> bool:
    """Whether these addresses are the same in whatever order they are asked for."""
    return all(base == global_address(name, bits) for name, base in bases.items())


class Globals(Boot, Refilling, Initializers):
    """Aggregates by value, scalars opaque with the value that the tree initialises them with."""

    def global_variable(self, name: str) -> Variable | Value:
        """A global: initialised aggregates by value, scalars opaque with their initial value."""
        run = self.run
        home = self.code.variable_home(name, run.location.path)
        key = f"{name} of {home}" if home else name
        if name in self.moody:
            run.touched += 1
        found = run.globals.get(key)
        if found is not None:
            return found
        known = self.global_inits.get(key)
        if known is None:
            known = self._ask_declared(name, key, home)
            self.global_inits[key] = known
        if isinstance(known, Opaque):
            return known
        var = Variable(name, known.ctype, base=known.base, fill=known.fill, is_global=True)
        var.cells.update(known.cells)
        run.globals[key] = var
        if not var.cells and not isinstance(known.ctype, UnknownType):
            self._set_at_boot(name, var)
        return var

    def _ask_declared(self, name: str, key: str, home: str) -> Variable:
        """Declares a global, and keeps what its initializer asked for, for all who read it."""
        outer = frozenset(self.questions)
        self.questions.clear()
        types, self.types.asked = self.types.asked, set()
        try:
            return self._declare_global(name, key, home)
        finally:
            own = self.questions | self.types.asked
            self.global_questions[name] = self.global_questions.get(name, frozenset()) | own
            self.types.asked = types
            self.questions.update(outer)

    def _set_at_boot(self, name: str, var: Variable) -> None:
        """A variable without an initializer: what the functions that assign it leave there."""
        held = self.refilled and self.code.starts_as_zero(name)
        cells = None if held else self.boot_cells(name, var)
        if not cells:
            if self.code.starts_as_zero(name, isinstance(var.ctype, StructType)):
                self._start_as_zero(name, var)
            return
        if isinstance(var.ctype, ArrayType):
            var.cells.update(cells)
            return
        for at, (size, payload) in cells.items():
            if isinstance(payload, int):
                label = f"{name}+{at}" if at else name
                payload = Opaque(label, default=Int(payload, 8 * size, False))
            var.cells[at] = (size, payload)

    def _start_as_zero(self, name: str, var: Variable) -> None:
        """An object without an initializer is zero at first (C11 6.7.9)."""
        if isinstance(var.ctype, IntType):
            start = Int(0, var.ctype.bits, var.ctype.signed)
            var.cells[0] = (var.ctype.size, Opaque(name, default=start))
        elif isinstance(var.ctype, StructType):
            blank = Variable(name, var.ctype)
            try:
                self.zero(blank, var.ctype)
            except Unjudged:
                return
            var.cells.update(_initially(name, Struct(var.ctype, blank.cells)))

    def _of_machine(self, name: str, init: Node) -> Node:
        """What gives a global its value in this state: the boot code may do so, or not."""
        otherwise = self.code.otherwise(name)
        if otherwise is None:
            return init
        key = f"{name} set by the boot code"
        self.questions.add(("world", key, ""))
        return otherwise if self.world.setdefault(key, 0) else init

    def _declare_global(self, name: str, key: str, home: str) -> Variable:
        node = self.code.variable_node(name, home)
        assert node is not None
        base = self.global_bases.get(key)
        if base is None:
            base = global_address(key, self.bits, self.global_bases.values())
            self.global_bases[key] = base
        try:
            ctype = self.types.of(node)
        except Unjudged:
            ctype = UnknownType()
        var = Variable(name, ctype, base=base, fill=Opaque(name), is_global=True)
        self.global_inits[key] = var
        for init in self.code.initial_nodes(name, home):
            coord = init.coord or node.coord
            place = Location(coord.file or "", coord.line or 0) if coord else NOWHERE
            saved, self.run = self.run, self.new_run(place=place)
            try:
                value = self.initial(self._of_machine(name, init), ctype, Scope())
            except (Unjudged, PathEnds):
                continue
            finally:
                self.run = saved
            if isinstance(value, Int) and "const" not in (node.quals or []):
                value = Opaque(name, default=value)
            if isinstance(value, Struct):
                constant = "const" in (node.quals or []) or isinstance(ctype, ArrayType)
                var.cells.update(value.cells if constant else _initially(name, value))
                if isinstance(ctype, ArrayType) and ctype.length is None:
                    end = max((at + cell[0] for at, cell in value.cells.items()), default=0)
                    var.ctype = ArrayType(ctype.element, -(-end // ctype.element.size))
            elif not isinstance(value, Text):
                self.memory.store(var, 0, value, ctype if isinstance(ctype, IntType) else None)
            break
        self.refill(name, var)
        return var


def _initially(name: str, value: Struct) -> dict[int, tuple[int, Payload]]:
    """Members of a structure that may change at run time: known initially, not for ever."""
    return {
        at: (
            size,
            Opaque(f"{name}+{at}", default=Int(payload, 8 * size, False))
            if isinstance(payload, int)
            else payload,
        )
        for at, (size, payload) in value.cells.items()
    }
