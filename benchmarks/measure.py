# SPDX-License-Identifier: GPL-2.0-only
"""Runs a command and says what it and its children used."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_INTERVAL = 0.02  # seconds between two looks at the memory
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command used: CPU seconds (user + system, children included), wall clock, memory.

    `process` is the largest resident size that one process ever had, `together` that of all of
    them at one moment (pages that are shared count for each). Both in MB (10**6 bytes), sampled
    from /proc, so that the last 20 ms of a process may be missing. (ru_maxrss will not do: it
    begins with the size of the process that started the command.)
    """

    code: int
    cpu: float
    wall: float
    process: float
    together: float
    out: str
    err: str


def measure(command: Sequence[str], cwd: Path, timeout: float = 900) -> Usage:
    """Run `command` to its end. Raises subprocess.TimeoutExpired."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        watch = _Watch(process.pid)
        watch.start()
        late = threading.Timer(timeout, os.killpg, (process.pid, signal.SIGKILL))
        late.daemon = True
        late.start()
        _, status, used = os.wait4(process.pid, 0)
        late.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
        watch.done.set()
        watch.join()
        if wall >= timeout:
            raise subprocess.TimeoutExpired(command, timeout)
        out.seek(0)
        err.seek(0)
        return Usage(
            code=process.returncode,
            cpu=used.ru_utime + used.ru_stime,
            wall=wall,
            process=watch.one / 1e6,
            together=max(watch.most, watch.one) / 1e6,
            out=out.read().decode("utf-8", "replace"),
            err=err.read().decode("utf-8", "replace"),
        )


class _Watch(threading.Thread):
    """Looks at the resident sizes of a session's processes, over and over."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.session = session
        self.done = threading.Event()
        self.most = 0
        self.one = 0

    def run(self) -> None:
        """Look until told to stop."""
        while not self.done.wait(_INTERVAL):
            self.most = max(self.most, self._now())

    def _now(self) -> int:
        total = 0
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) != self.session:
                    continue
                total += int(fields[21]) * _PAGE
                peak = _PEAK.search((folder / "status").read_text())
                self.one = max(self.one, int(peak[1]) * 1024 if peak else 0)
            except (OSError, ValueError, IndexError):
                continue  # it has ended
        return total
