# SPDX-License-Identifier: GPL-2.0-only
"""Generic code that clears live entries raw, moves them raw, or throws a table of them away."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from ..generate.ctext import Function, Statement, blank, indent_at, statement_at, wrap_call
from .draft import Draft
from .generations import Generation, hooks
from .part import Said
from .text import (
    Insert,
    arguments,
    calls,
    functions,
    include,
    insert,
    line_end,
    line_start,
    statements,
)

_KERNEL: Final = re.compile(r"\binit_mm\b")
_GONE: Final = re.compile(
    r"(?<!!)\b(?:pte_none|\w*marker\w*|is_swap_pte|non_swap_entry|softleaf_is_\w+)\b"
    r"|!\s*pte_present\b"
)
_PRESENT: Final = re.compile(r"(?<!!)\bpte_present\b|!\s*pte_none\b")
_MOVED: Final = re.compile(r"\b(?:pmd|pud)_clear\s*\(")
_HUGE: Final = re.compile(r"huge_p[mu]d|\bHPAGE_P[MU]D_SIZE\b")
_TAKEN: Final = re.compile(r"\b(\w+)\s*=\s*pmdp_collapse_flush\s*\(")
_PAIRS: Final = (("new", "old"), ("dst", "src"))
"""How generic code calls where an entry goes to, and where it comes from."""


def raw_clears(draft: Draft) -> Said:
    """pte_clear() of an entry that may be present becomes ptep_clear(), which is counted.

    Left alone: kernel page tables, and entries that the conditions around it prove not to be
    present.
    """
    said = Said()
    for path, text in list(draft.sources("mm", (".c",))):
        masked = blank(text)
        if not re.search(r"\bpte_clear\s*\(", masked):
            continue
        changes: list[int] = []
        understood = list(functions(text, r"\bpte_clear\b"))
        said.left += _beyond(path, masked, understood, r"^[ \t]+(pte_clear)\s*\(")
        for function in understood:
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
        if all(proof.search(one_of) for one_of in head.split("||")):
            return False
    return True


def moved(draft: Draft) -> Said:
    """A huge entry that is read, cleared raw and set elsewhere is taken out by a helper instead.

    The setter counts it, and pmd_clear() and pud_clear() are for entries that point to tables.
    """
    said = Said()
    for path, text in list(draft.sources("mm", (".c",))):
        if not _MOVED.search(text):
            continue
        for function in reversed(list(functions(text, _MOVED.pattern))):
            if not _HUGE.search(function.name + text[function.open : function.close]):
                continue  # it moves tables
            for ones in statements(function.body):
                change = _move(text, ones)
                if change is not None:
                    start, end, line = change
                    text = text[:start] + line + text[end:]
                    said.done.append(f"{function.name}() in {path}")
                    break
        draft.put(path, text)
    said.done.reverse()
    return said


def _move(text: str, ones: tuple[Statement, ...]) -> tuple[int, int, str] | None:
    """The two statements that take an entry out, as positions, and the one that does."""
    words = [blank(text[one.start : one.end]) for one in ones]
    for index, (first, second) in enumerate(pairwise(words)):
        read = re.match(r"(\w+)\s*=\s*(?:\*\s*|\w+_get\()(\w+)\)?;", first)
        clear = re.match(r"(pmd|pud)_clear\(\s*(\w+)\s*\);", second)
        if read is None or clear is None or read[2] != clear[2]:
            continue
        for later in words[index + 2 :]:
            setter = re.match(rf"set_{clear[1]}_at\s*\(", later)
            given = arguments(later, later, setter.end() - 1) if setter else []
            if len(given) != 4:
                continue
            other = next(((new, old) for new, old in _PAIRS if new in given[2]), None)
            if given[3] != read[1] or other is None or given[2].replace(*other) != read[2]:
                continue
            line = wrap_call(
                indent_at(text, ones[index].start), f"{read[1]} = {clear[1]}p_huge_get_and_clear",
                [given[0], given[1].replace(*other), read[2]],
            )  # fmt: skip
            return line_start(text, ones[index].start), ones[index + 1].end, line
    return None


def retracted(draft: Draft, generation: Generation) -> Said:
    """page_table_check_pte_clear_range() where a table is taken out and freed as it is."""
    said = Said()
    for path, text in list(draft.sources("mm", (".c",))):
        masked = blank(text)
        if "pmdp_collapse_flush" not in masked:
            continue
        inserts: list[Insert] = []
        understood = list(functions(text, "pmdp_collapse_flush"))
        said.left += _beyond(path, masked, understood, r"=\s*(pmdp_collapse_flush)\s*\(")
        for function in understood:
            for one in _tables(text, masked, function, generation):
                inserts.append(one)
                said.done.append(f"{function.name}() in {path}")
            said.left += [
                f"{function.name}() in {path}: what becomes of the table that"
                " pmdp_collapse_flush() takes out is not known; if it is freed with its entries,"
                " page_table_check_pte_clear_range() has to be called"
                for _ in _unknown(masked, function)
            ]
        if inserts:
            draft.put(path, include(insert(text, inserts)))
    return said


def _beyond(path: str, masked: str, understood: list[Function], pattern: str) -> list[str]:
    """A remark for calls that stand in no function that was understood."""
    called = re.compile(pattern, re.M)
    lost = [
        match for match in called.finditer(masked)
        if not any(one.open <= match.start() <= one.close for one in understood)
    ]  # fmt: skip
    if not lost:
        return []
    return [f"{path}: {lost[0][1]}() is called where no function was understood; not looked at"]


def _unknown(masked: str, function: Function) -> list[str]:
    """The variables with a table that is neither freed as it is nor put into use again."""
    found = []
    for match in _TAKEN.finditer(masked, function.open, function.close):
        table = rf"\bpmd_pgtable\s*\(\s*{match[1]}\s*\)"
        direct = re.compile(rf"\b(?:pte_free\w*|pmd_populate\w*)\s*\([^;]*{table}")
        named = re.compile(rf"\b(\w+)\s*=\s*{table}").search(masked, match.end(), function.close)
        used = named and re.compile(rf"\bpgtable_trans_huge_deposit\s*\([^;]*\b{named[1]}\b")
        if not any(
            one.search(masked, match.end(), function.close) for one in (direct, used) if one
        ):
            found.append(match[1])
    return found


def _tables(text: str, masked: str, function: Function, generation: Generation) -> list[Insert]:
    found = []
    for match in _TAKEN.finditer(masked, function.open, function.close):
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
