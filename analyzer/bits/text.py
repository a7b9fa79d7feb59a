# SPDX-License-Identifier: GPL-2.0-only
"""Bit tables for a person at a terminal: one table a level, from the highest bit down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ..report.escape import place, visible
from .run import Tables
from .table import BitTable, Row

_SWAP: Final = "in an entry that is not present:"
_INDENT: Final = "  "


def render_text(result: Tables, verbose: bool = False, color: bool = False) -> str:
    """All tables and a closing line; masks, protections and conditions where `verbose`."""
    blocks = ["\n".join(_table(table, verbose, color)) for table in result.tables]
    if result.problems:
        blocks.append("\n".join(visible(problem) for problem in result.problems))
    blocks.append(_closing(result))
    return "\n\n".join(blocks) + "\n"


def _table(table: BitTable, verbose: bool, color: bool) -> Iterator[str]:
    title = f"{visible(table.arch)}/{visible(table.variant)} {table.level}"
    if not table.width:
        yield _bold(f"{title}: {visible(table.reason)}", color)
        return
    yield _bold(f"{title}: {table.width} bits", color)
    plain = [row for row in table.rows if row.kind in ("bit", "field")]
    lines = [
        *_cells(row for row in plain if not row.swap),
        [_SWAP],
        *_cells(row for row in plain if row.swap),
    ]
    if lines[-1] == [_SWAP]:
        lines.pop()
    yield from _aligned([["bits", "mask", "name", "role", "also", "defined", ""], *lines])
    composed = [row for row in table.rows if row.kind not in ("bit", "field")]
    if verbose and composed:
        yield f"{_INDENT}masks and protections:"
        yield from _aligned(_composed(composed))
    if verbose and table.conditions:
        yield f"{_INDENT}decided at run time, taken as not so:"
        for condition in table.conditions:
            yield f"{_INDENT * 2}{visible(condition)}"
    for other in table.others:
        when = f" (depends on {', '.join(map(visible, other.depends))})" if other.depends else ""
        yield f"{_INDENT}{visible(other.name)}: {visible(other.reason)}{when}"


def _cells(rows: Iterable[Row]) -> Iterator[list[str]]:
    """One line a name; bits and mask once for all names of the same bits."""
    last = None
    for row in rows:
        bit = row.bit
        low, high = bit.positions
        same = bit.mask == last
        last = bit.mask
        notes = []
        if bit.overlaps:
            notes.append(f"overlaps {', '.join(map(visible, bit.overlaps))}")
        if row.depends:
            notes.append(f"at run time: {', '.join(map(visible, row.depends))}")
        yield [
            "" if same else _range(low, high),
            "" if same else f"{bit.mask:#x}",
            visible(bit.name) or "-",
            f"{bit.role}?" if row.seen == "name" else bit.role,
            " ".join(row.roles[1:]),
            place(bit.location) if bit.location.path else "-",
            "; ".join(notes),
        ]


def _composed(rows: Iterable[Row]) -> Iterator[list[str]]:
    for row in rows:
        bit = row.bit
        when = f"at run time: {', '.join(map(visible, row.depends))}" if row.depends else ""
        yield [f"{bit.mask:#x}", visible(bit.name), place(bit.location), when]


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{high}-{low}"


def _aligned(lines: Iterable[list[str]]) -> Iterator[str]:
    """Columns as wide as they must be; a line of one cell stands alone."""
    kept = list(lines)
    columns = max((len(line) for line in kept), default=0)
    width = [
        max((len(line[i]) for line in kept if len(line) > 1 and i < len(line)), default=0)
        for i in range(columns)
    ]
    for line in kept:
        if len(line) == 1:
            yield f"{_INDENT}{line[0]}"
            continue
        padded = (cell.ljust(width[i]) for i, cell in enumerate(line))
        yield f"{_INDENT}{'  '.join(padded)}".rstrip()


def _closing(result: Tables) -> str:
    made = [table for table in result.tables if table.width]
    rows = [row for table in made for row in table.rows if row.kind in ("bit", "field")]
    unknown = sum(1 for row in rows if not row.roles)
    others = sum(len(table.others) for table in made)
    variants = len({(table.arch, table.variant) for table in result.tables})
    return (
        f"{_count(len(rows), 'name')} of bits and fields, {unknown} of them without a known role"
        f" (role?: only the name says so); {_count(others, 'name')} without a bit\n"
        f"{_count(variants, 'variant')}, {_count(len(made), 'table')},"
        f" {_count(result.files_read, 'file')} read, {result.seconds:.1f} s"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _bold(text: str, color: bool) -> str:
    return f"\033[1m{text}\033[0m" if color else text
