# SPDX-License-Identifier: GPL-2.0-only
"""A file that is there and cannot be read: what it would have said was not judged."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from analyzer.tree.base import MAX_FILE_BYTES
from tests.commands.runner import ptcheck
from tests.hostile.trees import check, copy, named, never_clean

GENERIC = ("mm/huge_memory.c", "mm/memory.c", "mm/pgtable-generic.c")


def git(tree: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("path", [*GENERIC, "arch/demo/mm/pgtable.c", "arch/demo/mm", "mm"])
@pytest.mark.parametrize("cache", ["--no-cache", "--cache"])
def test_an_object_that_a_partial_clone_lacks(path: str, cache: str, tmp_path: Path) -> None:
    tree = copy(tmp_path)
    git(tree, "init", "-q")
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "x")
    oid = git(tree, "rev-parse", f"HEAD:{path}").strip()
    (tree / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    options = [cache] if cache == "--no-cache" else [cache, str(tmp_path / "cache")]
    for _ in range(2):  # a cache must not forget it
        done, value = check(tree, "--rev", "HEAD", *options)
        never_clean(done)
        assert named(value, path), value["problems"]


@pytest.mark.parametrize("command", ["verify", "helpers", "callsites"])
def test_other_commands_tell_it_too(command: str, tmp_path: Path) -> None:
    tree = copy(tmp_path)
    with (tree / GENERIC[0]).open("r+b") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    done = ptcheck(command, "-C", str(tree))
    assert done.code == 3
    assert f"{GENERIC[0]}: larger than" in done.out


@pytest.mark.parametrize("path", GENERIC)
def test_a_file_that_is_too_large(path: str, tmp_path: Path) -> None:
    tree = copy(tmp_path)
    with (tree / path).open("r+b") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    done, value = check(tree, "--no-cache")
    never_clean(done)
    assert named(value, path), value["problems"]
