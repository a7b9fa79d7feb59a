# SPDX-License-Identifier: GPL-2.0-only
"""What is still unhooked when the series is judged as `check` judges any tree.

The search knows the functions that the headers lead to. `check` tries more, the functions that a
guest of a hypervisor puts into a table, say. Such a function gets a hook as well, if the tree is
judged better with it: fewer findings, and no more that is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from ..check.api import hook_api
from ..check.judging import Shared
from ..errors import SourceError
from ..kconfig import architectures
from ..model import Finding
from ..tree import KernelTree
from .api import Hooks
from .ctext import find_function
from .edits import Edit, Step, apply, make
from .forms import Form, Site, forms
from .placement import HOOKS, includes, sorted_place
from .run import Plan
from .selfcheck import Checked, check_series

_UNHOOKED: Final = "PTC101"
_FORMS: Final = 3  # that are tried for a function
_FUNCTIONS: Final = 4


def mend_leftover(tree: KernelTree, found: Plan) -> tuple[Plan, Checked]:
    """The plan with hooks for what it leaves unhooked, where that helps, and what `check` says."""
    shared = Shared()
    checked = check_series(tree, found, shared)
    if not any(one.rule == _UNHOOKED for one in checked.found):
        return found, checked
    hooks = Hooks(hook_api(tree, architectures(tree)))
    own = {(edit.path, edit.function) for edit in found.edits}
    tried = 0
    for one in checked.found:
        place = (one.location.path, one.function)
        if one.rule != _UNHOOKED or place in own or tried == _FUNCTIONS:
            continue
        tried += 1
        for plan in islice(_hooked(tree, found, one, hooks), _FORMS):
            after = check_series(tree, plan, shared)
            if len(after.findings) < len(checked.findings) and after.unknown <= checked.unknown:
                found, checked = plan, after
                break
    return found, checked


def _hooked(tree: KernelTree, plan: Plan, one: Finding, hooks: Hooks) -> Iterator[Plan]:
    """The plan with a hook more, in the forms that the function has a place for."""
    path = one.location.path
    try:
        original = tree.read(path).decode("latin-1")
    except SourceError:
        return
    texts = apply(plan.texts, plan.edits) or {}
    text = texts.get(path, original)
    parsed = find_function(text, one.function, one.location.line)
    if parsed is None:
        return
    first = next((ones for ones in parsed.body if ones.kind != "declaration"), None)
    if first is None or not any(parameter.slot for parameter in parsed.parameters):
        return
    for form in forms(Site(text, parsed, first.start, one.level), hooks):
        edits = _edits(text, path, one, form)
        yield replace(
            plan,
            edits=(*plan.edits, *edits),
            texts={**plan.texts, path: plan.texts.get(path, original)},
        )


def _edits(text: str, path: str, one: Finding, form: Form) -> list[Edit]:
    """From the last to the first, so that positions stay."""
    made = []
    for change in sorted(form.changes, key=lambda change: -change.start):
        made.append(
            make(text, path, change.start, change.end, change.new, Step.HOOKS, one.function,
                 form.why, form.hook, one.level)
        )  # fmt: skip
        text = text[: change.start] + change.new + text[change.end :]
    if not includes(text):
        at = sorted_place(text)
        line = f"#include <{HOOKS}>\n"
        why = "the hooks are declared there"
        made.append(make(text, path, at, at, line, Step.HOOKS, HOOKS, why))
    return made
