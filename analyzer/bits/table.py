# SPDX-License-Identifier: GPL-2.0-only
"""The table of one level: names, values and roles brought together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ..helpers.session import Session
from ..model import Bit, Location
from .candidates import Candidate, Found
from .constants import Constant
from .names import NO_ROLE, Namer, hinted, only_user
from .roles import Roles, bits_of

_WORD: Final = re.compile(r"[A-Za-z_]\w*")
CODE_OF_ROLE: Final = {
    "pfn": ("pfn_{level}", "pfn_pte"),
    "swap-type": ("__swp_entry", "__swp_type", "swp_entry_to_{level}"),
    "swap-offset": ("__swp_entry", "__swp_offset", "swp_entry_to_{level}"),
}
"""Where a field without a name of its own is laid out; of others the test is named."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a bit or a field, with what `analyzer.model.Bit` does not say.

    `kind`: 'bit', 'field' (adjoining bits), 'mask' (bits that do not adjoin) or 'protection' (a
    pgprot_t). `swap`: it is a bit of an entry that is not present. `roles`: every role, the most
    telling one first. `seen`: how the role was found: 'behaviour', 'level pte' (behaviour of the
    bit at the level below), 'name' (its name says so), '' (it was not). `depends`: what it
    depends on at run time; the mask is then what it is at first.
    """

    bit: Bit
    kind: str
    swap: bool
    roles: tuple[str, ...]
    seen: str
    depends: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Other:
    """A name that stands for no bit here, and why."""

    name: str
    location: Location
    reason: str
    depends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BitTable:
    """The bits of one level of one variant.

    `width` in bits, 0 where the level is not there (`reason` says why). Rows run from the highest
    bit to the lowest. `conditions`: what only the run time decides and was taken as not so.
    """

    arch: str
    variant: str
    level: str
    width: int
    rows: tuple[Row, ...] = ()
    others: tuple[Other, ...] = ()
    conditions: tuple[str, ...] = ()
    reason: str = ""

    def named(self, name: str) -> Row | None:
        """The row of a name."""
        return next((row for row in self.rows if row.bit.name == name), None)


class TableMaker:
    """Makes the tables of one unit."""

    def __init__(self, session: Session, found: Found, constants: Mapping[str, Constant]) -> None:
        self._session = session
        self._found = found
        self._constants = constants

    def table(self, roles: Roles, lower: Roles | None) -> BitTable:
        """The table of the level whose roles these are; `lower` those of the level below."""
        level = roles.level
        namer = Namer(self._found.mentions, roles, lower)
        rows: list[Row] = []
        others: list[Other] = []
        masks: list[tuple[str, int]] = []
        for candidate in self._found.candidates:
            if level not in candidate.levels:
                continue
            constant = self._constants[candidate.name]
            mask = self._mask(constant, roles.width)
            if mask is None or isinstance(mask, str):
                reason = mask or constant.reason
                if self._worth_telling(candidate, constant):
                    others.append(
                        Other(candidate.name, candidate.location, reason, constant.depends)
                    )
                continue
            if candidate.unshifted and mask & (mask + 1) == 0:
                continue  # applied to the plain number: __SWP_TYPE_MASK
            masks.append((candidate.name, mask))
            rows.append(self._row(candidate, constant, mask, namer))
        rows += self._anonymous(roles, rows)
        rows = self._settle(rows, namer, masks)
        rows = _related(rows)
        rows.sort(key=_order)
        return BitTable(
            self._session.variant.arch,
            self._session.variant.name,
            level,
            roles.width,
            tuple(rows),
            tuple(sorted(others, key=lambda o: (o.location, o.name))),
            tuple(sorted(roles.conditions)),
        )

    @staticmethod
    def _mask(constant: Constant, width: int) -> int | str | None:
        """The bits of a constant in an entry of a width; or why it has none; None: not known."""
        if constant.value is None:
            return None
        entire = (1 << width) - 1
        value = constant.value
        if value & entire == 0:
            return "no bit in this configuration" if value == 0 else "beyond the entry"
        if value & entire == entire:
            return "every bit"
        if value & ~entire and value >> width != (1 << (64 - width)) - 1:
            return "beyond the entry"
        return value & entire

    @staticmethod
    def _worth_telling(candidate: Candidate, constant: Constant) -> bool:
        """Not what is no number at all: a function's other name, an address."""
        if constant.value is not None or constant.depends:
            return True
        return "not a number" not in constant.reason and "does not parse" not in constant.reason

    def _row(self, candidate: Candidate, constant: Constant, mask: int, namer: Namer) -> Row:
        swap = namer.only_swap(candidate.name)
        roles, seen = namer.roles(mask, swap)
        bit = Bit(
            namer.level, candidate.name, mask, _positions(mask), roles[0] if roles else NO_ROLE,
            candidate.location,
        )  # fmt: skip
        kind = _kind(mask)
        if constant.protection:
            kind = "protection"
        elif kind == "field" and self._is_composed(candidate):
            kind = "mask"
        return Row(bit, kind, swap, roles, seen, constant.depends)

    def _is_composed(self, candidate: Candidate) -> bool:
        """Whether a name is put together from others, or is what others leave."""
        words = set(_WORD.findall(candidate.body)) & self._constants.keys()
        return len(words) > ("~" not in candidate.body)

    def _anonymous(self, roles: Roles, rows: Iterable[Row]) -> list[Row]:
        """Fields that behaviour shows and no name covers: the layout of a swap entry, mostly."""
        made = []
        for swap in (False, True):
            named = {row.bit.mask for row in rows if row.swap == swap and row.kind != "mask"}
            by_role: dict[str, int] = {}
            for position in range(roles.width):
                found = roles.of(position, swap)
                if found:
                    by_role[found[0]] = by_role.get(found[0], 0) | 1 << position
            for role, mask in by_role.items():
                covered = 0
                for other in named:
                    if not swap or other & ~mask == 0:
                        covered |= other
                for run in _runs(mask & ~covered):
                    place = self._place(role, roles.level)
                    bit = Bit(roles.level, "", run, _positions(run), role, place)
                    made.append(Row(bit, _kind(run), swap, (role,), "behaviour"))
        return made

    def _place(self, role: str, level: str) -> Location:
        unit = self._session.unit
        test = role.replace("swap-", "swp_").replace("-", "_")
        names = CODE_OF_ROLE.get(role, (f"{{level}}_{test}", f"pte_{test}"))
        for name in (n.format(level=level) for n in names):
            macro = self._found.mentions.macros.get(name)
            if macro is not None:
                return macro.location
            chunk = unit.function(name)
            if chunk is not None:
                return unit.location(chunk)
        return Location("", 0)

    @staticmethod
    def _settle(rows: list[Row], namer: Namer, masks: list[tuple[str, int]]) -> list[Row]:
        """Roles that only the company of a name shows: a shared bit, a hint."""
        settled = []
        for row in rows:
            if row.kind in ("bit", "field") and row.bit.name:
                same = [o.bit.name for o in rows if o.bit.mask == row.bit.mask and o is not row]
                roles, seen = namer.in_company(row.bit.name, row.roles, row.seen, same)
                if roles[:1] == ("global",) and only_user([row.bit.name, *same]):
                    roles, seen = ("user", *roles), "name"
                if not roles:
                    role = hinted(row.bit.name, row.bit.mask, masks)
                    roles, seen = ((role,), "name") if role else ((), "")
                first = roles[0] if roles else NO_ROLE
                row = replace(row, bit=replace(row.bit, role=first), roles=roles, seen=seen)
            settled.append(row)
        return settled


