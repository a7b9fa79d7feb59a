# SPDX-License-Identifier: GPL-2.0-only
"""Whether the parts of a tree's page table check fit together: else there is nothing to build on.

The header declares the hooks and what is behind them, `mm/page_table_check.c` defines that, and
code that calls hooks has to give what the header takes.
"""

from __future__ import annotations

import re
from typing import Final

from ..brackets import closing, split_arguments
from ..callsites.text import Source
from ..check.api import HEADER
from ..check.lint import FRAMEWORK, misused_hooks
from ..errors import SourceError, TreeError
from ..tree import KernelTree

_BEHIND: Final = re.compile(r"(?<!\w)(__page_table_check_\w+)\s*\(")


def require_agreement(tree: KernelTree, arch: str) -> None:
    """Raises TreeError, with the place, where header, framework and hooks disagree."""
    header, framework = _read(tree, HEADER), _read(tree, FRAMEWORK)
    declared = _counts(header)
    for name, (given, line) in _counts(framework).items():
        wanted = declared.get(name)
        if wanted is not None and wanted[0] != given:
            raise TreeError(
                f"{FRAMEWORK}:{line}: {name}() has {given} parameters, in"
                f" {HEADER}:{wanted[1]} it has {wanted[0]}: mend the framework first"
            )
    for found in misused_hooks(tree, arch):
        place = f"{found.location.path}:{found.location.line}"
        raise TreeError(f"{place}: {found.message}: mend the tree first")


def _read(tree: KernelTree, path: str) -> Source:
    try:
        return Source(path, tree.read(path))
    except SourceError:
        return Source(path, b"")


def _counts(source: Source) -> dict[str, tuple[int, int]]:
    """How many parameters each function behind a hook has, and the line that says so first."""
    found: dict[str, tuple[int, int]] = {}
    for match in _BEHIND.finditer(source.code):
        close = closing(source.code, match.end() - 1)
        if close > 0:
            given = len(split_arguments(source.code[match.end() : close - 1]))
            found.setdefault(match[1], (given, source.line(match.start())))
    return found
