# SPDX-License-Identifier: GPL-2.0-only
"""The cover letter of a series of several parts: what their own letters share is said once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..wording import fill

_OWN: Final = "This series "
_PROSE: Final = 80
"""Paragraphs of this many characters explain; shorter ones ("Nothing ...") are about one part."""


def joined(framework: str, letters: Sequence[tuple[str, str]]) -> str:
    """The framework's part, then each architecture's, under its name.

    `letters`: architecture and body, without the last lines that name the program.
    """
    seen: set[str] = set()
    sections = [framework]
    closing = ""
    for arch, body in letters:
        first, *rest = body.strip().split("\n\n")
        if _OWN in first:
            first = first[first.index(_OWN) :]
        sections.append(f"{arch}\n{'=' * len(arch)}\n\n{fill(first)}")
        for paragraph in rest:
            explains = len(paragraph) > _PROSE and not paragraph.startswith(" ")
            if paragraph == rest[-1] and explains:
                closing = paragraph
            elif paragraph not in seen:
                sections.append(paragraph)
            if explains:
                seen.add(paragraph)
    return "\n\n".join([*sections, *([closing] if closing else [])])