def _kind(mask: int) -> str:
    if mask.bit_count() == 1:
        return "bit"
    low = mask & -mask
    return "field" if (mask // low) & (mask // low + 1) == 0 else "mask"


def _positions(mask: int) -> tuple[int, int]:
    return (mask & -mask).bit_length() - 1, mask.bit_length() - 1


def _runs(mask: int) -> list[int]:
    """The masks of adjoining bits."""
    runs: list[int] = []
    for bit in bits_of(mask):
        if runs and runs[-1] >> (bit - 1) & 1 and bit:
            runs[-1] |= 1 << bit
        else:
            runs.append(1 << bit)
    return runs


def _related(rows: list[Row]) -> list[Row]:
    """Fill in aliases (the same mask) and overlaps (bits shared in the same kind of entry)."""
    plain = [row for row in rows if row.kind in ("bit", "field") and row.bit.name]
    found = []
    for row in rows:
        if row not in plain:
            found.append(row)
            continue
        mask = row.bit.mask
        aliases = [o.bit.name for o in plain if o.bit.mask == mask and o is not row]
        overlaps = [
            o.bit.name
            for o in plain
            if o.bit.mask & mask and o.bit.mask != mask and o.swap == row.swap
        ]
        bit = replace(row.bit, aliases=tuple(sorted(aliases)), overlaps=tuple(sorted(overlaps)))
        found.append(replace(row, bit=bit))
    return found


def _order(row: Row) -> tuple[int, int, int, Location, str]:
    low, high = row.bit.positions
    group = {"mask": 2, "protection": 3}.get(row.kind, 0)
    return (group if group > 1 else int(row.swap), -high, -low, row.bit.location, row.bit.name)
