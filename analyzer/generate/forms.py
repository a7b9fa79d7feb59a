# SPDX-License-Identifier: GPL-2.0-only
"""The forms that a hook can take in a function: each is a candidate for the judge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from .api import Hooks, Spelling
from .ctext import (
    Function,
    Parameter,
    Statement,
    blank,
    indent_at,
    split_arguments,
    statement_at,
    wrap_call,
)

SET: Final = "counted before the store, while the slot still holds the old entry"
CLEAR: Final = "counted with the old entry once it is out of the page table"
_LOOP = re.compile(r"(?:for|while|do)\b")
_LOCAL = r"\b{level}_t\s+(\w+)\s*(?:=|;|,|\))"


@dataclass(frozen=True, slots=True)
class Change:
    """A replacement of text[start:end] in one file."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class Form:
    """One way to hook a function: what it changes, with which hook, and why it is right."""

    changes: tuple[Change, ...]
    hook: str
    why: str


@dataclass(frozen=True, slots=True)
class Site:
    """A function that is to be hooked: its text, the line that leads to the store."""

    text: str
    function: Function
    position: int  # in the text, of the first non-blank of the line
    level: str
    readers: tuple[str, ...] = ()  # accessors that read a slot, which the tree has
    others: tuple[int, ...] = ()  # all lines of the function that lead to such a store


def mm_of(parameters: tuple[Parameter, ...]) -> str:
    """The mm of a function as an expression; '' where it knows none."""
    for one in parameters:
        if re.match(r"^struct mm_struct \*$", one.type):
            return one.name
    for one in parameters:
        if re.match(r"^struct vm_area_struct \*$", one.type):
            return f"{one.name}->vm_mm"
    for one in parameters:
        if re.match(r"^struct mmu_gather \*$", one.type):
            return f"{one.name}->mm"
    return ""


def _known(site: Site, value: str) -> dict[str, str]:
    parameters = site.function.parameters
    slot = next((p.name for p in parameters if p.slot == site.level), "")
    address = next(
        (p.name for p in parameters if re.match(r"^_*(addr\w*|haddr|start|uaddr|vaddr|va)$", p.name)
         and "*" not in p.type), "",
    )  # fmt: skip
    nr = next((p.name for p in parameters if p.name in ("nr", "n") and "*" not in p.type), "1")
    return {
        "mm": mm_of(parameters), "addr": address, "slot": slot, "value": value, "nr": nr,
    }  # fmt: skip


def _locals(site: Site) -> list[str]:
    body = blank(site.text)[site.function.open + 1 : site.function.close]
    names = re.findall(_LOCAL.format(level=site.level), body)
    return list(dict.fromkeys(names))


def _counts(site: Site, chain: tuple[Statement, ...]) -> list[str]:
    """How many entries are stored: 'nr', as the parameters say, or as often as a loop runs."""
    found = [""]
    names = {p.name for p in site.function.parameters} | {"1"}
    for one in chain:
        head = re.match(
            r"^for\s*\(\s*(\w+)\s*=\s*0\s*;\s*\1\s*<\s*([^;]+?)\s*;", site.text[one.start : one.end]
        )
        if head is not None and head[2] not in names:
            inner = head[2]
            found.append(inner[1:-1] if re.fullmatch(r"\([^()]*\)", inner) else inner)
    return found


def hook_call(site: Site, hook: Spelling, value: str, indent: str, count: str = "") -> str | None:
    """The call of a hook with what a function has; None where it lacks an argument."""
    known = _known(site, value)
    arguments = hook.arguments({**known, "nr": count} if count else known)
    return None if arguments is None else wrap_call(indent, hook.name, arguments)


def forms(site: Site, hooks: Hooks) -> Iterator[Form]:
    """All forms, in the order in which a maintainer would try them."""
    function = site.function
    chain = statement_at(function.body, site.position)
    values = [p.name for p in function.parameters if p.level == site.level]
    returns = function.returns == f"{site.level}_t"
    if not chain:
        return
    setters = list(_setters(site, hooks, chain, [v for v in values if "old" not in v]))
    clearers = list(_clearers(site, hooks, chain, returns))
    yield from setters
    yield from clearers
    yield from _setters(site, hooks, chain, [v for v in _locals(site) if v not in values])
    yield from _setters(site, hooks, (chain[-1],), _made(site, chain[-1]))


