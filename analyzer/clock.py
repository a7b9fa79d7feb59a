# SPDX-License-Identifier: GPL-2.0-only
"""CPU seconds of each stage of a run, children included; for benchmarks and `-v`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Adds up CPU seconds (user and system, with those of finished children) by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts the time of a block under `name`."""
        before = _cpu()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + _cpu() - before


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
