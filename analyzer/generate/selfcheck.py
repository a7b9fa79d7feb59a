# SPDX-License-Identifier: GPL-2.0-only
"""A series is applied in memory and judged again, from the tree alone, before it is printed."""

from __future__ import annotations

from dataclasses import dataclass

from ..check import check_tree
from ..tree import KernelTree, OverlayTree
from .edits import Step, apply
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


def overlay(tree: KernelTree, plan: Plan) -> KernelTree:
    """The tree with the series applied."""
    texts = apply(plan.texts, plan.edits)
    assert texts is not None
    return OverlayTree(tree, {path: text.encode("latin-1") for path, text in texts.items()})


def check_series(tree: KernelTree, plan: Plan) -> Checked:
    """Judges the architecture with the series applied, as `ptcheck check` does."""
    result = check_tree(overlay(tree, plan), (plan.arch,))
    rows = [s for s in result.summaries if s.supported]
    unsupported = tuple(s.variant for s in result.summaries if not s.supported)
    found = [f"{f.location}: {f.rule} {f.message}" for f in result.findings if not f.if_enabled]
    return Checked(
        (*_not_selected(plan, unsupported), *found),
        sum(s.unknown for s in rows),
        sum(s.balanced for s in rows),
        sum(s.neutral for s in rows),
        tuple(s.variant for s in rows),
        unsupported,
    )


def _not_selected(plan: Plan, unsupported: tuple[str, ...]) -> list[str]:
    """Configurations that the new select should have reached, and did not."""
    if not any(edit.step is Step.SELECT for edit in plan.edits):
        return []
    without = {name for name, _ in plan.left_out}
    names = dict.fromkeys(row.variant for row in plan.after if row.variant not in without)
    path = f"arch/{plan.arch}/Kconfig"
    return [f"{path}:1: the option is not selected in {n}" for n in names if n in unsupported]
