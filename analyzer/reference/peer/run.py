# SPDX-License-Identifier: GPL-2.0-only
"""A compiled peer: events in, verdicts and counters out, in a child process."""

from __future__ import annotations

import resource
import shutil
import struct
import subprocess
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from ...closing import Closing
from ...errors import ToolError
from ..values import LEVELS, Event, Op, PageKind
from .layout import Layout

_EVENT: Final = struct.Struct("=BBBBIIIQQQ")
_OPS: Final = {
    Op.SET: 0, Op.CLEAR: 1, Op.CLEAR_RANGE: 2, Op.ALLOC: 3, Op.FREE: 4, Op.PAGE: 5, Op.STORE: 6,
}  # fmt: skip
_RESET: Final = _EVENT.pack(7, 0, 0, 0, 0, 0, 0, 0, 0, 0)
_KINDS: Final = {kind: number for number, kind in enumerate(PageKind)}
_LEVELS: Final = {level: number for number, level in enumerate(LEVELS)}
CPU_SECONDS: Final = 60
MEMORY: Final = 512 << 20  # bytes


class PeerEvent(NamedTuple):
    """An event for a peer. `table`: the pmd of a clear-range in the peer's own layout."""

    event: Event
    table: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an event: did it stop, how many warnings, and all counters, in the order of
    the frames, anonymous and file in turn. `line`: where in the tree's file it stopped (0: not
    known, or not stopped)."""

    stopped: bool
    warnings: int
    counters: bytes
    line: int = 0


class Peer(Closing):
    """A program made of a tree's framework. Use it as a context manager: it leaves no files."""

    def __init__(self, folder: Path, program: Path, layout: Layout, name: str) -> None:
        self._folder = folder
        self._program = program
        self.layout = layout
        self.name = name

    def close(self) -> None:
        """Removes the program."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def results(self, events: Iterable[PeerEvent]) -> list[Result]:
        """Runs events from the start, no page being mapped. Raises ToolError if it crashes."""
        given = [_RESET, *(self._packed(event) for event in events)]
        done = subprocess.run(
            [str(self._program)], input=b"".join(given), capture_output=True, check=False,
            cwd=self._folder, env={}, preexec_fn=_bounds,
        )  # fmt: skip
        size = 8 + 8 * self.layout.pages
        if done.returncode or len(done.stdout) != size * len(given):
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            why = said[0] if said else f"exit status {done.returncode}"
            raise ToolError(f"{self.name}: after {len(done.stdout) // size} events: {why}")
        found = []
        for start in range(size, len(done.stdout), size):
            line, warnings = struct.unpack_from("=iI", done.stdout, start)
            counters = done.stdout[start + 8 : start + size]
            found.append(Result(line != 0, warnings, counters, line))
        return found

    def _packed(self, item: PeerEvent) -> bytes:
        event = item.event
        value = item.table if event.op is Op.CLEAR_RANGE else event.value
        return _EVENT.pack(
            _OPS[event.op], _LEVELS[event.level], _KINDS[event.kind or PageKind.FILE],
            event.order, event.nr, event.mm, event.slot or 0, value,
            self.layout.steps[event.level] * self.layout.decoder.pages(event.level), event.pfn,
        )  # fmt: skip


def _bounds() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))


def pack_counters(values: Iterable[int]) -> bytes:
    """Counters as a peer writes them."""
    return array("i", values).tobytes()
