# SPDX-License-Identifier: GPL-2.0-only
"""Run the host's C preprocessor on one unit, with bounds on time, memory and output."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analyzer.errors import ToolError
from analyzer.frontend.errors import UnitError
from analyzer.frontend.tokens import tree_path
from analyzer.model import Location
from analyzer.preprocessor import Tool

OURS: Final = "<ptcheck>"
CPU_SECONDS: Final = 8  # a unit of a real kernel takes less than one
TRACE_CPU_SECONDS: Final = 2
PCPP_CPU_SECONDS: Final = 120  # pure Python: about 50 times slower
WALL_SECONDS: Final = 240
OUTPUT_BYTES: Final = 24 * 1024 * 1024  # a unit of a real kernel has about five
MEMORY_KIB: Final = 2 * 1024 * 1024
_ERROR: Final = re.compile(
    r"^(?P<path>[^:\n]+):(?P<line>\d+):(?:\d+:)? (?:fatal )?error: (?P<message>.*)$", re.MULTILINE
)
_FATAL: Final = re.compile(
    r"^(?P<path>[^:\n]+):(?P<line>\d+):(?:\d+:)? fatal error: ", re.MULTILINE
)
_NOTE: Final = "#error ptcheck: "  # what includes.py writes
_MESSAGE_BYTES: Final = 1 << 20
_EXCESS: Final = re.compile(
    r"^[\w./+-]+: (?:fatal error|out of memory|virtual memory|LLVM ERROR)"
    r"|: internal compiler error",
    re.MULTILINE,
)
_HEADER: Final = re.compile(r"^\.+ (.+)$", re.MULTILINE)  # of -H
_PLACE: Final = re.compile(r'\n# (\d+) "([^"\n]*)"')
_LIMITS: Final = (
    f'ulimit -t "$PTCHECK_CPU" 2>/dev/null; ulimit -v {MEMORY_KIB} 2>/dev/null; '
    f"ulimit -f {OUTPUT_BYTES // 512} 2>/dev/null; ulimit -c 0 2>/dev/null; "
    'exec "$@"'
)
_COUNTED: Final = "__compiletime_assert_"  # then a number from __COUNTER__
_DEFINITIONS: Final = (
    "__KERNEL__=1",
    'KBUILD_MODNAME="ptcheck"',
    'KBUILD_BASENAME="ptcheck"',
    'KBUILD_MODFILE="ptcheck"',
)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """An error of the preprocessor, at a place of the tree."""

    location: Location
    message: str


@dataclass(frozen=True, slots=True)
class Preprocessed:
    """What came out: the text, beginning with a newline, and the errors.

    `fatal` is the place of the error that ended the run too early, None where it came through.
    """

    text: str
    diagnostics: tuple[Diagnostic, ...]
    fatal: Location | None


def preprocess(
    tool: Tool,
    unit: str,
    folder: Path,
    search: tuple[str, ...],
    forced: tuple[str, ...],
    with_macros: bool = False,
) -> Preprocessed:
    """Preprocess the text `unit` in `folder`.

    `search` and `forced` (headers included first) are relative to it. Raises UnitError where
    the preprocessor goes beyond a bound, ToolError where it does not work at all.
    """
    command = ["/bin/sh", "-c", _LIMITS, "sh", *tool.command]
    if tool.kind != "pcpp":
        command += ["-E", "-undef", "-nostdinc", "-std=gnu11", "-x", "c", "-w"]
    if tool.kind == "gcc":  # a third less time; messages name the line that uses a macro
        command.append("-ftrack-macro-expansion=0")
    if with_macros:
        command.append("-dD")
    command += [f"-D{definition}" for definition in _DEFINITIONS]
    for name in search:
        command += ["-I", name]
    for name in forced:
        command += ["-include", name]
    command.append("-")
    outcome = folder.parent / "out.i"
    errors = folder.parent / "out.err"
    source = folder.parent / "unit.c"
    source.write_bytes(unit.encode("utf-8", "surrogateescape"))
    files = (source, outcome, errors)
    code = _run(command, folder, PCPP_CPU_SECONDS if tool.kind == "pcpp" else CPU_SECONDS, files)
    with outcome.open("rb") as stream:
        text = "\n" + stream.read(OUTPUT_BYTES + 1).decode("latin-1")
    messages = _messages(errors)
    if _exceeded(code, messages, max(outcome.stat().st_size, errors.stat().st_size)):
        message = "the C preprocessor needs too much time or memory"
        path, line = _last_place(text)
        if path == OURS and tool.kind != "pcpp":  # killed before it wrote anything: trace it
            _run([*command[:-1], "-H", "-"], folder, TRACE_CPU_SECONDS, files)
            entered = _HEADER.findall(_messages(errors))
            path, line = (_shown(entered[-1]), 0) if entered else (path, line)
        raise UnitError(path, line, message, _diagnostics(messages))
    if code and not text.strip() and not _ERROR.search(messages):
        first = messages.strip().split("\n")[0][:200]
        raise ToolError(f"{tool.command[0]} does not preprocess: {first}")
    fatal = _FATAL.search(messages)
    place = Location(_shown(fatal["path"]), int(fatal["line"])) if fatal else None
    return Preprocessed(text, _diagnostics(messages), place)


def _run(command: list[str], folder: Path, seconds: int, files: tuple[Path, Path, Path]) -> int:
    """Run to the end and return the exit code; `files` are standard input, output and error.

    The environment is our own: no CPATH.
    """
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "SOURCE_DATE_EPOCH": "0",
        "TMPDIR": os.fspath(folder.parent),
        "PTCHECK_CPU": str(seconds),
        "PYTHONIOENCODING": "latin-1",
    }
    with files[0].open("rb") as stdin, files[1].open("wb") as out, files[2].open("wb") as err:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=stdin,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )

    try:
        _await(process.pid, WALL_SECONDS)
        return process.wait(0)
    except subprocess.TimeoutExpired:
        _kill(process)
        return process.wait()
    except BaseException:
        _kill(process)
        process.wait()
        raise


def _await(pid: int, seconds: int) -> None:
    """Wait until a child ends, or so long. No thread: none can be had where memory is short."""
    descriptor = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(seconds * 1000)
    finally:
        os.close(descriptor)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _exceeded(code: int, messages: str, size: int) -> bool:
    """Whether a bound was hit: `size` is that of the longer stream.

    The exit code alone does not tell: the driver of gcc returns 1 to 4 where cc1 was killed.
    """
    if size >= OUTPUT_BYTES or code < 0 or code > 128:
        return True
    return code != 0 and _EXCESS.search(messages) is not None


def _messages(path: Path) -> str:
    """What was said, without the middle where it is too much."""
    with path.open("rb") as stream:
        data = stream.read(_MESSAGE_BYTES)
        at = max(len(data), path.stat().st_size - _MESSAGE_BYTES // 16)
        stream.seek(at)
        return (data + stream.read()).decode("utf-8", "replace")


def _diagnostics(messages: str) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(
            Location(_shown(m["path"]), int(m["line"])), m["message"].strip().removeprefix(_NOTE)
        )
        for m in _ERROR.finditer(messages)
    )


def _shown(path: str) -> str:
    return OURS if path == "<stdin>" else tree_path(path)


def _last_place(text: str) -> tuple[str, int]:
    """The last line marker that came out: where it was when it was stopped."""
    at = len(text)
    for _ in range(8):  # the last one may be cut off
        at = text.rfind("\n# ", 0, at)
        found = _PLACE.match(text, at) if at >= 0 else None
        if found:
            return _shown(found[2]), int(found[1])
    return OURS, 0


def without_counts(text: str) -> str:
    """Leave out the numbers that functions of BUILD_BUG_ON have from __COUNTER__."""
    return _COUNTED.join(piece.lstrip("0123456789") for piece in text.split(_COUNTED))
