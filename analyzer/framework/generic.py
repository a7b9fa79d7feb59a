# SPDX-License-Identifier: GPL-2.0-only
"""Hooks in the helpers that generic code has for architectures without their own.

A helper of the page table header that takes an address space and a slot, and stores into the slot
itself, gets a hook: one that reads the slot, clears it and returns what it read, behind the clear;
one that stores an entry that it was given, before the store. Helpers that go through others need
none. A helper for entries that are not present has nothing to tell.
"""

from __future__ import annotations

import re
from typing import Final

from ..generate.ctext import Function, Statement, blank, find_function, indent_at, wrap_call
from .draft import Draft
from .facts import Facts
from .generations import Generation, hooks
from .part import Said
from .text import Insert, functions, insert, line_end, line_start

_HOOKS: Final = "linux/page_table_check.h"
_NOT_PRESENT: Final = re.compile(r"no[nt]_?present|safe_from|pte_clear\b")


def hook_helpers(draft: Draft, facts: Facts, generation: Generation) -> Said:
    """The hooks of include/linux/pgtable.h, or of include/asm-generic/pgtable.h before 5.8."""
    said = Said()
    text = draft.text(facts.pgtable) if facts.pgtable else None
    if text is None:
        said.refused.append("there is no include/linux/pgtable.h, and no asm-generic/pgtable.h")
        return said
    masked = blank(text)
    inserts: list[Insert] = []
    for function in functions(text, r"\b(?:p\w\w_clear|set_p\w\w)\s*\("):
        one = _hook(text, masked, function, generation)
        if one is not None:
            inserts.append(one)
            said.done.append(f"{function.name}() in {facts.pgtable}")
    if inserts:
        text = insert(text, inserts)
    with_header = _include(text)
    if with_header is None:
        said.refused.append(f"{facts.pgtable}: no place for #include <{_HOOKS}> was found")
        return said
    draft.put(facts.pgtable, with_header)
    return said


def _include(text: str) -> str | None:
    """The #include behind the last one of the first C-only block."""
    if re.search(rf"^#\s*include\s*<{_HOOKS}>", text, re.M):
        return text
    guard = re.search(r"^#\s*ifndef\s+__ASSEMBL(?:Y|ER)__[^\n]*\n", text, re.M)
    start = guard.end() if guard else 0
    first = re.compile(r"^(?:static|extern|typedef)\b", re.M).search(text, start)
    places = [
        m.end()
        for m in re.compile(r"^#\s*include\s*<linux/[^>\n]+>[^\n]*\n", re.M).finditer(
            text, start, first.start() if first else len(text)
        )
    ]
    if not places:
        return None
    return f"{text[: places[-1]]}#include <{_HOOKS}>\n{text[places[-1] :]}"


def _hook(text: str, masked: str, function: Function, generation: Generation) -> Insert | None:
    slots = [p for p in function.parameters if p.slot]
    if len(slots) != 1 or "page_table_check_" in masked[function.open : function.close]:
        return None
    level, slot = slots[0].slot, slots[0].name
    mm = _mm(function)
    if not mm or _NOT_PRESENT.search(function.name):
        return None
    address = next((p.name for p in function.parameters if p.name in ("addr", "address")), "")
    if generation.address and not address:
        return None
    cleared = _statement(masked, function, rf"{level}_clear\s*\((?:[^()]*,\s*)?{slot}\s*\)\s*;")
    if cleared is not None:
        old = _old(masked, function, level, slot)
        if not old:
            return None
        line = _call(text, cleared, generation, f"{level}_clear", {
            "mm": mm, "addr": address, level: old,
        })  # fmt: skip
        return Insert(line_end(text, cleared.end - 1), line)
    given = next((p.name for p in function.parameters if p.level == level), "")
    count = next((p.name for p in function.parameters if p.name == "nr"), "1")
    store = re.compile(rf"\bset_{level}\s*\(\s*{slot}\s*,\s*{given}\s*\)")
    if not given or not store.search(masked, function.open, function.close):
        return None
    body = [one for one in function.body if one.kind != "declaration"]
    if not body:
        return None
    name = f"{level}{'s' if level in generation.many else ''}_set"
    line = _call(text, body[0], generation, name, {
        "mm": mm, "addr": address, f"{level}p": slot, level: given, "nr": count,
    })  # fmt: skip
    return Insert(line_start(text, body[0].start), f"{line}\n")


def _mm(function: Function) -> str:
    for one in function.parameters:
        if re.search(r"\bmm_struct\b", one.type):
            return one.name
        if re.search(r"\bvm_area_struct\b", one.type):
            return f"{one.name}->vm_mm"
    return ""


def _statement(masked: str, function: Function, pattern: str) -> Statement | None:
    """The simple statement of the body that matches."""
    found = re.compile(pattern)
    return next(
        (one for one in function.body if one.kind == "simple" and found.match(masked, one.start)),
        None,
    )


def _old(masked: str, function: Function, level: str, slot: str) -> str:
    """The variable that holds what stood in the slot, set before the clear."""
    match = re.compile(
        rf"\b(\w+)\s*=\s*(?:\*\s*{slot}|READ_ONCE\(\*{slot}\)|(?:\w*_)?{level}p_get\w*\({slot}\))\s*;"
    ).search(masked, function.open, function.close)
    return match[1] if match else ""


def _call(
    text: str, at: Statement, generation: Generation, name: str, known: dict[str, str]
) -> str:
    hook = next(one for one in hooks(generation) if one.name == name)
    given = [known[one] for one in hook.arguments]
    indent = indent_at(text, at.start)
    return wrap_call(indent, f"page_table_check_{name}", given) + "\n"


def add_ptep_clear(draft: Draft, facts: Facts) -> Said:
    """ptep_clear(), for generic code that clears a live entry and does not need it."""
    said = Said()
    text = draft.text(facts.pgtable) if facts.pgtable else None
    if text is None:
        return said
    if re.search(r"\bptep_clear\s*\(", blank(text)):
        return said
    one = find_function(text, "ptep_get_and_clear", 0)
    if one is None:
        said.left.append(f"{facts.pgtable} has no ptep_get_and_clear() to build ptep_clear() on")
        return said
    end = line_end(text, one.close)
    outside = re.compile(r"#\s*endif[^\n]*\n").match(text, end)
    at = outside.end() if outside else end
    code = (
        "\nstatic inline void ptep_clear(struct mm_struct *mm, unsigned long addr,\n"
        "\t\t\t      pte_t *ptep)\n{\n\tptep_get_and_clear(mm, addr, ptep);\n}\n"
    )
    draft.put(facts.pgtable, text[:at] + code + text[at:])
    said.done.append(f"ptep_clear() in {facts.pgtable}")
    return said
