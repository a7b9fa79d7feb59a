# SPDX-License-Identifier: GPL-2.0-only
"""A bound that is hit is told, and is never clean."""

from __future__ import annotations

import json
import resource
import signal
import time
from pathlib import Path

import pytest

from analyzer.check import check_tree
from analyzer.check.limits import Limits
from analyzer.check.results import ArchResult
from analyzer.tree import FolderTree
from tests.commands.runner import DEMO, PGTABLE, ptcheck
from tests.hostile.trees import copy


def forever() -> ArchResult:
    while True:
        try:
            time.sleep(0.001)
        except Exception as error:
            raise AssertionError("swallowed") from error


def hungry() -> ArchResult:
    held = []
    while True:
        held.append(bytearray(1 << 26))


def nested() -> ArchResult:
    return nested()


@pytest.mark.parametrize(
    ("judge", "seconds", "why"),
    [
        (forever, 1, "the time limit of 1 s was reached"),
        (hungry, 60, "the memory limit of 1024 MiB was reached"),
        (nested, 60, "something is nested too deeply"),
    ],
)
def test_what_hits_a_bound_is_not_judged(judge: object, seconds: int, why: str) -> None:
    assert callable(judge)
    before = signal.getsignal(signal.SIGALRM), resource.getrlimit(resource.RLIMIT_AS)
    result = Limits(seconds, 1024).judged("demo", judge)
    assert result == ArchResult("demo", (), (f"arch/demo: not judged: {why}",), ())
    assert (signal.getsignal(signal.SIGALRM), resource.getrlimit(resource.RLIMIT_AS)) == before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_the_time_is_for_all_architectures() -> None:
    late = Limits(1, started=time.monotonic() - 5)
    assert late.judged("demo", hungry).unread[0].endswith("the time limit of 1 s was reached")


def test_a_run_without_time_is_incomplete() -> None:
    with FolderTree(DEMO) as tree:
        result = check_tree(tree, ("demo",), limits=Limits(1, started=time.monotonic() - 5))
    assert result.incomplete
    assert result.problems == ("arch/demo: not judged: the time limit of 1 s was reached",)


def test_a_run_without_memory_is_incomplete() -> None:
    done = ptcheck("check", "-C", str(DEMO), "--memory-limit", "60", "--format", "json")
    value = json.loads(done.out)
    assert done.code == 3
    assert value["problems"] == ["arch/demo: not judged: the memory limit of 60 MiB was reached"]


def test_a_helper_made_to_take_time(tmp_path: Path) -> None:
    """Loops in loops that nothing decides: the evaluator's bounds end them, not as clean."""
    tree = copy(tmp_path)
    header = tree / PGTABLE
    body = "\tunsigned long i, j, k;\n"
    for name in "ijk":
        body += f"\tfor ({name} = 0; {name} < (unsigned long)mm; {name}++)\n"
    body += "\t\tif (i ^ j ^ k)\n\t\t\tptep->pte = i + j + k;\n"
    text = header.read_text()
    place = text.index("{\n", text.index("static inline void ptep_set_wrprotect(")) + 2
    header.write_text(text[:place] + body + text[place:])
    done = ptcheck("check", "-C", str(tree), "--format", "json")
    assert done.code in (1, 3)
    helpers = json.loads(done.out)["helpers"]
    verdicts = {h["verdict"] for h in helpers if h["helper"] == "ptep_set_wrprotect"}
    assert verdicts
    assert verdicts <= {"unknown", "finding"}
