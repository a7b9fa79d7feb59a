# SPDX-License-Identifier: GPL-2.0-only
"""What a helper is called with: its parameters are known by their types and names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ..evaluate.memory import Table
from ..evaluate.values import Int, Opaque, Pointer, Value
from ..helpers.interface import Signature, parameter_names
from ..helpers.session import ADDRESS, LOWER_TABLE, MM, VMA, Session
from .hugetlb import is_hugetlb
from .outcome import INDEX, SECOND, Case

_SLOT = re.compile(r"^(?:const\s+)?(pte|pmd|pud)_t\s*\*")
_VALUE = re.compile(r"^(?:const\s+)?(pte|pmd|pud)_t\s+\w+$")
_MM = re.compile(r"\bmm_struct\s*\*")
_VMA = re.compile(r"\bvm_area_struct\s*\*")
_ADDRESS = re.compile(r"^_*(?:addr\w*|haddr|start|uaddr|vaddr|va)$")
_SIZE = re.compile(r"^_*(?:sz|size|pgsize|psize)$")
_COUNT = re.compile(r"^_*(?:nr|n|count|nr_\w+)$")
_OLD = re.compile(r"old|orig")
_UNIT: Final = {"pte": "PAGE_SIZE", "pmd": "PMD_SIZE", "pud": "PUD_SIZE"}


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


def takes_count(signature: Signature) -> bool:
    """Whether a helper can be told of several entries."""
    return any(is_count(name) for name in parameter_names(signature.parameters))


def untold(signature: Signature) -> str:
    """Why a macro cannot be run of whose parameters nothing is told."""
    names = ", ".join(signature.untold)
    return f"{signature.path} does not tell what the parameters of {signature.name} are: {names}"


@dataclass(frozen=True, slots=True)
class Given:
    """What a helper is given: its slot, the entry, what the slot holds, how many."""

    table: Table
    index: int
    value: int | None
    old: int
    nr: int
    distance: int = 0  # of the slot from the one that ADDRESS is of, in entries
    second: int | None = None  # index of another slot, for helpers that move or copy


def given_in(case: Case, table: Table) -> Given:
    """What a case gives to a helper."""
    new = None if case.new is None else case.new.raw
    return Given(table, INDEX, new, case.old.raw, case.nr, second=INDEX + SECOND)


def bind(session: Session, signature: Signature, given: Given) -> list[Value]:
    """The arguments; what generic code passes and does not matter here is opaque."""
    machine, level, table = session.machine, signature.level, given.table
    values: list[Value] = []
    place: int | None = given.index
    names = parameter_names(signature.parameters)
    for declared, name in zip(signature.parameters, names, strict=True):
        slot, value = _SLOT.match(declared), _VALUE.match(declared)
        if slot and slot[1] == level and place is not None:
            values.append(Pointer(table, place * table.width, machine.entry_type(level)))
            place = given.second
        elif slot:
            values.append(Int(LOWER_TABLE[session.bits], session.bits, False))
        elif _MM.search(declared):
            values.append(MM)
        elif _VMA.search(declared):
            values.append(VMA)
        elif value and value[1] == level:
            raw = given.old if given.value is None or is_old(name) else given.value
            values.append(session.wrap(level, raw))
        elif is_count(name):
            values.append(Int(given.nr, 32, False))
        elif is_address(name):
            step = (session.constant(_UNIT[level]) or 0) if given.distance else 0
            address = ADDRESS[session.bits] + given.distance * step
            values.append(Int(address, session.bits, False))
        elif _SIZE.match(name):
            machine.questions.add(("constant", "PMD_SIZE", ""))
            size = session.constant("PMD_SIZE")
            if is_hugetlb(signature.name):
                size = session.page_of_hugetlb()[0]
            values.append(Opaque(name) if size is None else Int(size, session.bits, False))
        else:
            values.append(Opaque(name))
    return values
