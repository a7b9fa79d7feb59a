# SPDX-License-Identifier: GPL-2.0-only
"""What was tried on a series, and how it went: the rows of the table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """How a step ended."""

    OK = "ok"
    FAILED = "FAILED"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Tried:
    """One row: the step, the patch ('all' for the series), the configuration, what came of it.

    `notes` explain: what checkpatch.pl remarked, the first errors of a compiler.
    """

    what: str
    patch: str
    where: str
    state: State
    result: str
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the series did not pass."""
        return self.state is State.FAILED

    @property
    def skipped(self) -> bool:
        """Whether it could not be tried."""
        return self.state is State.NOT_TRIED


def render(results: Sequence[Tried]) -> str:
    """The table as text, columns as wide as they need to be, notes below their row."""
    rows = [("step", "patch", "configuration", "", "result")]
    rows += [(one.what, one.patch, one.where or "-", one.state.value, one.result)
             for one in results]  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = []
    for row, one in zip(rows, [None, *results], strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row[:4], widths, strict=True)]
        lines.append("  ".join([*cells, row[4]]).rstrip())
        lines += [f"    {note}" for note in (one.notes if one is not None else ())]
    return "".join(f"{line}\n" for line in lines)


def scrub(text: str, folders: Iterable[str]) -> str:
    """The text without the names of scratch folders, which mean nothing to anybody else."""
    for folder in folders:
        text = text.replace(f"{folder}/", "").replace(folder, ".")
    return text
