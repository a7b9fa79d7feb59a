# SPDX-License-Identifier: GPL-2.0-only
"""What a rule consists of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One law, in words for people.

    `code` never changes and is never used again; `name` is one word with hyphens. `title` is
    one line, `explanation`, `why` and `fix` are paragraphs separated by empty lines. `bad` and
    `good` are C that we wrote: `bad` breaks this rule and `good` is the same code mended.
    """

    code: str  # 'PTC101'
    name: str  # 'unhooked'
    title: str
    explanation: str
    why: str
    bad: str
    good: str
    fix: str
