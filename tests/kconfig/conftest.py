# SPDX-License-Identifier: GPL-2.0-only
"""Small Kconfig trees in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.kconfig import Config, Kconfig, load_kconfig
from analyzer.tree import MemoryTree

Load = Callable[..., Kconfig]
Solve = Callable[..., Config]


@pytest.fixture
def load() -> Load:
    """Read a Kconfig text (or a mapping of files) as architecture `toy`."""

    def read(
        files: str | Mapping[str, str | bytes],
        environment: Mapping[str, str] | None = None,
        arch: str = "toy",
    ) -> Kconfig:
        if isinstance(files, str):
            files = {"Kconfig": files}
        return load_kconfig(MemoryTree(files), arch, environment=environment)

    return read


@pytest.fixture
def solve(load: Load) -> Solve:
    """Read a Kconfig text and solve it; user values as keywords."""

    def run(text: str, **wants: str) -> Config:
        return load(text).solve(wants)

    return run
