# SPDX-License-Identifier: GPL-2.0-only
"""The unit of a variant: its headers, and the .c files that define what they declare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from ..clock import Clock
from ..frontend import Diagnostic, ParseCache, Unit
from ..helpers.bodies import SourceIndex, reached
from ..helpers.interface import Interface, Signature
from ..helpers.probes import CALL, probe_text
from ..kconfig import Variant

if TYPE_CHECKING:
    from ..frontend import Stage

FRAMEWORK: Final = "mm/page_table_check.c"
MAX_ROUNDS: Final = 4


def build_unit(
    stage: Stage,
    variant: Variant,
    interface: Interface,
    index: SourceIndex,
    hint: tuple[str, ...],
    cache: ParseCache | None,
    clock: Clock,
    keep: bool = False,
) -> tuple[Unit, tuple[str, ...]]:
    """The unit of a variant with the .c files that define what its headers declare.

    With `keep` it can be kept (see `frontend.image`).
    """
    from ..frontend import read_unit  # nothing is read where the unit is made of a kept one

    config = variant.config
    bodies = list(hint)
    if not bodies and stage.tree.kind(FRAMEWORK) is not None:
        bodies.append(FRAMEWORK)
    known = {path for name in index.refilled(config) for path in index.filling(name, config)}
    bodies += sorted(known - set(bodies))
    for _ in range(MAX_ROUNDS):
        initial, at_boot = index.initial_values(), index.set_at_boot()
        probes = probe_text(interface.signatures, initial, at_boot, interface.modifiers)
        built = tuple(path for path in bodies if index.built(path, variant.config))
        with clock.stage("read unit"):
            unit = read_unit(stage, variant, bodies=built, probes=probes, cache=cache, keep=keep)
        with clock.stage("find bodies"):
            wanted = reached(unit, roots(unit, interface.signatures), index.words)
            more = {path for name in wanted.missing for path in index.defining(name, config)}
            for table in wanted.tables:
                more.update(index.filling(table, config))
        new = sorted(path for path in more if path not in bodies)
        if not new:
            break
        bodies.extend(new)
    return unit, tuple(bodies)


def roots(unit: Unit, signatures: Iterable[Signature]) -> list[str]:
    """What has to be defined in a unit, with all that it reaches."""
    called = [f"{CALL}{signature.name}" for signature in signatures]
    return [*called, "vm_get_page_prot", *unit_roots(unit)]


def outside(unit: Unit, names: Iterable[str]) -> tuple[str, ...]:
    """Those that are functions of .c files, but for the framework."""
    found = set()
    for name in names:
        paths = {unit.path(chunk) for chunk in unit.functions.get(name, ())}
        if any(path.endswith(".c") and path != FRAMEWORK for path in paths):
            found.add(name)
    return tuple(sorted(found))


def unit_roots(unit: Unit) -> list[str]:
    """Our probes, whose callees the unit must define."""
    return [name for name in unit.functions if is_ours(name)]


def is_ours(name: str) -> bool:
    """Whether a name is that of a probe."""
    return name.startswith("__ptc_")


def unread(unit: Unit) -> tuple[str, ...]:
    """What of a unit could not be read, as `path:line: message`; grows while it is parsed."""
    lacking = [
        f"{one.location}: {one.message}" for one in unit.diagnostics if not _only_refuses(one)
    ]
    broken = [
        f"{place}: does not parse: {reason}"
        for place, reason in sorted(unit.unparsed.items())
        if not place.path.startswith("<")
    ]
    return tuple(dict.fromkeys(lacking + broken))


def _only_refuses(diagnostic: Diagnostic) -> bool:
    """An #error in a .c file that we read for one function: it objects to how a compiler was
    called (a code model, a missing flag) and hides no text."""
    return diagnostic.message.startswith("#error") and diagnostic.location.path.endswith(".c")
