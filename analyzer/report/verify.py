# SPDX-License-Identifier: GPL-2.0-only
"""The reports of `ptcheck verify`: text, and JSON as docs/verify-json.md says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from analyzer import __version__
from analyzer.boot.run import BootResult
from analyzer.boot.verdict import Outcome, Stop
from analyzer.model import Location
from analyzer.report.escape import place, visible
from analyzer.report.json import SCHEMA, place_document, to_json
from analyzer.report.summary import count
from analyzer.verify.values import (
    Act,
    Agreement,
    FrameworkProof,
    HelperProof,
    Move,
    Problem,
    SequenceProof,
    VariantProof,
    VerifyResult,
)

_INDENT = "    "
_SHOWN = 6  # sequences that are named unless verbose


def render_text(
    result: VerifyResult, as_if_enabled: bool, verbose: bool, timing: bool = False
) -> str:
    """Disagreements with what led there, what could not be run, a table, the closing lines."""
    sections = [
        list(_findings(result, as_if_enabled, verbose)),
        list(_unknown(result)),
        list(_missing(result)) if verbose else [],
        list(_table(result)),
        list(_closing(result, timing)),
    ]
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in sections if lines)


def _findings(result: VerifyResult, as_if_enabled: bool, verbose: bool) -> Iterator[str]:
    for variant in result.variants:
        mark = "" if variant.supported or as_if_enabled else " (if it were enabled)"
        broken = {one.helper for one in variant.helpers if one.problem is not None}
        for group in _alike(variant.helpers):
            first, problem = group[0], group[0].problem
            assert problem is not None
            yield visible(
                f"{_where(first.location)}{first.helper}() disagrees{mark}: {problem.message}"
            )
            if len(group) > 1:
                others = ", ".join(f"{one.helper}()" for one in group[1:])
                yield visible(f"{_INDENT}and so, doing the same, {others}")
            yield from _story(problem, variant)
        caused: list[str] = []
        for sequence in variant.sequences:
            if sequence.problem is None:
                continue
            if broken.intersection(sequence.helpers):
                caused.append(sequence.name)
                continue
            yield visible(
                f"{variant.arch}/{variant.variant}: sequence {sequence.name} disagrees{mark}:"
                f" {sequence.problem.message}"
            )
            yield visible(f"{_INDENT}{sequence.description}")
            yield from _story(sequence.problem, variant)
        if caused:
            shown = ", ".join(caused if verbose else caused[:_SHOWN])
            more = "" if verbose or len(caused) <= _SHOWN else ", ..."
            yield visible(
                f"{variant.arch}/{variant.variant}: {count(len(caused), 'sequence')} with such"
                f" helpers, too: {shown}{more}"
            )


def _alike(helpers: tuple[HelperProof, ...]) -> list[list[HelperProof]]:
    """The helpers that disagree, those together that do the same; first the one that does it."""
    groups: dict[tuple[str, tuple[Move, ...]], list[HelperProof]] = {}
    for one in helpers:
        if one.problem is not None:
            moves = tuple(move for act in one.problem.acts for move in act.moves)
            groups.setdefault((one.problem.rule, moves), []).append(one)
    for (_, moves), group in groups.items():
        innermost = {move.function for move in moves}
        group.sort(key=lambda one: one.function not in innermost)
    return list(groups.values())


def _where(location: Location | None) -> str:
    return "" if location is None else f"{place(location)}: "


def _story(problem: Problem, variant: VariantProof) -> Iterator[str]:
    yield visible(f"{_INDENT}in {variant.arch}/{variant.variant}, rule {problem.rule}")
    for number, act in enumerate(problem.acts, 1):
        yield visible(f"{_INDENT}{number:2}. {act.text}")
        for branch in act.branches:
            yield visible(f"{_INDENT}    {branch}")
        for move in act.moves:
            what = "stores" if move.kind == "store" else f"{move.name}()"
            yield visible(
                f"{_INDENT}    {place(move.location)}: {move.function}() {what}: {move.text}"
            )


def _unknown(result: VerifyResult) -> Iterator[str]:
    lines: dict[str, list[str]] = {}
    for variant in result.variants:
        for one in variant.proofs:
            if one.agreement is Agreement.UNKNOWN:
                name = f"{one.helper}()" if isinstance(one, HelperProof) else one.name
                lines.setdefault(f"{name}: {one.reason}", []).append(
                    f"{variant.arch}/{variant.variant}"
                )
        for problem in variant.problems:
            lines.setdefault(problem, []).append(f"{variant.arch}/{variant.variant}")
    if lines or result.problems:
        yield "not verified"
    for line, variants in lines.items():
        yield visible(f"{_INDENT}{line} [{', '.join(variants)}]")
    for line in result.problems:
        yield visible(f"{_INDENT}{line}")


def _missing(result: VerifyResult) -> Iterator[str]:
    for variant in result.variants:
        if variant.missing:
            yield visible(f"sequences that {variant.arch}/{variant.variant} has no helpers for")
            yield from (visible(f"{_INDENT}{line}") for line in variant.missing)


def _table(result: VerifyResult) -> Iterator[str]:
    if not result.variants:
        return
    width = max(len(f"{v.arch}/{v.variant}") for v in result.variants)
    head = ("helpers", "agree", "disagree", "unknown", "sequences", "agree", "disagree", "runs")
    yield "  ".join(["variant".ljust(width), "selected", *head])
    for variant in result.variants:
        cells = (
            len(variant.applicable),
            variant.count(Agreement.AGREES),
            variant.count(Agreement.DISAGREES),
            variant.count(Agreement.UNKNOWN),
            len(variant.sequences),
            variant.sequences_with(Agreement.AGREES),
            variant.sequences_with(Agreement.DISAGREES),
            variant.runs,
        )
        row = [f"{cell:>{len(name)}}" for cell, name in zip(cells, head, strict=True)]
        label = visible(f"{variant.arch}/{variant.variant}").ljust(width)
        yield "  ".join([label, ("yes" if variant.supported else "no").ljust(8), *row])


def _closing(result: VerifyResult, timing: bool) -> Iterator[str]:
    variants = result.variants
    helpers = [one for variant in variants for one in variant.applicable]
    beside = sum(len(variant.helpers) for variant in variants) - len(helpers)
    sequences = [one for variant in variants for one in variant.sequences]
    agree = sum(one.agreement is Agreement.AGREES for one in helpers)
    hooked = sum(one.agreement is Agreement.AGREES and one.hooked for one in helpers)
    right = sum(one.agreement is Agreement.AGREES for one in sequences)
    classes = sum(len(variant.classes) for variant in variants)
    counted = sum(len(variant.counted) for variant in variants)
    framework = result.framework
    if framework is not None and framework.agreement is Agreement.AGREES:
        yield (
            f"the reference model and the tree's own framework agree: {framework.events} random"
            f" events, {framework.stops} of them refused by both"
        )
    elif framework is not None:
        yield visible(f"the tree's own framework: {framework.message}")
        yield from (visible(f"{_INDENT}{line}") for line in framework.story)
    if result.series:
        yield visible(
            f"with {len(result.series)} patch{'' if len(result.series) == 1 else 'es'} applied:"
        )
        yield from (visible(f"{_INDENT}{subject}") for subject in result.series)
    yield (
        f"{count(len(variants), 'variant')}: {agree} of {count(len(helpers), 'helper')} agree with"
        f" the reference model, {hooked} of them by hooks"
        f"{f', {beside} not applicable' if beside else ''}; {right} of"
        f" {count(len(sequences), 'sequence')} agree{_unplayed(variants)};"
        f" {sum(v.runs for v in variants)} runs over"
        f" {classes} classes of entries, {counted} of them counted"
        f"{f'; {result.seconds:.1f} s' if timing else ''}"
    )


def _unplayed(variants: Iterable[VariantProof]) -> str:
    missing = sum(len(variant.missing) for variant in variants)
    return f", {missing} could not be played (-v names them)" if missing else ""


def render_json(result: VerifyResult, as_if_enabled: bool, timing: bool = False) -> str:
    """One JSON document."""
    return to_json(
        {
            "schema": SCHEMA,
            "tool": {"name": "ptcheck", "version": __version__},
            "tree": {"path": result.tree_label, "revision": result.revision},
            "series": list(result.series),
            "variants": [_variant(variant) for variant in result.variants],
            "framework": _framework(result.framework),
            "problems": list(result.problems),
            "disagrees": result.disagrees(as_if_enabled),
            "incomplete": result.incomplete,
            "seconds": round(result.seconds, 3) if timing else None,
        }
    )


def _framework(proof: FrameworkProof | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    return {
        "agreement": proof.agreement.value,
        "events": proof.events,
        "stops": proof.stops,
        "message": proof.message,
        "story": list(proof.story),
    }


def _variant(variant: VariantProof) -> dict[str, Any]:
    return {
        "arch": variant.arch,
        "variant": variant.variant,
        "supported": variant.supported,
        "runs": variant.runs,
        "classes": [
            {"level": level, "name": name, "counted": (level, name) in variant.counted}
            for level, name in variant.classes
        ],
        "helpers": [_helper(one) for one in variant.helpers],
        "sequences": [_sequence(one) for one in variant.sequences],
        "missing": list(variant.missing),
        "problems": list(variant.problems),
    }


def _helper(one: HelperProof) -> dict[str, Any]:
    return {
        "helper": one.helper,
        "level": one.level,
        "function": one.function,
        **_place(one.location),
        "agreement": one.agreement.value,
        "hooked": one.hooked,
        "cases": one.cases,
        "runs": one.runs,
        "reason": one.reason,
        "problem": _problem(one.problem),
    }


def _sequence(one: SequenceProof) -> dict[str, Any]:
    return {
        "sequence": one.name,
        "description": one.description,
        "helpers": list(one.helpers),
        "agreement": one.agreement.value,
        "runs": one.runs,
        "reason": one.reason,
        "problem": _problem(one.problem),
    }


def _problem(problem: Problem | None) -> dict[str, Any] | None:
    if problem is None:
        return None
    return {
        "rule": problem.rule,
        "message": problem.message,
        "acts": [_act(act) for act in problem.acts],
    }


def _act(act: Act) -> dict[str, Any]:
    return {
        "text": act.text,
        "branches": list(act.branches),
        "moves": [
            {
                "kind": move.kind,
                "name": move.name,
                "level": move.level,
                **place_document(move.location),
                "function": move.function,
                "text": move.text,
            }
            for move in act.moves
        ],
    }


def _place(location: Location | None) -> dict[str, Any]:
    return {"path": None, "line": None} if location is None else place_document(location)


def render_boot_text(result: BootResult, verbose: bool) -> str:
    """The verdict of a boot: one line, then where it stopped."""
    lines = [f"{result.machine}: {result.outcome.value}{_why(result)}"]
    if result.stop is not None:
        lines += [f"{_INDENT}{line}" for line in _stop(result.stop)]
    if result.outcome is not Outcome.UNBUILT:
        lines.append(
            f"{_INDENT}{count(len(result.done), 'scene')} played, {len(result.skipped)} not"
            f" offered, {len(result.wrong)} wrong; {count(result.warnings, 'warning')};"
            f" built in {result.build_seconds:.0f} s, up {result.boot_seconds:.0f} s"
        )
    if result.skipped:
        lines.append(f"{_INDENT}not offered: {', '.join(result.skipped)}")
    if result.wrong:
        lines.append(f"{_INDENT}wrong data: {', '.join(result.wrong)}")
    if verbose:
        lines += [f"{_INDENT}{note}" for note in result.notes]
        lines += [f"{_INDENT}not to be had in this tree: {option}" for option in result.lacking]
    if result.log:
        lines.append(f"{_INDENT}log: {result.log}")
    return "".join(f"{visible(line)}\n" for line in lines)


def _why(result: BootResult) -> str:
    if result.reason:
        return f": {result.reason}"
    return "" if result.stop is None else f" at {result.stop.place}"


def _stop(stop: Stop) -> Iterator[str]:
    if stop.hook:
        yield f"in the hook {stop.hook}(), called by {stop.caller or '?'}()"
    elif stop.function:
        yield f"in {stop.function}()"
    yield f"during the scene '{stop.scene}'" if stop.scene else "before our init began"
    if stop.trace:
        yield f"called from: {' <- '.join(stop.trace[:12])}"


def render_boot_json(result: BootResult) -> str:
    """One JSON document."""
    stop = result.stop
    return to_json(
        {
            "schema": SCHEMA,
            "tool": {"name": "ptcheck", "version": __version__},
            "machine": result.machine,
            "outcome": result.outcome.value,
            "stop": None
            if stop is None
            else {
                "place": stop.place,
                "function": stop.function,
                "hook": stop.hook,
                "caller": stop.caller,
                "scene": stop.scene,
                "trace": list(stop.trace),
            },
            "done": list(result.done),
            "skipped": list(result.skipped),
            "wrong": list(result.wrong),
            "notes": list(result.notes),
            "warnings": result.warnings,
            "lacking": list(result.lacking),
            "reason": result.reason,
            "log": result.log,
            "build_seconds": round(result.build_seconds, 1),
            "boot_seconds": round(result.boot_seconds, 1),
        }
    )