def _setters(
    site: Site, hooks: Hooks, chain: tuple[Statement, ...], values: list[str]
) -> Iterator[Form]:
    hook = hooks.set(site.level)
    tried: set[int] = set()
    for one in _ahead(site, chain):
        if one.start in tried or one.kind == "block":
            continue
        tried.add(one.start)
        inside = one is chain[-1] and any(_LOOP.match(site.text, s.start) for s in chain[:-1])
        each = ["1"] if inside and "nr" in hook.roles else []
        for value, count in product(
            values, [*_counts(site, chain), *each] if "nr" in hook.roles else [""]
        ):
            indent = indent_at(site.text, one.start)
            call = hook_call(site, hook, value, indent, count)
            if call is None:
                continue
            why = SET
            if one.kind == "declaration":
                yield from _split_declaration(site, one, call, hook.name, why)
            elif one.block:
                begin = site.text.rfind("\n", 0, one.start) + 1
                loose = one.kind == "compound" and site.text[:begin].endswith(("\n\n", "{\n"))
                gap = "\n\n" if loose else "\n"
                yield Form((Change(begin, begin, call + gap),), hook.name, why)
            else:
                yield from _braced(site, one, [call.strip()], [], hook.name, why)


def _made(site: Site, one: Statement) -> list[str]:
    """Entries that a call is given which have no name, made of what has: `__pte(rste)`."""
    call = re.match(r"^(?:return\s+)?\w+\s*\((.*)\)\s*;$", site.text[one.start : one.end], re.S)
    if call is None:
        return []
    parts = [" ".join(part.split()) for part in split_arguments(call[1])]
    body = blank(site.text)[site.function.open + 1 : site.function.close]
    named = {p.name for p in site.function.parameters if "*" not in p.type}
    named |= set(re.findall(r"^[ \t]*(?:unsigned\s+)?\w+\s+(\w+)\s*[;=,]", body, re.M))
    return [
        part for part in parts
        if re.fullmatch(rf"__{site.level}\s*\([^()]*\)", part)
        and named & set(re.findall(r"\w+", part))
    ]  # fmt: skip


def _ahead(site: Site, chain: tuple[Statement, ...]) -> Iterator[Statement]:
    """The statements ahead of which a hook comes before the store, the likeliest first."""
    body = site.function.body
    if len(site.others) > 1:  # ahead of all stores
        for one in body:
            if any(one.start <= at < one.end for at in site.others):
                yield one
                break
    yield chain[0]
    yield chain[-1]
    yield from chain[1:-1]
    first = next((one for one in body if one.kind != "declaration"), None)
    if first is not None:
        yield first


def _split_declaration(
    site: Site, one: Statement, call: str, hook: str, why: str
) -> Iterator[Form]:
    """`pmd_t old = xchg(..);` becomes a declaration, the hook and an assignment."""
    text = site.text[one.start : one.end]
    match = re.match(r"^(.*?)(\w+)\s*=\s*(.*)$", text, re.S)
    if match is None:
        return
    indent = indent_at(site.text, one.start)
    new = f"{match[1]}{match[2]};\n\n{call}\n{indent}{match[2]} = {match[3]}"
    yield Form((Change(one.start, one.end, new),), hook, why)


def _braced(
    site: Site, one: Statement, before: list[str], after: list[str], hook: str, why: str
) -> Iterator[Form]:
    """A statement that is alone under an `if` gets its braces."""
    indent = indent_at(site.text, one.start)
    outer = indent.removesuffix("\t")
    begin = site.text.rfind("\n", 0, one.start)
    head = site.text[:begin].rstrip()
    if not head.endswith((")", "else")):
        return
    body = [*before, site.text[one.start : one.end].strip(), *after]
    inner = "".join(f"{indent}{line}\n" for line in body)
    rest = re.compile(r"\s*\n[ \t]*else\b").match(site.text, one.end)
    tail = f"{outer}}}"
    end = one.end
    if rest is not None:
        tail += " else"
        end = rest.end()
    yield Form((Change(len(head), end, f" {{\n{inner}{tail}"),), hook, why)


