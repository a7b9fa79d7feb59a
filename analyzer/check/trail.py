# SPDX-License-Identifier: GPL-2.0-only
"""What is kept of a run of an architecture, besides that of each variant; see `again`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..callsites.kept import SiteFacts
from ..helpers.interface import Interface
from ..kconfig.weighing import Weighing
from ..model import Location
from .results import RawFinding, VariantResult


@dataclass(frozen=True, slots=True)
class Trail:
    """What is kept of the run `stamp` of an architecture, besides that of each variant.

    `more` are the findings of call sites and of lint, which come after those of a variant; `where`
    the functions of headers that there are in the units; `makers` the macros that make functions;
    `interface` what headers declare, and `called` what of it generic code calls; `told_by` the
    macros of which the body tells what their parameters are, and what it calls; `signatures` stands
    for the interface.
    """

    stamp: str
    variants: tuple[str, ...]
    more: tuple[tuple[RawFinding, ...], ...]
    sites: SiteFacts
    where: tuple[Place, ...]
    weighing: Weighing
    makers: tuple[str, ...]
    interface: tuple[str, ...]
    called: tuple[str, ...]
    told_by: tuple[str, ...]
    signatures: str


@dataclass(frozen=True, slots=True)
class Place:
    """The lines of a header on which functions begin, each with the variants that have it as
    the bits of a number: `12:1 40:3`."""

    path: str
    lines: str


def trail_of(
    stamp: str,
    judged: Sequence[VariantResult],
    final: Sequence[VariantResult],
    sites: SiteFacts,
    places: Sequence[Place],
    weighing: Weighing,
    interface: Interface,
    called: frozenset[str],
) -> Trail | None:
    """What to keep of a run; None where lint took findings away."""
    if any(f.rule == "PTC209" for result in judged for f in result.findings):
        return None
    more = []
    for before, after in zip(judged, final, strict=True):
        if after.findings[: len(before.findings)] != before.findings:
            return None
        more.append(after.findings[len(before.findings) :])
    names = tuple(result.variant for result in judged)
    return Trail(stamp, names, tuple(more), sites, tuple(places), weighing, interface.makers,
        interface.declared, tuple(sorted(called.intersection(interface.declared))),
        interface.told_by, interface.digest(),
    )  # fmt: skip


def places_of(units: Sequence[Iterable[Location]]) -> tuple[Place, ...]:
    """Where functions begin in headers, given those of each variant."""
    found: dict[str, dict[int, int]] = {}
    for number, unit in enumerate(units):
        for place in unit:
            lines = found.setdefault(place.path, {})
            lines[place.line] = lines.get(place.line, 0) | 1 << number
    return tuple(
        Place(path, " ".join(f"{line}:{bits}" for line, bits in sorted(lines.items())))
        for path, lines in sorted(found.items())
    )


__all__ = ["Place", "Trail", "places_of", "trail_of"]
