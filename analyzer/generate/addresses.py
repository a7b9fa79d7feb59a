# SPDX-License-Identifier: GPL-2.0-only
"""Tests of an address for entries that do not say whose they are, where the predicates get one."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ..evaluate.values import Int, Opaque, PathEnds, Unjudged
from ..frontend import Unit
from ..helpers.session import ADDRESS, Session
from .conjunctions import Predicate

PROBE: Final = "__ptc_address_"
_TESTS: Final = (
    ("!is_kernel_addr(addr)", "is_kernel_addr"),
    ("addr < TASK_SIZE_MAX", "TASK_SIZE_MAX"),
    ("addr < TASK_SIZE", "TASK_SIZE"),
)


def address_probe() -> str:
    """Functions that ask each test, as C."""
    return "".join(
        f"static int {PROBE}{index}(unsigned long addr) {{ return !!({text}); }}\n"
        for index, (text, _) in enumerate(_TESTS)
    )


def usable_tests(unit: Unit, session: Session, folder: str) -> frozenset[str]:
    """The tests that are true for a user's address and false for the last one, whoever runs.

    What they name is defined by the architecture: the headers of others come later.
    """
    found = set()
    last = (1 << session.bits) - (1 << 12)
    for index, (text, name) in enumerate(_TESTS):
        macro = unit.macros.get(name)
        paths = [unit.path(chunk) for chunk in unit.functions.get(name, ())]
        paths += [macro.location.path] if macro is not None else []
        if not any(path.startswith(folder) for path in paths):
            continue
        said = [_ask(session, index, address) for address in (ADDRESS[session.bits], last)]
        if said == [True, False]:
            found.add(text)
    return frozenset(found)


def _ask(session: Session, index: int, address: int) -> bool | None:
    try:
        made = session.evaluate(f"{PROBE}{index}", Int(address, session.bits, False))
        value = session.machine.number(made)
    except (Unjudged, PathEnds):
        return None
    return None if isinstance(value, Opaque) else value.value != 0


def by_address(
    predicates: tuple[Predicate, ...], usable: list[frozenset[str]]
) -> tuple[Predicate, ...]:
    """The predicates with the first test that is usable everywhere, where no bit says it."""
    common = frozenset.intersection(*usable) if usable else frozenset()
    test = next((text for text, _ in _TESTS if text in common), "")
    return tuple(
        replace(one, address=test) if one.terms and not one.user_bit else one for one in predicates
    )
