# SPDX-License-Identifier: GPL-2.0-only
"""The benchmarks measure what they say they do."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.check import RULE, Row
from benchmarks.measure import measure
from benchmarks.stages import ORDER, StackClock
from tests.commands.runner import DEMO, REPOSITORY


def spin(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_a_second_counts_once() -> None:
    """For the innermost stage."""
    clock = StackClock()
    with clock.stage("outer"):
        spin(0.1)
        with clock.stage("inner"):
            spin(0.2)
        spin(0.1)
    assert 0.15 < clock.seconds["outer"] < 0.35
    assert 0.15 < clock.seconds["inner"] < 0.35


def test_children_count(tmp_path: Path) -> None:
    spinning = "import time\nwhile time.process_time() < 0.4: pass\n"
    spinning += "x = bytearray(50_000_000); time.sleep(0.2)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spinning!r}])"
    used = measure([sys.executable, "-c", code], tmp_path)
    assert used.code == 0
    assert 0.4 <= used.cpu < 3
    assert 50 < used.process < 150
    assert used.together >= used.process


def test_what_hangs_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        measure([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, timeout=0.5)


def test_stages_of_the_demonstration() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.stages", str(DEMO), "demo"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert set(found["stages"]) == {*ORDER, "rest"}
    assert abs(sum(found["stages"].values()) - found["total"]) < 0.02
    assert all(found["stages"][name] > 0 for name in ("preprocess", "parse", "evaluate", "kconfig"))
    assert "arch/demo/include/asm/pgtable.h" in found["files"]
    assert found["variants"] == 2


def test_a_row_as_plain_values(tmp_path: Path) -> None:
    used = measure([sys.executable, "-c", "print('a\\nb')"], tmp_path)
    stages = {
        "variants": 1,
        "helpers": 2,
        "unknown": 0,
        "stages": {},
        "archs": {},
        "files": ["a.h"],
    }
    row = Row("demo", used, stages, 1, used)
    assert row.within
    document = row.document()
    assert json.loads(json.dumps(document)) == document
    assert document["spatch"]["functions"] == row.listed == 2


@pytest.mark.skipif(not shutil.which("spatch"), reason="spatch is not installed")
def test_the_semantic_patch_lists_what_has_no_hook(tmp_path: Path) -> None:
    (tmp_path / "x.c").write_text(
        "void bare(pte_t *ptep, pte_t pte) { WRITE_ONCE(*ptep, pte); }\n"
        "void hooked(struct mm_struct *mm, pte_t *ptep, pte_t pte)\n"
        "{ page_table_check_ptes_set(mm, ptep, pte, 1); *ptep = pte; }\n"
        "void swaps(pmd_t *pmdp) { xchg(&pmdp->pmd, 0); }\n"
        "void other(int *x) { *x = 1; }\n"
    )
    options = ["--very-quiet", "--no-includes", "--sp-file", str(RULE)]
    used = measure(["spatch", *options, "x.c"], tmp_path)
    listed = {line.rpartition(" ")[2] for line in used.out.splitlines()}
    assert listed == {"bare", "swaps"}, used.err
