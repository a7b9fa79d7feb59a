# SPDX-License-Identifier: GPL-2.0-only
"""The JSON report of `ptcheck generate`, as docs/generate-json.md says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analyzer import __version__
from analyzer.generate.commits import helper_table
from analyzer.generate.edits import in_steps
from analyzer.generate.placement import HOOKS
from analyzer.generate.result import Generated
from analyzer.generate.trial import Tried
from analyzer.report.json import SCHEMA, to_json
from analyzer.tree import KernelTree


def render_json(tree: KernelTree, found: Generated, tried: Sequence[Tried]) -> str:
    """The whole document."""
    return to_json(_document(tree, found, tried))


def _document(tree: KernelTree, found: Generated, tried: Sequence[Tried]) -> dict[str, Any]:
    plan, checked = found.plan, found.checked
    rows, same = helper_table(plan)
    return {
        "schema": SCHEMA,
        "tool": {"name": "ptcheck", "version": __version__},
        "tree": {"path": tree.path, "revision": tree.revision},
        "arch": plan.arch,
        "complete": found.complete,
        "selected": plan.selected,
        "guard": plan.guard,
        "base": found.base,
        "configurations": list(
            dict.fromkeys(row.variant for row in (*plan.before, *plan.after))
        ),
        "patches": _patches(found),
        "helpers": [
            {
                "helper": row.helper, "level": row.level, "before": row.before,
                "after": row.after, "hooked_in": row.where,
            }
            for row in rows
        ],
        "unchanged": sum(same.values()),
        "undecided": [
            {
                "helper": one.helper, "level": one.level, "variants": list(one.variants),
                "reason": one.reason, "judged": one.judged,
            }
            for one in plan.undecided
        ],
        "unjudged": [
            {"function": one.function, "path": one.path, "line": one.line} for one in plan.unseen
        ],
        "after": None if checked is None else {
            "balanced": checked.balanced, "neutral": checked.neutral, "unknown": checked.unknown,
            "findings": list(checked.findings), "variants": list(checked.supported),
        },
        "tried": [
            {
                "step": one.what, "patch": one.patch, "configuration": one.where,
                "state": one.state.value.lower(), "result": one.result, "notes": list(one.notes),
            }
            for one in tried
        ],
    }  # fmt: skip


def _patches(found: Generated) -> list[dict[str, Any]]:
    steps = in_steps(found.plan.texts, found.plan.edits) if found.mails else []
    return [
        {
            "file": mail.name,
            "subject": patch.subject,
            "step": step.name.lower(),
            "edits": [
                {
                    "path": edit.path, "function": edit.function, "hook": edit.hook,
                    "level": edit.level, "why": edit.why,
                }
                for edit in edits if edit.function != HOOKS
            ],
        }
        for (step, edits), patch, mail in zip(steps, found.steps, found.mails[1:], strict=True)
    ]  # fmt: skip
