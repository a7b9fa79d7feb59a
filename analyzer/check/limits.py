# SPDX-License-Identifier: GPL-2.0-only
"""Bounds of a whole run: what is not judged within them is named as not judged.

The smaller bounds (the preprocessor's time, memory and output, steps and paths of the evaluator,
sizes of files) lie where the work is done; these are for everything that they do not catch.
"""

from __future__ import annotations

import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from .results import ArchResult

SECONDS = 3600  # all architectures of a real kernel take about a minute
MEBIBYTES = 6144  # of address space; a run of a real kernel takes less than one GiB


class _OutOfTime(BaseException):
    """Raised by the alarm, wherever the run is; no handler of errors must swallow it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds of wall clock for the whole run, MiB of address space for each process."""

    seconds: int = SECONDS
    mebibytes: int = MEBIBYTES
    started: float = field(default_factory=time.monotonic)

    def judged(self, arch: str, judge: Callable[[], ArchResult]) -> ArchResult:
        """What `judge` returns, or a result that says which bound was hit."""
        try:
            with self._alarm(), self._memory():
                return judge()
        except _OutOfTime:
            return _lost(arch, f"the time limit of {self.seconds} s was reached")
        except (MemoryError, SystemError):  # the latter where compiled code meets the former
            return _lost(arch, f"the memory limit of {self.mebibytes} MiB was reached")
        except RecursionError:
            return _lost(arch, "something is nested too deeply")

    @contextmanager
    def _alarm(self) -> Iterator[None]:
        left = self.started + self.seconds - time.monotonic()
        if left <= 0:
            raise _OutOfTime
        if threading.current_thread() is not threading.main_thread():
            yield  # signals arrive elsewhere
            return

        def ring(number: int, frame: FrameType | None) -> None:
            raise _OutOfTime

        before = signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, left)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    @contextmanager
    def _memory(self) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = self.mebibytes << 20
        if soft != resource.RLIM_INFINITY:
            wanted = min(wanted, soft)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _lost(arch: str, why: str) -> ArchResult:
    return ArchResult(arch, (), (f"arch/{arch}: not judged: {why}",), ())