def _clearers(
    site: Site, hooks: Hooks, chain: tuple[Statement, ...], returns: bool
) -> Iterator[Form]:
    hook = hooks.clear(site.level)
    one = chain[-1]
    text = site.text[one.start : one.end]
    level = site.level
    indent = indent_at(site.text, one.start)
    why = CLEAR
    returned = re.match(r"^return\b\s*(.*);$", text, re.S)
    if returned and returns:
        yield from _returned(site, one, hook, returned[1], why)
    local = re.match(rf"^{level}_t\s+(\w+)\s*=", text)
    assigned = re.match(r"^(\w+)\s*=[^=]", text)
    if one.kind == "declaration" and local:
        call = hook_call(site, hook, local[1], indent)
        if call is not None:
            yield from _after_declarations(site, chain, call, hook.name, why)
    names = [assigned[1]] if assigned and one.kind == "simple" else []
    if names and _of_other_type(site, names[0]):
        yield from _made_entry(site, chain, names[0], hook, why)
        names = [f"__{level}({names[0]})"]
    names += [p.name for p in site.function.parameters if p.level == level and "old" in p.name]
    names += [name for name in _locals(site) if name not in names]
    names += [p.name for p in site.function.parameters if p.level == level and p.name not in names]
    if returned is None and one.kind == "simple":
        for name in names:
            call = hook_call(site, hook, name, indent)
            if call is None:
                continue
            loop = next((s for s in chain if _LOOP.match(site.text, s.start)), one)
            for where in dict.fromkeys((loop, one, chain[0])):
                if where.block and where.kind != "block":
                    near = indent_at(site.text, where.start)
                    again = hook_call(site, hook, name, near)
                    yield Form((Change(where.end, where.end, f"\n{again}"),), hook.name, why)
                elif not where.block:
                    yield from _braced(site, where, [], [call.strip()], hook.name, why)
    if returns and returned is None:
        yield from _returned_later(site, one, hook, why)
    yield from _read_first(site, chain, hook, why)


def _of_other_type(site: Site, name: str) -> bool:
    """Whether a local is declared, and not as an entry of the level (a raw value, say)."""
    body = blank(site.text)[site.function.open + 1 : site.function.close]
    found = re.search(rf"\b(\w+)\s+(?:[^;{{}}()]*,\s*)?{re.escape(name)}\s*[=;,]", body)
    return found is not None and found[1] != f"{site.level}_t"


def _made_entry(
    site: Site, chain: tuple[Statement, ...], raw: str, hook: Spelling, why: str
) -> Iterator[Form]:
    """A raw value was taken out, and an entry is made of it by a statement that follows."""
    siblings = site.function.body if len(chain) == 1 else chain[-2].children
    entries = _locals(site)
    for other in siblings:
        made = re.match(r"^(\w+)\s*=[^=]", site.text[other.start : other.end])
        if other.start <= chain[-1].start or made is None or made[1] not in entries:
            continue
        if re.search(rf"\b{re.escape(raw)}\b", site.text[other.start + len(made[0]) : other.end]):
            call = hook_call(site, hook, made[1], indent_at(site.text, other.start))
            if call is not None:
                yield Form((Change(other.end, other.end, f"\n{call}"),), hook.name, why)


