# SPDX-License-Identifier: GPL-2.0-only
"""A small tree with everything a reader can stumble over, as a folder and in git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Git = Callable[..., str]

FILES: dict[bytes, bytes] = {
    b"Makefile": b"VERSION = 6\n",
    b"arch/x86/Kconfig": b"config X86\n",
    b"arch/x86/include/asm/pgtable.h": b"int a;\r\n\0\xff",
    b"arch/x86-64/empty": b"",
    b"include/linux/mm.h": b"int mm;\n",
    b"include/linux-x/y.h": b"x",
    b"include/linux.h": b"z",
    b"mm/-option.c": b"1",
    b"mm/sp ace.c": b"2",
    b"mm/new\nline.c": b"3",
    b"mm/\xff\xfe.c": b"4",
    b"mm/\x1b[31m.c": b"5",
    "mm/\u00e4.c".encode(): b"6",
    b"mm/.hidden.c": b"7",
}
LINKS: dict[bytes, bytes] = {
    b"mm/file.h": b"../include/linux/mm.h",
    b"mm/dir": b"../include",
    b"mm/twice": b"dir/linux",
    b"mm/dots": b".//../mm/./sp ace.c",
    b"top": b".",
    b"mm/dangling": b"nowhere.c",
    b"mm/loop1": b"loop2",
    b"mm/loop2": b"loop1",
    b"mm/self": b"self",
    b"mm/absolute": b"/etc/passwd",
    b"mm/escape": b"../../outside.h",
    b"mm/escape-dir": b"../..",
    b"mm/through-file": b"file.h/x",
    b"arch/back": b"../../tree/mm/sp ace.c",  # out and in again: another way to leave
}
LEAVING = ("mm/absolute", "mm/escape", "mm/escape-dir/outside.h", "mm/escape-dir", "arch/back")


@pytest.fixture
def git() -> Git:
    """Run git in a folder, without the configuration of who runs the tests."""

    def run(folder: Path, *arguments: str, data: bytes | None = None, **variables: str) -> str:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        environment |= {
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.org",
        } | variables
        done = subprocess.run(
            ["git", "-c", "init.defaultBranch=main", *arguments],
            cwd=folder,
            env=environment,
            input=data,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small tree as a folder, with something secret beside it."""
    top = os.fsencode(tmp_path / "tree")
    for name, data in FILES.items():
        path = Path(os.fsdecode(top + b"/" + name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for name, target in LINKS.items():
        Path(os.fsdecode(top + b"/" + name)).symlink_to(os.fsdecode(target))
    (tmp_path / "outside.h").write_bytes(b"secret")
    return tmp_path / "tree"


@pytest.fixture
def repository(folder: Path, git: Git) -> Path:
    """The same folder with a repository in it: one commit, tag v1, branch main."""
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")
    git(folder, "tag", "-a", "-m", "one", "v1")
    return folder
