# SPDX-License-Identifier: GPL-2.0-only
"""The whole way from a tree to mails: plan, check of the plan, patches, cover letter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import PtcheckError
from ..tree import FolderTree, KernelTree, open_tree
from .commits import cover, patches
from .run import Plan, plan
from .selfcheck import Checked, check_series
from .series import Mail, Patch, build


@dataclass(frozen=True, slots=True)
class Generated:
    """A plan and what is written of it; without edits there are no mails and nothing to check."""

    plan: Plan
    base: str | None  # the commit that the series applies to
    checked: Checked | None
    steps: tuple[Patch, ...]
    mails: tuple[Mail, ...]

    @property
    def complete(self) -> bool:
        """Whether everything is decided, and the law holds with the series."""
        return not self.plan.undecided and not (self.checked and self.checked.findings)


def generate(
    tree: KernelTree, arch: str, recipients: bool = False,
    note: Callable[[str], None] = lambda _: None,
) -> Generated:  # fmt: skip
    """Works out the series and judges the tree with it, from the tree alone.

    `recipients` runs the tree's get_maintainer.pl. Raises what `plan` and `build` raise.
    """
    found = plan(tree, arch, note)
    if not found.edits:
        return Generated(found, None, None, (), ())
    note("judging the tree with the series")
    checked = check_series(tree, found)
    steps = tuple(patches(found))
    base = base_commit(tree, found)
    mails = build(found.texts, steps, cover(found, steps, checked.findings), base)
    if recipients:
        from .recipients import address

        note("asking get_maintainer.pl")
        mails = address(tree, found, mails)
    return Generated(found, base, checked, steps, tuple(mails))


def base_commit(tree: KernelTree, found: Plan) -> str | None:
    """The revision; for a checkout its HEAD, if the files that are touched are as they are there.

    None for a folder that is no repository, or in which such a file was changed.
    """
    if tree.revision is not None or not isinstance(tree, FolderTree):
        return tree.revision
    if not Path(tree.path, ".git").exists():
        return None
    try:
        with open_tree(tree.path, "HEAD") as head:
            if all(head.read(p) == t.encode("latin-1") for p, t in found.texts.items()):
                return head.revision
    except PtcheckError:
        pass
    return None
