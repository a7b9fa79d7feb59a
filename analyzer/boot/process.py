# SPDX-License-Identifier: GPL-2.0-only
"""Programs that may take long or never end: bounded in time and in output."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import ToolError

LOG_BYTES: Final = 256 * 1024 * 1024
"""A program that writes more is ended (RLIMIT_FSIZE)."""

_PASSED: Final = ("PATH", "HOME", "TMPDIR", "CCACHE_DIR")


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended: `status` is None if its time was over; seconds by the wall clock."""

    status: int | None
    seconds: float


def run_bounded(command: Sequence[str], log: Path, seconds: float) -> Done:
    """Run a program with its output in a file; it and all that it started end in time.

    Its environment is ours without what could change a build (MAKEFLAGS, CFLAGS, KBUILD_*).
    Raises ToolError if it cannot be started or the log not be written.
    """
    environment = {key: os.environ[key] for key in _PASSED if key in os.environ}
    environment |= {"LC_ALL": "C", "KBUILD_BUILD_TIMESTAMP": "1", "KBUILD_BUILD_USER": "ptcheck"}
    environment["KBUILD_BUILD_HOST"] = "ptcheck"
    started = time.monotonic()
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["nice", "-n", "5", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (LOG_BYTES, LOG_BYTES))
    except ProcessLookupError:
        pass
    except OSError as error:
        raise ToolError(f"cannot run {command[0]}: {error.strerror}") from error
    try:
        status: int | None = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        status = None
    finally:
        _end(process)
    return Done(status, time.monotonic() - started)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole session of the program, what is left of it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
