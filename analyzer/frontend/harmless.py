# SPDX-License-Identifier: GPL-2.0-only
"""Whether a text is to the preprocessor what it seems: its macros end and begin nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from analyzer.frontend.edits import MacroEdit
from analyzer.frontend.image import Macros

_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*")
_SPECIAL: Final = re.compile(r"[;{}#]|__COUNTER__|_Pragma|__has_")
_BRACKET: Final = re.compile(r"[()\[\]]")
_MAX: Final = 400  # macros that some words may reach


def stays_one(words: Iterable[str], macros: Macros, edits: Sequence[MacroEdit]) -> bool:
    """Whether a declaration of these words is one declaration wherever it stands: no macro of them,
    whatever it is defined as, has anything but balanced text without braces and semicolons."""
    fresh = [macro for edit in edits for macro, _ in edit.new]
    todo = list(words)
    seen = set(todo)
    while todo:
        if len(seen) > _MAX:
            return False
        name = todo.pop()
        known = [behind for _, behind in macros.events(name) if behind is not None]
        for behind in (*known, *(one.behind for one in fresh if one.name == name)):
            if _SPECIAL.search(behind) or not _is_balanced(behind):
                return False
            new = set(_WORD.findall(behind)) - seen
            seen |= new
            todo += sorted(new)
    return True


def _is_balanced(text: str) -> bool:
    open_: list[str] = []
    for bracket in _BRACKET.findall(text):
        if bracket in "([":
            open_.append(bracket)
        elif not open_ or open_.pop() + bracket not in ("()", "[]"):
            return False
    return not open_


__all__ = ["stays_one"]
