# SPDX-License-Identifier: GPL-2.0-only
"""What a run asks of a tree, each question once: of memory first, then of the tree.

What judges is imported only where something has to be judged.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from ..clock import Clock
from ..errors import SourceError
from ..model import HookApi
from ..tree import GitTree, KernelTree
from .limits import Limits
from .results import ArchResult

if TYPE_CHECKING:
    from ..cache.facts import Near
    from ..cache.questions import Questions
    from .again import Change
    from .arch import Workshop

_COUNTING: Final = "page_table_check_pte_clear"
MAX_FILES: Final = 4  # that may differ from a tree that is known, so that it helps
FRAMEWORK: Final = "mm/page_table_check.c"

T = TypeVar("T")
Note = Callable[[str], None]


class Facts(Protocol):
    """Remembers what was computed from a tree, by everything that was read for it."""

    def recall(
        self, tree: KernelTree, name: Sequence[str], kind: type[T], near: int = 0
    ) -> T | None:
        """Return what `compute` would give for this tree, if that is known; None, too, where
        `near` has a tree that differs in no more files than that."""

    def keep(
        self,
        tree: KernelTree,
        name: Sequence[str],
        compute: Callable[[KernelTree], T],
        settled: Callable[[T], bool] = lambda _: True,
        stamp: str = "",
    ) -> T:
        """Compute it, from a tree that notes what is read, and remember it if it is settled."""

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
    """What generic code calls, sorted, and what of it could not be read."""

    called: tuple[str, ...]
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


def survey(tree: KernelTree, clock: Clock, facts: Facts | None = None) -> Survey:
    """Read what all architectures share."""
    with clock.stage("interface"):
        if facts is None:
            hooks, names = _hooks(tree), _names(tree)
        else:
            hooks = facts.recall(tree, ("hooks",), Hooks) or facts.keep(tree, ("hooks",), _hooks)
            names = facts.recall(tree, ("names",), Names) or facts.keep(tree, ("names",), _names)
    return Survey(hooks.api, names.called, (*hooks.problems, *names.problems))


def _names(tree: KernelTree) -> Names:
    from ..helpers.interface import called_names

    called = tuple(sorted(called_names(tree)))
    return Names(called, left_out(tree))


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
            result = facts.recall(tree, _name(arch, known, only), ArchResult, MAX_FILES)
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
    from .pool import judge_all

    shared = shared or Shared()
    workshop, trees = shared.workshop, (tree, *shared.trees)
    question = Question(frozenset(known.called), only)

    def judge(arch: str, clock: Clock, note: Note) -> ArchResult:
        return limits.judged(arch, lambda: unlimited(arch, clock, note))

    def unlimited(arch: str, clock: Clock, note: Note) -> ArchResult:
        if facts is None:
            return workshop.check(tree, arch, question, clock, note)
        name = _name(arch, known, only)
        result = _again(tree, arch, name, workshop, facts, trees, clock, note)
        result = result or facts.recall(tree, name, ArchResult)
        if result is not None:
            return result
        stamp = secrets.token_hex(8)
        return facts.keep(
            tree,
            name,
            lambda noted: workshop.check(noted, arch, question, clock, note, facts, stamp),
            lambda result: result.settled,
            stamp,
        )

    return judge_all(judge, archs, jobs, clock, note)


def _contents(trees: Sequence[KernelTree], path: str, identity: str) -> Iterator[bytes]:
    """The contents that git has, or would have, an id for."""
    from ..cache.questions import git_digest

    for tree in trees:
        with suppress(SourceError):
            data = tree.blob(identity, path) if isinstance(tree, GitTree) else tree.read(path)
            if git_digest(data) == identity:
                yield data


def _again(
    tree: KernelTree,
    arch: str,
    name: Sequence[str],
    workshop: Workshop,
    facts: Facts,
    trees: Sequence[KernelTree],
    clock: Clock,
    note: Note,
) -> ArchResult | None:
    """The result where little changed since the last one; None where that cannot be told."""
    from .again import Change

    with clock.stage("compare trees"):
        near = facts.near(tree, name, ArchResult, MAX_FILES)
        if near is None or not near.changed:
            return None
        changes: list[Change] = []
        for path, identity in near.changed:
            old = next((o for o in _contents(trees, path, identity)), None)
            if old is None:
                return None
            try:
                changes.append(Change(path, old, tree.read(path)))
            except SourceError:
                return None
    found = workshop.again(tree, near.result, near.stamp, changes, clock, note, facts)
    if found is not None:
        facts.put(tree, name, near.questions, found)
    return found


def _name(arch: str, known: Survey, only: frozenset[str] | None) -> tuple[str, ...]:
    called = hashlib.sha256("\0".join(known.called).encode("utf-8", "replace")).hexdigest()
    return "arch", arch, called, *(("all",) if only is None else ("only", *sorted(only)))
