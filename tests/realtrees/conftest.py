# SPDX-License-Identifier: GPL-2.0-only
"""Real trees checked once for each process that needs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.check import check_tree
from analyzer.model import CheckResult
from analyzer.tree import open_tree

Checked = Callable[[str, str], CheckResult]


@pytest.fixture(scope="session")
def checked(request: pytest.FixtureRequest) -> Checked:
    """`checked('6.12', 'x86')`: all variants of one architecture of one tree."""
    known: dict[tuple[str, str], CheckResult] = {}

    def check(version: str, arch: str) -> CheckResult:
        if (version, arch) not in known:
            path: Path = request.getfixturevalue(f"kernel_{version.replace('.', '_')}")
            with open_tree(path) as tree:
                known[version, arch] = check_tree(tree, (arch,))
        return known[version, arch]

    return check
