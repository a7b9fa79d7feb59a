# SPDX-License-Identifier: GPL-2.0-only
"""Edited text that still knows the lines of the tree's own file.

What was judged before an edit holds after it as long as nothing moves. So what is judged while
hooks are looked for says with `#line` where each line stood before; the series itself does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from .edits import Edit


@dataclass(frozen=True, slots=True)
class Numbered:
    """A file's text; `lines` has the number of each line in the tree's file, 0 for a new one."""

    text: str
    lines: tuple[int, ...]

    @staticmethod
    def of(text: str) -> Numbered:
        """The file as the tree has it."""
        return Numbered(text, tuple(range(1, text.count("\n") + 2)))

    def edited(self, edit: Edit) -> Numbered | None:
        """The file with an edit made; None where it does not fit exactly once."""
        if self.text.count(edit.before) != 1:
            return None
        first = self.text.count("\n", 0, self.text.index(edit.before))
        before, after = edit.before.split("\n"), edit.after.split("\n")
        most = min(len(before), len(after))
        head = 0
        while head < most and before[head] == after[head]:
            head += 1
        tail = 0
        while tail < most - head and before[-1 - tail] == after[-1 - tail]:
            tail += 1
        fresh = len(after) - head - tail
        lines = list(self.lines)
        lines[first + head : first + len(before) - tail] = [0] * fresh
        return Numbered(self.text.replace(edit.before, edit.after, 1), tuple(lines))

    def line(self, original: int) -> int:
        """Where a line of the tree's file stands now; the nearest that is left before it."""
        best = 1
        for index, number in enumerate(self.lines, 1):
            if 0 < number <= original:
                best = index
            if number >= original:
                break
        return best

    def steady(self) -> str:
        """The text with directives that give every line its old number.

        One is given again behind each conditional's branch: those inside of it may not count.
        """
        found: list[str] = []
        expected = 1
        joined = told = False
        for line, number in zip(self.text.split("\n"), self.lines, strict=True):
            if number and number != expected and not joined:
                found.append(f"#line {number}")
                expected = number
                told = True
            found.append(line)
            expected = 0 if told and _NEXT.match(line) else expected + 1
            joined = line.endswith("\\")
        return "\n".join(found)


_NEXT: Final = re.compile(r"[ \t]*#[ \t]*(?:else|elif|endif)\b")
Files = Mapping[str, Numbered]


def make_all(files: Files, edits: Iterable[Edit]) -> dict[str, Numbered] | None:
    """The files with all edits made in order; None where one no longer fits."""
    result = dict(files)
    for edit in edits:
        known = result.get(edit.path)
        after = None if known is None else known.edited(edit)
        if after is None:
            return None
        result[edit.path] = after
    return result


def texts_of(files: Files) -> dict[str, str]:
    """The texts as the series has them."""
    return {path: file.text for path, file in files.items()}


def steady_texts(files: Files) -> dict[str, str]:
    """The texts to be judged against each other."""
    return {path: file.steady() for path, file in files.items()}
