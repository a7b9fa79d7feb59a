# SPDX-License-Identifier: GPL-2.0-only
"""Edits of the original text, kept so that they can be applied one step at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum


class Step(IntEnum):
    """The patch of the series to which an edit belongs, in the order of the series."""

    PREPARE = 1
    RAW = 2
    PREDICATES = 3
    HOOKS = 4
    SELECT = 5


@dataclass(frozen=True, slots=True)
class Edit:
    """`before` stands exactly once in the file's text and becomes `after`."""

    path: str
    before: str
    after: str
    step: Step
    function: str
    why: str  # a sentence without a full stop, for the body of the patch
    hook: str = ""  # the hook that it adds, if any
    level: str = ""


Texts = Mapping[str, str]


def make(
    text: str, path: str, start: int, end: int, new: str, step: Step, function: str, why: str,
    hook: str = "", level: str = "",
) -> Edit:  # fmt: skip
    """An edit of text[start:end]; lines before and after are taken in until it is unique."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last + 1
    while text.count(text[first:last]) > 1:
        above = text.rfind("\n", 0, max(first - 1, 0)) + 1
        below = text.find("\n", last)
        below = len(text) if below < 0 else below + 1
        if (above, below) == (first, last):
            break
        if above < first:
            first = above
        if text.count(text[first:last]) > 1:
            last = below
    return Edit(
        path, text[first:last], text[first:start] + new + text[end:last], step, function, why,
        hook, level,
    )  # fmt: skip


def apply(texts: Texts, edits: Iterable[Edit]) -> dict[str, str] | None:
    """The texts with all edits made in order; None where one no longer fits."""
    result = dict(texts)
    for edit in edits:
        text = result.get(edit.path)
        if text is None or text.count(edit.before) != 1:
            return None
        result[edit.path] = text.replace(edit.before, edit.after, 1)
    return result


def in_steps(texts: Texts, edits: Iterable[Edit]) -> list[tuple[Step, list[Edit]]]:
    """The edits by step; one that builds on a later step's text is moved to that step."""
    waiting = list(edits)
    result: list[tuple[Step, list[Edit]]] = []
    current = dict(texts)
    for step in Step:
        taken: list[Edit] = []
        for edit in [e for e in waiting if e.step <= step]:
            after = apply(current, [edit])
            if after is not None:
                current = after
                taken.append(edit)
                waiting.remove(edit)
        if taken:
            result.append((step, taken))
    if waiting:
        raise ValueError(f"an edit of {waiting[0].function} fits nowhere in the series")
    return result
