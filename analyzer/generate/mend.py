# SPDX-License-Identifier: GPL-2.0-only
"""Predicates that an architecture has and that break a law are replaced by ones that do not."""

from __future__ import annotations

from .api import PredicateShape
from .ctext import find_function
from .edits import Edit, Step, make
from .judge import Bench, Judgement
from .predicate_text import function_text
from .predicates import synthesise
from .search import Search


def mend_predicates(
    bench: Bench, search: Search, now: Judgement, shape: PredicateShape
) -> Judgement:
    """The judgement with what could be mended; the rest is left as the tree has it."""
    found = synthesise(bench, None, now, shape)
    for one in found.predicates:
        faults = [fault for fault in now.predicates if fault.level == one.level]
        if not faults or not one.terms or one.option or one.level in found.changed:
            continue
        edit = _edit(search, faults[0].location.path, faults[0].location.line, one.level,
                     function_text(one, shape), faults[0].message)  # fmt: skip
        if edit is None:
            continue
        search.keep([edit])
        after = search.judge()
        worse = after.broken - now.broken or after.problems.keys() - now.problems.keys()
        if worse or any(fault.level == one.level for fault in after.predicates):
            search.drop([edit])
        else:
            now = after
    return now


def _edit(search: Search, path: str, line: int, level: str, new: str, message: str) -> Edit | None:
    """The body of a predicate replaced by another one's."""
    file = search.file(path) if path.startswith(search.targets.folder) else None
    if file is None:
        return None
    name = f"{level}_user_accessible_page"
    parsed = find_function(file.text, name, file.line(line))
    if parsed is None:
        return None
    body = new[new.index("{") : new.rindex("}") + 1]
    parameter = next((p.name for p in parsed.parameters if p.level == level), level)
    if parameter != level:
        return None
    return make(
        file.text, path, parsed.open, parsed.close + 1, body, Step.PREDICATES, name,
        f"otherwise {message}", level=level,
    )  # fmt: skip
