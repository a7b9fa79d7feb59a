# SPDX-License-Identifier: GPL-2.0-only
"""Works out the edits that enable page table check for an architecture of a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..check.api import hook_api
from ..check.unit import FRAMEWORK
from ..errors import TreeError, UsageError
from ..helpers.interface import LEVELS, read_text
from ..kconfig import Variant, architectures, load_kconfig, variants
from ..model import HookApi, Verdict
from ..tree import KernelTree
from .agreement import require_agreement
from .apart import broken_in, one_by_one
from .api import Hooks, predicate_shape
from .callers import mend_callers
from .edits import Edit, Step, make
from .features import feature_edit
from .judge import Bench, Judgement, Row
from .kconfig_edit import SUPPORT, guard_for, holds, line, place
from .mend import mend_predicates
from .parts import find_parts, put, together
from .predicates import Synthesis
from .search import Search
from .subjects import subject_prefix
from .twins import Twin, others, unsearched, unseen


@dataclass(frozen=True, slots=True)
class Undecided:
    """A helper (or a predicate, or the select) that the series does not settle, and why."""

    helper: str
    level: str
    variants: tuple[str, ...]
    reason: str
    judged: bool  # False: it could not be judged; True: it is known to be broken


@dataclass(frozen=True, slots=True)
class Plan:
    """What was worked out: edits in the order found, the state before and after."""

    arch: str
    label: str
    revision: str | None
    texts: dict[str, str]  # the touched files as the tree has them
    edits: tuple[Edit, ...]
    synthesis: Synthesis | None
    guard: str
    before: tuple[Row, ...]
    after: tuple[Row, ...]
    undecided: tuple[Undecided, ...]
    selected: bool  # the architecture selects the option already
    hooked_before: dict[tuple[str, str], set[tuple[str, str]]]
    hooked_after: dict[tuple[str, str], set[tuple[str, str]]]
    left_out: tuple[tuple[str, str], ...] = ()  # configurations that the guard excludes, and why
    prefix: str = ""  # what the subjects begin with
    more: tuple[Variant, ...] = ()  # configurations that only the series was judged in
    unseen: tuple[Twin, ...] = ()  # of hooked functions, and compiled by no configuration judged
    unsearched: tuple[str, ...] = ()  # headers in which none were looked for


def plan(tree: KernelTree, arch: str, note: Callable[[str], None] = lambda _: None) -> Plan:
    """Raises UsageError where there is nothing to enable: no MMU, no framework in the tree."""
    api = hook_api(tree, architectures(tree))
    hooks = Hooks(api)
    require_agreement(tree, arch)
    kconfig = load_kconfig(tree, arch)
    if kconfig.empty:
        raise TreeError(f"arch/{arch}/Kconfig: there is no Kconfig to read")
    if kconfig.symbol(SUPPORT) is None:
        raise TreeError(f"the tree has hooks, but no Kconfig defines {SUPPORT}")
    with Bench(tree, arch) as bench:
        return _plan(tree, bench, api, hooks, note)


def _plan(
    tree: KernelTree, bench: Bench, api: HookApi, hooks: Hooks, note: Callable[[str], None]
) -> Plan:
    arch, kconfig = bench.arch, bench.kconfig
    if not bench.variants:
        raise UsageError(f"{arch} has no configuration with an MMU; there are no user page tables")
    selected = bool(kconfig.select_of(SUPPORT).supported)
    if selected:  # where it is not selected nothing is to be mended
        bench.variants = tuple(v for v in bench.variants if v.supported) or bench.variants
    shape = predicate_shape(api.predicate, read_text(tree, FRAMEWORK))
    if shape is None:
        raise TreeError(f"{FRAMEWORK} does not call pte_user_accessible_page(): nothing to define")
    note("judging the tree as it is")
    before = bench.judge({})
    note(f"{len(before.paths)} broken paths, {len(before.unknown)} unknown")
    search = Search(bench, hooks)
    synthesis = None
    partly: tuple[str, ...] = ()
    now = before
    if before.lacking.get("pte"):
        note("predicates")
        parts = find_parts(bench, before, shape)
        synthesis = together(parts)
        if synthesis.predicates and not synthesis.missing:
            search.targets.masks = {one: synthesis.masks(one) for one in LEVELS}
            for part in parts:
                now, lacked = put(search, now, part, shape)
                partly += lacked
    elif before.predicates:
        note("predicates")
        now = mend_predicates(bench, search, before, shape)
    note("hooks")
    lost = dict(synthesis.lost) if synthesis is not None else {}
    every = bench.variants
    bench.variants = _worthwhile(tree, bench, lost)
    if bench.variants != every:
        now = search.judge()
    begun = list(search.edits)
    now = search.run(now)
    search, now = one_by_one(bench, hooks, search, now, begun)
    now, more = _with_twins(every, bench, search, before, now, selected)
    bench.variants = (*every, *more)
    guard, chosen, problem = _select(tree, bench, arch, now, search, frozenset(lost))
    if chosen is not None:
        row = feature_edit(tree, arch)
        search.keep([chosen] if row is None else [chosen, row])
    off = _off(bench, guard) if chosen is not None else frozenset()
    search.drop(_idle(search.edits, now, off))
    note("callers")
    on = [v for v in bench.variants if v.name not in off] if selected or chosen is not None else []
    callers = mend_callers(tree, bench, hooks, search, on)
    undecided = _undecided(now, synthesis, off)
    for one in callers:
        site = one.site
        entry = Undecided(site.function, site.level, one.variants, site.reason, True)
        undecided = (*undecided, entry)
    for name in partly:
        reason = "the framework calls it, and some configurations that count its level lack it"
        undecided = (*undecided, Undecided(name, name[:3], (), reason, False))
    for name, reason in lost.items():
        if name not in off:
            entry = Undecided("pXX_user_accessible_page", "", (name,), reason, False)
            undecided = (*undecided, entry)
    if problem:
        undecided = (*undecided, Undecided(SUPPORT, "", (), problem, False))
    touched = {edit.path for edit in search.edits}
    return Plan(
        arch, tree.label, tree.revision,
        {path: tree.read(path).decode("latin-1") for path in sorted(touched)},
        tuple(search.edits), synthesis, guard, tuple(before.rows), tuple(now.rows), undecided,
        selected, before.hooked, now.hooked,
        _left_out(bench, now, lost, off), subject_prefix(tree, arch), more,
        tuple(unseen(bench.variants, bench, search.edits, {**before.units, **now.units})),
        unsearched(bench),
    )  # fmt: skip


def _worthwhile(tree: KernelTree, bench: Bench, lost: Mapping[str, str]) -> tuple[Variant, ...]:
    """The variants that hooks are looked for in: not those that the guard is going to exclude,
    together with the ones that have no predicate."""
    good = [v for v in bench.variants if v.name not in lost]
    bad = [v for v in bench.variants if v.name in lost]
    kconfig = bench.tree.read(f"arch/{bench.arch}/Kconfig").decode("latin-1")
    guard = guard_for(kconfig, good, bad, _nommu(tree, bench)) if good and bad else None
    return tuple(v for v in bench.variants if not guard or holds(guard, v))


def _with_twins(
    every: tuple[Variant, ...],
    bench: Bench,
    search: Search,
    before: Judgement,
    now: Judgement,
    selected: bool,
) -> tuple[Judgement, tuple[Variant, ...]]:
    """Judges configurations that compile what no other one does of hooked functions, too, and
    mends what is broken there."""
    units = {**before.units, **now.units}
    more = tuple(others(bench, unseen(every, bench, search.edits, units), selected))
    if not more:
        return now, ()
    bench.variants = (*bench.variants, *more)
    now = search.judge()
    if broken_in(now) & {variant.name for variant in more}:
        search.targets.renew()
        now = search.run(now)
    return now, more


def _nommu(tree: KernelTree, bench: Bench) -> list[Variant]:
    return [v for v in variants(tree, bench.arch, bench.kconfig) if not v.has_mmu]


def _idle(edits: Iterable[Edit], now: Judgement, off: frozenset[str]) -> list[Edit]:
    """Hooks in files that only variants read in which the option is not selected."""
    read = {path for name, unit in now.units.items() if name not in off for path in unit.files}
    return [edit for edit in edits if edit.step is Step.HOOKS and edit.path not in read]


def _left_out(
    bench: Bench, now: Judgement, lost: Mapping[str, str], off: frozenset[str]
) -> tuple[tuple[str, str], ...]:
    """Why the laws do not hold in the variants in which the option is not selected."""
    found = []
    for variant in bench.variants:
        if variant.name not in off:
            continue
        faults = [f.message for f in now.predicates if f.variant == variant.name]
        wrong = [r.helper for r in now.rows if r.variant == variant.name
                 and r.verdict is Verdict.FINDING]  # fmt: skip
        reason = lost.get(variant.name, "")
        if not reason and faults:
            reason = faults[0]
        elif not reason and wrong:
            reason = f"{wrong[0]}() cannot be accounted for"
        found.append(
            (variant.name, reason or "the condition that leaves others out leaves it out, too")
        )
    return tuple(found)


def _select(
    tree: KernelTree,
    bench: Bench,
    arch: str,
    now: Judgement,
    search: Search,
    lost: frozenset[str],
) -> tuple[str, Edit | None, str]:
    support = bench.kconfig.select_of(SUPPORT)
    if support.supported:
        return support.condition or "", None, ""
    path = f"arch/{arch}/Kconfig"
    text = search.text(path)
    bad_names = {row.variant for row in now.rows if row.verdict is Verdict.FINDING}
    bad_names |= lost
    bad_names |= {fault.variant for fault in now.predicates}
    for missing in now.lacking.values():
        bad_names |= missing
    good = [v for v in bench.variants if v.name not in bad_names]
    bad = [v for v in bench.variants if v.name in bad_names]
    if not good:
        return "", None, "the laws hold in no configuration"
    guard = guard_for(text, good, bad, _nommu(tree, bench))
    if guard is None:
        return "", None, "no condition of the Kconfig tells the configurations apart"
    if not guard and _may_lack_mmu(bench):
        guard = "MMU"
    where = place(text, [v for v in good if not guard or holds(guard, v)])
    if where is None:
        return "", None, f"{path} has no list of selects to put the line into"
    at, indent = where
    why = f"the laws hold in {', '.join(v.name for v in good)}"
    edit = make(text, path, at, at, line(indent, guard), Step.SELECT, SUPPORT, why)
    return guard, edit, ""


def _may_lack_mmu(bench: Bench) -> bool:
    """Whether the architecture lets somebody turn the MMU off."""
    symbol = bench.kconfig.symbol("MMU")
    if symbol is None:
        return False
    return symbol.has_prompt or bench.kconfig.solve({"MMU": "n"}).value("MMU") == "n"


def _off(bench: Bench, guard: str) -> frozenset[str]:
    """The variants in which the option is not selected."""
    return frozenset(v.name for v in bench.variants if guard and not holds(guard, v))


def _undecided(
    now: Judgement, synthesis: Synthesis | None, off: frozenset[str]
) -> tuple[Undecided, ...]:
    found: dict[tuple[str, str, str, bool], list[str]] = {}
    for row in now.rows:
        if row.variant in off:
            continue
        if row.verdict is Verdict.UNKNOWN:
            found.setdefault((row.helper, row.level, row.reason, False), []).append(row.variant)
        elif row.verdict is Verdict.FINDING:
            reason = "no form of a hook that was tried makes the sum come out"
            found.setdefault((row.helper, row.level, reason, True), []).append(row.variant)
    for fault in now.predicates:
        if fault.variant in off:
            continue
        name = f"{fault.level}_user_accessible_page"
        found.setdefault((name, fault.level, fault.message, True), []).append(fault.variant)
    for level, reason in synthesis.missing if synthesis is not None else ():
        found.setdefault((f"{level}_user_accessible_page", level, reason, False), [])
    return tuple(
        Undecided(helper, level, tuple(dict.fromkeys(where)), reason, judged)
        for (helper, level, reason, judged), where in sorted(found.items())
    )
