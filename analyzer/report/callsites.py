# SPDX-License-Identifier: GPL-2.0-only
"""The reports of `ptcheck callsites`: text, and JSON as docs/json-schema.md says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from analyzer import __version__
from analyzer.callsites import CallSite, Judgement, Mapping
from analyzer.model import Step
from analyzer.report.escape import place, visible
from analyzer.report.json import SCHEMA, to_json
from analyzer.report.summary import count
from analyzer.rules.catalogue import rule_named

_ORDER = (
    Judgement.FINDING, Judgement.UNKNOWN, Judgement.UNCOUNTED, Judgement.HELPER, Judgement.HOOKED,
    Judgement.INSIDE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CallSiteFacts:
    """What `ptcheck callsites` reports."""

    label: str
    revision: str | None
    archs: tuple[str, ...]
    sites: tuple[CallSite, ...]
    problems: tuple[str, ...]
    files_read: int
    files_parsed: int
    seconds: float

    @property
    def findings(self) -> tuple[CallSite, ...]:
        return tuple(site for site in self.sites if site.judgement is Judgement.FINDING)

    @property
    def incomplete(self) -> bool:
        """Whether something could not be read, or a raw call not be decided."""
        return bool(self.problems) or any(s.judgement is Judgement.UNKNOWN for s in self.sites)


def render_json(facts: CallSiteFacts) -> str:
    """One JSON document; keys may be added without a new schema number."""
    return to_json(
        {
            "schema": SCHEMA,
            "tool": {"name": "ptcheck", "version": __version__},
            "tree": {"path": facts.label, "revision": facts.revision},
            "archs": list(facts.archs),
            "callsites": [_site(site) for site in facts.sites],
            "problems": list(facts.problems),
            "incomplete": facts.incomplete,
            "files_read": facts.files_read,
            "files_parsed": facts.files_parsed,
            "seconds": round(facts.seconds, 3),
        }
    )


def _site(site: CallSite) -> dict[str, Any]:
    return {
        "helper": site.helper,
        "level": site.level,
        "path": site.location.path,
        "line": site.location.line,
        "function": site.function,
        "mapping": site.mapping.value,
        "judgement": site.judgement.value,
        "rule": site.rule or None,
        "reason": site.reason,
        "archs": list(site.archs),
        "witness": [_step(step) for step in site.path],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "path": step.location.path,
        "line": step.location.line,
        "function": step.function,
        "text": step.text,
    }


def render_text(facts: CallSiteFacts, *, verbose: bool = False) -> str:
    """One line for each call site, findings with their witness first; then the sums.

    Calls in the bodies of helpers are only counted, unless `verbose`.
    """
    return "\n".join(_lines(facts, verbose)) + "\n"


def _lines(facts: CallSiteFacts, verbose: bool) -> Iterator[str]:
    for site in facts.findings:
        rule = rule_named(site.rule)
        yield f"{_where(site, facts)}: {rule.code} {rule.name}: {visible(site.reason)}"
        for step in site.path:
            yield f"        {place(step.location)}: {step.kind}: {visible(step.text)}"
    if facts.findings:
        yield ""
    for site in facts.sites:
        if site.judgement is Judgement.FINDING:
            continue
        if site.judgement is Judgement.INSIDE and not verbose:
            continue
        mapping = "" if site.mapping is Mapping.UNKNOWN else f", {site.mapping.value} mapping"
        reason = f" ({visible(site.reason)})" if site.reason else ""
        yield f"{_where(site, facts)}: {site.judgement.value}{mapping}{reason}"
    for problem in facts.problems:
        yield visible(problem)
    sums = {kind: sum(s.judgement is kind for s in facts.sites) for kind in _ORDER}
    yield ""
    yield (
        f"{count(len(facts.archs), 'architecture')}, {count(len(facts.sites), 'call site')}: "
        + ", ".join(f"{sums[kind]} {kind.value}" for kind in _ORDER)
        + f"; {facts.files_read} files read, {facts.files_parsed} parsed, {facts.seconds:.1f} s"
    )


def _where(site: CallSite, facts: CallSiteFacts) -> str:
    some = "" if set(site.archs) == set(facts.archs) else f" [{', '.join(site.archs)}]"
    name = "a plain store" if site.helper == "*" else site.helper
    return f"{place(site.location)}: {visible(name)} in {visible(site.function)}(){some}"
