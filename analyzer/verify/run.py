# SPDX-License-Identifier: GPL-2.0-only
"""Verifies architectures of a tree, variant by variant."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from ..check.arch import COLLECT, RECURSION
from ..check.judge import Judge
from ..check.judging import left_out
from ..check.pool import run_all
from ..check.results import NEVER_RETURNS
from ..check.states import refillings
from ..check.unit import build_unit, unread
from ..clock import Clock
from ..errors import SourceError, UsageError
from ..evaluate.values import PathEnds, Unjudged
from ..frontend import ParseCache, Scan, Stage, Unit
from ..helpers.bodies import SourceIndex
from ..helpers.interface import LEVELS, Interface, called_names, find_interface
from ..kconfig import KconfigFiles, Variant, load_kconfig, variants
from ..tree import KernelTree
from .ledger import Ledger
from .scripts import SEQUENCES
from .sequences import SequenceRuns
from .single import SingleRuns
from .values import Agreement, HelperProof, SequenceProof, VariantProof, VerifyResult

Proof = TypeVar("Proof", HelperProof, SequenceProof)
_WORSE = (
    Agreement.NOT_APPLICABLE, Agreement.AGREES, Agreement.UNKNOWN, Agreement.DISAGREES,
)  # fmt: skip


def verify_tree(
    tree: KernelTree,
    archs: Iterable[str],
    *,
    only: frozenset[str] | None = None,
    series: tuple[str, ...] = (),
    jobs: int = 1,
    note: Callable[[str], None] = lambda _: None,
    cache: ParseCache | None = None,
) -> VerifyResult:
    """Run every helper, and sequences of them, in all variants of `archs` (or those in `only`).

    `series` names the patches that were applied to the tree, for the report; `cache` keeps what
    was parsed for another run. `jobs` processes take a variant each; the result, but for its
    seconds, does not depend on them. Raises UsageError for a variant that an architecture does
    not have, ToolError without a C preprocessor.
    """
    started = time.perf_counter()
    gc.set_threshold(COLLECT, 20, 50)
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION))
    bench = Bench(tree, cache or ParseCache())
    problems: list[str] = []
    wanted: list[Variant] = []
    for arch in archs:
        chosen = bench.variants(arch, only)
        wanted += chosen
        if not chosen:
            problems.append(f"arch/{arch}/Kconfig:1: no configuration has an MMU")
    proofs = _proofs(bench, wanted, jobs, note)
    problems += left_out(tree)
    return VerifyResult(
        tree.label, tree.revision, series, tuple(proofs), tuple(problems),
        time.perf_counter() - started,
    )  # fmt: skip


def _proofs(
    bench: Bench, wanted: list[Variant], jobs: int, note: Callable[[str], None]
) -> list[VariantProof]:
    if min(jobs, len(wanted)) < 2:
        return list(bench.proofs(wanted, note))
    named = {variant.label: variant for variant in wanted}

    def judge(arch: str, clock: Clock, note: Callable[[str], None]) -> VariantProof:
        (proof,) = bench.proofs([named[arch]], note)
        return proof

    def lost(label: str, how: str) -> VariantProof:
        return _unreadable(named[label], f"the process that verified it ended early ({how})")

    found = run_all(judge, tuple(named), jobs, Clock(), note, lost)
    return [found[variant.label] for variant in wanted]


class Bench:
    """What the variants of a tree share: its interface, the bodies of functions, parsed text."""

    def __init__(self, tree: KernelTree, cache: ParseCache) -> None:
        self._tree = tree
        self._cache = cache
        self._called = called_names(tree)
        self._files = KconfigFiles(tree)
        self._scans: dict[bytes, Scan] = {}
        self._archs: dict[str, tuple[Interface, SourceIndex]] = {}

    def variants(self, arch: str, only: frozenset[str] | None) -> list[Variant]:
        """The configurations to verify. Raises UsageError where none is called so."""
        offered = variants(self._tree, arch, load_kconfig(self._tree, arch, self._files))
        if only is not None and not any(one.name in only for one in offered):
            names = ", ".join(one.name for one in offered)
            raise UsageError(f"{arch} has no variant {', '.join(sorted(only))}; it has: {names}")
        interface = find_interface(self._tree, arch, self._called)
        self._archs[arch] = interface, SourceIndex(self._tree, arch)
        return [one for one in offered if one.has_mmu and (not only or one.name in only)]

    def proofs(
        self, wanted: Iterable[Variant], note: Callable[[str], None]
    ) -> Iterator[VariantProof]:
        """Verify one after the other."""
        hints: dict[str, tuple[str, ...]] = {}
        with Stage(self._tree, self._scans) as stage:
            for variant in wanted:
                note(variant.label)
                interface, index = self._archs[variant.arch]
                hint = hints.get(variant.arch, ())
                try:
                    unit, hints[variant.arch] = build_unit(
                        stage, variant, interface, index, hint, self._cache, Clock()
                    )
                except SourceError as problem:
                    yield _unreadable(variant, str(problem))
                    continue
                yield verify_unit(unit, variant, interface, index)


def verify_unit(
    unit: Unit, variant: Variant, interface: Interface, index: SourceIndex
) -> VariantProof:
    """One variant, in every state of the processor that its entries depend on, and with every
    table of functions that a guest fills with its own."""
    judge = Judge(unit, variant, interface, index)
    proof = _verify(judge)
    world: Mapping[str, int] = judge.session.machine.world
    states: list[Mapping[str, int]] = [dict.fromkeys(world, 1)] if world else []
    others, left = refillings(unit, variant, index)
    for state in (*states, *others):
        other = Judge(unit, variant, interface, index, None, state)
        proof = _both(proof, _verify(other))
    return replace(proof, problems=(*proof.problems, *left)) if left else proof


def _verify(judge: Judge) -> VariantProof:
    session, variant = judge.session, judge.variant
    try:
        ledger = Ledger(session)
        single = SingleRuns(judge, ledger)
        helpers = single.prove(judge.judged())
        proved = tuple(sorted(helpers, key=lambda one: (one.level, one.helper)))
        runs = SequenceRuns(judge, ledger, single.reserved)
        played = [runs.prove(sequence) for sequence in SEQUENCES]
        made = [
            (level, entry.name, session.counted(level, entry.raw) is not None)
            for level in LEVELS
            if not session.folded(level)
            for entry in session.classes(level)
        ]
    except (Unjudged, PathEnds) as problem:
        return _unreadable(variant, str(problem))
    problems = list(unread(judge.unit))
    if ledger.framework and variant.supported:
        problems.append(f"mm/page_table_check.c: {ledger.framework}")
    return VariantProof(
        arch=variant.arch,
        variant=variant.name,
        supported=variant.supported,
        helpers=proved,
        sequences=tuple(one for one in played if isinstance(one, SequenceProof)),
        classes=tuple((level, name) for level, name, _ in made),
        counted=tuple((level, name) for level, name, counted in made if counted),
        missing=tuple(one for one in played if isinstance(one, str)),
        problems=tuple(problems),
    )


def _unreadable(variant: Variant, reason: str) -> VariantProof:
    return VariantProof(
        variant.arch, variant.name, variant.supported, (), (), (), (), (), (reason,)
    )


def _both(first: VariantProof, second: VariantProof) -> VariantProof:
    """What was run in both states of the processor, and the worse answer of each."""
    others = {(one.helper, one.level): one for one in second.helpers}
    helpers = [_worse(one, others.pop((one.helper, one.level), None)) for one in first.helpers]
    plays = {one.name: one for one in second.sequences}
    sequences = [_worse(one, plays.pop(one.name, None)) for one in first.sequences]
    played = {one.name for one in (*sequences, *plays.values())}
    missing = dict.fromkeys((*first.missing, *second.missing))
    return replace(
        first,
        helpers=tuple(sorted((*helpers, *others.values()), key=lambda p: (p.level, p.helper))),
        sequences=(*sequences, *plays.values()),
        classes=tuple(dict.fromkeys((*first.classes, *second.classes))),
        counted=tuple(dict.fromkeys((*first.counted, *second.counted))),
        missing=tuple(line for line in missing if line.partition(": ")[0] not in played),
        problems=tuple(dict.fromkeys((*first.problems, *second.problems))),
    )


def _worse(one: Proof, other: Proof | None) -> Proof:
    if other is None:
        return one
    if NEVER_RETURNS in (one.reason, other.reason):
        return other if one.reason == NEVER_RETURNS else one
    worse = max(one, other, key=lambda proof: _WORSE.index(proof.agreement))
    worse = replace(worse, runs=one.runs + other.runs)
    if isinstance(worse, HelperProof) and isinstance(one, HelperProof):
        return replace(worse, hooked=one.hooked or other.hooked)
    return worse
