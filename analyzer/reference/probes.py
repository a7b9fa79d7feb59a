# SPDX-License-Identifier: GPL-2.0-only
"""The kprobe events that record what `replay --ftrace` reads, for the hooks of one tree.

Arguments are registers: the calling conventions of the machines, in the words of the kernel's
kprobe events. Entries of 64 bits are passed in one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..errors import SourceError, UsageError
from ..tree import KernelTree

HEADER: Final = "include/linux/page_table_check.h"
_HOOK: Final = re.compile(
    r"^[ \t]*(?:extern[ \t]+)?void\s+(__page_table_check_\w+)\s*\(([^)]*)\)\s*;", re.M
)
_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
_PAGES: Final = (
    ("mm/rmap.c", ("folio_add_new_anon_rmap", "page_add_new_anon_rmap"), ("folio",)),
    ("mm/rmap.c", ("hugetlb_add_new_anon_rmap", "hugepage_add_new_anon_rmap"), ("folio",)),
    ("mm/migrate.c", ("folio_migrate_flags",), ("folio", "src")),
    ("mm/hugetlb.c", ("free_huge_folio", "free_huge_page"), ("folio",)),
)
"""What says which pages are anonymous; the first of the names that a tree defines."""


@dataclass(frozen=True, slots=True)
class Registers:
    """Of one machine: those of arguments, in order, and where the caller is at the entry."""

    machine: str
    arguments: tuple[str, ...]
    caller: str


MACHINES: Final = (
    Registers("x86_64", ("%di", "%si", "%dx", "%cx", "%r8", "%r9"), "$stack0"),
    Registers("arm64", tuple(f"%x{i}" for i in range(8)), "%x30"),
    Registers("riscv64", tuple(f"%a{i}" for i in range(8)), "%ra"),
    Registers("ppc64le", tuple(f"%gpr{i}" for i in range(3, 11)), "%link"),
    Registers("s390x", tuple(f"%r{i}" for i in range(2, 7)), "%r14"),
)


def probes(tree: KernelTree, machine: str) -> tuple[str, ...]:
    """Lines for `kprobe_events`: the hooks as the tree's header declares them, and the functions
    that make pages anonymous.

    Raises UsageError for a machine that is not known, or a tree without hooks.
    """
    registers = next((one for one in MACHINES if one.machine == machine), None)
    if registers is None:
        known = ", ".join(one.machine for one in MACHINES)
        raise UsageError(f"no machine '{machine}'; there are: {known}")
    try:
        text = _COMMENT.sub(" ", tree.read(HEADER).decode("latin-1"))
    except SourceError:
        text = ""
    lines = [_hook(match, registers) for match in _HOOK.finditer(text)]
    if not lines:
        raise UsageError(f"{tree.label}: {HEADER} declares no __page_table_check_*() hook")
    return (*lines, *_pages(tree, registers))


def _hook(match: re.Match[str], registers: Registers) -> str:
    name = match[1]
    short = name.removeprefix("__page_table_check_")
    given = [f"p:ptc_{short} {name}"]
    for number, declared in enumerate(match[2].split(",")):
        if number >= len(registers.arguments):
            raise UsageError(f"{name}() has more arguments than registers hold")
        given += _argument(" ".join(declared.split()), registers.arguments[number], short)
    if not short.endswith("set"):
        given.append(f"caller={registers.caller}:symbol")
    return " ".join(given)


def _argument(declared: str, register: str, hook: str) -> Iterator[str]:
    """One parameter; the name that the converter knows it by is that of its type."""
    entry = re.search(r"\b(pte|pmd|pud)_t\b(\s*\*)?", declared)
    name = re.sub(r".*?(\w+)$", r"\1", declared)
    if "mm_struct" in declared:
        yield f"mm={register}"
    elif entry is not None and entry[2]:
        yield f"{entry[1]}p={register}"
        if hook.endswith("set"):
            yield f"old=+0({register}):x64"
    elif entry is not None:
        yield f"{entry[1]}={register}"
    elif re.search(r"\bstruct\s+(?:page|folio)\b", declared):
        yield f"page={register}"
    elif "long" in declared:
        yield f"{'addr' if 'addr' in name else name}={register}"
    else:
        yield f"{name}={register}:u32"


def _pages(tree: KernelTree, registers: Registers) -> Iterator[str]:
    for path, names, arguments in _PAGES:
        try:
            text = tree.read(path).decode("latin-1")
        except SourceError:
            continue
        for name in names:
            if re.search(rf"^\w[\w \t*]*\b{name}\s*\(", text, re.M):
                given = zip(arguments, registers.arguments, strict=False)
                shown = " ".join(f"{word}={register}" for word, register in given)
                yield f"p:ptc_{name} {name} {shown}"
                break
