# SPDX-License-Identifier: GPL-2.0-only
"""One architecture: every variant judged, and Kconfig against the code."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ..clock import Clock
from ..errors import UsageError
from ..frontend import ParseCache, Scan, Stage
from ..helpers.bodies import SourceIndex
from ..helpers.defined import Globals
from ..helpers.interface import find_interface
from ..kconfig import KconfigFiles, ScannedKconfig, load_kconfig
from ..kconfig.variants import plan_of
from ..law.bounds import Effort
from ..law.reuse import Reuse
from ..model import RawCall
from ..tree import KernelTree
from .again import judge_again, places_of, trail_of
from .callers import raw_calls, with_call_sites
from .judging import left_out
from .lint import lint
from .nearly import Change
from .notebook import Memory, Notebook
from .results import ArchResult, VariantResult
from .variant import judge_variant

if TYPE_CHECKING:
    from ..callsites import ReadSources

COLLECT: Final = 100_000  # trees of C are big and acyclic: look for cycles rarely
RECURSION: Final = 20_000  # Python frames; helpers nest about 60 calls of some 20 frames each


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of each architecture: which names generic code calls, which variants."""

    called: frozenset[str]
    only: frozenset[str] | None = None


class Workshop:
    """What architectures, and trees, share: what was found out about contents.

    An answer depends on nothing that was judged before; only the time it takes does.
    """

    def __init__(self) -> None:
        gc.set_threshold(COLLECT, 20, 50)
        sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION))
        self._kconfig = ScannedKconfig()
        self._parsed = ParseCache()
        self._scans: dict[bytes, Scan] = {}
        self._globals = Globals()
        self._last = ""  # the architecture that was judged last

    @cached_property
    def _sources(self) -> ReadSources:
        from ..callsites import ReadSources

        return ReadSources()

    def check(
        self,
        tree: KernelTree,
        arch: str,
        question: Question,
        clock: Clock,
        note: Callable[[str], None],
        memory: Memory | None = None,
        stamp: str = "",
    ) -> ArchResult:
        """Judge one architecture of a tree; `memory` has what was found out of other trees.

        With a `stamp` it gets what `again` wants to know, under that name.
        """
        if self._last not in ("", arch):
            self._forget(self._last)
        self._last = arch
        files = KconfigFiles(tree, self._kconfig)
        with Stage(tree, self._scans) as stage:
            effort = Effort()
            results, unread, calls = _check_arch(
                stage, arch, question, files, note, self._parsed, self._sources, self._globals,
                clock, Notebook(memory, arch, stamp), effort,
            )  # fmt: skip
            settled = not stage.exceeded and not effort.exhausted
            return ArchResult(arch, tuple(results), tuple(unread), stage.files, settled, calls)

    def again(
        self,
        tree: KernelTree,
        known: ArchResult,
        stamp: str,
        changes: Sequence[Change],
        called: Sequence[str],
        clock: Clock,
        note: Callable[[str], None],
        memory: Memory,
    ) -> ArchResult | None:
        """Judge an architecture of which nearly everything is known; None where that is not
        enough (see `again`)."""
        return judge_again(tree, known, stamp, changes, called, memory, self._parsed, clock, note)

    def _forget(self, arch: str) -> None:
        """Let go of what only one architecture needs, so that memory is that of the largest.

        Units and sessions are garbage with cycles by now, which is looked for rarely.
        """
        self._parsed.forget()
        self._sources.forget(f"arch/{arch}")
        gc.collect()


def _check_arch(
    stage: Stage,
    arch: str,
    question: Question,
    files: KconfigFiles,
    note: Callable[[str], None],
    cache: ParseCache,
    sources: ReadSources,
    shared: Globals,
    clock: Clock,
    notebook: Notebook,
    effort: Effort,
) -> tuple[list[VariantResult], list[str], tuple[RawCall, ...]]:
    from ..callsites import sites_of

    tree, only = stage.tree, question.only
    with clock.stage("kconfig"):
        kconfig = load_kconfig(tree, arch, files)
        plan = plan_of(tree, arch, kconfig)
        offered = plan.variants
    with clock.stage("interface"):
        interface = find_interface(tree, arch, question.called)
    index = SourceIndex(tree, arch, shared)
    results: list[VariantResult] = []
    reuse = Reuse(effort)
    hint: tuple[str, ...] = ()
    if only is not None and not any(variant.name in only for variant in offered):
        names = ", ".join(variant.name for variant in offered)
        raise UsageError(f"{arch} has no variant {', '.join(sorted(only))}; it has: {names}")
    for variant in offered:
        if only is not None and variant.name not in only:
            continue
        if not variant.has_mmu:
            continue
        note(f"{variant.label}")
        result = judge_variant(
            stage, variant, interface, index, hint, cache, clock, reuse, notebook
        )
        hint = result.bodies
        results.append(result)
    notebook.close()
    with clock.stage("call sites"):
        sites, skipped, site_facts = sites_of(tree, arch, sources)
        judged = results
        calls = raw_calls(arch, sites, results, offered, index)
        results = with_call_sites(sites, results, offered, index)
    if results:
        results = lint(tree, arch, kconfig, results, index)
    if notebook.stamp and len(notebook.units) == len(results):
        places = places_of(notebook.units)
        trail = trail_of(
            notebook.stamp,
            judged,
            results,
            site_facts,
            places,
            plan.weighing,
            interface,
            question.called,
        )
        if trail is not None:
            notebook.save(("trail", arch), trail)
    unread = [f"{p.location}: {p.message}" for p in kconfig.problems]
    if kconfig.empty:
        unread.append(f"arch/{arch}/Kconfig: there is no Kconfig to read")
    unread += index.damaged
    unread += [line for line in (*skipped, *left_out(tree)) if line not in unread]
    if not results:
        unread.append(f"arch/{arch}/Kconfig:1: no configuration has an MMU, nothing to judge")
    return results, unread, calls
