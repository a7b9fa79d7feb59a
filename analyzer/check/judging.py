# SPDX-License-Identifier: GPL-2.0-only
"""What a run asks of a tree, each question once: of memory first, then of the tree.

What judges is imported only where something has to be judged.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from ..clock import Clock
from ..model import HookApi
from ..tree import KernelTree
from .limits import Limits
from .nearly import Change, nearly
from .results import ArchResult

if TYPE_CHECKING:
    from ..cache.facts import Near
    from ..cache.questions import Questions
    from .arch import Workshop

_COUNTING: Final = "page_table_check_pte_clear"
FRAMEWORK: Final = "mm/page_table_check.c"

T = TypeVar("T")
Note = Callable[[str], None]


class Facts(Protocol):
    """Remembers what was computed from a tree, by everything that was read for it."""

    def recall(
        self, tree: KernelTree, name: Sequence[str], kind: type[T], last: Sequence[str] = ()
    ) -> T | None:
        """Return what `compute` would give for this tree, if that is known; None, too, where the
        last result under the name `last` is that of a tree that differs in few files."""

    def keep(
        self,
        tree: KernelTree,
        name: Sequence[str],
        compute: Callable[[KernelTree], T],
        settled: Callable[[T], bool] = lambda _: True,
        stamp: str = "",
        last: Sequence[str] = (),
    ) -> T:
        """Compute it, from a tree that notes what is read, and remember it if it is settled; with
        a `stamp` also as the last result under the name `last`."""

    def near(
        self, tree: KernelTree, name: Sequence[str], kind: type[T], most: int
    ) -> Near[T] | None:
        """Return the last result that was computed under a name, for a tree that is nearly this."""

    def put(
        self, tree: KernelTree, name: Sequence[str], questions: Questions, result: object
    ) -> None:
        """Remember a result that was found in another way than by `keep`."""

    def load(self, name: Sequence[str], kind: type[T]) -> T | None:
        """Return what was saved under a name; see `notebook.Memory`."""

    def save(self, name: Sequence[str], value: object) -> None:
        """Save something under a name, in the place of what was there."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What all architectures share: the hooks, the names that generic code calls."""

    api: HookApi
    called: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hooks:
    """The hook interface of a tree, and what is the matter with it."""

    api: HookApi
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """What generic code calls, sorted, in how many files, and what of it could not be read."""

    called: tuple[str, ...]
    files: tuple[int, ...]
    problems: tuple[str, ...]


class Shared:
    """What several runs share, so that contents are parsed once: pass the same to all."""

    def __init__(self) -> None:
        self._workshop: Workshop | None = None
        self.trees: list[KernelTree] = []  # those before, while they are open

    @property
    def workshop(self) -> Workshop:
        """Made when something has to be judged for the first time."""
        from .arch import Workshop

        if self._workshop is None:
            self._workshop = Workshop()
        return self._workshop


def survey(
    tree: KernelTree,
    clock: Clock,
    facts: Facts | None = None,
    trees: Sequence[KernelTree] = (),
) -> Survey:
    """Read what all architectures share; `trees` have what was known of others."""
    with clock.stage("interface"):
        if facts is None:
            hooks, names = _hooks(tree), _names(tree)
        else:
            hooks = _asked(tree, ("hooks",), Hooks, _hooks, _hooks_again, facts, trees)
            names = _asked(tree, ("names",), Names, _names, _names_again, facts, trees)
    return Survey(hooks.api, names.called, (*hooks.problems, *names.problems))


def _asked(
    tree: KernelTree,
    name: Sequence[str],
    kind: type[T],
    compute: Callable[[KernelTree], T],
    again: Callable[[T, Sequence[Change]], T | None],
    facts: Facts,
    trees: Sequence[KernelTree],
) -> T:
    """Something that is remembered, made of what was the last time, or computed."""
    known = facts.recall(tree, name, kind, name)
    if known is not None:
        return known
    near = nearly(tree, name, kind, facts, (tree, *trees))
    if near is not None:
        result = again(near[0].result, near[1])
        if result is not None:
            facts.put(tree, name, near[0].questions, result)
            return result
    known = facts.recall(tree, name, kind)
    return known or facts.keep(tree, name, compute, stamp=_stamp(), last=name)


def _names(tree: KernelTree) -> Names:
    from ..helpers.interface import called_in_files

    found = called_in_files(tree)
    called = tuple(sorted(found))
    return Names(called, tuple(found[name] for name in called), left_out(tree))


def _names_again(before: Names, changes: Sequence[Change]) -> Names | None:
    """The names where some files differ."""
    from ..helpers.interface import called_in

    if before.problems or len(before.called) != len(before.files):
        return None
    counts = dict(zip(before.called, before.files, strict=True))
    for change in changes:
        for data, step in ((change.old, -1), (change.new, 1)):
            for name in called_in(change.path, data):
                counts[name] = counts.get(name, 0) + step
    called = tuple(sorted(name for name, count in counts.items() if count > 0))
    return Names(called, tuple(counts[name] for name in called), ())


