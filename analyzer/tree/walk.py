# SPDX-License-Identifier: GPL-2.0-only
"""Walks over commits, by GitPython.

It is imported where commits are walked, and nowhere else: that takes a tenth of a second and runs
`git version`, which a check against a base can do without.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from analyzer.errors import ToolError
from analyzer.tree.gitprocess import ANSWER_SECONDS, OPTIONS, GitFailed

_CLOSED: Mapping[str, str] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_COUNT": "0",
    "GIT_DIR": os.devnull,
}


def rev_list(environment: Mapping[str, str], folder: Path, arguments: tuple[str, ...]) -> str:
    """What `git rev-list` prints. Raises GitFailed, ToolError without git or GitPython."""
    _import_git()
    import git

    options = [argument for option in OPTIONS for argument in ("-c", option)]
    command = git.Git(folder)
    command.update_environment(**environment)
    try:
        done = command.execute(
            ["git", *options, "rev-list", *arguments],
            kill_after_timeout=ANSWER_SECONDS,
            strip_newline_in_stdout=False,
        )
    except git.GitCommandNotFound as error:
        raise ToolError("git is not installed, revisions need it") from error
    except (git.GitError, OSError, ValueError) as error:
        raise GitFailed(str(error)) from error
    return str(done)


def _import_git() -> None:
    """Import GitPython, which runs `git version` then: without the configuration of anybody."""
    before = {name: os.environ.get(name) for name in _CLOSED}
    os.environ.update(_CLOSED)
    try:
        import git  # noqa: F401
    except ImportError as error:
        raise ToolError("history needs git and GitPython, and one of them is missing") from error
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
