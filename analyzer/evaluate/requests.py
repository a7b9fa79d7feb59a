# SPDX-License-Identifier: GPL-2.0-only
"""Stores that a hypervisor is asked to make: what is behind the call is in no C of the tree."""

from __future__ import annotations

import re
from typing import Final

from .core import Core
from .ctype import StructType
from .memory import Table, Variable
from .values import Int, Opaque, Pointer, Unjudged, Value

REQUEST: Final = re.compile(r"^\w+_mmu_update$")
"""Functions that ask a hypervisor to store to an entry: they are given an array of pairs (`ptr`,
the entry's physical address with a command in its lowest two bits, and `val`) and, perhaps, their
number. Xen: the hypercall mmu_update, at once or in a batch (include/xen/interface/xen.h); what
the store does is said by that interface, not in C."""
_PAIR: Final = "mmu_update"  # the tag of such a pair
_COMMAND: Final = 3
Question = tuple[str, str, str]
VIRTUAL: Final = "__ptc_virtual"  # a probe: the address at which the kernel maps a physical one


class Requests(Core):
    """Makes the stores."""

    virtual: dict[int, tuple[Value, frozenset[Question]]]  # what physical addresses are mapped at

    def requested(self, name: str, values: list[Value]) -> Value | None:
        """The store that is asked for; None when the call has no such request."""
        pairs = [one for one in values if isinstance(one, Pointer) and _is_pair(one)]
        if not pairs:
            return None
        value = pairs[0]
        for count in values[values.index(value) + 1 :][:1]:
            if not isinstance(count, Int) or count.value != 1:
                raise Unjudged(f"{name} is asked for several stores at once")
        address = self.load(self._part(value, "ptr"))
        content = self.load(self._part(value, "val"))
        if not isinstance(address, Int) or not self.code.has_function(VIRTUAL):
            raise Unjudged(f"{name} stores to an address that is not known: {address!r}")
        place = self._mapped(Int(address.raw & ~_COMMAND, self.bits, False))
        if not isinstance(place, Pointer) or not isinstance(place.obj, Table):
            raise Unjudged(f"{name} stores to an address that is no entry's here: {place!r}")
        self.store(place, content)
        return Int(0)

    def _mapped(self, address: Int) -> Value:
        known = self.virtual.get(address.raw)
        if known is None:
            known = self.virtual[address.raw] = self._ask_mapped(address)
        place, asked = known
        self.questions |= asked
        if isinstance(place, Int):
            place = self.at_address(place)
        if isinstance(place, Pointer) and isinstance(place.obj, Table):
            return Pointer(place.obj, place.offset, self.entry_type(place.obj.level))
        return place

    def _ask_mapped(self, address: Int) -> tuple[Value, frozenset[Question]]:
        """The virtual address as a number, and what was asked of the unit for it."""
        outer = frozenset(self.questions)
        self.questions.clear()
        types, self.types.asked = self.types.asked, set()
        try:
            place = self.call(VIRTUAL, [address])
            if isinstance(place, Opaque) and place.default is not None:
                place = place.default
            if isinstance(place, Pointer):
                place = self.number(place)
            return place, frozenset(self.questions | self.types.asked)
        finally:
            types |= self.types.asked
            self.types.asked = types
            self.questions.update(outer)

    def _part(self, request: Pointer, name: str) -> Pointer:
        obj = request.obj
        assert isinstance(obj, Variable)
        assert isinstance(obj.ctype, StructType)
        member = obj.ctype.member(name)
        if member is None:
            raise Unjudged(f"struct {_PAIR} has no {name}")
        return Pointer(obj, request.offset + member.offset, member.ctype)

    def call(self, name: str, values: list[Value], home: str = "") -> Value:
        raise NotImplementedError


def _is_pair(pointer: Pointer) -> bool:
    obj = pointer.obj
    if not isinstance(obj, Variable) or not isinstance(obj.ctype, StructType):
        return False
    return obj.ctype.tag == _PAIR
