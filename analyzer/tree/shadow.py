# SPDX-License-Identifier: GPL-2.0-only
"""A git directory of our own that stands for a repository: its objects and refs, nothing else.

git always reads `config` of the repository it works on, and follows `include.path` to wherever
that leads. The repository may be of somebody hostile, so git never gets to see it: it is given
a temporary folder with a configuration of ours and with links to objects and refs.
"""

from __future__ import annotations

import os
import re
import sys
import weakref
from pathlib import Path

from analyzer.bounded import read_bounded
from analyzer.errors import TreeError
from analyzer.scratch import Scratch

_LINKED = ("objects", "refs", "packed-refs", "shallow", "reftable")
_OWN = ("FETCH_HEAD", "ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD")
_HEAD = re.compile(rb"(?:ref: refs/[^\0-\x20\x7f]+|[0-9a-f]{40,64})\s*\Z")
_FORMAT = re.compile(rb"(?im)^[ \t]*(objectformat|refstorage)[ \t]*=[ \t]*\"?(sha256|reftable)\b")
_SMALL = 1 << 16
_CONFIG = 1 << 20


def find_git_dir(place: Path) -> Path | None:
    """The git directory of a working tree, or `place` itself if it is a bare repository."""
    inner = place / ".git"
    if inner.is_file():
        try:
            text = read_bounded(inner, _SMALL)
        except OSError:
            return None
        if not text.startswith(b"gitdir: "):
            return None
        inner = place / os.fsdecode(text[len(b"gitdir: ") :].rstrip(b"\r\n"))
    for git_dir in (inner, place):
        if os.path.lexists(git_dir / "HEAD"):
            common = common_dir(git_dir)
            if (common / "objects").is_dir() and (common / "refs").is_dir():
                return Path(os.path.realpath(git_dir))
    return None


def common_dir(git_dir: Path) -> Path:
    """Where the objects are: of a linked worktree, the repository it belongs to."""
    try:
        named = read_bounded(git_dir / "commondir", _SMALL).rstrip(b"\r\n")
    except OSError:
        return git_dir
    return Path(os.path.realpath(git_dir / os.fsdecode(named)))


class Shadow:
    """The folder, as `path`; `bare`: the repository has no working tree.

    It is removed when nobody holds the object any more, and at the end of the program. Raises
    TreeError where the repository has no HEAD that could be one.
    """

    def __init__(self, git_dir: Path, bare: bool = False) -> None:
        self.bare = bare
        common = common_dir(git_dir)
        head = _head(git_dir / "HEAD")
        scratch = Scratch()
        _at_end(self, scratch)
        self.path = scratch.path / "git"
        self.path.mkdir()
        (self.path / "HEAD").write_bytes(head)
        (self.path / "config").write_text(_configuration(common / "config"))
        for name in _LINKED:
            _link(self.path / name, common / name)
        for name in _OWN:
            _link(self.path / name, git_dir / name)
        (self.path / "logs").mkdir()
        _link(self.path / "logs" / "refs", common / "logs" / "refs")
        _link(self.path / "logs" / "HEAD", git_dir / "logs" / "HEAD")


def _at_end(shadow: Shadow, scratch: Scratch) -> None:
    """Remove the folder with its object, and at the end of the program; not at that of a child
    that did not make it."""
    used = sys.modules.get("multiprocessing.util")  # much to import, and few runs have workers
    if used is not None:  # which end without what atexit does
        used.Finalize(shadow, scratch.close, exitpriority=1)
    else:
        weakref.finalize(shadow, _close, scratch, os.getpid())


def _close(scratch: Scratch, maker: int) -> None:
    if os.getpid() == maker:
        scratch.close()


def _head(path: Path) -> bytes:
    try:
        if path.is_symlink():  # as git made them until 2005, and still reads them
            data = b"ref: " + os.fsencode(os.readlink(path))  # noqa: PTH115 (bytes)
        else:
            data = read_bounded(path, _SMALL)
    except OSError as error:
        raise TreeError(f"git cannot read {path}: {error.strerror}") from error
    if _HEAD.match(data) is None:
        raise TreeError(f"git cannot read {path}: it names no revision")
    return data


def _configuration(path: Path) -> str:
    """A configuration that says how objects and refs are kept, as the one at `path` does."""
    try:
        found = {key.lower(): value for key, value in _FORMAT.findall(read_bounded(path, _CONFIG))}
    except OSError:
        found = {}
    extensions = "".join(f"\t{key.decode()} = {value.decode()}\n" for key, value in found.items())
    version = 1 if extensions else 0
    return f"[core]\n\trepositoryformatversion = {version}\n\tbare = true\n" + (
        f"[extensions]\n{extensions}" if extensions else ""
    )


def _link(place: Path, target: Path) -> None:
    if target.exists():
        place.symlink_to(target)
