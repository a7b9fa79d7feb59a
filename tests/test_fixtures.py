# SPDX-License-Identifier: GPL-2.0-only
"""A test that lacks its kernel is reported as such, and fails where CI is set."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SAMPLE = """
def test_without(): pass
def test_one(kernel_6_1): assert (kernel_6_1 / "arch").is_dir()
def test_two(kernel_6_12): pass
"""


def run(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(TESTS / "conftest.py", folder)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  kernel: x\n")
    (folder / "test_sample.py").write_text(SAMPLE)
    dropped = ("CI", "PYTEST_ADDOPTS", "XDG_CACHE_HOME", "PTCHECK_KERNELS")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in dropped and not name.startswith(("PYTEST_XDIST", "PYTEST_CURRENT"))
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--strict-markers", *options],
        cwd=folder,
        env=environment | {"PTCHECK_KERNELS": str(folder / "kernels")} | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_skipped_with_the_command_that_helps(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = run(tmp_path, *options, "-rs")
    assert done.returncode == 0
    assert "1 passed, 2 skipped" in done.stdout
    assert "get it with: python3 tests/fetch_kernels.py 6.12" in done.stdout
    assert "NOT RUN: 2 test(s), their kernel tree is missing" in done.stdout


def test_failed_in_ci(tmp_path: Path) -> None:
    done = run(tmp_path, CI="true")
    assert done.returncode == 1
    assert "1 passed, 2 errors" in done.stdout
    assert "NOT RUN: 2 test(s)" in done.stdout


def test_found_and_marked(tmp_path: Path) -> None:
    for name in ("arch", "include", "mm"):
        (tmp_path / "kernels" / "linux-source-6.1" / name).mkdir(parents=True)
    done = run(tmp_path)
    assert "2 passed, 1 skipped" in done.stdout
    assert "NOT RUN: 1 test(s)" in done.stdout
    done = run(tmp_path, "-m", "not kernel")
    assert "1 passed, 2 deselected" in done.stdout
    assert "NOT RUN" not in done.stdout
