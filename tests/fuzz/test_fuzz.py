# SPDX-License-Identifier: GPL-2.0-only
"""The harness: it finds what is there, and a short run over each target finds nothing."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests.commands.runner import REPOSITORY
from tests.fuzz.engine import Target, execute, fuzz
from tests.fuzz.targets import TARGETS

INPUTS = 40


def _brittle(data: bytes) -> None:
    if b"(" in data:
        raise RuntimeError("a bracket")
    if data.startswith(b"slow"):
        time.sleep(60)
    if b"two" in data:
        raise ValueError("one\ntwo")
    raise ValueError("promised")


BRITTLE = Target("brittle", (b"some text",), (b"(",), _brittle, (ValueError,), 0.05)


def test_a_defect_is_found_once_and_shrunk() -> None:
    outcome = fuzz(BRITTLE, 1.0)
    assert outcome.executions > 50
    (find,) = outcome.finds
    assert find.data == b"("
    assert find.what.startswith("RuntimeError in ")


@pytest.mark.parametrize(
    ("data", "what"),
    [(b"fine", ""), (b"slow", "slower than 0.05 s"), (b"two", "more than one line: ValueError")],
)
def test_what_is_a_find(data: bytes, what: str) -> None:
    assert execute(BRITTLE, data) == what


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_seeds_are_read(target: Target) -> None:
    for data in target.seeds:
        assert execute(target, data) == ""


def test_the_same_start_gives_the_same_inputs() -> None:
    runs = []
    for _ in range(2):
        seen: list[bytes] = []
        fuzz(Target("seen", (b"abc", b"def"), (b"x",), seen.append), 0.05)
        runs.append(seen[:INPUTS])
    assert runs[0] == runs[1]


def test_a_short_run_finds_nothing() -> None:
    quick = [target.name for target in TARGETS if target.name != "check"]
    done = subprocess.run(
        [
            sys.executable, "-m", "tests.fuzz", "--seconds", "10",
            *(word for name in quick for word in ("--target", name)),
        ],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    counts = [line.split() for line in done.stdout.splitlines()[1:]]
    assert [row[0] for row in counts] == quick
    assert all(int(row[1]) > 0 for row in counts)
