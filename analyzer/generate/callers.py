# SPDX-License-Identifier: GPL-2.0-only
"""Callers that take an entry out around the hooks get the hook themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..callsites import CallSite, Judgement, ReadSources, check_sites
from ..callsites.live import compiled
from ..kconfig import Variant
from ..tree import KernelTree, OverlayTree
from .api import Hooks
from .ctext import Function, blank, find_function, indent_at, statement_at, wrap_call
from .edits import Edit, Step, make
from .forms import mm_of
from .judge import Bench
from .placement import HOOKS, includes, sorted_place
from .search import Search

_WHY = "it takes the entry out with a primitive, and it is put back by a setter that counts it"
_TAKES = re.compile(r"^\w+_clear\s*\((.*)\)\s*;$", re.S)


@dataclass(frozen=True, slots=True)
class Left:
    """A call that nothing mends, in these variants."""

    site: CallSite
    variants: tuple[str, ...]


def mend_callers(
    tree: KernelTree, bench: Bench, hooks: Hooks, search: Search, chosen: Iterable[Variant]
) -> list[Left]:
    """Hooks the callers that `check` complains about, where that settles it; returns the others.

    `chosen` are the variants in which the option is selected.
    """
    variants = tuple(chosen)
    known = ReadSources()
    left = []
    sites = _sites(tree, bench, search, known)
    for site in sites:
        where = tuple(v.name for v in variants if compiled(site, v, bench.index))
        if not where:
            continue
        edits = _edits(search, hooks, site)
        if edits:
            search.keep(edits)
            after = _sites(tree, bench, search, known)
            if len(after) < len(sites) and not any(_same(one, site) for one in after):
                sites = after
                continue
            search.drop(edits)
        left.append(Left(site, where))
    return left


def _sites(
    tree: KernelTree, bench: Bench, search: Search, known: ReadSources
) -> tuple[CallSite, ...]:
    changed = {path: text.encode("latin-1") for path, text in search.texts.items()}
    found = check_sites(OverlayTree(tree, changed), (bench.arch,), known)[0]
    return tuple(site for site in found if site.judgement is Judgement.FINDING)


def _same(one: CallSite, other: CallSite) -> bool:
    return (one.function, one.level, one.helper, one.location.path) == (
        other.function, other.level, other.helper, other.location.path,
    )  # fmt: skip


def _edits(search: Search, hooks: Hooks, site: CallSite) -> list[Edit]:
    """The hook behind a call that takes an entry out, if what it held is known by a name."""
    path = site.location.path
    file = search.file(path)
    if file is None:
        return []
    text = file.text
    line = file.line(site.location.line)
    parsed = find_function(text, site.function, line)
    if parsed is None:
        return []
    begin = 0
    for _ in range(line - 1):
        begin = text.find("\n", begin) + 1
    begin += len(indent_at(text, begin))
    chain = statement_at(parsed.body, begin)
    match = _TAKES.match(text[chain[-1].start : chain[-1].end]) if chain else None
    if match is None or not chain[-1].block:
        return []
    call = _call(text, parsed, hooks, site.level, match[1].rpartition(",")[2].strip(), begin)
    if not call:
        return []
    why, end = _WHY, chain[-1].end
    hook = hooks.clear(site.level).name
    made = [make(text, path, end, end, f"\n{call}", Step.HOOKS, site.function, why, hook)]
    if not includes(text):
        at = sorted_place(text)
        line_text = f"#include <{HOOKS}>\n"
        made.append(
            make(text, path, at, at, line_text, Step.HOOKS, HOOKS, "the hooks are declared there")
        )
    return made


def _call(text: str, parsed: Function, hooks: Hooks, level: str, slot: str, position: int) -> str:
    """The hook with the entry that the slot was read into before; '' where that is not known."""
    body = blank(text)[parsed.open + 1 : position]
    read = (
        rf"\b(\w+)\s*=\s*(?:\*\s*{re.escape(slot)}|READ_ONCE\(\*{re.escape(slot)}\)"
        rf"|{level}p_get\w*\({re.escape(slot)}\))\s*;"
    )
    values = re.findall(read, body)
    local = re.search(r"\bstruct mm_struct \*\s*(\w+)", body)
    address = [p.name for p in parsed.parameters if re.search(r"addr", p.name)]
    old = [name for name in address if "old" in name]
    known = {
        "mm": local[1] if local else mm_of(parsed.parameters),
        "addr": (old if "old" in slot and old else address or [_put_back(text, parsed, level)])[0],
        "slot": slot, "value": values[-1] if values else "", "nr": "1",
    }  # fmt: skip
    hook = hooks.clear(level)
    arguments = hook.arguments(known)
    return "" if arguments is None else wrap_call(indent_at(text, position), hook.name, arguments)


def _put_back(text: str, parsed: Function, level: str) -> str:
    """The old address, where the new one is given to a setter and both have a name; else ''."""
    body = blank(text)[parsed.open + 1 : parsed.close]
    for match in re.finditer(rf"\bset_{level}_at\s*\([^,;]*,\s*([^,;]*\bnew_[^,;]*),", body):
        old = match[1].strip().replace("new_", "old_")
        if re.search(rf"(?<!\w){re.escape(old)}\b", body):
            return old
    return ""
