# SPDX-License-Identifier: GPL-2.0-only
"""The series as `git format-patch` writes it: git makes the diffs and the mails.

A scratch repository gets the touched files only, one commit for each step. Author, dates and
paths are the same everywhere, so that the same tree gives the same bytes.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import ToolError

AUTHOR: Final = "ptcheck"
MAIL: Final = "ptcheck@localhost"
DATE: Final = "Thu, 1 Jan 2026 00:00:00 +0000"
_TIMEOUT: Final = 120


@dataclass(frozen=True, slots=True)
class Patch:
    """One step: its message and the files after it."""

    subject: str
    body: str
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mail:
    """One file of the series."""

    name: str
    text: str


class Scratch:
    """A repository of the touched files, gone when it is closed."""

    def __init__(self, base: Mapping[str, str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ptcheck-series-")
        self.path = Path(self._folder.name)
        self._git("init", "-q", "-b", "series", ".")
        self._write(base)
        self.commit("base", "")

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def add(self, patch: Patch) -> None:
        """Commits one step."""
        self._write(patch.texts)
        self.commit(patch.subject, patch.body)

    def commit(self, subject: str, body: str) -> None:
        """Commits what is there."""
        self._git("add", "-A", "-f", ".")
        self._git(
            "commit",
            "-q",
            "--allow-empty",
            "--no-verify",
            "-F",
            "-",
            stdin=f"{subject}\n\n{body}\n",
        )

    def mails(self, count: int) -> list[str]:
        """The last `count` commits, each as a mail."""
        text = self._git(
            "format-patch", "--stdout", "--zero-commit", "--no-signature", "--full-index",
            "-p", "--stat=72", "--summary", "--numbered", f"-{count}", "HEAD",
        )  # fmt: skip
        return split_mbox(text)

    def diff(self, count: int) -> str:
        """All steps as one diff."""
        return self._git("diff", "--full-index", f"HEAD~{count}", "HEAD")

    def stat(self, count: int) -> str:
        """The diffstat of all steps."""
        return self._git("diff", "--stat=72", "--summary", f"HEAD~{count}", "HEAD")

    def _write(self, texts: Mapping[str, str]) -> None:
        for path, text in texts.items():
            file = self.path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("latin-1"))

    def _git(self, *arguments: str, stdin: str = "") -> str:
        environment = {
            "PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.path), "LC_ALL": "C",
            "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": AUTHOR, "GIT_AUTHOR_EMAIL": MAIL, "GIT_AUTHOR_DATE": DATE,
            "GIT_COMMITTER_NAME": AUTHOR, "GIT_COMMITTER_EMAIL": MAIL, "GIT_COMMITTER_DATE": DATE,
        }  # fmt: skip
        try:
            done = subprocess.run(
                ["git", "-c", "core.autocrlf=false", "-c", "core.quotepath=true", *arguments],
                cwd=self.path, env=environment, input=stdin.encode("latin-1", "replace"),
                capture_output=True, timeout=_TIMEOUT, check=False,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise ToolError("git is needed to write a series, and there is none") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ToolError(f"git {arguments[0]} cannot be run: {error}") from error
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise ToolError(f"git {arguments[0]} failed: {said[-1] if said else done.returncode}")
        return done.stdout.decode("latin-1")


def split_mbox(text: str) -> list[str]:
    """The mails of an mbox as format-patch writes it."""
    starts = [m.start() for m in re.finditer(r"^From 0{40} Mon Sep 17 00:00:00 2001$", text, re.M)]
    return [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]


def file_name(number: int, subject: str) -> str:
    """As format-patch calls its files."""
    word = re.sub(r"[^A-Za-z0-9._]+", "-", subject).strip("-.")[:52].rstrip("-.")
    return f"{number:04d}-{word}.patch"


def build(
    base: Mapping[str, str], patches: Sequence[Patch], cover: Patch, commit: str | None = None
) -> list[Mail]:
    """The cover letter and all patches, as mails. Raises ToolError where git fails.

    `commit` is the revision that the series applies to, None where the tree is none.
    """
    count = len(patches)
    with Scratch(base) as scratch:
        for patch in patches:
            scratch.add(patch)
        mails = scratch.mails(count)
        stat = scratch.stat(count)
    if count == 1:
        mails = [m.replace("\nSubject: [PATCH] ", "\nSubject: [PATCH 1/1] ", 1) for m in mails]
    width = len(str(count))
    letter = (
        "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n"
        f"From: {AUTHOR} <{MAIL}>\nDate: {DATE}\n"
        f"Subject: [PATCH {'0' * width}/{count}] {cover.subject}\n\n"
        f"{cover.body}\n\n{_shortlog(patches)}\n{stat}\n"
    )
    if commit is not None:
        letter += f"base-commit: {commit}\n\n"
    found = [Mail("0000-cover-letter.patch", letter)]
    for number, (mail, patch) in enumerate(zip(mails, patches, strict=True), 1):
        found.append(Mail(file_name(number, patch.subject), mail))
    return found


def one_diff(base: Mapping[str, str], patches: Sequence[Patch]) -> str:
    """All patches as one diff. Raises ToolError where git fails."""
    with Scratch(base) as scratch:
        for patch in patches:
            scratch.add(patch)
        return scratch.diff(len(patches))


def _shortlog(patches: Sequence[Patch]) -> str:
    """The subjects, as `git shortlog` lists them in a cover letter."""
    lines = [f"{AUTHOR} ({len(patches)}):", *(f"  {patch.subject}" for patch in patches)]
    return "".join(f"{line}\n" for line in lines)
