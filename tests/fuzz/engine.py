# SPDX-License-Identifier: GPL-2.0-only
"""Runs a target on many inputs for a bounded time; what it may not do is a find.

A find is an exception that the target does not promise, or more time than one input may take.
It is shrunk, and told once for each place it comes from.
"""

from __future__ import annotations

import hashlib
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from types import FrameType

from tests.fuzz.mutate import mutated


@dataclass(frozen=True, slots=True)
class Target:
    """A reader of untrusted input. `promised`: the errors that it may raise."""

    name: str
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...]
    run: Callable[[bytes], None]
    promised: tuple[type[Exception], ...] = ()
    seconds: float = 10.0  # that one input may take


@dataclass(frozen=True, slots=True)
class Find:
    """An input, and what came of it."""

    target: str
    what: str
    data: bytes

    @property
    def name(self) -> str:
        """A name for a file that holds the input."""
        return f"{self.target}-{hashlib.sha256(self.what.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a target did."""

    target: str
    executions: int
    seconds: float
    finds: tuple[Find, ...]


class TooSlow(Exception):
    """One input took longer than any may."""


def execute(target: Target, data: bytes) -> str:
    """Run the target once; '' or what it did that it may not."""
    try:
        with _alarm(target.seconds):
            target.run(data)
    except target.promised as error:
        said = str(error)
        return f"more than one line: {type(error).__name__}" if "\n" in said else ""
    except TooSlow:
        return f"slower than {target.seconds:g} s"
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if "/analyzer/" in frame.filename] or list(frames)
        place = f"{own[-1].filename.rpartition('/analyzer/')[2]}:{own[-1].name}"
        return f"{type(error).__name__} in {place}"
    return ""


def fuzz(target: Target, budget: float, start: int = 0) -> Outcome:
    """Fuzz for `budget` seconds; the same `start` begins with the same inputs."""
    began = time.monotonic()
    end = began + budget
    executions = 0
    known: dict[str, bytes] = {}

    random = Random(start)
    while time.monotonic() < end:
        data = mutated(random, target.seeds, target.words)
        executions += 1
        what = execute(target, data)
        if what and (what not in known or len(data) < len(known[what])):
            known[what] = data
    finds = [Find(target.name, what, shrunk(target, data, what)) for what, data in known.items()]
    return Outcome(target.name, executions, time.monotonic() - began, tuple(finds))


def shrunk(target: Target, data: bytes, what: str, budget: float = 30.0) -> bytes:
    """A shorter input that comes to the same: pieces are taken out, the large ones first."""
    end = time.monotonic() + budget
    size = max(1, len(data) // 2)
    while size and time.monotonic() < end:
        position = 0
        while position < len(data) and time.monotonic() < end:
            shorter = data[:position] + data[position + size :]
            if execute(target, shorter) == what:
                data = shorter
            else:
                position += size
        size //= 2
    return data


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds * 4)  # wall clock, on a machine that is busy
    started = time.process_time()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if time.process_time() - started > seconds:
        raise TooSlow
