# SPDX-License-Identifier: GPL-2.0-only
"""A witness in lines of a label and a text, for all formats that are read by people."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import CheckResult, EntryValue, Finding, Step, Witness
from analyzer.report.escape import place, visible
from analyzer.report.summary import where

Row = tuple[str, str]  # label ('' continues the one above) and text, already escaped


def rows(finding: Finding, result: CheckResult) -> Iterator[Row]:
    """What makes the finding checkable by hand. All text is escaped."""
    function = f"{finding.function}(), " if finding.function else ""
    level = f"level {finding.level}, " if finding.level else ""
    yield "in", visible(f"{function}{level}{where(finding, result)}")
    others = [name for name in finding.helpers if name != finding.function]
    if others:
        yield "helpers", visible(", ".join(others))
    if finding.witness is not None:
        yield from _witness(finding.witness)


def _witness(witness: Witness) -> Iterator[Row]:
    yield "configuration", visible(witness.variant)
    if not (witness.path or witness.expected or witness.got):  # a predicate: nothing is run
        yield "predicate", visible(witness.helper)
        if witness.old is not None:
            yield "entry", entry_text(witness.old)
        return
    yield "helper", visible(witness.helper)
    yield from _labelled("path", [step_text(step) for step in witness.path] or ["(no step)"])
    if witness.old is not None:
        yield "old entry", entry_text(witness.old)
    if witness.new is not None:
        yield "new entry", entry_text(witness.new)
    if witness.left is not None:
        yield "left in slot", entry_text(witness.left)
    if witness.old is None and not witness.expected and not witness.got:
        return  # of a call site: read in the source, nothing was run
    hooks = [visible(step.text) for step in witness.path if step.kind == "hook"]
    yield from _labelled("hooks", hooks or ["none executed"])
    yield from _labelled("expected", [visible(line) for line in witness.expected] or _NOTHING)
    yield from _labelled("got", [visible(line) for line in witness.got] or _NOTHING)


_NOTHING = ["no counter moves"]


def _labelled(label: str, lines: list[str]) -> Iterator[Row]:
    for number, line in enumerate(lines):
        yield ("" if number else label), line


def step_text(step: Step) -> str:
    """`mm/x.c:12 f(): stores 0x0`, escaped."""
    return f"{place(step.location)} {visible(f'{step.function}(): {step_words(step)}')}"


def step_words(step: Step) -> str:
    """`calls f()`, `branch x: taken`: the kind of step is said once. Not escaped."""
    return step.text if step.text.startswith(step.kind) else f"{step.kind} {step.text}"


def entry_text(entry: EntryValue) -> str:
    """`0x1200087 user-writable: PRESENT|USER|WRITE pfn=0x1200`, escaped."""
    named = f": {entry.text}" if entry.text else ""
    name = f" {entry.name}" if entry.name else ""
    return visible(f"{entry.value:#x}{name}{named}")
