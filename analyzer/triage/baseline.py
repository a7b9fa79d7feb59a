# SPDX-License-Identifier: GPL-2.0-only
"""The baseline: what was found before. A file to be kept in git and read in reviews.

JSON, one finding per line, sorted, without line numbers, so that a diff of it shows what was
mended and what was added. Findings are known by their fingerprints; the other keys are for people.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from analyzer.bounded import read_bounded
from analyzer.errors import UsageError
from analyzer.model import CheckResult, Excuse, Finding, Reason
from analyzer.report.escape import visible
from analyzer.report.json import to_ascii

VERSION = 1
KEY = "ptcheck-baseline"
MAX_BYTES = 16 * 1024 * 1024
_KEYS = ("arch", "path", "function", "rule", "level", "fingerprint")
_NEEDED = ("fingerprint", "rule")
_EXCUSED = (Reason.COMMENT, Reason.CONFIGURATION, Reason.DISABLED)


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One finding as the baseline knows it; the order is that of the file."""

    arch: str
    path: str
    function: str
    rule: str
    level: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline and the name of its file."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def fingerprints(self) -> frozenset[str]:
        """The fingerprints of all entries."""
        return frozenset(entry.fingerprint for entry in self.entries)


def entry_of(finding: Finding) -> Entry:
    """The entry for a finding."""
    return Entry(
        finding.arch, finding.location.path, finding.function, finding.rule, finding.level,
        finding.fingerprint,
    )  # fmt: skip


def entries_of(result: CheckResult) -> tuple[Entry, ...]:
    """The entries for everything that is found and not excused otherwise."""
    return tuple(
        sorted(
            entry_of(finding)
            for finding in result.findings
            if finding.excuse is None or finding.excuse.reason not in _EXCUSED
        )
    )


def render(entries: tuple[Entry, ...]) -> str:
    """The text of a baseline: the same findings give the same bytes."""
    lines = ",\n".join(
        "    " + to_ascii({key: getattr(entry, key) for key in _KEYS}) for entry in sorted(entries)
    )
    body = f"[\n{lines}\n  ]" if lines else "[]"
    return f'{{\n  "{KEY}": {VERSION},\n  "findings": {body}\n}}\n'


def write_baseline(result: CheckResult) -> str:
    """The text of the baseline for a result."""
    return render(entries_of(result))


def excuse(baseline: Baseline) -> Excuse:
    """What a finding of the baseline is excused with."""
    return Excuse(Reason.BASELINE, f"in the baseline {baseline.name}")


def read_baseline(named: str) -> Baseline:
    """Read the baseline in a file. Raises UsageError, in one line, where that is none."""
    return parse_baseline(_read(named), named)


def parse_baseline(data: bytes, named: str) -> Baseline:
    """The baseline in `data`. Raises UsageError, in one line, where it is none."""
    shown = visible(named)
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:100]
        raise UsageError(f"{shown}: not a baseline, no JSON: {visible(reason)}") from error
    if not isinstance(value, dict) or KEY not in value:
        raise UsageError(f"{shown}: not a baseline (no '{KEY}'); write one with --write-baseline")
    if value[KEY] is True or value[KEY] != VERSION:
        raise UsageError(
            f"{shown}: a baseline of version {visible(str(value[KEY])[:20])}, this ptcheck reads "
            f"{VERSION}; write it again with --write-baseline"
        )
    findings = value.get("findings")
    unknown = sorted(set(value) - {KEY, "findings"})
    if unknown or not isinstance(findings, list):
        what = f"unknown key '{visible(unknown[0][:40])}'" if unknown else "no list 'findings'"
        raise UsageError(f"{shown}: a damaged baseline: {what}")
    return Baseline(named, _unique([_entry(one, n, shown) for n, one in enumerate(findings, 1)]))


def _entry(value: object, number: int, shown: str) -> Entry:
    if not isinstance(value, dict):
        raise UsageError(f"{shown}: a damaged baseline: entry {number} is no object")
    for key in value:
        if key not in _KEYS:
            raise UsageError(
                f"{shown}: a damaged baseline: entry {number}: unknown key '{visible(key[:40])}'"
            )
    texts = {key: value.get(key, "") for key in _KEYS}
    for key, text in texts.items():
        if not isinstance(text, str) or (key in _NEEDED and not text):
            raise UsageError(f"{shown}: a damaged baseline: entry {number}: no text for '{key}'")
    return Entry(**texts)


def _unique(entries: list[Entry]) -> tuple[Entry, ...]:
    return tuple({entry.fingerprint: entry for entry in sorted(entries)}.values())


def _read(named: str) -> bytes:
    shown = visible(named)
    try:
        return read_bounded(Path(named), MAX_BYTES)
    except FileNotFoundError as error:
        raise UsageError(f"no such baseline: {shown}; write it with --write-baseline") from error
    except OSError as error:
        raise UsageError(f"cannot read the baseline {shown}: {error.strerror}") from error
