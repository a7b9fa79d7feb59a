# SPDX-License-Identifier: GPL-2.0-only
"""A baseline that was written before an architecture was given another name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from analyzer.check.merge import under_another_name
from analyzer.model import CheckResult
from analyzer.tree import KernelTree
from analyzer.triage.baseline import Baseline

_ALIKE: Final = 0.5  # of the entries of an architecture, so that a new name is a renaming
_Key = tuple[str, str, str]  # rule, level, function


def renamed(baseline: Baseline, result: CheckResult, tree: KernelTree) -> dict[str, str]:
    """Architectures of the baseline that the tree lacks, each with the one that it has become.

    That is one of which the baseline says nothing, and in which at least half of the old one's
    entries are found. Where two are equally alike nothing is followed.
    """
    entries: dict[str, set[_Key]] = {}
    for entry in baseline.entries:
        entries.setdefault(entry.arch, set()).add((entry.rule, entry.level, entry.function))
    found: dict[str, set[_Key]] = {}
    for one in result.findings:
        if one.arch not in entries:
            found.setdefault(one.arch, set()).add((one.rule, one.level, one.function))
    names: dict[str, str] = {}
    for arch in sorted(entries):
        if not arch or tree.kind(f"arch/{arch}") is not None:
            continue
        scores = {
            other: len(entries[arch] & keys) / len(entries[arch])
            for other, keys in sorted(found.items())
            if other not in names.values()
        }
        best = max(scores.values(), default=0.0)
        alike = [other for other, score in scores.items() if score == best]
        if best >= _ALIKE and len(alike) == 1:
            names[arch] = alike[0]
    return names


def followed(baseline: Baseline, names: Mapping[str, str]) -> Baseline:
    """The baseline under the new names of its architectures."""
    return replace(
        baseline,
        entries=tuple(
            replace(
                entry,
                arch=names[entry.arch],
                fingerprint=under_another_name(
                    entry.fingerprint,
                    (entry.rule, entry.arch, entry.level, entry.function),
                    names[entry.arch],
                ),
            )
            if entry.arch in names
            else entry
            for entry in baseline.entries
        ),
    )
