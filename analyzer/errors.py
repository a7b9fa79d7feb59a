# SPDX-License-Identifier: GPL-2.0-only
"""What can go wrong, by whose fault it is.

Everything a user can cause ends in one line on standard error and a documented exit code;
a traceback is always a defect of ours.
"""

from __future__ import annotations


class PtcheckError(Exception):
    """Root of all errors that are shown to the user as one line; exit code 2."""


class UsageError(PtcheckError):
    """The command line asks for something that does not exist (an architecture, a rule, ...)."""


class TreeError(PtcheckError):
    """The tree or the revision that was named cannot be read as a kernel tree."""


class ToolError(PtcheckError):
    """Something of the environment is missing (a C preprocessor, git)."""


class SourceError(PtcheckError):
    """A file of the tree cannot be read or understood; what depends on it becomes unknown.

    `path` is relative to the top of the tree, `line` counts from 1 (0: the file as a whole).
    """

    def __init__(self, path: str, line: int, message: str) -> None:
        place = f"{path}:{line}" if line else path
        super().__init__(f"{place}: {message}")
        self.path = path
        self.line = line
        self.reason = message


class MissingFile(SourceError):
    """The tree has no such file."""

    def __init__(self, path: str) -> None:
        super().__init__(path, 0, "no such file in the tree")
