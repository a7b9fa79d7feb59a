# SPDX-License-Identifier: GPL-2.0-only
"""A tenth of the log that the benchmark replays keeps to a tenth of its budget."""

from __future__ import annotations

from pathlib import Path

from benchmarks.replay import BUDGET_CPU, BUDGET_GROWTH, run

STARTUP = 1.5  # CPU seconds: the interpreter, the tree


def test_a_log_is_replayed_in_time_and_in_constant_memory(tmp_path: Path) -> None:
    few, many = run(20_000, 5_000, tmp_path), run(100_000, 5_000, tmp_path)

    assert many.cpu < BUDGET_CPU / 10 + STARTUP
    assert many.process < few.process * BUDGET_GROWTH
