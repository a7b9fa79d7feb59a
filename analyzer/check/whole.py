# SPDX-License-Identifier: GPL-2.0-only
"""One architecture judged from nothing: every variant, call sites, Kconfig against the code."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import TYPE_CHECKING

from ..callsites import sites_of
from ..clock import Clock
from ..errors import UsageError
from ..frontend import ParseCache, Stage
from ..frontend.mentions import mentions_of
from ..helpers.bodies import SourceIndex
from ..helpers.defined import Globals
from ..helpers.interface import find_interface
from ..helpers.probes import probe_text
from ..kconfig import KconfigFiles, load_kconfig
from ..kconfig.plan import plan_of
from ..law.bounds import Effort
from ..law.reuse import Reuse
from ..model import RawCall
from .callers import raw_calls, with_call_sites
from .judging import left_out
from .lint import lint
from .notebook import Notebook
from .results import VariantResult
from .trail import places_of, trail_of
from .variant import judge_variant

if TYPE_CHECKING:
    from ..callsites import ReadSources
    from .arch import Question


def check_arch(
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
    """The variants, what could not be read, and calls that no configuration compiles."""
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
            with clock.stage("index words"):
                initial, at_boot = index.initial_values(), index.set_at_boot()
                probes = probe_text(
                    interface.signatures, initial, at_boot, interface.modifiers
                ).encode("latin-1", "replace")
                texts = chain(stage.texts(), [("", probes)])
                notebook.save(("mentions", arch), mentions_of(notebook.stamp, texts))
    unread = [f"{p.location}: {p.message}" for p in kconfig.problems]
    if kconfig.empty:
        unread.append(f"arch/{arch}/Kconfig: there is no Kconfig to read")
    unread += index.damaged
    unread += [line for line in (*skipped, *left_out(tree)) if line not in unread]
    if not results:
        unread.append(f"arch/{arch}/Kconfig:1: no configuration has an MMU, nothing to judge")
    return results, unread, calls
