# SPDX-License-Identifier: GPL-2.0-only
"""The reports of `ptcheck helpers`: text, and JSON as docs/json-schema.md says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from analyzer import __version__
from analyzer.model import Location
from analyzer.report.escape import place, visible
from analyzer.report.json import SCHEMA, place_document, to_json
from analyzer.report.summary import count

_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Call:
    """A step of a chain: `function`, and the place that calls it (None: generic code does)."""

    function: str
    called: Location | None


@dataclass(frozen=True, slots=True)
class Reached:
    """A store to an entry, or a call of a hook, and the calls that lead to it.

    `kind` is 'store' or 'hook', `name` the hook ('' for a store), `level` that of the entry that
    is changed or of the hook. `calls` begins with the function that the helper resolves to; it is
    empty where a macro does it itself (`location` is None where the macro's place is not known).
    """

    kind: str
    name: str
    level: str
    location: Location | None
    function: str
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class HelperFacts:
    """One helper in one variant.

    `resolves` is where the code stands that the name means here: 'override' (in the
    architecture, in place of a generic one), 'arch' (in the architecture, which has to have it),
    'generic', 'macro' (expands to no function), 'absent' (not in this configuration).
    `alias`: the function has another name. `out_of_line`: it stands in a .c file.
    `verdict` is that of `ptcheck check`, None where no entry is changed.
    """

    arch: str
    variant: str
    helper: str
    level: str
    parameters: tuple[str, ...]
    slot: str
    resolves: str
    alias: bool
    out_of_line: bool
    function: str
    location: Location | None
    reached: tuple[Reached, ...]
    verdict: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class VariantHelpers:
    """The interface in one variant; `problems` are `path:line: message`."""

    arch: str
    variant: str
    description: str
    helpers: tuple[HelperFacts, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InterfaceFacts:
    """What `ptcheck helpers` reports."""

    label: str
    revision: str | None
    variants: tuple[VariantHelpers, ...]

    @property
    def incomplete(self) -> bool:
        """Something could not be followed or read."""
        return any(
            variant.problems or any(helper.verdict == "unknown" for helper in variant.helpers)
            for variant in self.variants
        )


def render_json(facts: InterfaceFacts) -> str:
    """One JSON document; keys may be added without a new schema number."""
    return to_json(
        {
            "schema": SCHEMA,
            "tool": {"name": "ptcheck", "version": __version__},
            "tree": {"path": facts.label, "revision": facts.revision},
            "variants": [
                {
                    "arch": variant.arch,
                    "variant": variant.variant,
                    "description": variant.description,
                    "problems": list(variant.problems),
                }
                for variant in facts.variants
            ],
            "helpers": [
                _helper(helper) for variant in facts.variants for helper in variant.helpers
            ],
            "incomplete": facts.incomplete,
        }
    )


def _helper(helper: HelperFacts) -> dict[str, Any]:
    return {
        "arch": helper.arch,
        "variant": helper.variant,
        "helper": helper.helper,
        "level": helper.level,
        "parameters": list(helper.parameters),
        "slot": helper.slot,
        "resolves": helper.resolves,
        "alias": helper.alias,
        "out_of_line": helper.out_of_line,
        "function": helper.function,
        **place_document(helper.location),
        "verdict": helper.verdict,
        "stores": [_reached(one) for one in helper.reached if one.kind == "store"],
        "hooks": [
            {"hook": one.name, **_reached(one)} for one in helper.reached if one.kind == "hook"
        ],
        "reason": helper.reason,
    }


def _reached(one: Reached) -> dict[str, Any]:
    return {
        "level": one.level,
        **place_document(one.location),
        "function": one.function,
        "calls": [{"function": call.function, **place_document(call.called)} for call in one.calls],
    }


def render_text(facts: InterfaceFacts, verbose: bool = False) -> str:
    """For people: each helper with what it resolves to, and what is reached from there."""
    lines: list[str] = []
    for variant in facts.variants:
        if lines:
            lines.append("")
        lines += _variant(variant, verbose)
    if not facts.variants:
        lines.append("nothing was read: no such variant, or none with an MMU")
    return "".join(f"{line}\n" for line in lines)


def _variant(variant: VariantHelpers, verbose: bool) -> Iterator[str]:
    description = f": {visible(variant.description)}" if variant.description else ""
    yield f"{visible(f'{variant.arch}/{variant.variant}')}{description}"
    for helper in variant.helpers:
        if helper.verdict is not None:
            yield ""
            yield from _lines(helper, verbose)
    unchanged = [h.helper for h in variant.helpers if h.verdict is None and h.resolves != "absent"]
    absent = [h.helper for h in variant.helpers if h.resolves == "absent"]
    yield ""
    if unchanged:
        yield f"change no entry: {visible(', '.join(unchanged))}"
    if absent:
        yield f"not in this configuration: {visible(', '.join(absent))}"
    for problem in variant.problems if verbose else variant.problems[:10]:
        yield f"could not be read: {visible(problem)}"
    judged = [helper for helper in variant.helpers if helper.verdict is not None]
    unknown = sum(helper.verdict == "unknown" for helper in judged)
    hooks = {(o.name, o.location) for h in judged for o in h.reached if o.kind == "hook"}
    yield (
        f"{count(len(judged), 'helper')}, {unknown} unknown; "
        f"{count(len(hooks), 'hook call')} reached"
    )


def _lines(helper: HelperFacts, verbose: bool) -> Iterator[str]:
    at = f"{place(helper.location)}: " if helper.location is not None else ""
    yield f"{at}{visible(helper.helper)} ({visible(helper.level)}): {_resolution(helper)}"
    changed = sorted({one.level for one in helper.reached if one.kind == "store"})
    slot = f"slot {helper.slot}" if helper.slot else "slot"
    if changed:
        yield f"{_INDENT}{visible(slot)}: changes a {visible(', '.join(changed))} entry"
    for one in helper.reached if verbose else _shortest(helper.reached):
        via = " > ".join(call.function for call in one.calls)
        what = f"hook  {one.name}()" if one.kind == "hook" else "store"
        at = f" {place(one.location)}" if one.location is not None else ""
        yield f"{_INDENT}{visible(what)}{at} {visible(f'via {via}' if via else 'in the macro')}"
    yield f"{_INDENT}{helper.verdict}{f' ({visible(helper.reason)})' if helper.reason else ''}"


def _resolution(helper: HelperFacts) -> str:
    words = [helper.resolves]
    if helper.alias:
        words.append(f"alias of {helper.function}()")
    if helper.out_of_line:
        words.append("out of line")
    return visible(", ".join(words))


def _shortest(reached: tuple[Reached, ...]) -> list[Reached]:
    """For each store and hook the shortest chain that leads there (-v shows all)."""
    best: dict[tuple[str, str, Location | None], Reached] = {}
    for one in reached:
        key = (one.kind, one.name, one.location)
        if key not in best or len(one.calls) < len(best[key].calls):
            best[key] = one
    return list(best.values())
