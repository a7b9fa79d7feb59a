# SPDX-License-Identifier: GPL-2.0-only
"""Tests of an entry that the tree offers: accessors first, then masks of its own names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..frontend import Unit

ATOM: Final = "__ptc_atom_"
CONSTANT: Final = "__ptc_mask_"

# What a kernel calls such tests, for every level; none of them is required to exist.
_PRESENT: Final = ("present", "valid")
_LEAF: Final = ("leaf", "trans_huge", "large", "sect")
_USER: Final = ("user", "valid_user", "user_mode")
_MASK: Final = re.compile(
    r"^_*(?:L_)?(?:PAGE|PTE|PMD|PUD|SEGMENT|SECT|SUN4[UV]|H_PAGE|SRMMU)\w*$"
    r"|^_(?:SEGMENT|REGION3?)_ENTRY_\w+$"
)
_WORDS: Final = {"pte": (), "pmd": ("PMD", "SEGMENT"), "pud": ("PUD", "REGION3")}
_USEFUL: Final = re.compile(r"USER|PRESENT|VALID|PROT_?NONE|LEAF|HUGE|PLV|PRIV|READ$")
_USELESS: Final = re.compile(r"SHIFT|BIT|TABLE|KERNEL|ONLY|EXEC|COPY|SHARED|CHG|MASK|ORDER|SIZE")
_SWAPS: Final = (
    "0, 0",
    "0, 1",
    "1, 0",
    "2, 0x55",
    "5, 0x2aa",
    "7, 0x155",
    "21, 0x1fff",
    "30, ~0UL >> 40",
)
_SWAP_MARKS: Final = ("", "swp_mkexclusive", "swp_mksoft_dirty", "swp_mkuffd_wp")
SWAP: Final = "__ptc_swap_"
NAMED: Final = "__ptc_named_"


@dataclass(frozen=True, slots=True, order=True)
class Atom:
    """One test as C text over the entry; `cost` orders what reads better, accessors first."""

    cost: int
    role: str  # 'present' | 'leaf' | 'user' | 'mask'
    text: str  # with `{x}` for the entry
    calls: tuple[str, ...] = ()
    mask: str = ""

    def spelled(self, name: str) -> str:
        """As C for an entry called `name`."""
        return self.text.format(x=name)


def accessors(level: str) -> tuple[Atom, ...]:
    """The tests of a level that a tree may have, in the order of preference."""
    found: list[Atom] = []

    def add(cost: int, role: str, text: str, *calls: str) -> None:
        found.append(Atom(cost, role, text, calls))

    for cost, name in enumerate(_PRESENT):
        add(1 + 2 * cost, "present", f"{level}_{name}({{x}})", f"{level}_{name}")
        if level != "pte":
            cast = f"pte_{name}({level}_pte({{x}}))"
            add(6 + cost, "present", cast, f"pte_{name}", f"{level}_pte")
    if level != "pte":
        for cost, name in enumerate(_LEAF):
            add(1 + cost, "leaf", f"{level}_{name}({{x}})", f"{level}_{name}")
        add(8, "leaf", f"!{level}_table({{x}})", f"{level}_table")
        add(9, "present", f"!{level}_present_invalid({{x}})", f"{level}_present_invalid")
    for cost, name in enumerate(_USER):
        add(1 + cost, "user", f"{level}_{name}({{x}})", f"{level}_{name}")
        if level != "pte":
            add(5 + cost, "user", f"pte_{name}({level}_pte({{x}}))", f"pte_{name}", f"{level}_pte")
    both = (f"{level}_user", f"{level}_user_exec")
    add(3, "user", f"({both[0]}({{x}}) || {both[1]}({{x}}))", *both)
    return tuple(found)


def mask_names(unit: Unit, folder: str) -> tuple[str, ...]:
    """Object-like macros of the architecture that may name bits worth testing."""
    found = []
    for name in unit.macros:
        if _MASK.match(name) and _USEFUL.search(name) and not _USELESS.search(name):
            macro = unit.macros[name]
            if macro.params is None and macro.body and macro.location.path.startswith(folder):
                found.append(name)
    return tuple(sorted(found))


def masks(level: str, names: Iterable[str]) -> tuple[Atom, ...]:
    """Tests of the raw value against named bits: any of them set, and none of them set."""
    found = []
    for name in names:
        if any(word in name for other in _WORDS if other != level for word in _WORDS[other]):
            continue
        inner = f"{level}_val({{x}}) & {name}"
        own = any(word in name for word in _WORDS[level])
        cost = 20 + 2 * (not name.startswith("_PAGE")) + len(name) // 10 - 6 * own
        role = "user" if "USER" in name else "mask"
        if "INVALID" not in name:
            found.append(Atom(cost, role, f"({inner})", (f"{level}_val",), name))
        found.append(Atom(cost + 1, "mask", f"!({inner})", (f"{level}_val",), name))
    return tuple(found)


_FIELD: Final = re.compile(r"^(_*(?:PAGE|PTE|PMD|PUD)_\w+)_MASK$")
_STATE: Final = ("INVALID", "VALID", "NONE", "USER", "PRESENT")


def field_names(unit: Unit, folder: str) -> tuple[tuple[str, str], ...]:
    """Fields of several bits and a value of each that may say what an entry is."""
    own = {
        name for name, macro in unit.macros.items()
        if macro.params is None and macro.body and macro.location.path.startswith(folder)
    }  # fmt: skip
    found = []
    for name in sorted(own):
        match = _FIELD.match(name)
        if match is not None:
            values = (f"{match[1]}_{state}" for state in _STATE)
            found += [(name, value) for value in values if value in own]
    return tuple(found)


def fields(level: str, names: Iterable[tuple[str, str]]) -> tuple[Atom, ...]:
    """Tests of a field of the raw value against one of its values."""
    found = []
    for mask, value in names:
        for sign in ("!=", "=="):
            text = f"({level}_val({{x}}) & {mask}) {sign} {value}"
            found.append(Atom(30, "mask", text, (f"{level}_val",), mask))
    return tuple(found)


def probe(level: str, atoms: Iterable[Atom]) -> str:
    """Functions that ask each atom, as C."""
    return "".join(
        f"static int {ATOM}{level}_{index}({level}_t x) {{ return !!({atom.spelled('x')}); }}\n"
        for index, atom in enumerate(atoms)
    )


def swap_probe(level: str) -> tuple[str, int]:
    """Functions that make swap entries of many kinds, as C, and how many there are."""
    lines: list[str] = []
    for swap in _SWAPS:
        for mark in _SWAP_MARKS:
            made = f"swp_entry_to_{level}(swp_entry({swap}))"
            made = f"{level}_{mark}({made})" if mark else made
            lines.append(
                f"static {level}_t {SWAP}{level}_{len(lines)}(void) {{ return {made}; }}\n"
            )
    return "".join(lines), len(lines)


def protections(level: str) -> tuple[str, ...]:
    """Entries with the protections that headers name, whatever protection_map[] says."""
    names = ("PAGE_EXECONLY", "PAGE_EXEC", "PAGE_READONLY", "PAGE_SHARED", "PAGE_SHARED_EXEC")
    made = (f"pfn_{level}(pfn, {name})" for name in names)
    return tuple(one if level == "pte" else f"{level}_mkhuge({one})" for one in made)


def protection_probe(level: str) -> str:
    """Functions that make them, as C."""
    return "".join(
        f"static {level}_t {NAMED}{level}_{index}(unsigned long pfn) {{ return {made}; }}\n"
        for index, made in enumerate(protections(level))
    )


def available(unit: Unit, atom: Atom) -> bool:
    """Whether what an atom names is declared where the architecture's own header ends."""
    for name in (*atom.calls, *((atom.mask,) if atom.mask else ())):
        macro = unit.macros.get(name)
        if macro is not None and macro.body != name and _early(macro.location.path):
            continue
        if not any(_early(unit.path(chunk)) for chunk in unit.functions.get(name, ())):
            return False
    return True


def _early(path: str) -> bool:
    """Whether a header is read before, or with, the architecture's page-table header."""
    return path.endswith(".h") and not path.startswith("include/linux/")
