# SPDX-License-Identifier: GPL-2.0-only
"""What every part of the evaluator shares: the unit, the run, names, loads and stores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .ctype import ArrayType, CType, UnknownType, VoidType
from .journal import leads_to_locals
from .memory import Lost, Table, Variable
from .names import LOCAL_BASE, Names
from .state import LOCAL_STEP, Event
from .values import (
    Int,
    Opaque,
    Partly,
    PathEnds,
    Pointer,
    SlotInt,
    SlotPart,
    Struct,
    Unjudged,
    Value,
)

MAX_FREE: Final = 8  # bits of an entry that are not known, when it is stored
MAX_POINTERS: Final = 4  # a structure that leads to an entry over more pointers is not searched


class Core(Names):
    """Names and memory: where a value points to, loads, and stores that are events."""

    def table_at(self, address: int) -> tuple[Table, int] | None:
        """The page table that an address lies in, and the byte offset there."""
        for table in self.run.tables:
            assert table.base is not None
            if table.base <= address < table.base + table.span:
                self.run.touched += 1
                return table, address - table.base
        return None

    def at_address(self, value: Int) -> Pointer | Int:
        """An integer used as a pointer: into a table, or a local whose address was taken."""
        found = self.table_at(value.raw)
        if found is not None:
            return Pointer(found[0], found[1], None)
        offset = value.raw - LOCAL_BASE[self.bits]
        if 0 < offset < LOCAL_STEP * (self.run.next_local + 1):
            number, rest = divmod(offset, LOCAL_STEP)
            local = self.run.addressed.get(number)
            if local is not None:
                self.run.touched += 1
                return Pointer(local, rest, None)
        return value

    def is_slot(self, value: Value) -> bool:
        """Whether a value is the address of an entry, as a pointer or as a number."""
        if isinstance(value, Pointer):
            return isinstance(value.obj, Table)
        if isinstance(value, Int):
            return value.bits >= self.bits and self.table_at(value.raw) is not None
        return isinstance(value, Opaque) and value.slot

    def names_slot(self, value: Value, part: bool = False) -> bool:
        """Whether an entry's address, or with `part` some bits of it, can be reached from a value
        given to a function."""
        return self._names_slot(value, 0, part)

    def _names_slot(self, value: Value, depth: int, part: bool) -> bool:
        kind = value.__class__
        if kind is SlotInt or (kind is SlotPart and part) or self.is_slot(value):
            return True
        if isinstance(value, Int):
            value = self.at_address(value)  # of a local variable, perhaps
        if isinstance(value, Struct):
            cells = value.cells
        elif isinstance(value, Pointer) and isinstance(value.obj, Variable):
            if value.obj.is_global:
                return False
            if depth > MAX_POINTERS:
                return True  # not searched further: as good as found
            cells = value.obj.cells
        else:
            return False
        return any(
            self.table_at(payload) is not None
            if isinstance(payload, int)
            else self._names_slot(payload, depth + 1, part)
            for _, payload in cells.values()
        )

    def forget(self, values: Iterable[Value], by: str, for_good: bool = False) -> None:
        """Locals that somebody unseen can reach may hold anything afterwards; `for_good`: from
        now on, whatever is stored to them."""
        todo = list(values)
        while todo:
            value = todo.pop()
            if isinstance(value, Int):
                value = self.at_address(value)
            if isinstance(value, Struct):
                todo.extend(p for _, p in value.cells.values() if not isinstance(p, int))
            obj = value.obj if isinstance(value, Pointer) else None
            if isinstance(obj, Variable) and not obj.is_global:
                todo.extend(
                    Int(p, self.bits, False) if isinstance(p, int) else p
                    for _, p in obj.cells.values()
                )
                obj.cells.clear()
                obj.cells = Lost() if for_good else obj.cells
                obj.fill = Opaque(f"set by {by}")

    def forget_globals(self, by: str) -> None:
        """Globals that this run wrote may have been written again by a function not followed, and
        so may locals whose address was left in one, or in a place that is not known."""
        run = self.run
        if run.left:
            self.forget(run.left, by, for_good=True)
        for name in run.written:
            var = run.globals.get(name)
            if var is not None:
                var.cells.clear()
                var.fill = Opaque(f"{name} after {by}")

    def load(self, place: Value) -> Value:
        """Reads a place."""
        if isinstance(place, Pointer):
            obj, target = place.obj, place.target
            if isinstance(obj, Table):
                if target is None or isinstance(target, (UnknownType, VoidType)):
                    target = self.entry_type(obj.level)
                return self.memory.load_table(obj, place.offset, target)
            assert isinstance(obj, Variable)
            if obj.is_global:
                self.ask_contents(obj.name)
            if isinstance(target, ArrayType):
                return Pointer(obj, place.offset, target.element)
            return self.memory.load(obj, place.offset, target)
        if isinstance(place, Int):
            if place.raw == 0:
                raise PathEnds("NULL dereference")
            found = self.table_at(place.raw)
            if found is not None:
                return self.memory.load_table(found[0], found[1], self.entry_type(found[0].level))
            return Opaque(f"*{place!r}")
        if isinstance(place, Opaque):
            if self.canonical.get(place.name) is place or place.name in self.known:
                return place
            if place.name.startswith("*") or "->" in place.name or "." in place.name:
                return place
            return Opaque(f"*{place.name}", slot=False)
        return Opaque(f"*{place!r}")

    def entry_type(self, level: str) -> CType:
        """pte_t, pmd_t or pud_t of the unit."""
        return self.types.named(f"{level}_t")

    def store(self, place: Value, value: Value) -> None:
        """Writes a place; a store to an unknown place that may be an entry is Unjudged."""
        if type(place) is Pointer:
            local = place.obj
            if type(local) is Variable and not local.is_global:
                self.memory.store(local, place.offset, value, place.target)
                return
        if isinstance(place, Int):
            if place.raw == 0:
                raise PathEnds("NULL dereference")
            pointer = self.at_address(place)
            if pointer.__class__ is SlotInt:
                raise Unjudged("a store through an address made of an entry's")
            if isinstance(pointer, Int):
                return  # an address in no page table (a struct page, say) is no entry
            place = pointer
        if isinstance(place, Opaque):
            if place.slot:
                raise Unjudged(f"a store through {place.name}")
            if self.names_slot(value):
                raise Unjudged(f"an entry's address is kept in {place.name}")
            self._leave(value)
            self.run.touched += 1
            self.run.lost += 1
            for key in [key for key in self.run.memo if place.name in key]:
                del self.run.memo[key]
            return
        if not isinstance(place, Pointer):
            raise Unjudged("a store to something that is no place")
        obj = place.obj
        if isinstance(obj, Table):
            self._store_entry(obj, place.offset, value, place.target)
            return
        assert isinstance(obj, Variable)
        if obj.is_global:
            if self.names_slot(value):
                raise Unjudged(f"an entry's address is kept in {obj.name}")
            self._leave(value)
            self.ask_contents(obj.name)
            self.run.written.add(obj.name)
            self.memory.store(obj, place.offset, value, place.target)
            return
        self.memory.store(obj, place.offset, value, place.target)

    def _leave(self, value: Value) -> None:
        """A value is stored where functions that are not followed may find it."""
        if leads_to_locals([value], self.run, LOCAL_BASE[self.bits]):
            self.run.left.append(value)

    def _with_bits(self, value: Value, width: int) -> Value:
        """A value that is known but for a few bits: once all of them are clear, once set."""
        found = self.memory.raw(value, width)
        if not isinstance(found, Partly):
            return value
        free = found.may & ~found.must & ((1 << 8 * width) - 1)
        if free.bit_count() > MAX_FREE:
            return value
        taken = self.run.choose(f"bits {free:#x} of {found.name}")
        return Int(found.must | (free if taken else 0), 8 * width, False)

    def _store_entry(self, table: Table, offset: int, value: Value, target: CType | None) -> None:
        index = offset // table.width
        if isinstance(target, (UnknownType, ArrayType, VoidType)):
            target = None
        if isinstance(value, Pointer):
            value = self.number(value)
        if table.window and index not in table.window and 0 <= index < len(table.entries):
            found = self.memory.raw(value, table.width)
            table.entries[index] = found if isinstance(found, int) else 0
            self.run.writes.append((table, index, table.entries[index]))
            return  # beside the table: it counts for nothing
        before = table.entries[index] if 0 <= index < len(table.entries) else 0
        stand_in = self.opaque_entry
        if stand_in is not None and isinstance(self.memory.raw(value, table.width), Opaque):
            value, target = Int(stand_in, 8 * table.width, False), None
        elif type(value) is not Int and (target is None or target.size == table.width):
            value = self._with_bits(value, table.width)
        self.memory.store_table(table, offset, value, target)
        run = self.run
        run.stores += 1
        run.writes.append((table, index, table.entries[index]))
        run.events.append(
            Event(
                kind="store",
                level=table.level,
                name="store",
                location=run.location,
                stack=run.frames(),
                table=table,
                index=index,
                offset=offset,
                old=before,
                new=table.entries[index],
            )
        )
