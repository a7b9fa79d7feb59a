# SPDX-License-Identifier: GPL-2.0-only
"""Binds the arguments of a helper to entries of the page tables of a sequence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ..evaluate.memory import Table
from ..evaluate.values import Int, Opaque, Pointer, Value
from ..helpers.interface import Signature, parameter_names
from ..helpers.session import ADDRESS, LOWER_TABLE, MM, VMA, Session

_SLOT: Final = re.compile(r"^(?:const\s+)?(pte|pmd|pud)_t\s*\*")
_VALUE: Final = re.compile(r"^(?:const\s+)?(pte|pmd|pud)_t\s+\w+$")
_MM: Final = re.compile(r"\bmm_struct\s*\*")
_VMA: Final = re.compile(r"\bvm_area_struct\s*\*")
_ADDRESS: Final = re.compile(r"^_*(?:addr\w*|haddr|start|uaddr|vaddr|va)$")
_SIZE: Final = re.compile(r"^_*(?:sz|size|pgsize|psize)$")
_COUNT: Final = re.compile(r"^_*(?:nr|n|count|nr_\w+)$")
_OLD: Final = re.compile(r"old|orig")
_UNIT: Final = {"pte": "PAGE_SIZE", "pmd": "PMD_SIZE", "pud": "PUD_SIZE"}


@dataclass(frozen=True, slots=True)
class Given:
    """What a step gives to a helper: its slot, the entry, what the slot holds, how many."""

    table: Table
    index: int
    distance: int  # of the slot from the first one of its table, in entries
    value: int | None
    old: int
    nr: int


def takes_count(signature: Signature) -> bool:
    """Whether a helper can be told of several entries."""
    return any(_COUNT.match(name) for name in parameter_names(signature.parameters))


def bind(session: Session, signature: Signature, given: Given) -> list[Value]:
    """The arguments; what generic code passes and does not matter here is opaque."""
    values: list[Value] = []
    names = parameter_names(signature.parameters)
    slot_given = False
    for declared, name in zip(signature.parameters, names, strict=True):
        slot, value = _SLOT.match(declared), _VALUE.match(declared)
        if slot and slot[1] == signature.level and not slot_given:
            slot_given = True
            ctype = session.machine.entry_type(signature.level)
            values.append(Pointer(given.table, given.index * given.table.width, ctype))
        elif slot:
            values.append(Int(LOWER_TABLE[session.bits], session.bits, False))
        elif _MM.search(declared):
            values.append(MM)
        elif _VMA.search(declared):
            values.append(VMA)
        elif value and value[1] == signature.level:
            raw = given.old if given.value is None or _OLD.search(name) else given.value
            values.append(session.wrap(signature.level, raw))
        elif _COUNT.match(name):
            values.append(Int(given.nr, 32, False))
        elif _ADDRESS.match(name):
            step = session.constant(_UNIT[signature.level]) or 0
            address = ADDRESS[session.bits] + given.distance * step
            values.append(Int(address, session.bits, False))
        elif _SIZE.match(name):
            size = session.constant("PMD_SIZE")
            values.append(Opaque(name) if size is None else Int(size, session.bits, False))
        else:
            values.append(Opaque(name))
    return values
