# SPDX-License-Identifier: GPL-2.0-only
"""Architectures, or configurations, judged in several processes; the answer is that of one.

Workers are forked, so that any tree will do, overlays included. One that dies (killed for its
memory, say) costs what it was judging, which is then named as not judged.
"""

from __future__ import annotations

import multiprocessing
import signal
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Generic, Protocol, TypeVar

from ..clock import Clock
from ..errors import PtcheckError, ToolError, TreeError, UsageError
from .results import ArchResult

Note = Callable[[str], None]
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Judge(Protocol[T_co]):
    """Judges one architecture, or whatever a name stands for."""

    def __call__(self, arch: str, clock: Clock, note: Note) -> T_co: ...


@dataclass(frozen=True, slots=True)
class _Answer(Generic[T]):
    """What a worker sends when it is done with a name."""

    result: T | None
    seconds: dict[str, float]
    error: PtcheckError | None = None
    defect: str = ""


class _Worker(Generic[T]):
    """One process, and what it is doing."""

    def __init__(self, judge: Judge[T], others: Sequence[_Worker[T]]) -> None:
        ours, theirs = multiprocessing.Pipe()
        self.connection: Connection = ours
        self.arch: str | None = None
        inherited = [ours, *(other.connection for other in others)]
        context = multiprocessing.get_context("fork")
        self.process: ForkProcess = context.Process(
            target=_serve, args=(judge, theirs, inherited), daemon=True
        )
        self.process.start()
        theirs.close()

    def give(self, arch: str) -> None:
        """Let it judge an architecture; one that is gone shows when it is asked."""
        self.arch = arch
        with suppress(OSError):
            self.connection.send(arch)

    def end(self) -> None:
        """Let it go, whatever it is doing."""
        self.connection.close()
        self.process.terminate()
        self.process.join()


def judge_all(
    judge: Judge[ArchResult], archs: Sequence[str], jobs: int, clock: Clock, note: Note
) -> dict[str, ArchResult]:
    """The result of each architecture, judged by up to `jobs` processes at a time.

    Raises the PtcheckError of the first architecture, in the order given, that has one.
    """
    return run_all(judge, archs, jobs, clock, note, _lost)


def run_all(
    judge: Judge[T],
    archs: Sequence[str],
    jobs: int,
    clock: Clock,
    note: Note,
    lost: Callable[[str, str], T],
) -> dict[str, T]:
    """What comes of each name; `lost` is what does if the process ended early, and how it did.

    Raises the PtcheckError of the first name, in the order given, that has one.
    """
    if min(jobs, len(archs)) < 2:
        return {arch: judge(arch, clock, note) for arch in archs}
    answers: dict[str, _Answer[T]] = {}
    waiting = list(reversed(archs))
    workers: list[_Worker[T]] = []
    try:
        while waiting or any(worker.arch is not None for worker in workers):
            while waiting and len(workers) < jobs:
                workers.append(_Worker(judge, workers))
                workers[-1].give(waiting.pop())
            busy = {worker.connection: worker for worker in workers}
            for ready in wait(list(busy)):
                worker = busy[ready]  # type: ignore[index]
                arch = worker.arch
                assert arch is not None
                try:
                    message = worker.connection.recv()
                except (EOFError, OSError):
                    worker.end()
                    workers.remove(worker)
                    answers[arch] = _Answer(lost(arch, _end_of(worker.process.exitcode)), {})
                    continue
                if isinstance(message, str):
                    note(message)
                    continue
                answers[arch] = message
                worker.arch = None
                if waiting:
                    worker.give(waiting.pop())
                else:
                    worker.end()
                    workers.remove(worker)
    finally:
        for worker in workers:
            worker.end()
    return {arch: _result(answers[arch], clock) for arch in archs}


def _result(answer: _Answer[T], clock: Clock) -> T:
    if answer.error is not None:
        raise answer.error
    if answer.result is None:
        raise RuntimeError(answer.defect)
    for name, seconds in answer.seconds.items():
        clock.seconds[name] = clock.seconds.get(name, 0.0) + seconds
    return answer.result


def _end_of(code: int | None) -> str:
    how = f"exit code {code}"
    if code is not None and code < 0:
        try:
            how = f"killed by {signal.Signals(-code).name}"
        except ValueError:
            how = f"killed by signal {-code}"
    if code == -signal.SIGKILL:
        how += ", for want of memory?"
    return how


def _lost(arch: str, how: str) -> ArchResult:
    problem = f"arch/{arch}: not judged: the process that judged it ended early ({how})"
    return ArchResult(arch, (), (problem,), ())


def _serve(judge: Judge[T], connection: Connection, inherited: Sequence[Connection]) -> None:
    """The life of a worker: names in, answers out, until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    for other in inherited:
        other.close()
    while True:
        try:
            arch = connection.recv()
        except (EOFError, OSError):
            return
        clock = Clock()
        try:
            answer: _Answer[T] = _Answer(judge(arch, clock, connection.send), clock.seconds)
        except PtcheckError as error:
            answer = _Answer(None, {}, _plain(error))
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{last.name} {last.filename}:{last.lineno}"
            answer = _Answer(None, {}, None, f"{type(error).__name__}: {error} [{place}]")
        try:
            connection.send(answer)
        except (OSError, ValueError):
            return


def _plain(error: PtcheckError) -> PtcheckError:
    """An error that survives the way to another process, with its words."""
    for kind in (UsageError, TreeError, ToolError):
        if isinstance(error, kind):
            return kind(str(error))
    return PtcheckError(str(error))
