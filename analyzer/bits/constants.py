# SPDX-License-Identifier: GPL-2.0-only
"""The values of names, by evaluation under C's integer rules in one unit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..evaluate.core import Scope
from ..evaluate.values import Int, Opaque, PathEnds, Struct, Unjudged
from ..helpers.session import Session

PROBE: Final = "__ptc_bit_"
_WORD: Final = re.compile(r"\b[A-Za-z_]\w*\b(?!\s*\()")
_KEPT: Final = frozenset({"unsigned", "long", "int", "const"})


@dataclass(frozen=True, slots=True)
class Constant:
    """What a name stands for in one configuration.

    `value` is the number as an unsigned long long, None where it cannot be evaluated and `reason`
    says why. `depends` names the variables or run-time conditions on which it depends: `value` is
    then what they begin with. `protection`: a pgprot_t or another structure, not a plain number.
    """

    name: str
    value: int | None
    depends: tuple[str, ...] = ()
    protection: bool = False
    reason: str = ""


def constant_probes(names: Iterable[str]) -> str:
    """C that makes each name's value visible; what the preprocessor makes of it is evaluated."""
    return "".join(f"unsigned long long {PROBE}{name} = ({name});\n" for name in names)


def evaluate_constant(session: Session, name: str) -> Constant:
    """The value of one name for which there is a probe in the session's unit."""
    machine = session.machine
    node = machine.code.variable_node(f"{PROBE}{name}", "")
    if node is None or node.init is None:
        return Constant(name, None, reason="does not parse as an expression")
    depends = _variables(session, name)
    saved = machine.run
    try:
        run = session.fresh()
        value = machine.evaluate(node.init, Scope())
        protection = isinstance(value, Struct)
        number = machine.number(value)
        conditions = tuple(choice.key for choice in run.choices)
    except (Unjudged, PathEnds) as problem:
        return Constant(name, None, depends, reason=str(problem))
    finally:
        machine.run = saved
    depends = tuple(dict.fromkeys((*depends, *conditions)))
    if isinstance(number, Opaque):
        if number.default is not None:
            return Constant(name, _wide(number.default), depends or (number.name,), protection)
        return Constant(name, None, depends or (number.name,), protection, f"{number.name} is not known")
    if not isinstance(number, Int):
        return Constant(name, None, depends, reason="not a number")
    return Constant(name, _wide(number), depends, protection)


def _wide(number: Int) -> int:
    return number.value & ((1 << 64) - 1)


def _variables(session: Session, name: str) -> tuple[str, ...]:
    """The variables in a probe that are not constant: they are set at run time."""
    unit = session.unit
    chunk = unit.variable(f"{PROBE}{name}")
    if chunk is None:
        return ()
    found = []
    text = unit.source(chunk).partition("=")[2]
    for word in dict.fromkeys(_WORD.findall(text)):
        other = unit.variable(word)
        if other is not None and word not in _KEPT and not word.startswith(PROBE):
            declared = unit.source(other).partition("=")[0]
            if not re.search(r"\bconst\b", declared):
                found.append(word)
    return tuple(found)
