# SPDX-License-Identifier: GPL-2.0-only
"""Judges one variant: builds its unit, runs every helper, asks the predicate laws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..clock import Clock
from ..errors import SourceError
from ..frontend import ParseCache, Stage, Unit
from ..frontend.core import Searched, core_of, together_of
from ..frontend.image import Events
from ..helpers.bodies import Reached, SourceIndex, reached
from ..helpers.interface import Interface, Signature
from ..helpers.session import LEAVES
from ..kconfig import Variant
from ..law.reuse import Reuse
from ..model import (
    HelperVerdict,
    VariantSummary,
    Verdict,
)
from .judge import Judge, is_parsed
from .notebook import Judged, Notebook, State
from .results import VariantResult, both_worlds
from .states import refillings
from .unit import build_unit, is_ours, outside, roots


def judge_variant(
    stage: Stage,
    variant: Variant,
    interface: Interface,
    index: SourceIndex,
    hint: tuple[str, ...] = (),
    cache: ParseCache | None = None,
    clock: Clock | None = None,
    reuse: Reuse | None = None,
    notebook: Notebook | None = None,
) -> VariantResult:
    """The verdicts of one variant; a unit that cannot be built makes everything unknown."""
    clock = clock or Clock()
    try:
        keep = notebook is not None and notebook.stamp != ""
        unit, bodies = build_unit(stage, variant, interface, index, hint, cache, clock, keep)
    except SourceError as problem:
        summary = VariantSummary(
            variant.arch, variant.name, variant.supported, 0, 0, 0, len(interface.signatures), 0
        )
        helpers = tuple(
            _unjudged(variant, signature, f"the headers cannot be read: {problem}")
            for signature in interface.signatures
        )
        said = getattr(problem, "diagnostics", ())  # of a UnitError: what came before it
        problems = (*(f"{d.location}: {d.message}" for d in said), str(problem))
        return VariantResult(variant.name, variant.supported, summary, helpers, (), problems, hint)
    book = notebook or Notebook(None, variant.arch)
    states: list[State | None] = []
    searched: list[Searched] = []

    def judged(state: int, world: Mapping[str, int]) -> tuple[Judge, VariantResult]:
        """The result in one state of the processor, with what is known from a record of it."""
        record = book.record(variant, state)
        if record is not None and all(dict(record.world).get(k) == world[k] for k in world):
            given = dict(record.world)
            judge = Judge(unit, variant, interface, index, reuse, given)
            judge.sound = book.parsed
            judge.session.notes = {}
            known = judge.result_known(judge.known.recall(record), bodies, clock)
            if known is not None:
                noted(judge, state)
                return judge, known
        judge = Judge(unit, variant, interface, index, reuse, world)
        judge.sound = book.parsed
        judge.session.notes = {} if book.used else None
        result = judge.result(bodies, clock)
        noted(judge, state)
        return judge, result

    def noted(judge: Judge, state: int) -> None:
        record = judge.known.record() if book.used else None
        book.write(variant, state, record)
        states.append(None if record is None else State(judge.signatures, record))
        if record is not None:
            searched.append(judge.searched(record))

    judge, result = judged(0, {})
    world = judge.session.machine.world
    judge.release()
    more: list[Mapping[str, int]] = [dict.fromkeys(world, 1)] if world else []
    others, left = refillings(unit, variant, index)
    more += others
    for number, state in enumerate(more, 1):
        judge, other = judged(number, state)
        judge.release()
        result = both_worlds(result, other)
    if left:
        result = replace(result, problems=(*result.problems, *left))
    if book.stamp:
        wanted = reached(unit, roots(unit, interface.signatures), index.words)
        _keep(book, variant, unit, states, searched, wanted, result)
    return result


def _keep(
    book: Notebook,
    variant: Variant,
    unit: Unit,
    states: Sequence[State | None],
    searched: Sequence[Searched],
    wanted: Reached,
    result: VariantResult,
) -> None:
    """Keep what it takes to judge the variant again where functions of headers are edited."""
    known = tuple(state for state in states if state is not None)
    image = unit.image(book.stamp) if book.stamp and len(known) == len(states) else None
    together = together_of(searched)
    if image is None or together is None:
        return
    on = tuple(option for option in LEAVES if variant.config.on(option))
    judged = Judged(
        book.stamp, variant.label, variant.bits, variant.endian, on, known,
        tuple(sorted(wanted.missing)), tuple(sorted(wanted.tables)), outside(unit, wanted.seen),
        result,
    )  # fmt: skip
    in_headers = list(unit.in_headers())
    asked = {one.name for state in known for one in state.record.questions}
    asked.add("vm_get_page_prot")
    asked |= {name for table in (unit.functions, unit.variables) for name in table if is_ours(name)}
    core = core_of(
        book.stamp, unit, asked, lambda path: is_parsed(path, variant.arch), together, in_headers
    )
    book.keep(
        variant, image, core, Events(book.stamp, unit.events), judged,
        tuple(place for _, place in in_headers),
    )  # fmt: skip


def _unjudged(variant: Variant, signature: Signature, reason: str) -> HelperVerdict:
    return HelperVerdict(
        variant.arch, variant.name, signature.name, signature.level, Verdict.UNKNOWN,
        None, "", (), reason,
    )  # fmt: skip
