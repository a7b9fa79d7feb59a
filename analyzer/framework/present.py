# SPDX-License-Identifier: GPL-2.0-only
"""What of page table check a tree has already, and what of it does not fit together."""

from __future__ import annotations

import re

from ..check.api import hook_api
from ..errors import UsageError
from ..generate.api import Hooks, Spelling, names_of, predicate_shape
from ..kconfig import architectures
from .draft import Draft
from .generations import GENERATIONS, LEVELS, Generation, hooks
from .part import Said
from .render import CODE, HEADER


def there(draft: Draft) -> tuple[bool, bool]:
    """Whether the tree has the header, and the code."""
    return draft.has(HEADER), draft.has(CODE)


def existing(draft: Draft) -> tuple[Generation | None, Said]:
    """The generation of the hooks that the tree has; None where it has none that is known."""
    said = Said()
    header, code = there(draft)
    if not header:
        if code:
            said.refused.append(f"{CODE} is there, and {HEADER}, which declares its hooks, is not")
        return None, said
    api = hook_api(draft.tree, architectures(draft.tree))
    try:
        spelled = Hooks(api)
        found = [spelled.set(level) for level in LEVELS]
        found += [spelled.clear(level) for level in LEVELS]
    except UsageError as error:
        said.refused.append(f"{HEADER}: {error}")
        return None, said
    shape = predicate_shape(api.predicate, draft.text(CODE) or "")
    names = names_of(api.prototypes)
    many = frozenset(level for level in LEVELS if f"page_table_check_{level}s_set" in names)
    same = [one for one in GENERATIONS if one.many == many and _spelled(one, found)]
    exact = [one for one in same if shape is None or one.shape == shape]
    if code:
        said.refused += _undefined(draft)
    if not exact:
        said.refused.append(
            f"{HEADER}: its hooks and p*_user_accessible_page() are of no generation that is known"
            f" ({', '.join(one.name for one in GENERATIONS)})"
        )
        return None, said
    return exact[-1] if shape is None else exact[0], said


def _spelled(one: Generation, found: list[Spelling]) -> bool:
    """Whether hooks have the names and parameters of a generation."""
    known = {hook.name: hook for hook in hooks(one)}
    for spelling in found:
        name = spelling.name.removeprefix("page_table_check_")
        hook = known.get(name) or known.get(name.replace("_set", "s_set"))
        if hook is None:
            return False
        given = len(hook.parameters)
        if hook.name != name:
            given -= 1  # a macro for a count of one
        if len(spelling.roles) != given or spelling.takes_address != one.address:
            return False
    return True


def _undefined(draft: Draft) -> list[str]:
    """What the header declares and the code does not define."""
    declared = set(re.findall(r"\b(__page_table_check_\w+)\s*\(", draft.text(HEADER) or ""))
    code = draft.text(CODE) or ""
    missing = [n for n in sorted(declared) if not re.search(rf"\b{n}\s*\(", code)]
    return [f"{HEADER} declares {name}(), and {CODE} does not define it" for name in missing]
