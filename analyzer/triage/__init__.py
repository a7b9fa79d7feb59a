# SPDX-License-Identifier: GPL-2.0-only
"""Which findings count: comments in the tree, the configuration, disabled rules, the baseline."""

from __future__ import annotations

from analyzer.triage.apply import Policy, triage
from analyzer.triage.baseline import Baseline, read_baseline, write_baseline

__all__ = ["Baseline", "Policy", "read_baseline", "triage", "write_baseline"]
