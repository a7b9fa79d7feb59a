# SPDX-License-Identifier: GPL-2.0-only
"""What the parameters of a macro are: C does not declare them.

Their names tell, where they are those that the kernel uses. What else tells is the macro's body:
what it takes an entry out of, and the functions or macros that it hands a parameter to. A macro
that could be a helper, and of which neither tells, is not judged (`Told.untold`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..brackets import closing, split_arguments

_BY_NAME: Final = {
    "mm": "struct mm_struct *",
    "__mm": "struct mm_struct *",
    "vma": "struct vm_area_struct *",
    "__vma": "struct vm_area_struct *",
}
_SLOT_NAMES: Final = re.compile(r"^_*(pte|pmd|pud)(p|ptr)$|^_*(xp|ptr)$")
_OWN_LEVEL: Final = re.compile(r"^_*(pte|pmd|pud)(?:p|ptr)$")
_VALUE_NAMES: Final = re.compile(r"^_*(?:entry|(?:new|old)?_?(pte|pmd|pud)(?:val|v)?|pteval)_*$")
_ADDRESS_NAMES: Final = re.compile(r"^_*(?:(?:\w+_)?addr|address|haddr|start|end)$")
_OTHER_NAMES: Final = re.compile(
    r"^_*(?:\w*page|folio|\w*prot|\w*pfn|type|off|offset|write|dirty|sz|size|nr|dir|flags|swp|entry)$"
)
_LEVEL: Final = re.compile(r"(pte|pmd|pud)")
_CALLED: Final = re.compile(r"(\.|->)?\s*([A-Za-z_]\w*)?(\s*\))?\s*\(")
_SLOT_TYPE: Final = re.compile(r"^(?:const\s+)?(pte|pmd|pud)_t\s*\*")
_MM_TYPE: Final = re.compile(r"\bstruct\s+(mm_struct|vm_area_struct)\s*\*")
_TAKEN_BY: Final = re.compile(r"\b(pte|pmd|pud)_val\s*\(\s*\*")
HOOK: Final = "page_table_check_"  # whose first parameter is an mm
DEPTH: Final = 4  # macros that hand a parameter on to one another
_UNUSED: Final = "unused"
_UNTOLD: Final = "untold"
_NUMBER: Final = "unsigned long "
_NUMBERS: Final = {_UNUSED: _NUMBER, _UNTOLD: _NUMBER}


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro with parameters, as a header writes it."""

    parameters: tuple[str, ...]
    body: str
    path: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call in a macro's body: what is called ('' for no name), and the arguments' texts."""

    name: str
    arguments: tuple[str, ...]
    member: bool = False  # of a structure


@dataclass(frozen=True, slots=True)
class Declared:
    """What the headers at hand say of the names that a macro calls.

    `functions` are those that are given a pointer to an entry, and pointers to such ones: the
    parameters of all declarations. `other` says whether a function that is given none is declared.
    """

    functions: Mapping[str, Sequence[tuple[str, ...]]]
    macros: Mapping[str, Macro]
    other: Callable[[str], bool]

    def is_plain(self, call: Call) -> bool:
        """Whether a function is called that is known to be given no entry's address."""
        return bool(call.name) and not call.member and self.other(call.name)

    def given(self, call: Call) -> tuple[str, ...] | None:
        """The parameters of the function that a macro calls, of that with as many if there are
        several; None where it is not given an entry's address."""
        known = self.functions.get(call.name, ())
        count = len(call.arguments)
        return next((one for one in known if len(one) == count), known[0] if known else None)


@dataclass(frozen=True, slots=True)
class Told:
    """The parameters of a macro as C declares them; those of which nothing is told."""

    parameters: tuple[str, ...]
    untold: tuple[str, ...] = ()


def by_name(item: str, level: str) -> str | None:
    """The declaration of a parameter by the kernel's naming."""
    if item in _BY_NAME:
        return f"{_BY_NAME[item]}{item}"
    if _SLOT_NAMES.match(item):
        own = _OWN_LEVEL.match(item)
        return f"{own[1] if own else level}_t *{item}"
    return f"unsigned long {item}" if _ADDRESS_NAMES.match(item) else None


def is_value_name(item: str) -> bool:
    """Whether a parameter is named as an entry, or as a pointer to one that has the same name."""
    return _VALUE_NAMES.match(item) is not None


def own_level(item: str) -> str:
    """The level that the name of a pointer to an entry says; '' for others."""
    found = _OWN_LEVEL.match(item)
    return found[1] if found else ""


def calls(body: str) -> Iterator[Call]:
    """The calls in a macro's body, those in arguments of others included."""
    for found in _CALLED.finditer(body):
        if found[2] is None and found[3] is None:
            continue
        end = closing(body, found.end() - 1)
        inner = body[found.end() : end - 1 if end > 0 else len(body)]
        yield Call(found[2] or "", split_arguments(inner) or ("",), found[1] is not None)


