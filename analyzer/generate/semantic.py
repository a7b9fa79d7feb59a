# SPDX-License-Identifier: GPL-2.0-only
"""The edits as a semantic patch, for those who review in that language."""

from __future__ import annotations

from .edits import Edit, apply
from .run import Plan


def semantic_patch(plan: Plan) -> str:
    """One rule for each function: its text before and after, line by line."""
    return "\n".join(_rule(index, edit) for index, edit in enumerate(plan.edits, 1))


def _rule(index: int, edit: Edit) -> str:
    import difflib

    lines = [f"// {edit.path}: {edit.function}", f"@ step{index} @", "@@"]
    for line in difflib.ndiff(edit.before.splitlines(), edit.after.splitlines()):
        if line.startswith(("- ", "+ ")):
            lines.append(line[0] + line[2:])
        elif line.startswith("  "):
            lines.append(" " + line[2:])
    return "\n".join(lines) + "\n"


__all__ = ["apply", "semantic_patch"]
