# SPDX-License-Identifier: GPL-2.0-only
"""Memory: page tables of raw entries, and variables as cells of (offset, size, content)."""

from __future__ import annotations

from typing import Final

from .ctype import ArrayType, CType, IntType, PtrType, StructType, UnknownType, VoidType
from .values import (
    FuncRef,
    Int,
    Opaque,
    PathEnds,
    Payload,
    Pointer,
    SlotInt,
    SlotPart,
    Struct,
    Text,
    Unjudged,
    Value,
)

LITTLE: Final = "little"


class Object:
    """Something that a pointer can point into."""

    __slots__ = ("base", "name")

    def __init__(self, name: str, base: int | None) -> None:
        self.name = name
        self.base = base


class Table(Object):
    """A page table: `entries` are raw values of `width` bytes as the CPU loads them.

    `window` are the numbers of those that are one table, where that is known: what lies beside it
    is used for something else (a shadow of the table, locks of its entries).
    """

    __slots__ = ("entries", "level", "noted", "width", "window")

    def __init__(self, level: str, width: int, base: int, entries: list[int]) -> None:
        super().__init__(f"{level} table", base)
        self.level = level
        self.width = width
        self.entries = entries
        self.window: range | None = None
        self.noted: list[dict[int, int | None]] = []  # what calls read, or None: wrote, first

    @property
    def span(self) -> int:
        return self.width * len(self.entries)

    def seen(self, index: int) -> int:
        """What an entry holds, for somebody whose result depends on it."""
        raw = self.entries[index]
        for noted in self.noted:
            noted.setdefault(index, raw)
        return raw

    def written(self, index: int) -> None:
        """An entry is written, whatever it held."""
        for noted in self.noted:
            noted.setdefault(index, None)


class Lost(dict[int, tuple[int, Payload]]):
    """The cells of a variable that functions nobody follows may write at any time: none is kept."""

    def __setitem__(self, offset: int, cell: tuple[int, Payload]) -> None:
        """Whatever is stored may be another value when it is read."""

    def update(self, *cells: object, **named: object) -> None:
        """As an assignment."""


class Variable(Object):
    """A variable of C: cells by byte offset. `fill` is what a byte without a cell reads as."""

    __slots__ = ("cells", "ctype", "fill", "guessed", "is_global")

    def __init__(
        self,
        name: str,
        ctype: CType,
        *,
        base: int | None = None,
        fill: Opaque | None = None,
        is_global: bool = False,
    ) -> None:
        self.name = name
        self.base = base
        self.ctype = ctype
        self.cells: dict[int, tuple[int, Payload]] = {}
        self.fill = fill
        self.is_global = is_global
        self.guessed = False  # its type is that of the value it began with


def payload_of(value: Value) -> Payload:
    """The content of one cell for a scalar value."""
    if isinstance(value, SlotInt):
        return value  # the mark stays with the number
    if isinstance(value, Int):
        return value.raw
    if isinstance(value, Struct):
        raise Unjudged("a structure where a scalar is needed")
    return value


def typed(payload: Payload, ctype: CType) -> Value:
    """A cell's content read as `ctype` (a scalar type)."""
    if isinstance(payload, int):
        if type(ctype) is IntType:
            return Int(payload, ctype.bits, ctype.signed)
        if isinstance(ctype, PtrType):
            return Int(payload, ctype.size * 8, False)
        raise Unjudged("a number read as something else")
    if isinstance(payload, SlotInt) and isinstance(ctype, IntType):
        return payload.__class__(payload.value, ctype.bits, ctype.signed)
    if isinstance(payload, Pointer) and isinstance(ctype, PtrType):
        target = ctype.target
        if not isinstance(target, UnknownType) and target is not None:
            return Pointer(payload.obj, payload.offset, target)
    return payload


def join(parts: list[tuple[int, int, int]], size: int, order: str) -> int:
    """Bytes of (offset, size, raw) parts as one number of `size` bytes."""
    image = bytearray(size)
    for offset, width, raw in parts:
        data = (raw & ((1 << (8 * width)) - 1)).to_bytes(width, order)  # type: ignore[arg-type]
        low = max(0, -offset)
        high = min(width, size - offset)
        image[offset + low : offset + high] = data[low:high]
    return int.from_bytes(bytes(image), order)  # type: ignore[arg-type]


