# SPDX-License-Identifier: GPL-2.0-only
"""A run over a hostile tree, watched from below: what it executes, reads and writes."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from tests.check.trees import PGTABLE, demo_files, mend
from tests.commands.runner import REPOSITORY
from tests.hostile.planted import plant, repository
from tests.hostile.watch import Watched, watch

SYSTEM = (
    "/usr/", "/lib/", "/lib64/", "/bin/", "/dev/null", "/dev/urandom", "/dev/shm", "/proc/self/",
    "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime", "/etc/locale.alias",
    "/etc/ssl/openssl.cnf", "/sys/fs/cgroup/", "/sys/devices/system/cpu", "/proc/",
)  # fmt: skip
PREPROCESSOR = ("gcc", "clang", "cc1")
LIMITS = 'ulimit -t \\"$PTCHECK_CPU\\"'  # of our own call of the shell


def below(path: str, *folders: str | Path) -> bool:
    return any(path == str(f) or path.startswith(str(f).rstrip("/") + "/") for f in folders)


def program(path: str) -> str:
    """The name of a program without version and target: `gcc` of x86_64-linux-gnu-gcc-12."""
    name = re.sub(r"(?:3?(?:\.\d+)+|-\d+|(?<=python)3)$", "", Path(path).name)
    return name.rpartition("-")[2]


def harmless(seen: Watched, tree: Path, temporary: Path, cache: Path) -> None:
    """Nothing executed but git and the preprocessor, nothing written or read elsewhere."""
    for path, arguments in seen.executed[1:]:
        assert not below(path, tree), path
        if program(path) == "sh":
            assert LIMITS in arguments, arguments  # the bounds of the preprocessor
        else:
            assert program(path) in (*PREPROCESSOR, "git", "python"), path
        if program(path) == "python":
            assert "pcpp_main.py" in arguments or "multiprocessing" in arguments, arguments
    for path in seen.changed:
        assert below(path, temporary, cache, "/dev/null", "/dev/shm"), path
    python = {sys.prefix, sys.base_prefix, sys.exec_prefix, *filter(None, sys.path)}
    for path in seen.read:
        ours = below(path, tree, temporary, cache, REPOSITORY, *python)
        # `-y` shows what descriptors stand for: a folder above the tree is one to be looked up in
        assert ours or path.startswith(SYSTEM) or below(str(tree), path), path
    assert seen.sockets == ()


def unforged(seen: Watched) -> None:
    """No line, no annotation and no terminal title of the tree's making."""
    for text in (seen.out, seen.err):
        for line in text.split("\n"):
            assert not line.lstrip().startswith(("::error", "forged", "##[")), line
            assert all(unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp") for c in line), line
    assert "root:x:" not in seen.out + seen.err  # of /etc/passwd


@pytest.mark.parametrize("kind", ["folder", "current folder", "revision", "change"])
def test_nothing_but_what_it_needs(tmp_path: Path, kind: str) -> None:
    tree, marker = plant(tmp_path)
    repository(tree, marker)
    temporary, cache, home = tmp_path / "temporary", tmp_path / "cache", tmp_path / "home"
    for folder in (temporary, cache, home):
        folder.mkdir()
    options = {
        "folder": ["-C", str(tree)],
        "current folder": [],
        "revision": ["-C", str(tree), "--rev", "v1"],
        "change": ["-C", str(tree), "--base", "v1"],
    }
    seen = watch(
        "check", *options[kind], "--format", "text", "-v",
        cwd=tree if kind == "current folder" else home,
        log=tmp_path / "log", TMPDIR=str(temporary), HOME=str(home), XDG_CACHE_HOME=str(cache),
    )  # fmt: skip

    assert not marker.exists(), "something of the tree was executed"
    assert seen.code in ((0, 3) if kind == "change" else (1, 3)), seen.err
    assert "demo/base" in seen.out
    assert "Traceback" not in seen.err
    assert len(seen.read) > 50
    assert any(program(path) in PREPROCESSOR for path, _ in seen.executed)
    assert any(program(path) == "git" for path, _ in seen.executed) == (
        kind in ("revision", "change")
    )
    harmless(seen, tree, temporary, cache)
    unforged(seen)
    assert list(temporary.iterdir()) == []  # and nothing is left behind
    assert not (tmp_path / "traced").exists()


def test_a_change_that_is_judged_from_what_is_kept(tmp_path: Path) -> None:
    """The unit of the base is in the cache: one function is preprocessed, and nothing else."""
    tree, marker = tmp_path / "tree", tmp_path / "marker"
    header = tree / "arch/demo" / PGTABLE
    for name, data in demo_files("demo").items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(data)
    header.write_bytes(mend(header.read_bytes()))
    repository(tree, marker)
    text, counted = re.subn(
        rb"\n[ \t]*page_table_check_pmd_set\([^;]*\);", b"", header.read_bytes()
    )
    assert counted
    git = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=", "-c", "user.name=T"]
    git += ["-c", "user.email=t@example.org", "-c", "core.attributesFile=/dev/null"]
    (tree / ".gitattributes").unlink()
    header.write_bytes(text)
    for command in (["add", "arch"], ["commit", "-q", "-m", "a hook less"]):
        subprocess.run([*git, *command], cwd=tree, check=True)
    marker.unlink(missing_ok=True)  # ours may have run something, ptcheck may not
    temporary, cache, home = tmp_path / "temporary", tmp_path / "cache", tmp_path / "home"
    for folder in (temporary, cache, home):
        folder.mkdir()

    def run(*arguments: str) -> Watched:
        return watch(
            "check", "-C", str(tree), *arguments, "--jobs", "1", cwd=home, log=tmp_path / "log",
            TMPDIR=str(temporary), HOME=str(home), XDG_CACHE_HOME=str(cache),
        )  # fmt: skip

    before = run("--rev", "v1")
    seen = run("--base", "v1", "--head", "HEAD")
    assert seen.code == 1, seen.err
    assert "set_pmd_at" in seen.out
    assert "2 new, 0 fixed" in seen.out
    calls = [sum(program(path) == "cc1" for path, _ in one.executed) for one in (before, seen)]
    assert calls[1] < calls[0]
    assert not marker.exists(), "something of the repository was executed"
    for one in (before, seen):
        harmless(one, tree, temporary, cache)
        unforged(one)
    assert list(temporary.iterdir()) == []


def test_the_watcher_sees_what_it_looks_for(tmp_path: Path) -> None:
    """Reports to a file are writes, and the tree named is read: the test above could fail."""
    tree, _ = plant(tmp_path)
    out, temporary = tmp_path / "elsewhere.json", tmp_path / "temporary"
    temporary.mkdir()
    seen = watch(
        "check", "-C", str(tree), "--variant", "nothp", "--format", f"json={out}",
        cwd=tmp_path, log=tmp_path / "log", TMPDIR=str(temporary), HOME=str(tmp_path),
        XDG_CACHE_HOME=str(tmp_path / "cache"),
    )  # fmt: skip
    assert any(below(path, tree) for path in seen.read)
    assert str(out) in seen.changed
    with pytest.raises(AssertionError, match=r"elsewhere\.json"):
        harmless(seen, tree, temporary, tmp_path / "cache")
