# SPDX-License-Identifier: GPL-2.0-only
"""What of page table check a tree has already, and what of it does not fit together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ..check.api import hook_api
from ..errors import UsageError
from ..generate.api import Hooks, Spelling, names_of, predicate_shape
from ..generate.ctext import blank
from ..kconfig import architectures
from .draft import Draft
from .generations import GENERATIONS, LEVELS, Generation, hooks
from .kbuild import SUPPORT
from .part import Said
from .render import CODE, HEADER
from .text import functions
from .uses import Use, contradictions, fitting, nearest, uses

_SYMBOLS: Final = (
    ("static key page_table_check_disabled", r"\bDEFINE_STATIC_KEY\w*\(page_table_check_disabled"),
    ("struct page_ext_operations page_table_check_ops", r"\bpage_table_check_ops\s*=\s*\{"),
    ("early_param() of page_table_check", r"\bearly_param\s*\("),
)
"""What the header and mm/page_ext.c rely on, and the way to switch it on."""


_ALWAYS: Final = frozenset(
    f"page_table_check_{name}" for name in ("alloc", "free", "pte_clear_range")
)


@dataclass(slots=True)
class Present:
    """`generation`: of the hooks that are there; None: there are none, or (`unknown` says why)
    none that is known, which matters only if something has to be added."""

    generation: Generation | None = None
    unknown: str = ""
    said: Said = field(default_factory=Said)


def there(draft: Draft) -> tuple[bool, bool]:
    """Whether the tree has the header, and the code."""
    return draft.has(HEADER), draft.has(CODE)


def existing(draft: Draft, wanted: Generation) -> Present:
    """What the tree has; `wanted`: the generation where its traces fit that and others."""
    header, code = there(draft)
    found = uses(draft)
    if header:
        return _by_header(draft, found, code)
    here = Present()
    if not found:
        if code:
            here.said.refused.append(
                f"{CODE} is there, and neither {HEADER}, which declares its hooks, nor any call"
            )
        return here
    living = [one for one in found if _matters(draft, one)] or list(found)
    fits = fitting(living)
    if not fits:
        here.said.refused += contradictions(living, nearest(living))
        return here
    lacking = {one: _undefined(draft, _inner(one)) if code else [] for one in fits}
    defined = [one for one in fits if not lacking[one]] or fits
    here.generation = wanted if wanted in defined else defined[-1]
    here.said.refused += lacking[here.generation]
    here.said.left += _others(found, living, here.generation)
    return here


def _inner(generation: Generation) -> set[str]:
    """The functions behind the static key."""
    return {f"__page_table_check_{one.inner}" for one in hooks(generation)}


def _by_header(draft: Draft, found: tuple[Use, ...], code: bool) -> Present:
    here = Present()
    said = here.said
    api = hook_api(draft.tree, architectures(draft.tree))
    try:
        spelled = Hooks(api)
        given = [spelled.set(level) for level in LEVELS]
        given += [spelled.clear(level) for level in LEVELS]
    except UsageError as error:
        said.refused.append(str(error))
        return here
    shape = predicate_shape(api.predicate, draft.text(CODE) or "")
    names = names_of(api.prototypes)
    many = frozenset(level for level in LEVELS if f"page_table_check_{level}s_set" in names)
    same = [one for one in GENERATIONS if one.many == many and _spelled(one, given)]
    exact = [one for one in same if shape is None or one.shape == shape]
    if code:
        declared = re.findall(r"\b(__page_table_check_\w+)\s*\(", draft.text(HEADER) or "")
        said.refused += _undefined(draft, set(declared))
    missing = sorted(_ALWAYS - {one.name for one in api.prototypes})
    said.refused += [f"{HEADER} has no {name}()" for name in missing]
    if not exact:
        here.unknown = (
            f"{HEADER}: its hooks and p*_user_accessible_page() are of no generation that is known"
            f" ({', '.join(one.name for one in GENERATIONS)})"
        )
        return here
    generation = exact[-1] if shape is None else exact[0]
    here.generation = generation
    living = [one for one in found if _matters(draft, one)]
    said.refused += contradictions(living, generation)
    said.left += _others(found, living, generation)
    return here


def _others(found: Iterable[Use], living: list[Use], generation: Generation) -> list[str]:
    """What does not fit where it is not compiled, in words."""
    rest = [one for one in found if one not in living]
    return [f"not touched: {text}" for text in contradictions(rest, generation)]


def bare(draft: Draft) -> list[str]:
    """The architectures that select the option and have no predicates, in words."""
    if re.search(r"\bpte_user_accessible_page\s*\([^)]*\)\s*\{", draft.text(CODE) or ""):
        return []  # before 5.19 they stood there
    return [
        f"arch/{arch} selects {SUPPORT}, and has no pte_user_accessible_page(); --arch {arch}"
        " writes it"
        for arch in sorted(one.name for one in draft.tree.entries("arch"))
        if _selects(draft, arch) and not _defines_predicates(draft, arch)
    ]


def _defines_predicates(draft: Draft, arch: str) -> bool:
    headers = draft.sources(f"arch/{arch}/include/asm", (".h",))
    return any("pte_user_accessible_page" in text for _, text in headers)


def _matters(draft: Draft, use: Use) -> bool:
    """Whether it is compiled with the check: generic code, or an architecture that selects it."""
    folder, arch = use.place.split("/")[:2]
    return folder != "arch" or _selects(draft, arch)


def _selects(draft: Draft, arch: str) -> bool:
    kconfigs = draft.sources(f"arch/{arch}", ("Kconfig",))
    return any(re.search(rf"^\s*select\s+{SUPPORT}\b", text, re.M) for _, text in kconfigs)


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


def _undefined(draft: Draft, declared: set[str]) -> list[str]:
    """What the header declares, or has to declare, and the code does not define."""
    code = draft.text(CODE) or ""
    defined = {one.name for one in functions(code, "")}
    missing = [f"{HEADER} declares {n}(), and {CODE} does not define it"
               for n in sorted(declared - defined)]  # fmt: skip
    masked = blank(code)
    missing += [
        f"{CODE} has no {what}" for what, pattern in _SYMBOLS if not re.search(pattern, masked)
    ]
    return missing
