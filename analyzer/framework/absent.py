# SPDX-License-Identifier: GPL-2.0-only
"""What the original feature consists of besides, and why a series for this tree has nothing of it.

The parts are those of docs/framework.md, row by row.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from ..generate.ctext import blank
from .draft import Draft
from .facts import Facts
from .order import RMAP, makers

_GENERIC: Final = {
    "ptes?_set": "set_ptes", "pte_clear": "ptep_get_and_clear",
    "pmd_clear": "pmdp_huge_get_and_clear", "pud_clear": "pudp_huge_get_and_clear",
}  # fmt: skip
"""The hooks that generic helpers call in the newest trees, and those helpers."""
_HARDENED: Final = "kernel/configs/hardening.config"
_TRANSLATIONS: Final = "Documentation/translations"
_BESIDE: Final = "page_owner.rst"


def absent(draft: Draft, facts: Facts, steps: Collection[str]) -> list[str]:
    """A line for each part that the series lacks; `steps`: the names of its patches."""
    found = []
    if "order" not in steps and makers(draft.text(RMAP) or ""):
        found.append(
            "no page is made anonymous after its entry was set (that was changed in mm/hugetlb.c,"
            " mm/memory.c, mm/migrate.c and mm/swapfile.c): mm/ does it before"
        )
    if "ptep_clear" not in steps and _has_ptep_clear(draft, facts):
        found.append(
            "ptep_clear() and its callers: it is there, and generic code clears no live entry"
            " without it"
        )
    found += _helpers(draft, facts)
    sources = [text for _, text in draft.sources("mm", (".c",))]
    freed = any("= pmdp_collapse_flush(" in text for text in sources)
    if not freed and not any(_calls(text, "pte_clear_range") for text in sources):
        found.append(
            "page_table_check_pte_clear_range() has no caller: nothing in mm/ frees a table that"
            " pmdp_collapse_flush() took out"
        )
    if not facts.shared_flags:
        found.append("need_shared_flags: page_ext of this tree has nothing of the kind")
    if draft.has(_HARDENED) and "PAGE_TABLE_CHECK" not in (draft.text(_HARDENED) or ""):
        found.append(
            f"{_HARDENED}: to let hardened kernels have the option is for others to decide"
        )
    if _translated(draft):
        found.append(f"{_TRANSLATIONS}: the document is in English only")
    return found


def _helpers(draft: Draft, facts: Facts) -> list[str]:
    """Generic helpers that are hooked in other trees, and are not there in this one."""
    return [
        f"{facts.pgtable}: there is no generic {name}() to hook; the architectures have to do it"
        for name, defined in _unhooked(draft, facts)
        if not defined
    ]


def odd_helpers(draft: Draft, facts: Facts) -> list[str]:
    """Generic helpers that were not understood, and so are not hooked."""
    return [
        f"{facts.pgtable}: {name}() has a form that is not known, and calls no hook; whether those"
        " who use it are accounted for `ptcheck check` says"
        for name, defined in _unhooked(draft, facts)
        if defined
    ]


def _unhooked(draft: Draft, facts: Facts) -> list[tuple[str, bool]]:
    """The names of helpers without a hook, and whether the generic header defines each."""
    text = draft.text(facts.pgtable) or "" if facts.pgtable else ""
    masked = blank(text)
    return [
        (name, bool(re.search(rf"\b{name}\s*\([^;{{}}]*\)\s*\{{", masked)))
        for hook, name in _GENERIC.items()
        if text and not _calls(text, hook)
    ]


def _has_ptep_clear(draft: Draft, facts: Facts) -> bool:
    text = draft.text(facts.pgtable) or "" if facts.pgtable else ""
    return bool(re.search(r"\bptep_clear\s*\(", blank(text)))


def _calls(text: str, hook: str) -> bool:
    return "page_table_check_" in text and bool(
        re.search(rf"\bpage_table_check_{hook}\s*\(", blank(text))
    )


def _translated(draft: Draft) -> bool:
    """Whether anybody translates what stands beside the document."""
    languages = draft.tree.entries(_TRANSLATIONS)
    return any(
        draft.has(f"{_TRANSLATIONS}/{one.name}/{folder}/{_BESIDE}")
        for one in languages for folder in ("mm", "vm")
    )  # fmt: skip
