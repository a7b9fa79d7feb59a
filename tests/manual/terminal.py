# SPDX-License-Identifier: GPL-2.0-only
"""A shell on a terminal of its own, typed at as a user does."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import time
from collections.abc import Mapping, Sequence

from analyzer.closing import Closing

SECONDS = 60.0  # the machine may be busy
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>]|\][^\x07]*\x07)|[\x00\x07\x08\r]"
)


class Terminal(Closing):
    """Runs a program; what it shows is read without escape sequences."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:  # pragma: no cover (the child)
            os.execvpe(command[0], list(command), {**environment, "TERM": "vt100"})
        self.shown = ""

    def close(self) -> None:
        """End the program, and let go of the terminal."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.descriptor)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.descriptor, text.encode())

    def until(self, pattern: str) -> str:
        """Wait for a text that was not waited for yet; fails with what there is instead."""
        end = time.monotonic() + SECONDS
        while True:
            match = re.search(pattern, self.shown)
            if match:
                before, self.shown = self.shown[: match.end()], self.shown[match.end() :]
                return before
            assert time.monotonic() < end, f"no {pattern!r} in {self.shown!r}"
            if select.select([self.descriptor], [], [], 0.2)[0]:
                data = os.read(self.descriptor, 65536).decode("utf-8", "replace")
                self.shown = _ESCAPES.sub("", self.shown + data)
