# SPDX-License-Identifier: GPL-2.0-only
"""What a run asks of a tree, each question once: of memory first, then of the tree.

What judges is imported only where something has to be judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from ..clock import Clock
from ..model import HookApi
from ..tree import KernelTree
from .limits import Limits
from .results import ArchResult

if TYPE_CHECKING:
    from .arch import Workshop

_COUNTING: Final = "page_table_check_pte_clear"
FRAMEWORK: Final = "mm/page_table_check.c"

T = TypeVar("T")
Note = Callable[[str], None]


class Facts(Protocol):
    """Remembers what was computed from a tree, by everything that was read for it."""

    def recall(self, tree: KernelTree, name: Sequence[str], kind: type[T]) -> T | None:
        """Return what `compute` would give for this tree, if that is known."""

    def keep(
        self,
        tree: KernelTree,
        name: Sequence[str],
        compute: Callable[[KernelTree], T],
        settled: Callable[[T], bool] = lambda _: True,
    ) -> T:
        """Compute it, from a tree that notes what is read, and remember it if it is settled."""

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
            result = facts.recall(tree, _name(arch, known, only), ArchResult)
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

    workshop = (shared or Shared()).workshop
    question = Question(frozenset(known.called), only)

    def judge(arch: str, clock: Clock, note: Note) -> ArchResult:
        return limits.judged(arch, lambda: unlimited(arch, clock, note))

    def unlimited(arch: str, clock: Clock, note: Note) -> ArchResult:
        if facts is None:
            return workshop.check(tree, arch, question, clock, note)
        return facts.keep(
            tree,
            _name(arch, known, only),
            lambda noted: workshop.check(noted, arch, question, clock, note, facts),
            lambda result: result.settled,
        )

    return judge_all(judge, archs, jobs, clock, note)


def _name(arch: str, known: Survey, only: frozenset[str] | None) -> tuple[str, ...]:
    called = hashlib.sha256("\0".join(known.called).encode("utf-8", "replace")).hexdigest()
    return "arch", arch, called, *(("all",) if only is None else ("only", *sorted(only)))
