# SPDX-License-Identifier: GPL-2.0-only
"""git as a reader of objects: one process, which can neither write nor start anything.

The repository may belong to somebody else, and its configuration may name programs. Only
`rev-parse` and `cat-file` are run, which use none of them, and the environment is closed
besides: no configuration of the user or the system, no replace refs, no fetch of missing
objects (which would start `remote.*.uploadpack`), no hooks, no monitor, no optional locks.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from analyzer.errors import SourceError, ToolError
from analyzer.tree.base import MAX_FILE_BYTES

ANSWER_SECONDS = 60.0  # without a byte from git: the object store hangs (a FIFO, a dead mount)
_CHUNK = 1 << 18

OPTIONS: tuple[str, ...] = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.untrackedCache=false",
    "core.alternateRefsCommand=",
    "protocol.allow=never",
    "safe.directory=*",
)


def closed_environment(git_dir: Path, common_dir: Path) -> dict[str, str]:
    """Return the variables that make git read this repository, as it is, and nothing else.

    They win over those of a surrounding `git` (a hook, `git bisect run`, a quarantine).
    `safe.directory` is honoured from the command scope since git 2.38; before that an explicit
    GIT_DIR is enough, as it skips the discovery that asks for the owner.
    """
    settings = {
        "GIT_DIR": str(git_dir),
        "GIT_COMMON_DIR": str(common_dir),
        "GIT_OBJECT_DIRECTORY": str(common_dir / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
        "GIT_NAMESPACE": "",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_CONFIG_PARAMETERS": "",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
    }
    settings["GIT_CONFIG_COUNT"] = str(len(OPTIONS))
    for number, option in enumerate(OPTIONS):
        key, _, value = option.partition("=")
        settings[f"GIT_CONFIG_KEY_{number}"] = key
        settings[f"GIT_CONFIG_VALUE_{number}"] = value
    return settings


class GitFailed(Exception):
    """A command of git ended with an error, or not at all."""


def git_says(environment: Mapping[str, str], folder: Path, arguments: Sequence[str]) -> str:
    """What a command of git prints. Raises GitFailed, ToolError where git cannot be started."""
    program = shutil.which("git")
    if program is None:
        raise ToolError("a revision needs git, which is not installed")
    command = [program, "--no-pager"]
    command += [argument for option in OPTIONS for argument in ("-c", option)]
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        done = subprocess.run(
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**inherited, "LANGUAGE": "C", **environment},
            cwd=folder,
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise GitFailed("no answer") from error
    except (OSError, ValueError) as error:
        raise ToolError(f"git cannot be started: {error}") from error
    if done.returncode != 0:
        raise GitFailed(f"exit code {done.returncode}")
    return done.stdout.decode("utf-8", "surrogateescape")


class ObjectReader:
    """One persistent `git cat-file --batch`; started at the first read, again after a fork.

    Safe to use from several threads.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        self._environment = {**inherited, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._buffer = bytearray()
        self._lock = threading.Lock()

    def read(self, oid: str, kind: str, path: str, limit: int = MAX_FILE_BYTES) -> bytes:
        """Return the contents of the object `oid`, which has to be a `kind` ('blob', 'tree').

        `path` is what the errors name. Raises SourceError where the object is missing, damaged,
        of another kind or larger than `limit` bytes, ToolError where git cannot be started.
        """
        with self._lock:
            process = self._running()
            try:
                return self._ask(process, oid, kind, path, limit)
            except SourceError:
                raise
            except (OSError, ValueError) as error:
                self._stop()
                raise SourceError(path, 0, f"git cannot read its object {oid[:12]}") from error

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._owner == os.getpid():
            return self._process
        if self._process is not None:  # of the parent, before a fork: its pipes are not ours
            self._process = None
        self._buffer.clear()
        program = shutil.which("git")
        if program is None:
            raise ToolError("git is not installed, --rev needs it")
        command = [program, "--no-pager", "--literal-pathspecs"]
        command += [argument for option in OPTIONS for argument in ("-c", option)]
        try:
            self._process = subprocess.Popen(
                [*command, "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment,
                cwd="/",
                bufsize=0,
            )
        except OSError as error:
            raise ToolError(f"git cannot be started: {error.strerror}") from error
        self._owner = os.getpid()
        return self._process

    def _ask(
        self, process: subprocess.Popen[bytes], oid: str, kind: str, path: str, limit: int
    ) -> bytes:
        assert process.stdin is not None
        process.stdin.write(oid.encode("ascii") + b"\n")
        header = self._line(process).split()
        if len(header) == 2 and header[1] == b"missing":
            raise SourceError(path, 0, f"git has no object {oid[:12]} (a partial clone?)")
        if len(header) != 3 or header[0] != oid.encode("ascii"):
            raise ValueError("unexpected answer")
        size = int(header[2])
        if header[1] != kind.encode("ascii") or size > limit:
            self._stop()  # rather than read what is not wanted
            reason = f"larger than {limit >> 20} MiB" if limit >> 20 else "too large"
            raise SourceError(path, 0, reason if size > limit else f"not a {kind} in git")
        data = self._take(process, size + 1)
        return bytes(data[:size])

    def _more(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        descriptor = process.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(ANSWER_SECONDS * 1000):
            raise TimeoutError("no answer")
        data = os.read(descriptor, _CHUNK)
        if not data:
            raise EOFError("git ended") from None
        self._buffer += data

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            self._more(process)
        return bytes(self._take(process, end + 1))

    def _take(self, process: subprocess.Popen[bytes], size: int) -> bytes:
        while len(self._buffer) < size:
            self._more(process)
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def _stop(self) -> None:
        process, self._process = self._process, None
        self._buffer.clear()
        if process is None or self._owner != os.getpid():
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        process.kill()
        process.wait()

    def close(self) -> None:
        """End the process; a later read starts another one."""
        with self._lock:
            self._stop()
