# SPDX-License-Identifier: GPL-2.0-only
"""The values of names, by evaluation under C's integer rules in one unit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..evaluate.names import Scope
from ..evaluate.values import Int, Opaque, PathEnds, Struct, Unjudged
from ..frontend import Unit
from ..helpers.session import Session

PROBE: Final = "__ptc_bit_"
_WORD: Final = re.compile(r"\b[A-Za-z_]\w*\b")
_CONST: Final = re.compile(r"\bconst\b")
_ASM: Final = re.compile(r"\b(?:asm|__asm__|__asm)\b")
_NO_TYPES: Final = frozenset({"return", "else", "case", "goto", "sizeof", "in"})
_MAX_WALK: Final = 60


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
    depends = depends or conditions
    if isinstance(number, Opaque):
        if number.default is not None:
            return Constant(name, _wide(number.default), depends or (number.name,), protection)
        reason = f"{number.name} is not known"
        return Constant(name, None, depends or (number.name,), protection, reason)
    return Constant(name, _wide(number), depends, protection)


def _wide(number: Int) -> int:
    return number.value & ((1 << 64) - 1)


def _variables(session: Session, name: str) -> tuple[str, ...]:
    """What a probe reads that is not constant: variables, and assembler in functions it calls."""
    unit = session.unit
    chunk = unit.variable(f"{PROBE}{name}")
    if chunk is None:
        return ()
    found: dict[str, None] = {}
    called: list[str] = []
    for word in _WORD.findall(unit.source(chunk).partition("=")[2]):
        if word in unit.functions:
            called.append(word)
        elif not word.startswith(PROBE) and _is_variable(unit, word):
            found[word] = None
    for text in _in_functions(unit, called):
        found[text] = None
    return tuple(found)


def _is_variable(unit: Unit, name: str) -> bool:
    chunk = unit.variable(name)
    return chunk is not None and not _CONST.search(unit.source(chunk).partition("=")[0])


def _in_functions(unit: Unit, names: list[str]) -> list[str]:
    """Assembler and variables in functions and in those that they call."""
    seen: set[str] = set()
    todo = list(names)
    found = []
    while todo and len(seen) < _MAX_WALK:
        here = todo.pop(0)
        if here in seen:
            continue
        seen.add(here)
        for chunk in unit.functions.get(here, ())[:1]:
            text = unit.source(chunk)
            if _ASM.search(text):
                found.append(f"assembler in {here}()")
                continue
            for word in dict.fromkeys(_WORD.findall(text)):
                if word in unit.functions:
                    todo.append(word)
                elif word not in found and _is_variable(unit, word) and not _local(text, word):
                    found.append(word)
    return found


def _local(text: str, name: str) -> bool:
    """Whether a function declares a name, as a variable or a parameter, or it is a member."""
    before = re.findall(rf"(\w+)[\s*]+{name}\s*[;=,)\[]", text)
    if any(word not in _NO_TYPES for word in before):
        return True
    return re.search(rf"(?:\.|->)\s*{name}\b", text) is not None
