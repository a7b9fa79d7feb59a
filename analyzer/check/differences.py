# SPDX-License-Identifier: GPL-2.0-only
"""Two snapshots of trees, thing by thing: API, architectures, helpers, predicates, bits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ..model import CheckResult, HelperVerdict
from .compare import Comparison, compare
from .snapshot import Snapshot

KINDS: Final = (
    "api", "architecture", "variant", "helper", "definition", "hooks", "verdict", "predicate",
    "bit", "finding",
)  # fmt: skip
_Table = Mapping[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same; `before` or `after` is None where it is not there.

    `variants` are those in which it is so, '' in `arch` means the whole tree.
    """

    kind: str
    arch: str
    variants: tuple[str, ...]
    subject: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Differences:
    """All differences, in the order of `KINDS`, and what became of the findings."""

    comparison: Comparison
    items: tuple[Difference, ...]


def differences(before: Snapshot, after: Snapshot) -> Differences:
    """Compare; lines and layout do not matter, renamed architectures are followed."""
    comparison = compare(before.result, after.result)
    names = dict(comparison.renamed)
    found = [*_api(before.result, after.result)]
    found += _archs(before.result, after.result, names)
    for kind, old, new in (
        ("helper", _exists, _exists),
        ("definition", _definition, _definition),
        ("hooks", _hooks, _hooks),
        ("verdict", _verdict, _verdict),
    ):
        found += _merged(
            kind,
            {_key(h, names): old(h) for h in before.result.helpers},
            {_key(h, {}): new(h) for h in after.result.helpers},
            both=kind != "helper",
        )
    found += _plain("predicate", _predicates(before, names), _predicates(after, {}))
    found += _plain("bit", _fields(before, names), _fields(after, {}))
    for finding in comparison.fixed:
        words = f"{finding.rule} {finding.message}"
        found.append(
            Difference("finding", finding.arch, finding.variants, finding.function, words, None)
        )
    for finding in comparison.new:
        words = f"{finding.rule} {finding.message}"
        found.append(
            Difference("finding", finding.arch, finding.variants, finding.function, None, words)
        )
    return Differences(comparison, tuple(found))


def _api(before: CheckResult, after: CheckResult) -> Iterator[Difference]:
    tables: list[dict[tuple[str, ...], str]] = []
    for result in (before, after):
        table: dict[tuple[str, ...], str] = {
            (p.name,): f"({', '.join(p.parameters)})" for p in result.api.prototypes
        }
        if result.api.predicate is not None:
            table[("pte_user_accessible_page",)] = result.api.predicate
        tables.append(table)
    for subject, old, new in _changed(*tables):
        yield Difference("api", "", (), subject[0], old, new)


def _archs(
    before: CheckResult, after: CheckResult, names: Mapping[str, str]
) -> Iterator[Difference]:
    for old_name, new_name in names.items():
        yield Difference("architecture", new_name, (), new_name, old_name, new_name)
    old = {names.get(s.arch, s.arch): s.arch for s in before.summaries}
    new = {s.arch: s.arch for s in after.summaries}
    for arch in sorted(old.keys() ^ new.keys()):
        yield Difference("architecture", arch, (), arch, old.get(arch), new.get(arch))
    tables: list[dict[tuple[str, ...], str]] = []
    for result, renamed in ((before, names), (after, {})):
        tables.append(
            {
                (renamed.get(s.arch, s.arch), s.variant): "selects the option"
                if s.supported
                else "does not select the option"
                for s in result.summaries
            }
        )
    shared = old.keys() & new.keys()
    for (arch, variant), was, now in _changed(*tables):
        if arch in shared:
            yield Difference("variant", arch, (), variant, was, now)


def _merged(kind: str, before: _Table, after: _Table, both: bool) -> Iterator[Difference]:
    """Differences of helpers; what is the same in several variants is one."""
    merged: dict[tuple[str, str, str | None, str | None], Difference] = {}
    judged = [{key[:2] for key in table} for table in (before, after)]
    for (arch, variant, subject), old, new in _changed(before, after):
        if (both and (old is None or new is None)) or not all(
            (arch, variant) in known for known in judged
        ):
            continue
        key = (arch, subject, old, new)
        known = merged.setdefault(key, Difference(kind, arch, (), subject, old, new))
        merged[key] = replace(known, variants=(*known.variants, variant))
    yield from merged.values()


def _plain(kind: str, before: _Table, after: _Table) -> Iterator[Difference]:
    for (arch, subject, *_), old, new in _changed(before, after):
        yield Difference(kind, arch, (), subject, old, new)


def _changed(
    before: _Table, after: _Table
) -> Iterator[tuple[tuple[str, ...], str | None, str | None]]:
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old != new:
            yield key, old, new


def _key(verdict: HelperVerdict, names: Mapping[str, str]) -> tuple[str, str, str]:
    arch = names.get(verdict.arch, verdict.arch)
    return arch, verdict.variant, f"{verdict.level} {verdict.helper}"


def _exists(verdict: HelperVerdict) -> str:
    return "there"


def _definition(verdict: HelperVerdict) -> str:
    place = verdict.location.path if verdict.location is not None else "nowhere"
    return f"{verdict.function or verdict.helper}, {place}"


def _hooks(verdict: HelperVerdict) -> str:
    calls = sorted({f"{hook.hook} in {hook.function}" for hook in verdict.hooks})
    return ", ".join(calls) or "none"


def _verdict(verdict: HelperVerdict) -> str:
    return verdict.verdict.value


def _predicates(shot: Snapshot, names: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    table: dict[tuple[str, ...], str] = {}
    for facts in shot.archs:
        for one in facts.predicates:
            key = (names.get(one.arch, one.arch), one.name)
            table[key] = f"{table[key]}; {one.text}" if key in table else one.text
    return table


def _fields(shot: Snapshot, names: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    table: dict[tuple[str, ...], str] = {}
    for facts in shot.archs:
        for one in facts.fields:
            key = (names.get(one.arch, one.arch), f"{one.level} {one.name}")
            text = f"{one.mask} {one.role}"
            table[key] = f"{table[key]}, {text}" if key in table else text
    return table
