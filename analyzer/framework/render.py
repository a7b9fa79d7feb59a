# SPDX-License-Identifier: GPL-2.0-only
"""The two files of the framework, from templates, in the form that a tree's facts ask for."""

from __future__ import annotations

import re
from typing import Final

import jinja2

from .. import wording
from ..generate.ctext import wrap_call
from .facts import Facts
from .generations import LEVELS, Generation, Hook, hooks

HEADER: Final = "include/linux/page_table_check.h"
CODE: Final = "mm/page_table_check.c"
_TAB: Final = "\t"
_SIZES: Final = {"pte": "PAGE_SIZE", "pmd": "PMD_SIZE", "pud": "PUD_SIZE"}


def environment() -> jinja2.Environment:
    """The templates of the framework."""
    return wording.environment("framework")


def header(generation: Generation, document: str) -> str:
    """include/linux/page_table_check.h."""
    every = hooks(generation)
    inner = {hook.inner: hook for hook in every}
    text = (
        environment()
        .get_template("page_table_check.h.j2")
        .render(
            document=document,
            declarations=[_declaration(hook) for hook in inner.values()],
            hooks=[
                {
                    "name": hook.name, "inner": hook.inner, "about": hook.about,
                    "when": hook.when, "parameters": hook.parameters,
                    "arguments": hook.arguments,
                    "head": _head("static inline void ", f"page_table_check_{hook.name}", hook),
                }
                for hook in every
            ],
            singles=_singles(every),
        )
    )  # fmt: skip
    return _tidy(text)


def code(generation: Generation, facts: Facts) -> str:
    """mm/page_table_check.c."""
    every = {hook.name: hook for hook in hooks(generation)}
    headers = {"linux/mm.h", "linux/page_ext.h", "linux/page_table_check.h", facts.kstrtox}
    if facts.page_ext == "each":
        headers.add("linux/rcupdate.h")
    if facts.flags:
        entries = "linux/leafops.h" if facts.softleaf else "linux/swapops.h"
        headers |= {"linux/swap.h", entries, "linux/userfaultfd_k.h"}
    ranged = every["pte_clear_range"]
    at = "addr + i * PAGE_SIZE"
    text = (
        environment()
        .get_template("page_table_check.c.j2")
        .render(
            facts=facts,
            headers=sorted(headers),
            parse="kstrtobool" if facts.kstrtox != "linux/string.h" else "strtobool",
            levels=[_level(generation, facts, every, level) for level in LEVELS],
            range_head=_head("void ", "__page_table_check_pte_clear_range", ranged),
            clear_each=_clear(
                generation, "pte", 2, at, "ptep_get(table + i)" if facts.ptep_get else "table[i]"
            ),
        )
    )  # fmt: skip
    return _tidy(text)


def _tidy(text: str) -> str:
    """No two empty lines in a row, and none at the end."""
    return re.sub(r"\n{3,}", "\n\n", text).rstrip("\n") + "\n"


def _head(before: str, name: str, hook: Hook) -> str:
    return wrap_call("", f"{before}{name}", [str(one) for one in hook.parameters], ")")


def _declaration(hook: Hook) -> str:
    head = f"void __page_table_check_{hook.inner}"
    return wrap_call("", head, [str(one) for one in hook.parameters], ");")


def _singles(every: tuple[Hook, ...]) -> list[dict[str, str]]:
    """The upper levels are mostly set one entry at a time."""
    found = []
    for hook in every:
        if hook.name.endswith("s_set") and hook.level != "pte":
            name = f"page_table_check_{hook.level}_set"
            parameters = [str(one) for one in hook.parameters[:-1]]
            found.append(
                {
                    "head": wrap_call("", f"static inline void {name}", parameters, ")"),
                    "target": hook.name,
                    "given": ", ".join(hook.arguments[:-1]),
                }
            )
    return found


def _level(
    generation: Generation, facts: Facts, every: dict[str, Hook], level: str
) -> dict[str, object]:
    many = level in generation.many
    setter = every[f"{level}{'s' if many else ''}_set"]
    shape = generation.predicate
    given = {"mm": f"mm, addr, {level}", "addr": f"{level}, addr", "entry": level}[shape]
    declared = generation.shape.parameters(level)
    size = _SIZES[level]
    each = "1" if level == "pte" else f"{size} >> PAGE_SHIFT"
    pages = each
    if many:
        pages = "nr" if level == "pte" else f"nr * ({each})"
    at = f"addr + i * {size}" if many else "addr"
    old = _old(facts, level, f"{level}p + i" if many else f"{level}p")
    return {
        "name": level,
        "many": many,
        "set_name": setter.name,
        "counts_parameters": declared,
        "predicate": given,
        "counts_given": given,
        "pages": each,
        "clear_head": _head("void ", f"__page_table_check_{level}_clear", every[f"{level}_clear"]),
        "set_head": _head("void ", f"__page_table_check_{setter.name}", setter),
        "clear_old": _clear(generation, level, 2 if many else 1, at, old),
        "count_new": wrap_call(
            _TAB * 2, "page_table_check_set",
            [f"{level}_pfn({level})", pages, f"{level}_write({level})"],
        ),
    }  # fmt: skip


def _old(facts: Facts, level: str, slot: str) -> str:
    """What stands in a slot."""
    if getattr(facts, f"{level}p_get"):
        return f"{level}p_get({slot})"
    return f"*({slot})" if " " in slot else f"*{slot}"


def _clear(generation: Generation, level: str, depth: int, at: str, value: str) -> str:
    arguments = ["mm", *([at] if generation.address else []), value]
    return wrap_call(_TAB * depth, f"__page_table_check_{level}_clear", arguments)