def told(name: str, macro: Macro, declared: Declared, depth: int = DEPTH) -> Told | None:
    """The parameters of a macro that changes an entry of some mm; None where it is none, as far
    as its names and its body tell."""
    *names, last = macro.parameters
    variadic = last.endswith("...")
    if not names and not variadic:
        return None  # a helper is told of an entry, and of an mm
    names += [] if variadic else [last]
    level = level_of(name) or level_of(macro.body)
    if not level or not all(re.match(r"^\w+$", one) for one in names):
        return None
    types = [_type(one, level, macro, declared, depth) for one in names]
    parameters = [f"{_NUMBERS.get(one, one)}{p}" for p, one in zip(names, types, strict=True)]
    untold = [p for p, one in zip(names, types, strict=True) if one == _UNTOLD]
    if variadic:
        rest = _rest(last.removesuffix("...").strip() or "__VA_ARGS__", macro, declared, depth)
        if rest is None:
            return Told(tuple(parameters), (*untold, "..."))
        parameters += rest.parameters
        untold += rest.untold
    slot = any(_SLOT_TYPE.match(one) for one in parameters)
    if slot and types and types[0] == _UNUSED:
        parameters[0] = f"struct mm_struct *{names[0]}"  # as the first one of all helpers is
    mm = any(_MM_TYPE.search(one) for one in parameters)
    if not (mm and slot) and len(untold) < 2 - mm - slot and "..." not in untold:
        return None
    return Told(tuple(parameters), () if mm and slot else tuple(untold))


def _rest(name: str, macro: Macro, declared: Declared, depth: int) -> Told | None:
    """What a macro is given that has no name of its own; None where nothing tells."""
    handed = False
    for call in calls(macro.body):
        if call.arguments[-1].lstrip("# ") != name:
            continue
        handed, before = True, len(call.arguments) - 1
        known = declared.given(call)
        if known is not None:
            return Told(known[before:])
        other = declared.macros.get(call.name)
        if other is not None and depth:
            inner = told(call.name, other, declared, depth - 1)
            return Told(()) if inner is None else Told(inner.parameters[before:], inner.untold)
        if declared.is_plain(call):
            return Told(())
    return None if handed else Told(())


def _type(item: str, level: str, macro: Macro, declared: Declared, depth: int) -> str:
    """The C type of a parameter; `_UNUSED`, `_UNTOLD`."""
    known = by_name(item.lower(), level)
    if known is not None:
        return known[: -len(item)]
    body = macro.body
    if not re.search(rf"\b{item}\b", body):
        return _UNUSED
    slot = _dereferenced(item, body)
    own = level_of(item.lower())
    if slot:
        at = _TAKEN_BY.search(body)
        return f"{own or (at[1] if at else level)}_t *"
    if re.search(rf"\b{item}\b\s*\)*\s*->\s*vm_", body):
        return "struct vm_area_struct *"
    otherwise = ""  # where nothing else is known
    if is_value_name(item.lower()) or _stored(item, body):
        otherwise = f"{own or level}_t "
    elif _OTHER_NAMES.match(item.lower()):
        otherwise = _NUMBER
    return _handed(item, level, macro, declared, depth, otherwise)


def _handed(
    item: str, level: str, macro: Macro, declared: Declared, depth: int, otherwise: str
) -> str:
    """The type of a parameter by what it is handed to."""
    found = _NUMBER
    for call in calls(macro.body):
        for index, argument in enumerate(call.arguments):
            if _bare(argument) != item:
                continue
            known = declared.given(call)
            if known is not None and index < len(known):
                return re.sub(r"\w+\s*$", "", known[index])
            other = declared.macros.get(call.name)
            if other is not None and depth and index < len(other.parameters):
                inner = _type(other.parameters[index], level, other, declared, depth - 1)
                if inner not in (*_NUMBERS, _NUMBER):
                    return inner
            elif call.name.startswith(HOOK) and not index:
                return "struct mm_struct *"
            elif not otherwise and not (known or other or declared.is_plain(call)):
                found = _UNTOLD
    return otherwise or found


def _dereferenced(item: str, body: str) -> bool:
    """Whether a macro reads or writes what a parameter points to."""
    star = rf"(?:^|[(,=;{{}}!&|?:<>~]|\breturn\b)\s*\*\s*\(?\s*{item}\b"
    member = rf"\b{item}\b\s*\)*\s*(?:\[|->\s*(?:pte|pmd|pud)\w*\b)"
    return re.search(star, body) is not None or re.search(member, body) is not None


def _stored(item: str, body: str) -> bool:
    """Whether a macro stores a parameter to a place that it is pointed to, or takes its bits."""
    place = r"(?:\*[^=;,]*|\]|->\s*p\w+)\s*\)*\s*"
    return (
        re.search(rf"{place}(?:=(?!=)|,)\s*\(*\s*{item}\b(?!\s*[(\[.-])", body) is not None
        or re.search(rf"\b(?:pte|pmd|pud)_val\s*\(\s*\(*\s*{item}\b", body) is not None
    )


def _bare(argument: str) -> str:
    while argument.startswith("(") and closing(argument, 0) == len(argument):
        argument = argument[1:-1].strip()
    return argument


def level_of(text: str) -> str:
    """The level that a text speaks of first; '' where it speaks of none."""
    found = _LEVEL.search(text)
    return found[1] if found else ""


def named(parameters: tuple[str, ...]) -> tuple[str, ...]:
    """Gives a name to the parameters of a prototype that have none."""
    result = []
    for index, parameter in enumerate(parameters):
        words = re.findall(r"\w+", parameter)
        unnamed = (
            parameter.endswith("*")
            or len(words) == 1
            or (words[-1] in ("long", "int", "pte_t", "pmd_t", "pud_t", "pgtable_t", "bool"))
        )
        result.append(f"{parameter} __arg{index}" if unnamed else parameter)
    return tuple(result)
