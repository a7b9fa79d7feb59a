# SPDX-License-Identifier: GPL-2.0-only
"""What a user can choose about a report."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer import __version__


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """Choices that change how a result is shown, never what it says.

    `color`: SGR sequences in `text` (no other format has them). `verbose`: all helpers with
    their verdicts, all reasons for unknown, witnesses of what would be found if enabled.
    `as_if_enabled`: findings of architectures that do not select the option count as findings.
    `timing`: the seconds the run took, which differ from run to run.
    """

    color: bool = False
    verbose: bool = False
    as_if_enabled: bool = False
    timing: bool = False
    version: str = __version__


DEFAULTS = ReportOptions()
