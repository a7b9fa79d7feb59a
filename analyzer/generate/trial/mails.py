# SPDX-License-Identifier: GPL-2.0-only
"""What becomes of the mails: `git am` on the tree's files, and the tree's own checkpatch.pl."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from ...boot.process import run_bounded
from ...errors import ToolError
from ...tree import KernelTree
from ..run import Plan
from ..series import Mail, Scratch
from .values import State, Tried

_CHECKPATCH: Final = "scripts/checkpatch.pl"
_DATA: Final = ("scripts/spelling.txt", "scripts/const_structs.checkpatch")
_SECONDS: Final = 300.0
_REMARK: Final = re.compile(r"^(ERROR|WARNING|CHECK):([A-Z0-9_]+): (.*)$", re.M)
_TOTAL: Final = re.compile(r"^total: (\d+) errors?, (\d+) warnings?, (?:(\d+) checks?)?", re.M)


def apply_mails(plan: Plan, folder: Path, mails: Sequence[Mail]) -> Tried:
    """All patches, by `git am` in a scratch repository of the files that they touch."""
    files = [str(folder / mail.name) for mail in mails[1:]]
    with Scratch(plan.texts) as scratch:
        try:
            done = subprocess.run(
                ["git", "-c", "user.name=ptcheck", "-c", "user.email=ptcheck@localhost",
                 "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null",
                 "am", "-q", "--whitespace=error-all", *files],
                cwd=scratch.path, capture_output=True, text=True, timeout=_SECONDS, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ToolError(f"git am cannot be run: {error}") from error
    said = (done.stderr or done.stdout).strip().splitlines()
    state = State.OK if done.returncode == 0 else State.FAILED
    result = "applies cleanly" if done.returncode == 0 else f"git am exits with {done.returncode}"
    return Tried("git am", "all", "", state, result, tuple(line[:200] for line in said[:3]))


def style(tree: KernelTree, folder: Path, mails: Sequence[Mail]) -> Iterator[Tried]:
    """`checkpatch.pl --strict` of the tree on each mail: no error, no warning."""
    if tree.kind(_CHECKPATCH) is None:
        yield Tried("checkpatch", "all", "", State.NOT_TRIED, f"the tree has no {_CHECKPATCH}")
        return
    if shutil.which("perl") is None:
        yield Tried("checkpatch", "all", "", State.NOT_TRIED,
                    "perl is missing (on Debian: apt-get install perl)")  # fmt: skip
        return
    for path, data in tree.read_many(p for p in (_CHECKPATCH, *_DATA) if tree.kind(p) is not None):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(data)
    for number, mail in enumerate(mails[1:], 1):
        log = folder / "checkpatch.log"
        done = run_bounded(
            ["perl", str(folder / _CHECKPATCH), "--no-tree", "--strict", "--no-signoff",
             "--show-types", "--color=never", str(folder / mail.name)],
            log, _SECONDS,
        )  # fmt: skip
        text = log.read_text(encoding="utf-8", errors="replace")
        yield _judged(f"{number}/{len(mails) - 1}", text, done.status)


def _judged(name: str, text: str, status: int | None) -> Tried:
    total = _TOTAL.search(text)
    if total is None:
        how = "takes too long" if status is None else f"gives no result (exit {status})"
        return Tried("checkpatch", name, "", State.FAILED, f"checkpatch.pl {how}")
    errors, warnings, checks = (int(number or 0) for number in total.groups())
    remarks = dict.fromkeys(f"{kind} {what}: {why}" for kind, what, why in _REMARK.findall(text))
    return Tried(
        "checkpatch", name, "", State.FAILED if errors + warnings else State.OK,
        f"{errors} errors, {warnings} warnings, {checks} checks", tuple(remarks),
    )  # fmt: skip
