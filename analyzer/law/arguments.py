# SPDX-License-Identifier: GPL-2.0-only
"""What a helper is called with: its parameters are known by their types and names."""

from __future__ import annotations

import re
from typing import Final

from ..evaluate.memory import Table
from ..evaluate.values import Int, Opaque, Pointer, Value
from ..helpers.interface import Signature, parameter_names
from ..helpers.session import ADDRESS, LOWER_TABLE, MM, VMA, Session
from .outcome import INDEX, Case

SECOND: Final = 64  # a second entry of the same level, for helpers that move or copy

_SLOT = re.compile(r"^(?:const\s+)?(pte|pmd|pud)_t\s*\*")
_VALUE = re.compile(r"^(?:const\s+)?(pte|pmd|pud)_t\s+\w+$")
_MM = re.compile(r"\bmm_struct\s*\*")
_VMA = re.compile(r"\bvm_area_struct\s*\*")
_ADDRESS = re.compile(r"^_*(?:addr\w*|haddr|start|uaddr|vaddr|va)$")
_SIZE = re.compile(r"^_*(?:sz|size|pgsize|psize)$")
_COUNT = re.compile(r"^_*(?:nr|n|count|nr_\w+)$")
_OLD = re.compile(r"old|orig")


def is_value(declared: str) -> bool:
    """Whether a parameter is an entry."""
    return _VALUE.match(declared) is not None


def is_old(name: str) -> bool:
    """Whether a parameter is named as what was in the slot."""
    return _OLD.search(name) is not None


def is_count(name: str) -> bool:
    """Whether a parameter is named as a number of entries."""
    return _COUNT.match(name) is not None


def is_address(name: str) -> bool:
    """Whether a parameter is named as the address that an entry maps."""
    return _ADDRESS.match(name) is not None


def arguments(session: Session, signature: Signature, case: Case, table: Table) -> list[Value]:
    """What the parameters of a helper are given, by their types and names."""
    machine = session.machine
    values: list[Value] = []
    slot_given = False
    for declared, name in zip(
        signature.parameters, parameter_names(signature.parameters), strict=True
    ):
        slot = _SLOT.match(declared)
        value = _VALUE.match(declared)
        if slot and slot[1] == signature.level and not slot_given:
            slot_given = True
            ctype = machine.entry_type(signature.level)
            values.append(Pointer(table, INDEX * table.width, ctype))
        elif slot and slot[1] == signature.level:
            ctype = machine.entry_type(signature.level)
            values.append(Pointer(table, (INDEX + SECOND) * table.width, ctype))
        elif slot:
            values.append(Int(LOWER_TABLE[session.bits], session.bits, False))
        elif _MM.search(declared):
            values.append(MM)
        elif _VMA.search(declared):
            values.append(VMA)
        elif value and value[1] == signature.level:
            entry = case.old if _OLD.search(name) or case.new is None else case.new
            values.append(session.wrap(signature.level, entry.raw))
        elif _COUNT.match(name):
            values.append(Int(case.nr, 32, False))
        elif _ADDRESS.match(name):
            values.append(Int(ADDRESS[session.bits], session.bits, False))
        elif _SIZE.match(name):
            machine.questions.add(("constant", "PMD_SIZE", ""))
            size = session.constant("PMD_SIZE")
            values.append(Opaque(name) if size is None else Int(size, session.bits, False))
        else:
            values.append(Opaque(name))
    return values
