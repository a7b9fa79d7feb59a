# SPDX-License-Identifier: GPL-2.0-only
"""Tries a series, in a scratch folder that goes away."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path

from ...errors import ToolError
from ...tree import KernelTree
from ..run import Plan
from ..series import Mail, Patch
from .build import compile_series
from .mails import apply_mails, style
from .toolchain import host
from .values import Tried


class Amount(Enum):
    """How much is tried: the mails alone (seconds), or the compiler as well (minutes)."""

    MAILS = "mails"
    ALL = "all"


def try_series(
    tree: KernelTree, plan: Plan, steps: Sequence[Patch], mails: Sequence[Mail], amount: Amount,
    jobs: int, note: Callable[[str], None] = lambda _: None, archs: Sequence[str] = (),
) -> list[Tried]:  # fmt: skip
    """Everything that can be tried here; what cannot is a row that says why.

    `archs`: those it is compiled for, if not just the one of the plan; of a plan without any, it
    is the architecture of this machine.
    Runs code of the tree. Raises ToolError where there is no scratch folder, or no git.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="ptcheck-trial-") as name:
            folder = Path(name).resolve()
            for mail in mails:
                (folder / mail.name).write_bytes(mail.text.encode("latin-1"))
            found = []
            named = archs or (plan.arch or host(tree),)
            plans = [replace(plan, arch=arch) for arch in named]
            for row in _rows(tree, plans, steps, mails, amount, folder, jobs):
                note(f"{row.what}, {row.patch}, {row.where or 'all'}: {row.state.value}")
                found.append(row)
            return found
    except OSError as error:
        raise ToolError(f"no scratch folder to try the series in: {error.strerror}") from error


def _rows(
    tree: KernelTree, plans: Sequence[Plan], steps: Sequence[Patch], mails: Sequence[Mail],
    amount: Amount, folder: Path, jobs: int,
) -> Iterator[Tried]:  # fmt: skip
    yield apply_mails(plans[0], folder, mails)
    yield from style(tree, folder, mails)
    for plan in plans if amount is Amount.ALL else ():
        place = folder / f"for-{plan.arch}"
        place.mkdir()
        yield from compile_series(tree, plan, steps, place, jobs)
        shutil.rmtree(place, ignore_errors=True)
