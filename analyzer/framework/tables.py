# SPDX-License-Identifier: GPL-2.0-only
"""Generic code that clears live entries raw, or throws away a whole table of them."""

from __future__ import annotations

import re
from typing import Final

from ..generate.ctext import Function, blank, indent_at, statement_at, wrap_call
from .draft import Draft
from .generations import Generation, hooks
from .part import Said
from .text import Insert, arguments, calls, functions, include, insert, line_end

_KERNEL: Final = re.compile(r"\binit_mm\b")
_GONE: Final = re.compile(
    r"\b(?:pte_none|!\s*pte_present|\w*marker\w*|is_swap_pte|non_swap_entry)\b"
)
_PRESENT: Final = re.compile(r"(?<!!)\bpte_present\b")
_TEST: Final = "debug_vm_pgtable"


def raw_clears(draft: Draft) -> Said:
    """pte_clear() of an entry that may be present becomes ptep_clear(), which is counted.

    Left alone: kernel page tables, entries that the conditions around it prove not to be present,
    and the test of the helpers themselves.
    """
    said = Said()
    for path, text in list(draft.sources("mm", (".c",))):
        masked = blank(text)
        if _TEST in path or not re.search(r"\bpte_clear\s*\(", masked):
            continue
        changes: list[int] = []
        for function in functions(text, r"\bpte_clear\b"):
            for at, given in calls(masked, text, "pte_clear", function.open, function.close):
                if len(given) == 3 and _live(masked, function, at, given):
                    changes.append(at)
                    said.done.append(f"{function.name}() in {path}")
        for at in reversed(changes):
            text = text[:at] + text[at:].replace("pte_clear", "ptep_clear", 1)
        draft.put(path, text)
    return said


def _live(masked: str, function: Function, at: int, given: list[str]) -> bool:
    if _KERNEL.search(given[0]) or "marker" in function.name:
        return False
    for one in statement_at(function.body, at):
        if one.kind != "compound" or not one.children:
            continue
        head = masked[one.start : one.children[0].start]
        proof = _GONE if at < one.children[0].end else _PRESENT
        if proof.search(head) and "||" not in head:
            return False
    return True


def retracted(draft: Draft, generation: Generation) -> Said:
    """page_table_check_pte_clear_range() where a table is taken out and freed as it is."""
    said = Said()
    for path, text in list(draft.sources("mm", (".c",))):
        masked = blank(text)
        if "pmdp_collapse_flush" not in masked:
            continue
        inserts: list[Insert] = []
        for function in functions(text, "pmdp_collapse_flush"):
            for one in _tables(text, masked, function, generation):
                inserts.append(one)
                said.done.append(f"{function.name}() in {path}")
        if inserts:
            draft.put(path, include(insert(text, inserts)))
    return said


def _tables(text: str, masked: str, function: Function, generation: Generation) -> list[Insert]:
    taken = re.compile(r"\b(\w+)\s*=\s*pmdp_collapse_flush\s*\(")
    found = []
    for match in taken.finditer(masked, function.open, function.close):
        name = match[1]
        given = arguments(masked, text, match.end() - 1)
        freed = re.compile(
            rf"\bpte_free(?:_\w+)?\s*\(\s*([^,()]+),\s*pmd_pgtable\s*\(\s*{name}\s*\)\s*\)"
        ).search(masked, match.end(), function.close)
        outer = statement_at(function.body, match.start())
        if len(given) != 3 or freed is None or not outer:
            continue
        hooked = re.compile(rf"\bpage_table_check_pte_clear_range\s*\([^;]*\b{name}\b")
        if hooked.search(masked, outer[-1].end, function.close):
            continue
        hook = next(one for one in hooks(generation) if one.name == "pte_clear_range")
        known = {"mm": " ".join(freed[1].split()), "addr": given[1], "pmd": name}
        line = wrap_call(
            indent_at(text, outer[-1].start), f"page_table_check_{hook.name}",
            [known[one] for one in hook.arguments],
        )  # fmt: skip
        found.append(Insert(line_end(text, outer[-1].end - 1), f"{line}\n"))
    return found
