# SPDX-License-Identifier: GPL-2.0-only
"""What a configuration says, as values. None or () is: nothing was said about it."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.model import Location

UNTOUCHABLE = "PTC9"  # what could not be judged is said, whatever a configuration wants


@dataclass(frozen=True, slots=True)
class OutputName:
    """One entry of `format`: `file` is None for standard output."""

    format: str
    file: str | None
    location: Location


@dataclass(frozen=True, slots=True)
class RuleChoice:
    """Which rules count: by codes or beginnings of codes (`PTC2`), the longest one wins."""

    disable: tuple[str, ...] = ()
    enable: tuple[str, ...] = ()

    def disabled_by(self, code: str) -> str:
        """The beginning of a code that disables the rule `code`; '' if it is not disabled."""
        if code.startswith(UNTOUCHABLE):
            return ""
        off = max((name for name in self.disable if code.startswith(name)), key=len, default="")
        on = max((name for name in self.enable if code.startswith(name)), key=len, default="")
        return off if len(off) > len(on) else ""


EVERY_RULE = RuleChoice()


@dataclass(frozen=True, slots=True)
class Suppression:
    """Findings of one rule below one path do not count, for a reason.

    `path` and `helper` are patterns of `fnmatch` (`*` crosses slashes); an empty `helper` is any.
    """

    rule: str
    path: str
    helper: str
    reason: str
    location: Location


@dataclass(frozen=True, slots=True)
class Settings:
    """One configuration file."""

    arch: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    outputs: tuple[OutputName, ...] = ()
    baseline: str = ""  # a path, relative to the current folder
    as_if_enabled: bool = False
    jobs: int | None = None
    time_limit: int | None = None  # seconds
    memory_limit: int | None = None  # MiB
    rules: RuleChoice = EVERY_RULE
    suppressions: tuple[Suppression, ...] = ()
