# SPDX-License-Identifier: GPL-2.0-only
"""Damaged copies of the demonstration tree, and what a run must say about them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from tests.commands.runner import DEMO, PGTABLE, Done, mended, ptcheck


def copy(folder: Path) -> Path:
    """A copy of the demonstration tree without its finding: undamaged, it is clean."""
    path = folder / "tree"
    shutil.copytree(DEMO, path)
    (path / PGTABLE).write_text(mended())
    return path


def check(tree: Path, *options: str) -> tuple[Done, Any]:
    """The end of a run, and its JSON (None where there is none)."""
    done = ptcheck("check", "-C", str(tree), "--format", "json", *options)
    return done, json.loads(done.out) if done.out else None


def never_clean(done: Done) -> None:
    """Incomplete: nothing was found, and something could not be judged; stderr stays quiet."""
    assert (done.code, done.err) == (3, "")


def named(value: Any, path: str) -> list[str]:
    """The problems of a file, each `path:line: message` or `path: message`.

    One that is missing is named at the place that includes it.
    """
    header = path.removeprefix("include/").partition("/include/")[2] or path[len("include/") :]
    absent = f"the tree has no header {header}$|cannot source {path}: "
    start = re.compile(rf"{re.escape(path)}(:\d+)?: \S|[^:]+:\d+: (?:{absent})")
    problems: list[str] = value["problems"]
    for problem in problems:
        assert "Location(" not in problem, problem
        assert "Diagnostic(" not in problem, problem
        assert re.match(r"[^:]+(:\d+)?: \S", problem), problem
        assert len(problem) < 1000
    return [problem for problem in problems if start.match(problem)]


def verdicts(value: Any) -> dict[tuple[str, str, str], str]:
    """The verdict for each helper in each variant."""
    return {(h["arch"], h["variant"], h["helper"]): h["verdict"] for h in value["helpers"]}