class Memory:
    """Loads and stores with the byte order of the architecture."""

    def __init__(self, order: str) -> None:
        self._order = order
        self.asked: set[tuple[str, str, str]] = set()  # see Core.questions

    @property
    def order(self) -> str:
        """The byte order; whoever asks depends on it."""
        self.asked.add(("order", "", ""))
        return self._order

    def load_table(self, table: Table, offset: int, ctype: CType | None) -> Value:
        """Reads an entry, or a part of one. What stands beside the table is not known."""
        index, rest = divmod(offset, table.width)
        if not 0 <= index < len(table.entries) or (table.window and index not in table.window):
            return Opaque(f"*({table.name}{offset:+d})")
        raw = table.seen(index) if table.noted else table.entries[index]
        size = table.width if ctype is None else ctype.size
        if rest or size != table.width:
            first = index * table.width
            count = -(-(rest + size) // table.width)
            if index + count > len(table.entries):
                raise Unjudged(f"reads outside the {table.name}")
            parts = [
                (first + i * table.width - offset, table.width, table.seen(index + i))
                for i in range(count)
            ]
            raw = join(parts, size, self.order)
        if ctype is None:
            return Int(raw, table.width * 8, False)
        if isinstance(ctype, StructType):
            return Struct(ctype, {0: (size, raw)})
        if isinstance(ctype, ArrayType):
            return Int(raw, 64, False)
        return typed(raw, ctype)

    def store_table(self, table: Table, offset: int, value: Value, ctype: CType | None) -> None:
        """Writes an entry or a part of one; a value that is not a number makes the path unknown."""
        index, rest = divmod(offset, table.width)
        if not 0 <= index < len(table.entries):
            raise Unjudged(f"writes outside the {table.name}")
        size = table.width if ctype is None else ctype.size
        raw = self.raw(value, size)
        if isinstance(raw, Opaque):
            raise Unjudged(f"an unknown value is stored: {raw.name}")
        if rest or size != table.width:
            if rest + size > table.width:
                raise Unjudged("a store across two entries")
            raw = join(
                [(0, table.width, table.seen(index)), (rest, size, raw)], table.width, self.order
            )
        table.entries[index] = raw
        if table.noted:
            table.written(index)

    def raw(self, value: Value, size: int) -> int | Opaque:
        """The `size` bytes of a value as one number, or what is not known about it."""
        if isinstance(value, Int):
            return value.value & ((1 << (8 * size)) - 1)
        if isinstance(value, Opaque):
            if value.default is not None:
                return value.default.value & ((1 << (8 * size)) - 1)
            return value
        if isinstance(value, Struct):
            only = value.cells.get(0)
            if only is not None and only[0] == size:
                payload = only[1]
                if isinstance(payload, int):
                    return payload
                if isinstance(payload, (Opaque, Pointer, SlotInt)):
                    return self.raw(payload, size)
                return Opaque("address")
            parts = []
            for offset, (width, payload) in value.cells.items():
                if isinstance(payload, SlotInt):
                    payload = payload.raw
                if isinstance(payload, Opaque):
                    return payload
                if not isinstance(payload, int):
                    return Opaque("address")
                parts.append((offset, width, payload))
            if sum(width for _, width, _ in parts) < size:
                return Opaque("bytes before they are set")
            return join(parts, size, self.order)
        if isinstance(value, Pointer):
            if value.obj.base is not None:
                return (value.obj.base + value.offset) & ((1 << (8 * size)) - 1)
            return Opaque(f"address of {value.obj.name}")
        return Opaque("address")

    def load(self, var: Variable, offset: int, ctype: CType | None) -> Value:
        """Reads from a variable; what was never written reads as opaque."""
        if type(ctype) is IntType or type(ctype) is PtrType:
            size = ctype.size
            cell = var.cells.get(offset)
            if cell is not None and cell[0] == size:
                return typed(cell[1], ctype)
            return self._pieces(var, offset, size, ctype)
        if ctype is None or isinstance(ctype, (UnknownType, VoidType)):
            cell = var.cells.get(offset)
            if cell is not None:
                size, payload = cell
                return Int(payload, size * 8, False) if isinstance(payload, int) else payload
            ctype = var.ctype
            if isinstance(ctype, UnknownType):
                return self._missing(var, offset)
        if isinstance(ctype, StructType):
            try:
                size = ctype.size
            except Unjudged:
                return self._missing(var, offset)
            if not offset and len(var.cells) == 1:
                whole = var.cells.get(0)
                if whole is not None and isinstance(whole[1], Opaque) and whole[0] >= size:
                    return whole[1]
            inside = {
                at - offset: cell
                for at, cell in var.cells.items()
                if offset <= at and at + cell[0] <= offset + size
            }
            if not inside:
                return self._missing(var, offset)
            return Struct(ctype, inside)
        if isinstance(ctype, ArrayType):
            raise Unjudged("an array read as a value")
        size = ctype.size
        cell = var.cells.get(offset)
        if cell is not None and cell[0] == size:
            return typed(cell[1], ctype)
        return self._pieces(var, offset, size, ctype)

    def _pieces(self, var: Variable, offset: int, size: int, ctype: CType) -> Value:
        parts: list[tuple[int, int, int]] = []
        covered = 0
        split = False
        for at, (width, payload) in var.cells.items():
            if at + width <= offset or at >= offset + size:
                continue
            if isinstance(payload, Pointer) and payload.obj.base is not None:
                split = split or isinstance(payload.obj, Table)
                payload = payload.obj.base + payload.offset
            elif isinstance(payload, SlotInt):
                payload, split = payload.raw, True
            if not isinstance(payload, int):
                name = payload.name if isinstance(payload, Opaque) else "address"
                slot = isinstance(payload, Opaque) and payload.slot
                return Opaque(f"{name}[{offset - at}:{size}]", slot=slot)
            parts.append((at - offset, width, payload))
            covered += min(at + width, offset + size) - max(at, offset)
        if covered < size:
            return self._missing(var, offset)
        whole = join(parts, size, self.order)
        if split and type(ctype) is IntType:
            return SlotPart(whole, ctype.bits, ctype.signed)
        return typed(whole, ctype)

    @staticmethod
    def _missing(var: Variable, offset: int) -> Opaque:
        if var.fill is not None:
            fill = var.fill
            return fill if not offset else Opaque(f"{fill.name}+{offset}", slot=fill.slot)
        return Opaque(f"{var.name} before it is set")

    def store(self, var: Variable, offset: int, value: Value, ctype: CType | None) -> None:
        """Writes to a variable."""
        if isinstance(value, Struct):
            if var.cells:
                self._wipe(var, offset, self._struct_size(value))
            for at, cell in value.cells.items():
                var.cells[offset + at] = cell
            return
        if ctype is None or isinstance(ctype, (UnknownType, VoidType)):
            if isinstance(value, Int):
                size = max(1, value.bits // 8)
            elif isinstance(value, (Pointer, FuncRef, Text)):
                size = 8
            else:
                size = 8
            old = var.cells.get(offset)
            if old is not None:
                size = old[0]
        else:
            try:
                size = ctype.size
            except Unjudged:
                size = 8
        payload = payload_of(value)
        if isinstance(payload, int):
            payload &= (1 << (8 * size)) - 1
        elif isinstance(payload, SlotInt) and payload.bits != 8 * size:
            payload = payload.__class__(payload.value, 8 * size, False)
        known = var.cells.get(offset)
        if len(var.cells) != (known is not None) or (known is not None and known[0] != size):
            self._wipe(var, offset, size)
        var.cells[offset] = (size, payload)

    @staticmethod
    def _struct_size(value: Struct) -> int:
        try:
            return value.ctype.size
        except Unjudged:
            return max((at + cell[0] for at, cell in value.cells.items()), default=0)

    def _wipe(self, var: Variable, offset: int, size: int) -> None:
        """Makes room: cells that overlap the range go, their bytes outside it stay."""
        for at in [a for a, (w, _) in var.cells.items() if a < offset + size and a + w > offset]:
            width, payload = var.cells.pop(at)
            if not isinstance(payload, int):
                continue
            image = payload.to_bytes(width, self.order)  # type: ignore[arg-type]
            if at < offset:
                keep = offset - at
                var.cells[at] = (keep, int.from_bytes(image[:keep], self.order))  # type: ignore[arg-type]
            if at + width > offset + size:
                keep = at + width - offset - size
                var.cells[offset + size] = (keep, int.from_bytes(image[-keep:], self.order))  # type: ignore[arg-type]


def null_check(pointer: Int) -> None:
    """A dereference of NULL ends the path."""
    if pointer.raw == 0:
        raise PathEnds("NULL dereference")
