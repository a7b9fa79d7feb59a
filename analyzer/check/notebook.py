# SPDX-License-Identifier: GPL-2.0-only
"""What was found out about the variants of one architecture, kept for another revision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from ..frontend.core import Core
from ..frontend.image import Events, Image
from ..helpers.interface import Signature
from ..kconfig import Variant
from ..law.record import Record
from ..model import Location
from .results import VariantResult

T = TypeVar("T")
MAX_MARKS: Final = 20_000  # of one architecture; its page-table headers have about a thousand


@dataclass(frozen=True, slots=True)
class Parsed:
    """Marks of functions that parse."""

    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """The helpers that are judged in a state of the processor, and the record of it."""

    helpers: tuple[Signature, ...]
    record: Record


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found out about one variant in the run `stamp`, and what it takes to do it again
    where functions of headers are edited; see `analyzer.check.again`.

    `on`: those of `helpers.session.LEAVES` that are selected. `states`: for each state of the
    processor the helpers that are judged, and the record. `missing`, `tables`: see `Reached`;
    `outside`: the functions of .c files that are reached.
    """

    stamp: str
    label: str
    bits: int
    endian: str
    on: tuple[str, ...]
    states: tuple[State, ...]
    missing: tuple[str, ...]
    tables: tuple[str, ...]
    outside: tuple[str, ...]
    result: VariantResult


class Memory(Protocol):
    """Keeps what is true whatever tree it was found out from; see `analyzer.cache.FactCache`."""

    def load(self, name: Sequence[str], kind: type[T]) -> T | None:
        """Return what was saved under a name."""

    def save(self, name: Sequence[str], value: object) -> None:
        """Save something under a name, in the place of what was there."""


class Notebook:
    """The records of one architecture, the last one of each variant and state.

    `parsed`: marks (see `frontend.Unit.mark`) of functions that were parsed without an error.
    """

    def __init__(self, memory: Memory | None, arch: str, stamp: str = "") -> None:
        self._memory = memory
        self.stamp = stamp  # '' if nothing is kept for edits
        self.units: list[tuple[Location, ...]] = []  # where functions of headers begin
        self._arch = arch
        known = None if memory is None else memory.load(("parsed", arch), Parsed)
        self._before = frozenset(() if known is None else known.marks)
        self.parsed = set(self._before)

    @property
    def used(self) -> bool:
        """Whether anything is kept."""
        return self._memory is not None

    def record(self, variant: Variant, state: int) -> Record | None:
        """The last record of a variant in a state of the processor (0, or 1 for the other)."""
        if self._memory is None:
            return None
        return self._memory.load(self._name(variant, state), Record)

    def write(self, variant: Variant, state: int, record: Record | None) -> None:
        """Keep a record."""
        if self._memory is not None and record is not None:
            self._memory.save(self._name(variant, state), record)

    def keep(
        self,
        variant: Variant,
        image: Image,
        core: Core,
        events: Events,
        judged: Judged,
        places: tuple[Location, ...],
    ) -> None:
        """Keep the unit of a variant, and what was found out about it."""
        if self._memory is not None:
            self.units.append(places)
            for kind, value in (
                ("image", image), ("core", core), ("events", events), ("judged", judged)
            ):  # fmt: skip
                self._memory.save(kept_name(kind, self._arch, variant.name), value)

    def save(self, name: Sequence[str], value: object) -> None:
        """Keep anything else."""
        if self._memory is not None:
            self._memory.save(name, value)

    def close(self) -> None:
        """Keep what was parsed, if any of it is new."""
        if self._memory is not None and self.parsed != self._before:
            marks = sorted(self.parsed)
            if len(marks) > MAX_MARKS:
                marks = sorted(self.parsed - self._before)
            self._memory.save(("parsed", self._arch), Parsed(tuple(marks)))

    def _name(self, variant: Variant, state: int) -> tuple[str, ...]:
        return "record", self._arch, variant.name, str(state)


def kept_name(kind: str, arch: str, variant: str) -> tuple[str, ...]:
    """The name under which something of a variant is kept: its 'image' (the whole unit), the
    'core' of it, the 'events' of macros, what was 'judged'."""
    return kind, arch, variant
