# SPDX-License-Identifier: GPL-2.0-only
"""A series is applied in memory and judged again, from the tree alone, before it is printed."""

from __future__ import annotations

from dataclasses import dataclass

from ..check import check_tree
from ..check.judging import Shared
from ..model import Finding
from ..tree import KernelTree, OverlayTree
from .edits import apply
from .run import Plan


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` says with the series applied."""

    findings: tuple[str, ...]  # of what the series enables
    unknown: int
    balanced: int
    neutral: int
    supported: tuple[str, ...]  # variants
    unsupported: tuple[str, ...]
    found: tuple[Finding, ...] = ()  # what `findings` says in words


def overlay(tree: KernelTree, plan: Plan) -> KernelTree:
    """The tree with the series applied."""
    texts = apply(plan.texts, plan.edits)
    assert texts is not None
    return OverlayTree(tree, {path: text.encode("latin-1") for path, text in texts.items()})


def check_series(tree: KernelTree, plan: Plan, shared: Shared | None = None) -> Checked:
    """Judges the architecture with the series applied, as `ptcheck check` does.

    `shared`: what other runs of the same tree parsed.
    """
    result = check_tree(overlay(tree, plan), (plan.arch,), shared=shared)
    counted = tuple(one for one in result.findings if not one.if_enabled)
    rows = [s for s in result.summaries if s.supported]
    return Checked(
        tuple(f"{one.location}: {one.rule} {one.message}" for one in counted),
        sum(s.unknown for s in rows),
        sum(s.balanced for s in rows),
        sum(s.neutral for s in rows),
        tuple(s.variant for s in rows),
        tuple(s.variant for s in result.summaries if not s.supported),
        counted,
    )
