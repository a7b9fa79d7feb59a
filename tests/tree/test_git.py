# SPDX-License-Identifier: GPL-2.0-only
"""Revisions: every shape of repository, nothing written, nothing of it executed."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.errors import SourceError, TreeError
from analyzer.tree import FolderTree, GitTree, Kind, open_tree
from analyzer.tree.gitprocess import ObjectReader
from analyzer.tree.gitrev import parse_tree
from tests.tree.conftest import Git


def read(path: Path, rev: str, name: str = "include/linux.h") -> bytes:
    with GitTree(path, rev) as tree:
        return tree.read(name)


@pytest.mark.parametrize("rev", ["v1", "main", "HEAD", "refs/heads/main", "v1^{}", "HEAD~0", "@"])
def test_revisions(repository: Path, rev: str) -> None:
    assert read(repository, rev) == b"z"


def test_the_work_tree_does_not_matter(repository: Path, git: Git) -> None:
    (repository / "include" / "linux.h").write_bytes(b"edited")
    git(repository, "add", "-A")
    assert read(repository, "HEAD") == b"z"
    git(repository, "commit", "-q", "-m", "two")
    assert read(repository, "HEAD") == b"edited"
    assert read(repository, "HEAD^") == b"z"
    short = git(repository, "rev-parse", "--short", "HEAD^")
    assert read(repository, short) == b"z"


@pytest.mark.parametrize(
    ("rev", "message"),
    [
        ("v9", "unknown revision 'v9'"),
        ("0" * 40, "unknown revision"),
        ("HEAD:mm", "unknown revision"),
        ("HEAD~7", "unknown revision"),
        ("a..b", "unknown revision"),
        ("two words", "unknown revision"),
        ("", "not a revision"),
        ("-h", "not a revision: '-h'"),
        ("--upload-pack=touch", "not a revision"),
        ("HEAD\nHEAD", "not a revision"),
        ("HEAD\0", "not a revision"),
    ],
)
def test_no_such_revision(repository: Path, rev: str, message: str) -> None:
    with pytest.raises(TreeError, match=message) as caught:
        GitTree(repository, rev)
    assert "\n" not in str(caught.value)


def test_a_repository_without_commits(tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(TreeError, match="unknown revision 'HEAD'"):
        GitTree(tmp_path, "HEAD")


def test_a_folder_outside_of_git(folder: Path) -> None:
    with pytest.raises(TreeError, match="not in a git repository"):
        GitTree(folder, "HEAD")
    (folder / ".git").write_text("gitdir: /nowhere\n")
    with pytest.raises(TreeError, match="not in a git repository"):
        GitTree(folder, "HEAD")


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(TreeError, match="no such path"):
        GitTree(tmp_path / "none", "HEAD")
    (tmp_path / "file").write_text("")
    with pytest.raises(TreeError, match="a file, not a folder"):
        GitTree(tmp_path / "file", "HEAD")


def test_a_configuration_of_junk(repository: Path) -> None:
    (repository / ".git" / "config").write_bytes(b"[core\n\xff\0 = = \n")
    assert read(repository, "HEAD") == b"z"  # nothing of it is read


@pytest.mark.parametrize("head", [b"", b"ref: x", b"../../etc/passwd", b"ref: refs/a b", b"\xff"])
def test_a_head_of_junk(repository: Path, head: bytes) -> None:
    (repository / ".git" / "HEAD").write_bytes(head)
    with pytest.raises(TreeError) as caught:
        GitTree(repository, "HEAD")
    assert "\n" not in str(caught.value)


def test_a_configuration_that_includes_a_pipe(repository: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with (repository / ".git" / "config").open("a") as file:
        file.write(f"[include]\n\tpath = {tmp_path / 'fifo'}\n")
    assert read(repository, "HEAD") == b"z"  # and does not wait for a writer


def test_bare_repository(repository: Path, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare.git")
    bare = tmp_path / "bare.git"
    assert read(bare, "v1") == b"z"
    assert read(repository / ".git", "v1") == b"z"
    with pytest.raises(TreeError, match="a bare git repository, name a revision with --rev"):
        open_tree(bare, None)
    with pytest.raises(TreeError, match="not in a git repository"):
        GitTree(bare / "objects", "v1")


def test_packed_and_shallow(repository: Path, tmp_path: Path, git: Git) -> None:
    git(repository, "commit", "-q", "--allow-empty", "-m", "two")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository}", "shallow")
    git(tmp_path / "shallow", "gc", "-q")
    assert read(tmp_path / "shallow", "HEAD") == b"z"


def test_sha256(tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256")
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "linux.h").write_bytes(b"long names")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "one")
    assert read(tmp_path, "HEAD") == b"long names"


def test_linked_worktree(repository: Path, tmp_path: Path, git: Git) -> None:
    git(repository, "worktree", "add", "-q", "-b", "other", str(tmp_path / "other"))
    (tmp_path / "other" / "include" / "linux.h").write_bytes(b"other")
    git(tmp_path / "other", "commit", "-q", "-a", "-m", "other")
    assert read(tmp_path / "other", "HEAD") == b"other"
    assert read(tmp_path / "other", "main") == b"z"
    assert read(repository, "HEAD") == b"z"


def test_a_kernel_in_a_subfolder(folder: Path, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "vendor")
    with open_tree(folder, "HEAD") as tree:
        assert tree.read("include/linux.h") == b"z"
        assert tree.kind("mm/escape") is None  # `outside.h` is in git, but not in the kernel
        assert tree.kind("tree") is None
    (tmp_path / "new").mkdir()
    with pytest.raises(TreeError, match="has no folder new"):
        GitTree(tmp_path / "new", "HEAD")
    with pytest.raises(TreeError, match="not a kernel tree"):
        open_tree(folder / "mm", "HEAD")


def snapshot(folder: Path) -> dict[str, tuple[int, int, int]]:
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_size, path.lstat().st_ino)
        for path in sorted(folder.rglob("*"))
    }


def test_nothing_is_written(repository: Path) -> None:
    (repository / "Makefile").touch()  # a racy index: `git status` would write it anew
    before = snapshot(repository)
    with open_tree(repository, "v1") as tree:
        assert len(list(tree.read_many(tree.walk("", ("",))))) > 10
    assert snapshot(repository) == before


def test_a_read_only_repository(repository: Path) -> None:
    paths = [repository, *repository.rglob("*")]
    modes = {path: path.lstat().st_mode for path in paths if not path.is_symlink()}
    for path, mode in modes.items():
        path.chmod(stat.S_IMODE(mode) & ~0o222)
    try:
        assert read(repository, "v1") == b"z"
    finally:
        for path, mode in modes.items():
            path.chmod(stat.S_IMODE(mode))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files away")
def test_the_repository_of_somebody_else(repository: Path, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare.git")
    for top in (repository, tmp_path / "bare.git"):
        for path in (top, *top.rglob("*")):
            os.chown(path, 65534, 65534, follow_symlinks=False)
        refused = subprocess.run(
            ["git", "-C", str(top), "rev-parse", "HEAD"],
            env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": "/"},
            capture_output=True,
            check=False,
        )
        assert b"dubious ownership" in refused.stderr  # else this test shows nothing
        assert read(top, "v1") == b"z"


def test_nothing_of_the_repository_is_executed(repository: Path, tmp_path: Path, git: Git) -> None:
    mark = tmp_path / "executed"
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch '{mark}'\n")
    evil.chmod(0o755)
    blob = git(repository, "rev-parse", "HEAD:include/linux.h")
    config = {
        "core.fsmonitor": str(evil),
        "core.hooksPath": str(tmp_path),
        "core.pager": str(evil),
        "pager.cat-file": str(evil),
        "pager.rev-parse": str(evil),
        "core.sshCommand": str(evil),
        "core.editor": str(evil),
        "core.gitProxy": str(evil),
        "core.alternateRefsCommand": str(evil),
        "credential.helper": str(evil),
        "alias.cat-file": f"!{evil}",
        "alias.rev-parse": f"!{evil}",
        "filter.evil.smudge": str(evil),
        "diff.evil.textconv": str(evil),
        "uploadpack.packObjectsHook": str(evil),
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::{evil}",
        "remote.origin.uploadpack": str(evil),
        "remote.origin.vcs": str(evil),
        "protocol.allow": "always",
    }
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"):
        shutil.copy(evil, repository / ".git" / "hooks" / name)
    (repository / ".gitattributes").write_text("* filter=evil diff=evil\n")
    for key, value in config.items():
        git(repository, "config", key, value)
    git(repository, "config", "core.repositoryFormatVersion", "1")
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with open_tree(repository, "v1") as tree:
        with pytest.raises(SourceError, match=r"linux\.h: git has no object"):
            tree.read("include/linux.h")
        assert tree.read("include/linux/mm.h") == b"int mm;\n"
    with pytest.raises(TreeError):
        GitTree(repository, "f" * 40)
    assert not mark.exists()


def test_the_surrounding_git_does_not_matter(
    repository: Path, tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    git(tmp_path / "elsewhere", "init", "-q")
    other = tmp_path / "elsewhere" / ".git"
    for name, value in {
        "GIT_DIR": str(other),
        "GIT_COMMON_DIR": str(other),
        "GIT_WORK_TREE": str(tmp_path),
        "GIT_OBJECT_DIRECTORY": str(other / "objects"),
        "GIT_INDEX_FILE": str(tmp_path / "index"),
        "GIT_NAMESPACE": "x",
        "GIT_PREFIX": "mm/",
        "GIT_CONFIG_PARAMETERS": "'core.bare'='true'",
    }.items():
        monkeypatch.setenv(name, value)
    assert read(repository, "v1") == b"z"
    assert not (tmp_path / "index").exists()


def test_a_work_tree_elsewhere(repository: Path, git: Git) -> None:
    git(repository, "config", "core.worktree", "/nonexistent")
    assert read(repository, "v1") == b"z"


def test_replace_refs_are_ignored(repository: Path, git: Git) -> None:
    blob = git(repository, "rev-parse", "HEAD:include/linux.h")
    other = git(repository, "hash-object", "-w", "--stdin", data=b"replaced")
    git(repository, "replace", blob, other)
    assert git(repository, "cat-file", "blob", blob) == "replaced"
    assert read(repository, "v1") == b"z"


def make_commit(repository: Path, git: Git, entries: list[tuple[bytes, bytes, str]]) -> str:
    """Commit a tree object with names that git itself would refuse."""
    data = b"".join(m + b" " + n + b"\0" + bytes.fromhex(oid) for m, n, oid in entries)
    made = ("hash-object", "-w", "--literally", "--stdin")
    tree = git(repository, *made, "-t", "tree", data=data)
    text = f"tree {tree}\nauthor a <a@b> 0 +0000\ncommitter a <a@b> 0 +0000\n\nx\n"
    return git(repository, *made, "-t", "commit", data=text.encode())


def test_hostile_directories(repository: Path, git: Git) -> None:
    mm = git(repository, "rev-parse", "HEAD:mm")
    blob = git(repository, "rev-parse", "HEAD:Makefile")
    names = (b"..", b".", b"", b".git", b"a/b", b"../x", b"/etc")
    entries = [(b"100644", name, blob) for name in names]
    entries += [(b"40000", name, mm) for name in names]
    entries += [
        (b"160000", b"submodule", "0" * 40),
        (b"40000", b"arch", mm),
        (b"40000", b"include", mm),
        (b"40000", b"not-a-tree", blob),
        (b"100644", b"not-a-blob", mm),
        (b"100644", b"absent", "1" * 40),
        (b"120000", b"not-a-link", mm),
        (b"999999", b"mode", blob),
    ]
    with open_tree(repository, make_commit(repository, git, entries)) as tree:
        assert [entry.name for entry in tree.entries("")] == [
            "absent",
            "arch",
            "include",
            "not-a-blob",
            "not-a-tree",
        ]
        assert tree.kind("submodule") is None
        assert tree.entries("not-a-tree") == ()
        assert tree.kind("not-a-link") is None
        for name, reason in (("not-a-blob", "not a blob"), ("absent", "no object")):
            with pytest.raises(SourceError, match=f"{name}: .*{reason}"):
                tree.read(name)
        assert tree.read("arch/sp ace.c") == b"2"  # and goes on


@pytest.mark.parametrize("data", [b"x", b"100644 a", b"100644 a\0short", b"40000a\0"])
def test_a_damaged_directory(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"subsection not found|cut off"):
        parse_tree(data, 20)


def test_a_damaged_object(repository: Path, git: Git) -> None:
    blob = git(repository, "rev-parse", "HEAD:include/linux.h")
    path = repository / ".git" / "objects" / blob[:2] / blob[2:]
    path.chmod(0o644)
    path.write_bytes(b"junk")
    with open_tree(repository, "v1") as tree:
        with pytest.raises(SourceError, match=r"include/linux\.h: git"):
            tree.read("include/linux.h")
        assert tree.read("include/linux/mm.h") == b"int mm;\n"


def test_a_store_that_does_not_answer(
    repository: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = git(repository, "rev-parse", "HEAD:include/linux.h")
    path = repository / ".git" / "objects" / blob[:2] / blob[2:]
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr("analyzer.tree.gitprocess.ANSWER_SECONDS", 0.3)
    with open_tree(repository, "v1") as tree:
        with pytest.raises(SourceError, match="git cannot read its object"):
            tree.read("include/linux.h")
        assert tree.read("include/linux/mm.h") == b"int mm;\n"


def test_the_size_is_bounded(repository: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "mm" / "big.h").write_bytes(b"x" * 3_000_000)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "big")
    plain = ObjectReader.read

    def bounded(self: ObjectReader, oid: str, kind: str, path: str, limit: int = 0) -> bytes:
        return plain(self, oid, kind, path, limit or 1 << 21)

    monkeypatch.setattr(ObjectReader, "read", bounded)
    with open_tree(repository, "HEAD") as tree:
        with pytest.raises(SourceError, match=r"mm/big\.h: larger than 2 MiB"):
            tree.read("mm/big.h")
        assert tree.read("include/linux.h") == b"z"


def test_large_files_arrive_whole(repository: Path, git: Git) -> None:
    data = os.urandom(5_000_000) + b"\n"
    (repository / "mm" / "big.h").write_bytes(data)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "big")
    assert read(repository, "HEAD", "mm/big.h") == data


def test_a_fork_gets_a_process_of_its_own(repository: Path) -> None:
    code = """
