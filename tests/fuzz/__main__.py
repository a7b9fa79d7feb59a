# SPDX-License-Identifier: GPL-2.0-only
"""Fuzz for a bounded time: `python -m tests.fuzz --seconds 60`; exit code 1 if there are finds.

`--coverage` lets atheris choose the inputs by what they reach (`pip install atheris`), one
process for each target; without it seeds are edited at random. What is found is shrunk and
written to `--out`; it becomes a test in tests/fuzz/test_found.py, and is mended.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.engine import Find, Outcome, Target, fuzz
from tests.fuzz.targets import TARGETS


def main() -> int:
    """Run the chosen targets, say what they did."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    names = [target.name for target in TARGETS]
    parser.add_argument("--seconds", type=float, default=60.0, help="for all targets together")
    parser.add_argument("--target", action="append", choices=names, help="only these")
    parser.add_argument("--seed", type=int, default=0, help="of the random edits")
    parser.add_argument("--out", type=Path, help="folder for the inputs of finds")
    parser.add_argument("--coverage", action="store_true", help="with atheris")
    args = parser.parse_args()
    chosen = [t for t in TARGETS if t.name in args.target] if args.target else list(TARGETS)
    finds: list[Find] = []
    print(f"{'target':10}  {'inputs':>9}  {'seconds':>7}  finds")
    for target in chosen:
        budget = args.seconds / len(chosen)
        outcome = _covered(target, budget) if args.coverage else fuzz(target, budget, args.seed)
        print(
            f"{target.name:10}  {outcome.executions:9}  {outcome.seconds:7.1f}  "
            f"{len(outcome.finds)}",
            flush=True,
        )
        finds += outcome.finds
    for find in finds:
        print(f"{find.target}: {find.what}: {find.data[:300]!r}")
        if args.out:
            args.out.mkdir(parents=True, exist_ok=True)
            (args.out / find.name).write_bytes(find.data)
    return 1 if finds else 0


def _covered(target: Target, budget: float) -> Outcome:
    """What atheris finds, in a process of its own: it does not return."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.fuzz.covered", target.name, str(budget), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        report = Path(folder) / "report"
        if not report.is_file():
            sys.exit(f"atheris did not run: {done.stderr[-500:]}")
        executions, seconds = report.read_text().split()
        finds = tuple(
            Find(target.name, (path.with_suffix(".what")).read_text(), path.read_bytes())
            for path in sorted(Path(folder).glob("*.input"))
        )
    return Outcome(target.name, int(executions), float(seconds), finds)


if __name__ == "__main__":
    sys.exit(main())
