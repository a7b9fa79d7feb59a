# SPDX-License-Identifier: GPL-2.0-only
"""Runs `ptcheck` as a user does: a process of its own, with a bound on its time."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "kernel_stubs" / "demo"
PGTABLE = "arch/demo/include/asm/pgtable.h"
CPU_SECONDS = 30  # of the machine's work for one run, however busy the machine is
SECONDS = 150
NO_CACHE = "/dev/null/none"  # what a run finds out is not left to the next


@dataclass(frozen=True, slots=True)
class Done:
    """How a run ended."""

    code: int
    out: str
    err: str


def ptcheck(*arguments: str, cwd: Path = REPOSITORY, **variables: str) -> Done:
    """Run it. Fails on a traceback, on a defect, and on what takes longer than a user waits."""
    before = _children()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PTCHECK_CPP")}
    done = subprocess.run(
        [sys.executable, "-m", "analyzer", *arguments],
        cwd=cwd,
        env={**environment, "PYTHONPATH": str(REPOSITORY), "XDG_CACHE_HOME": NO_CACHE} | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    out = done.stdout.decode("utf-8", "surrogateescape")
    err = done.stderr.decode("utf-8", "surrogateescape")
    assert _children() - before < CPU_SECONDS
    assert "Traceback" not in out + err, err
    assert "defect of ptcheck" not in err, err
    return Done(done.returncode, out, err)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def mended() -> str:
    """The demonstration's page-table header with the hook that it lacks."""
    source = (DEMO / PGTABLE).read_text()
    before = source.index("xchg(&pmdp->pmd, 0UL)")
    place = source.index("\treturn old;", before)
    return f"{source[:place]}\tpage_table_check_pmd_clear(mm, old);\n\n{source[place:]}"