def _returned_later(site: Site, one: Statement, hook: Spelling, why: str) -> Iterator[Form]:
    """What is returned at the end is the old entry, made of what was taken out before."""
    last = site.function.body[-1]
    text = site.text[last.start : last.end]
    match = re.match(r"^return\b\s*(.*);$", text, re.S)
    if match is None or last.start <= one.start:
        return
    if not re.fullmatch(r"\w+", match[1]):
        yield from _returned(site, last, hook, match[1], why)
        return
    indent = indent_at(site.text, last.start)
    call = hook_call(site, hook, match[1], indent)
    if call is not None:
        begin = site.text.rfind("\n", 0, last.start) + 1
        yield Form((Change(begin, begin, f"{call}\n\n"),), hook.name, why)


def _returned(site: Site, one: Statement, hook: Spelling, value: str, why: str) -> Iterator[Form]:
    function, level = site.function, site.level
    indent = indent_at(site.text, one.start)
    taken = {p.name for p in function.parameters} | set(_locals(site))
    name = next(n for n in (level, f"old_{level}", "old", f"__{level}") if n not in taken)
    call = hook_call(site, hook, name, indent)
    if call is None:
        return
    ahead = [other for other in function.body if other.start < one.start]
    first = one in function.body and all(other.kind == "declaration" for other in ahead)
    if first:
        new = f"{level}_t {name} = {value};\n\n{call}\n\n{indent}return {name};"
        start = len(site.text[: one.start].rstrip()) if ahead else one.start  # no blank line
        new = f"\n{indent}{new}" if ahead else new
        yield Form((Change(start, one.end, new),), hook.name, why)
        return
    lines = f"{name} = {value};\n{call}\n\n{indent}return {name};"
    if one.block:
        yield Form(
            (*_declare(site, f"{level}_t {name};"), Change(one.start, one.end, lines)),
            hook.name, why,
        )  # fmt: skip
        return
    for form in _braced(site, one, [f"{name} = {value};", call.strip()], [], hook.name, why):
        change = form.changes[-1]
        new = change.new.replace(site.text[one.start : one.end].strip(), f"return {name};", 1)
        yield Form(
            (*_declare(site, f"{level}_t {name};"), Change(change.start, change.end, new)),
            hook.name, why,
        )  # fmt: skip


def _declare(site: Site, declaration: str) -> tuple[Change, ...]:
    """A new local: after the last declaration of the function, else first with a blank line."""
    body = site.function.body
    last = None
    for one in body:
        if one.kind != "declaration":
            break
        last = one
    if last is not None:
        indent = indent_at(site.text, last.start)
        return (Change(last.end, last.end, f"\n{indent}{declaration}"),)
    indent = indent_at(site.text, body[0].start)
    begin = site.text.rfind("\n", 0, body[0].start) + 1
    return (Change(begin, begin, f"{indent}{declaration}\n\n"),)


def _after_declarations(
    site: Site, chain: tuple[Statement, ...], call: str, hook: str, why: str
) -> Iterator[Form]:
    siblings = site.function.body if len(chain) == 1 else chain[-2].children
    last = chain[-1]
    for other in siblings:
        if other.start > last.start and other.kind == "declaration":
            last = other
    yield Form((Change(last.end, last.end, f"\n\n{call}"),), hook, why)


def _read_first(
    site: Site, chain: tuple[Statement, ...], hook: Spelling, why: str
) -> Iterator[Form]:
    """Reads the slot into a new local before anything is stored."""
    function, level = site.function, site.level
    slot = next((p.name for p in function.parameters if p.slot == level), "")
    if not slot:
        return
    taken = {p.name for p in function.parameters} | set(_locals(site))
    name = next(n for n in (level, f"old_{level}", "old", f"__{level}") if n not in taken)
    where = chain[0]
    if where.kind == "declaration":
        return  # the store is done when the local could be read
    if not where.block or re.match(r"^return\b", site.text[where.start : where.end]):
        return
    indent = indent_at(site.text, where.start)
    call = hook_call(site, hook, name, indent)
    if call is None:
        return
    for reader in (*site.readers, "*"):
        read = f"*{slot}" if reader == "*" else f"{reader}({slot})"
        changes = (
            *_declare(site, f"{level}_t {name} = {read};"),
            Change(where.end, where.end, f"\n{call}"),
        )
        yield Form(changes, hook.name, why)
