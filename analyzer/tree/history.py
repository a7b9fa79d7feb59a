# SPDX-License-Identifier: GPL-2.0-only
"""How the revisions of a repository are related; nothing is written, run or fetched.

Only `rev-parse`, `merge-base` and `rev-list` are called, in the closed environment of
`gitprocess`. What is missing in a clone is told with the command that would fetch it.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from analyzer.errors import TreeError
from analyzer.tree.gitprocess import GitFailed, closed_environment, git_says
from analyzer.tree.gitrev import open_repository
from analyzer.tree.walk import rev_list

_HEX: Final = re.compile(r"[0-9a-f]{7,64}")
_FULL: Final = (40, 64)  # digits of an id: servers give no commit by less
_SUFFIX: Final = re.compile(r"[~^@:]")
_TAG: Final = re.compile(r"v\d")
_HEADER: Final = re.compile(r"commit [0-9a-f]{40,64}")
_DEEPEN: Final = 100  # commits that the command we suggest fetches
_MAX_COMMITS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its full id, and its subject line."""

    id: str
    subject: str


class History:
    """The commits of the repository that a folder is in. Raises TreeError where there is none."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._shadow, _ = open_repository(self.path)
        self.bare = self._shadow.bare
        self._environment = closed_environment(self._shadow.path, self._shadow.path)

    @property
    def shallow(self) -> bool:
        """Whether the history was cut off when it was cloned."""
        try:
            return bool((self._shadow.path / "shallow").read_bytes().strip())
        except OSError:
            return False

    def commit(self, rev: str) -> str:
        """Return the full id of a revision. Raises TreeError with the command that fetches it."""
        if not rev or rev.startswith("-") or not rev.isprintable():
            raise TreeError(f"not a revision: {rev!r}")
        try:
            found = self._run("rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}")
        except TreeError as error:
            raise TreeError(
                f"unknown revision '{rev}' in {self.path}; fetch it: {self.fetch(rev)}"
            ) from error
        return found.strip()

    def merge_base(self, one: str, other: str) -> str:
        """Return the commit that two have in common. Raises TreeError where there is none."""
        try:
            return self._run("merge-base", one, other).split()[0]
        except (TreeError, IndexError) as error:
            what = f"{one[:12]} and {other[:12]} have no commit in common"
            if self.shallow:
                raise TreeError(
                    f"{what} in this shallow clone; fetch more of the history:"
                    f" git -C {shlex.quote(self.path)} fetch --deepen={_DEEPEN}"
                    " (or --unshallow)"
                ) from error
            raise TreeError(
                f"{what}: unrelated histories; if a branch is missing, fetch it:"
                f" {self.fetch('BRANCH')}"
            ) from error

    def is_ancestor(self, one: str, other: str) -> bool:
        """Whether `one` is `other`, or one of the commits it is made on."""
        return self._run("merge-base", one, other, quiet=True).split()[:1] == [one]

    def subject(self, commit: str) -> str:
        """Return the first line of the message of a commit."""
        text = self._walk("--max-count=1", "--format=%s", commit)
        return "\n".join(text.split("\n")[1:]).strip("\n")

    def subjects(self, rev: str, paths: Iterable[str], count: int) -> tuple[str, ...]:
        """The subjects of the last `count` commits that changed one of the paths."""
        said = self._walk(
            "--no-merges", "--format=%s", f"--max-count={count}", self.commit(rev),
            "--", *paths,
        )  # fmt: skip
        return tuple(line for line in said.split("\n") if line and not _HEADER.fullmatch(line))

    def between(self, good: list[str], bad: str, *, first_parent: bool = False) -> list[str]:
        """Return the commits that `bad` has and none of `good`, in git's order, newest first."""
        options = ["--first-parent"] if first_parent else []
        excluded = [f"^{commit}" for commit in good]
        limit = f"--max-count={_MAX_COMMITS}"
        return self._walk(limit, *options, bad, *excluded).split()

    def middle(
        self, good: list[str], bad: str, *, first_parent: bool = False
    ) -> list[tuple[str, int]]:
        """Return the commits between, with git's measure for a bisection, the best first.

        The measure of a commit is how many commits a verdict on it decides at least.
        """
        options = ["--first-parent"] if first_parent else []
        excluded = [f"^{commit}" for commit in good]
        text = self._walk("--bisect-all", *options, bad, *excluded)
        found = []
        for line in text.splitlines():
            commit, _, rest = line.partition(" ")
            distance = re.search(r"dist=(\d+)", rest)
            found.append((commit, int(distance[1]) if distance else 0))
        return found

    def fetch(self, rev: str) -> str:
        """Return the command after which a revision has the name that it was asked for by."""
        named = _SUFFIX.split(rev, maxsplit=1)[0] or rev
        remote, slash, branch = named.removeprefix("refs/remotes/").partition("/")
        known = (self._shadow.path / "refs" / "remotes" / remote).is_dir() or remote == "origin"
        if named != rev and self._is_known(named):
            wanted = f"--deepen={_DEEPEN}" if self.shallow else "--all"
        elif _HEX.fullmatch(rev):
            part = "--unshallow" if self.shallow else "--all"
            wanted = f"origin {rev}" if len(rev) in _FULL else part
        elif slash and known:
            refs = f"+refs/heads/{branch}:refs/remotes/{remote}/{branch}"
            wanted = f"{shlex.quote(remote)} {shlex.quote(refs)}"
        elif _TAG.match(named):
            wanted = f"origin tag {shlex.quote(named)}"
        else:
            wanted = f"origin {shlex.quote(f'{named}:refs/remotes/{named}')}"
        return f"git -C {shlex.quote(self.path)} fetch {wanted}"

    def _is_known(self, rev: str) -> bool:
        return bool(self._run("rev-parse", "--verify", "--quiet", rev, quiet=True).strip())

    def _walk(self, *arguments: str) -> str:
        try:
            return rev_list(self._environment, self._shadow.path, arguments)
        except GitFailed as error:
            raise TreeError(f"git rev-list fails in {self.path}") from error

    def _run(self, command: str, *arguments: str, quiet: bool = False) -> str:
        try:
            return git_says(self._environment, self._shadow.path, (command, *arguments))
        except GitFailed as error:
            if quiet:
                return ""
            raise TreeError(f"git {command} fails in {self.path}") from error