def _hooks_again(before: Hooks, changes: Sequence[Change]) -> Hooks | None:
    """The hooks, where files differ that say nothing of them."""
    from .api import HEADER, predicate_in

    for change in changes:
        if change.path in (HEADER, FRAMEWORK):
            return None
        if predicate_in(change.old) != predicate_in(change.new):
            return None
    return before


def _hooks(tree: KernelTree) -> Hooks:
    from ..helpers.interface import read_text
    from ..kconfig import architectures
    from .api import hook_api

    api = hook_api(tree, architectures(tree))
    problems: tuple[str, ...] = ()
    if api.present and _COUNTING not in read_text(tree, FRAMEWORK):
        lacking = f"no {_COUNTING}() to read; what is counted is taken from the predicates alone"
        problems = (f"{FRAMEWORK}: {lacking}",)
    return Hooks(api, problems)


def left_out(tree: KernelTree) -> tuple[str, ...]:
    """Files and folders that are there and could not be read, one line each."""
    return tuple(f"{path}: {reason}" for path, reason in sorted(tree.unreadable.items()))


def judge_archs(
    tree: KernelTree,
    archs: Sequence[str],
    known: Survey,
    only: frozenset[str] | None,
    jobs: int,
    clock: Clock,
    note: Note,
    facts: Facts | None = None,
    limits: Limits | None = None,
    shared: Shared | None = None,
) -> list[ArchResult]:
    """The result of each architecture, in the order given: remembered, or judged now."""
    found: dict[str, ArchResult] = {}
    if facts is not None:
        for arch in archs:
            name = _name(arch, known.called, only)
            result = facts.recall(tree, name, ArchResult, _under(arch, only))
            if result is not None:
                found[arch] = result
    left = [arch for arch in archs if arch not in found]
    if left:
        bounds = limits or Limits()
        found |= _judge(tree, left, known, only, jobs, clock, note, facts, bounds, shared)
    return [found[arch] for arch in archs]


def _judge(
    tree: KernelTree,
    archs: Sequence[str],
    known: Survey,
    only: frozenset[str] | None,
    jobs: int,
    clock: Clock,
    note: Note,
    facts: Facts | None,
    limits: Limits,
    shared: Shared | None,
) -> dict[str, ArchResult]:
    from .arch import Question

    shared = shared or Shared()
    workshop, trees = shared.workshop, (tree, *shared.trees)
    question = Question(frozenset(known.called), only)

    def judge(arch: str, clock: Clock, note: Note) -> ArchResult:
        return limits.judged(arch, lambda: unlimited(arch, clock, note))

    def unlimited(arch: str, clock: Clock, note: Note) -> ArchResult:
        if facts is None:
            return workshop.check(tree, arch, question, clock, note)
        name = _name(arch, known.called, only)
        result = _again(tree, arch, known.called, only, workshop, facts, trees, clock, note)
        result = result or facts.recall(tree, name, ArchResult)
        if result is not None:
            return result
        stamp = _stamp()
        return facts.keep(
            tree,
            name,
            lambda noted: workshop.check(noted, arch, question, clock, note, facts, stamp),
            lambda result: result.settled,
            stamp,
            _under(arch, only),
        )

    if min(jobs, len(archs)) < 2:
        return {arch: judge(arch, clock, note) for arch in archs}
    from .pool import judge_all

    return judge_all(judge, archs, jobs, clock, note)


def _stamp() -> str:
    """A name for a run that no other has."""
    return os.urandom(8).hex()


def _again(
    tree: KernelTree,
    arch: str,
    called: tuple[str, ...],
    only: frozenset[str] | None,
    workshop: Workshop,
    facts: Facts,
    trees: Sequence[KernelTree],
    clock: Clock,
    note: Note,
) -> ArchResult | None:
    """The result where little changed since the last one; None where that cannot be told."""
    with clock.stage("compare trees"):
        found = nearly(tree, _under(arch, only), ArchResult, facts, trees)
    if found is None:
        return None
    near, changes = found
    result = workshop.again(tree, near.result, near.stamp, changes, called, clock, note, facts)
    if result is not None:
        facts.put(tree, _name(arch, called, only), near.questions, result)
    return result


def _under(arch: str, only: frozenset[str] | None) -> tuple[str, ...]:
    """The name of the last result, whatever generic code calls."""
    return "arch", arch, *(("all",) if only is None else ("only", *sorted(only)))


def _name(arch: str, called: tuple[str, ...], only: frozenset[str] | None) -> tuple[str, ...]:
    digest = hashlib.sha256("\0".join(called).encode("utf-8", "replace")).hexdigest()
    return *_under(arch, only), digest