import os, sys
from analyzer.tree import open_tree
tree = open_tree(sys.argv[1], "v1")
assert tree.read("include/linux.h") == b"z"
child = os.fork()
for _ in range(200):
    assert tree.read("include/linux.h") == b"z"
    assert tree.read("include/linux/mm.h") == b"int mm;\\n"
if child:
    assert os.waitpid(child, 0)[1] == 0
tree.close()
assert tree.read("Makefile") == b"VERSION = 6\\n"
tree.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(repository)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_open_tree_of_both_kinds(repository: Path) -> None:
    with open_tree(repository, "v1") as tree:
        assert isinstance(tree, GitTree)
        assert tree.kind("arch") is Kind.DIRECTORY
    assert isinstance(open_tree(repository), FolderTree)
    with pytest.raises(TreeError, match="not a kernel tree"):
        open_tree(repository / "mm")
    with pytest.raises(TreeError, match="no such path"):
        open_tree(repository / "none")
    with pytest.raises(TreeError, match="a file, not a folder"):
        open_tree(repository / "Makefile")


def test_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys; from analyzer.tree import open_tree; from analyzer.errors import ToolError\n"
        "try: open_tree(sys.argv[1], 'v1')\n"
        "except ToolError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(repository)],
        env={"PATH": "/nonexistent", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "needs git" in done.stdout
