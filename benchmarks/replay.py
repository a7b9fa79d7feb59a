# SPDX-License-Identifier: GPL-2.0-only
"""CPU seconds and peak memory of `ptcheck replay`, for logs that differ only in length.

    python -m benchmarks.replay [--events 1000000] [--pages 20000] [--json FILE]

The logs are written here: mappings that come and go on a fixed number of pages of the
demonstration tree. Memory must not grow with the number of events. Exit code 1: over budget
(20 CPU seconds for a million events; a tenth more memory for ten times the events).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from random import Random

from benchmarks.measure import Usage, measure

REPOSITORY = Path(__file__).resolve().parents[1]
DEMO = REPOSITORY / "kernel_stubs" / "demo"
BUDGET_CPU = 20.0  # seconds for a million events
BUDGET_GROWTH = 1.1  # of the memory, for ten times the events


def write_log(path: Path, events: int, pages: int) -> None:
    """A log that keeps the rules: sets and clears of `pages` entries in eight address spaces."""
    random = Random(1)
    there: dict[int, str] = {}
    with path.open("w", encoding="ascii") as log:
        log.write('{"ptcheck-log": 1, "arch": "demo"}\n')
        for _ in range(events):
            page = random.randrange(pages)
            value = there.pop(page, None)
            op = "clear" if value else "set"
            if value is None:
                value = there[page] = hex((0x1000 + page) << 12 | random.choice((0x13, 0x77)))
            log.write(
                f'{{"op": "{op}", "level": "pte", "mm": {page % 8 + 1}, "slot": {page},'
                f' "value": "{value}"}}\n'
            )


def run(events: int, pages: int, folder: Path) -> Usage:
    """Replays one log as a user does."""
    log = folder / f"{events}.jsonl"
    write_log(log, events, pages)
    command = [sys.executable, "-m", "analyzer", "replay", str(log), "-C", str(DEMO)]
    used = measure(command, REPOSITORY)
    log.unlink()
    if used.code:
        raise SystemExit(f"replay failed: {used.err}")
    return used


def main() -> int:
    """Measures, prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        few, many = (
            run(count, args.pages, Path(folder)) for count in (args.events // 10, args.events)
        )
    rows = [(args.events // 10, few), (args.events, many)]
    print(f"{'events':>10} {'CPU s':>8} {'us/event':>9} {'MB':>7}")
    for count, used in rows:
        print(f"{count:>10} {used.cpu:>8.2f} {used.cpu / count * 1e6:>9.2f} {used.process:>7.1f}")
    if args.json is not None:
        found = [
            {"events": count, "cpu": round(used.cpu, 2), "memory": round(used.process, 1)}
            for count, used in rows
        ]
        args.json.write_text(json.dumps(found, indent=2) + "\n", encoding="ascii")
    within = many.cpu <= BUDGET_CPU * args.events / 1e6
    return 0 if within and many.process <= few.process * BUDGET_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
