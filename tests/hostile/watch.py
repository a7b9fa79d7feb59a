# SPDX-License-Identifier: GPL-2.0-only
"""What a program and its children execute, open and change, as the kernel saw it (strace)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands.runner import REPOSITORY

SECONDS = 300
_CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += (.*)$")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_FOLDER = re.compile(r"(?:AT_FDCWD|\d+)<((?:[^>\\]|\\.)*)>")
_RESULT = re.compile(r"^\d+<((?:[^>\\]|\\.)*)>")
_WRITING = re.compile(r"O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND)")
_CHANGES = (
    "mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "symlink",
    "symlinkat", "link", "linkat", "chmod", "fchmodat", "chown", "lchown", "fchownat", "truncate",
    "mknod", "mknodat", "utimensat", "setxattr", "lsetxattr", "mount", "chroot",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Watched:
    """The end of a run, and what was done: only what succeeded."""

    code: int
    out: str
    err: str
    executed: tuple[tuple[str, str], ...]  # path of the program, its arguments as strace has them
    read: tuple[str, ...]  # real paths of what was opened for reading
    changed: tuple[str, ...]  # ... for writing, created, removed, renamed, linked
    sockets: tuple[str, ...]


def watch(*arguments: str, cwd: Path, log: Path, **variables: str) -> Watched:
    """Run `ptcheck` under strace. Skips where there is none, or where it may not trace."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("NOT WATCHED: strace is not installed (apt-get install strace)")
    tried = subprocess.run([strace, "-f", "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("NOT WATCHED: strace may not trace here (a container without ptrace?)")
    command = [
        strace, "-f", "-qq", "-y", "-s", "4096", "-o", os.fspath(log),
        "-e", "trace=%process,%file,socket,connect",
        sys.executable, "-B", "-P", "-m", "analyzer", *arguments,
    ]  # fmt: skip
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), **variables}
    done = subprocess.run(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    calls = list(_calls(log.read_text("utf-8", "backslashreplace")))
    return Watched(
        done.returncode,
        done.stdout.decode("utf-8", "surrogateescape"),
        done.stderr.decode("utf-8", "surrogateescape"),
        executed=tuple((_strings(a)[0], a) for n, a, _ in calls if n in ("execve", "execveat")),
        read=tuple(dict.fromkeys(_opened(calls, writing=False))),
        changed=tuple(dict.fromkeys((*_opened(calls, writing=True), *_changed(calls)))),
        sockets=tuple(a for n, a, _ in calls if n in ("socket", "connect") and "AF_UNIX" not in a),
    )


def _calls(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, arguments and result of each call that succeeded; halves are put together."""
    open_halves: dict[tuple[str, str], str] = {}
    for line in text.splitlines():
        pid = line.split(" ", 1)[0]
        if line.endswith("<unfinished ...>"):
            half = line.removesuffix("<unfinished ...>").rstrip()
            name = half[len(pid) :].lstrip().split("(", 1)[0]
            open_halves[pid, name] = half
            continue
        resumed = re.match(r"^\d+ +<\.\.\. (\w+) resumed>(.*)$", line)
        if resumed:
            line = open_halves.pop((pid, resumed[1]), f"{pid} {resumed[1]}(") + resumed[2]
        match = _CALL.match(line)
        if match and not match[3].startswith(("-1", "?")):
            yield match[1], match[2], match[3]


def _strings(arguments: str) -> list[str]:
    return [match[1] for match in _STRING.finditer(arguments)]


def _opened(calls: list[tuple[str, str, str]], *, writing: bool) -> Iterator[str]:
    for name, arguments, result in calls:
        if name in ("open", "openat", "openat2", "creat"):
            writes = name == "creat" or _WRITING.search(arguments) is not None
            path = _RESULT.match(result)
            if writes == writing and path:
                yield path[1]


def _changed(calls: list[tuple[str, str, str]]) -> Iterator[str]:
    for name, arguments, _ in calls:
        if name not in _CHANGES:
            continue
        folder = _FOLDER.search(arguments)
        paths = _strings(arguments)
        for path in paths[1:] if name.startswith("symlink") else paths:  # not what it points to
            yield os.path.normpath(os.path.join(folder[1] if folder else "?", path))  # noqa: PTH118
