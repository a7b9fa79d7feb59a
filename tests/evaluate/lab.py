# SPDX-License-Identifier: GPL-2.0-only
"""A bench for the evaluator: a few lines of C, a page table of eight entries, every path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from analyzer.evaluate.calls import Machine
from analyzer.evaluate.memory import Table
from analyzer.evaluate.state import Event, Run, alternatives
from analyzer.evaluate.values import Int, Opaque, PathEnds, Pointer, Unjudged, Value
from analyzer.frontend.unit import Unit
from analyzer.helpers.code import UnitCode

ENTRIES: Final = 8
SLOT: Final = 2  # the entry that the code under test is given
BASE: Final = {64: 0x7F00_0000_0000, 32: 0x7000_0000}
TYPES: Final = """\
typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long pmd; } pmd_t;
typedef struct { unsigned long pud; } pud_t;
struct mm_struct;
struct vm_area_struct { struct mm_struct *vm_mm; };
"""
HOOKS: Final = """\
void page_table_check_pte_clear(struct mm_struct *mm, pte_t pte);
void page_table_check_pmd_clear(struct mm_struct *mm, pmd_t pmd);
void page_table_check_ptes_set(struct mm_struct *mm, pte_t *ptep, pte_t pte, unsigned int nr);
void page_table_check_pmd_set(struct mm_struct *mm, pmd_t *pmdp, pmd_t pmd);
"""
EXCHANGE: Final = """\
unsigned long __ptc_xchg();
unsigned long __ptc_cmpxchg();
_Bool __ptc_try_cmpxchg();
"""


@dataclass(frozen=True, slots=True)
class Path:
    """One path: what the function returned, what the table holds, how the path was chosen.

    `unknown` is the reason of an unjudged path, `ends` that of one that does not return.
    """

    result: Value | None
    entries: tuple[int, ...]
    choices: tuple[tuple[str, int], ...]
    events: tuple[Event, ...]
    unknown: str = ""
    ends: str = ""

    @property
    def slot(self) -> int:
        return self.entries[SLOT]


def machine(text: str, bits: int = 64, order: str = "little", *, types: str = TYPES) -> Machine:
    """An evaluator of `text`; line 1 of the text is line 1 of t.c."""
    text = f'\n# 1 "types.h"\n{types}\n# 1 "t.c"\n{text}\n'
    return Machine(UnitCode(Unit(text)), bits, order)


def number(text: str, *arguments: Value, bits: int = 64, order: str = "little") -> int:
    """What `f(arguments)` returns on its only path."""
    it = machine(text, bits, order)
    result = it.number(it.call("f", list(arguments)))
    assert isinstance(result, Int), result
    assert not it.run.choices, it.run.choices
    return result.value


def value(text: str, *arguments: Value, bits: int = 64, order: str = "little") -> Value:
    """What `f(arguments)` returns when every condition that is not known is false."""
    it = machine(text, bits, order)
    return it.call("f", list(arguments))


def paths(
    text: str,
    *arguments: Value,
    old: int = 0x11,
    level: str = "pte",
    bits: int = 64,
    order: str = "little",
    types: str = TYPES,
    limit: int = 40,
) -> list[Path]:
    """All paths of `f(slot, arguments)`; the slot holds `old`, its neighbours are empty."""
    it = machine(text, bits, order, types=types)
    done: list[Path] = []
    todo: list[tuple[int, ...]] = [()]
    while todo:
        assert len(done) < limit
        done.append(_path(it, todo.pop(), arguments, old, level))
        todo.extend(alternatives(it.run))
    return done


def _path(
    it: Machine, prefix: tuple[int, ...], arguments: tuple[Value, ...], old: int, level: str
) -> Path:
    it.run = Run(prefix=prefix)
    ctype = it.entry_type(level)
    table = Table(level, ctype.size, BASE[it.bits], [0] * ENTRIES)
    table.entries[SLOT] = old
    it.run.tables.append(table)
    result: Value | None = None
    unknown = ends = ""
    try:
        result = it.call("f", [Pointer(table, SLOT * table.width, ctype), *arguments])
    except Unjudged as problem:
        unknown = problem.reason
    except PathEnds as end:
        ends = str(end) or "ends"
    choices = tuple((choice.key, choice.taken) for choice in it.run.choices)
    return Path(result, tuple(table.entries), choices, tuple(it.run.events), unknown, ends)


def only(found: list[Path]) -> Path:
    """The single path, which must have been judged."""
    (path,) = found
    assert not path.unknown, path.unknown
    assert not path.ends, path.ends
    return path


def unknown(found: list[Path]) -> str:
    """The reason why nothing was judged: every path must be unknown."""
    reasons = [path.unknown for path in found]
    assert reasons
    assert all(reasons), found
    return reasons[0]


def u(value: int, bits: int = 64) -> Int:
    """An unsigned number."""
    return Int(value, bits, False)


def s(value: int, bits: int = 32) -> Int:
    """A signed number."""
    return Int(value, bits, True)


def unknowns(names: str) -> Iterator[Opaque]:
    """Values that nobody knows, one for each name."""
    return (Opaque(name) for name in names.split())
