# SPDX-License-Identifier: GPL-2.0-only
"""Fixtures for real kernel trees, and an honest count of the tests that lacked one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_LACKING = "kernel tree missing"

settings.register_profile(
    "ptcheck",
    deadline=None,  # shared machines
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("ptcheck")


def kernels_dir() -> Path:
    """Return where unpacked kernels are, outside of the repository (tests/fetch_kernels.py)."""
    named = os.environ.get("PTCHECK_KERNELS")
    if named:
        return Path(named).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "ptcheck" / "trees"


def _kernel(version: str) -> Path:
    path = kernels_dir() / f"linux-source-{version}"
    if (path / "arch").is_dir() and (path / "include").is_dir() and (path / "mm").is_dir():
        return path
    message = f"{_LACKING}: {path}; get it with: python3 tests/fetch_kernels.py {version}"
    if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@pytest.fixture(scope="session")
def kernel_6_1() -> Path:
    """The folder of Debian's linux-source-6.1; read only."""
    return _kernel("6.1")


@pytest.fixture(scope="session")
def kernel_6_12() -> Path:
    """The folder of Debian's linux-source-6.12; read only."""
    return _kernel("6.12")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"kernel_6_1", "kernel_6_12"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.kernel)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lacking = [
        report
        for outcome in ("skipped", "failed", "error")
        for report in terminalreporter.stats.get(outcome, ())
        if _LACKING in str(report.longrepr)
    ]
    if lacking:
        terminalreporter.write_line(
            f"NOT RUN: {len(lacking)} test(s), their kernel tree is missing in {kernels_dir()};"
            " get it with: python3 tests/fetch_kernels.py",
            yellow=True,
        )
