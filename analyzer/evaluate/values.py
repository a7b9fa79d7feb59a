# SPDX-License-Identifier: GPL-2.0-only
"""Values of the evaluator: C integers, structures, pointers, and what is not known.

Every value is immutable. Integers are exact under C's rules for the word size of the
architecture; an `Opaque` stands for anything that was not followed and has a name, so that the
same unknown thing is recognised as the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from .ctype import CType, StructType
    from .memory import Object

MAX_NAME: Final = 240


class Unjudged(Exception):
    """The evaluator cannot follow the code here; the reason ends up in an `unknown` verdict."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = ""


class PathEnds(Exception):
    """This path does not return (panic, BUG, unreachable code, a NULL dereference)."""


class Int:
    """A C integer: `value` already wrapped to `bits` and `signed`."""

    __slots__ = ("bits", "signed", "value")

    def __init__(self, value: int, bits: int = 32, signed: bool = True) -> None:
        value &= (1 << bits) - 1
        if signed and value >> (bits - 1):
            value -= 1 << bits
        self.value = value
        self.bits = bits
        self.signed = signed

    @property
    def raw(self) -> int:
        """The bit pattern as an unsigned number."""
        return self.value & ((1 << self.bits) - 1)

    def __repr__(self) -> str:
        return f"{self.raw:#x}"


class SlotInt(Int):
    """A number computed from the address of an entry: not an entry's address any more, perhaps,
    but enough for somebody who knows the mapping (a physical address, say)."""

    __slots__ = ()


class SlotPart(SlotInt):
    """Some bits of the address of an entry, shifted perhaps: assembler may put them together."""

    __slots__ = ()


class Opaque:
    """Something not known, by name.

    `slot` marks values computed from the address of an entry: a store through one may hit the
    page table. `default` is the value that the tree initialises a global variable with: it is
    used in arithmetic, while a condition on the variable goes both ways.
    """

    __slots__ = ("default", "name", "nonnull", "slot")

    def __init__(
        self, name: str, *, nonnull: bool = False, slot: bool = False, default: Int | None = None
    ) -> None:
        if len(name) > MAX_NAME:
            name = f"{name[: MAX_NAME - 20]}~{hash_name(name)}"
        self.name = name
        self.nonnull = nonnull
        self.slot = slot
        self.default = default

    def __repr__(self) -> str:
        return f"?{self.name}"


class Partly(Opaque):
    """Something of which some bits are known: those in `must` are set, those not in `may` clear.

    Both are numbers without a width: those of the bits above the highest one are its sign.
    """

    __slots__ = ("may", "must")

    def __init__(self, name: str, may: int, must: int, *, slot: bool = False) -> None:
        super().__init__(name, nonnull=must != 0, slot=slot)
        self.may = may
        self.must = must


def known_bits(value: Opaque) -> tuple[int, ...]:
    """What is known of something not known, to tell two of one name apart."""
    return (value.may, value.must) if isinstance(value, Partly) else ()


def hash_name(name: str) -> str:
    """A short stable digest, so that cut names of different things stay different."""
    return blake2b(name.encode(), digest_size=8).hexdigest()


class Pointer:
    """A pointer into an object that the evaluator holds: object, byte offset, pointee type."""

    __slots__ = ("obj", "offset", "target")

    def __init__(self, obj: Object, offset: int, target: CType | None) -> None:
        self.obj = obj
        self.offset = offset
        self.target = target

    def __repr__(self) -> str:
        return f"&{self.obj.name}+{self.offset}"


class FuncRef:
    """The address of a function, taken in the file `home` (static names are a file's own)."""

    __slots__ = ("home", "name")

    def __init__(self, name: str, home: str = "") -> None:
        self.name = name
        self.home = home

    def __repr__(self) -> str:
        return self.name


class OneOf(FuncRef):
    """The address of one of several functions; nobody says which. A call may reach each."""

    __slots__ = ("functions", "place")

    def __init__(self, place: str, functions: tuple[FuncRef, ...]) -> None:
        super().__init__(functions[0].name, functions[0].home)
        self.place = place
        self.functions = functions


class Text:
    """A string literal; only its presence matters."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return '"..."'


Scalar: TypeAlias = "Int | Opaque | Pointer | FuncRef | Text"
Payload: TypeAlias = "int | SlotInt | Opaque | Pointer | FuncRef | Text"
Cells: TypeAlias = "Mapping[int, tuple[int, Payload]]"


class Struct:
    """A structure or union by value: cells of (byte offset -> size, content)."""

    __slots__ = ("cells", "ctype")

    def __init__(self, ctype: StructType, cells: Cells) -> None:
        self.ctype = ctype
        self.cells = cells

    def __repr__(self) -> str:
        inner = ", ".join(
            f"{offset}:{payload:#x}" if isinstance(payload, int) else f"{offset}:{payload!r}"
            for offset, (_, payload) in sorted(self.cells.items())
        )
        return f"{{{inner}}}"


Value: TypeAlias = "Int | Opaque | Pointer | FuncRef | Text | Struct"
