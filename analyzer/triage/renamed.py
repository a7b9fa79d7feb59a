# SPDX-License-Identifier: GPL-2.0-only
"""A baseline that was written before an architecture was given another name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from analyzer.check.merge import under_another_name
from analyzer.model import CheckResult
from analyzer.tree import KernelTree
from analyzer.triage.baseline import Baseline

_Key = tuple[str, str, str, str]  # rule, level, function, path below the architecture


def renamed(baseline: Baseline, result: CheckResult, tree: KernelTree) -> dict[str, str]:
    """Architectures of the baseline that the tree lacks, each with the one that it has become.

    That is the one of which the baseline says nothing, and in which all of the old one's entries
    are found, in files of the same names. What is excused wrongly is not seen: so where two are
    alike, or anything is missing, nothing is followed.
    """
    entries: dict[str, set[_Key]] = {}
    for entry in baseline.entries:
        key = entry.rule, entry.level, entry.function, _below(entry.arch, entry.path)
        entries.setdefault(entry.arch, set()).add(key)
    found: dict[str, set[_Key]] = {}
    for one in result.findings:
        if one.arch not in entries:
            key = one.rule, one.level, one.function, _below(one.arch, one.location.path)
            found.setdefault(one.arch, set()).add(key)
    names: dict[str, str] = {}
    for arch in sorted(entries):
        if not arch or tree.kind(f"arch/{arch}") is not None:
            continue
        alike = [other for other, keys in found.items() if entries[arch] <= keys]
        if len(alike) == 1 and alike[0] not in names.values():
            names[arch] = alike[0]
    return names


def _below(arch: str, path: str) -> str:
    return path.removeprefix(f"arch/{arch}/")


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
