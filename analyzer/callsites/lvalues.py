# SPDX-License-Identifier: GPL-2.0-only
"""Which entry an expression stores to: `*p++`, `p[i]`, `pte_val(*p)`, `p->pte_low`, `*(u64 *)p`."""

from __future__ import annotations

import re
from typing import Final

from ..brackets import closing
from .body import Body

_ENTRY: Final = re.compile(r"^(pte|pmd|pud)_t\*$")
_HOLDER: Final = re.compile(r"^(pte|pmd|pud)_t\*\*$")
_OWN: Final = re.compile(r"^(?:pte|pmd|pud|p4d|pgd)_t\**$")
_MEMBER: Final = re.compile(r"(?:->|\.)(pte|pmd|pud)p?$")
_CHAIN: Final = re.compile(r"^[A-Za-z_]\w*(?:(?:->|\.)\w+)*$")
_WORDS_OF_ENTRY: Final = re.compile(
    r"^(.+?)((?:(?:->|\.)(?:pte|pmd|pud|p4d|pgd)(?:_low|_high|\d)?)+)$"
)
_VALUE_OF: Final = re.compile(r"^p(?:te|md|ud)_val\s*\(")
_CALL: Final = re.compile(r"^([A-Za-z_]\w*)\s*\(")
_WALK: Final = re.compile(r"^(?:\w+_)?(pte|pmd|pud)_(?:offset|alloc)\w*$")
_CAST: Final = re.compile(
    r"^\(\s*(?:(?:const|volatile|struct|unsigned|signed)\s+)*(\w+)(?:\s+(?:long|int|char|volatile))*"
    r"\s*\*(?:\s*(?:const|volatile|__\w+))*\s*\)\s*(?=[\w(*&])"
)
_BEHIND: Final = re.compile(r"\bPTRS_PER_P\w+\b")
_STEPS: Final = re.compile(r"^(?:\+\+|--)\s*|\s*(?:\+\+|--)$")
_DEPTH: Final = 12

Slot = tuple[str, str]
"""The level of an entry, and an expression that points to it."""


def entry_level(body: Body, slot: str) -> str:
    """The level of an expression that points to an entry; '' if it is none."""
    match = _ENTRY.match(body.types.get(slot, ""))
    if match is None and ("->" in slot or "." in slot):
        match = _MEMBER.search(slot)
    return match[1] if match else ""


def target(body: Body, text: str, depth: int = 0) -> Slot | None:
    """The entry that is stored to, all of it or a part; None where there is none."""
    text = _bare(text)
    if depth > _DEPTH or not text:
        return None
    value = _VALUE_OF.match(text)
    if value is not None and closing(text, value.end() - 1) == len(text):
        return target(body, text[value.end() : -1], depth + 1)
    if text[0] == "*":
        return pointer(body, text[1:], depth + 1)
    if text[-1] == "]":
        return _element(body, text, depth) if not _of_pointers(body, text) else None
    words = _WORDS_OF_ENTRY.match(text)
    if words is None:
        return None
    if words[2].startswith("."):
        return target(body, words[1], depth + 1)
    found = pointer(body, words[1], depth + 1)
    return found if found is not None and not _MEMBER.search(words[1]) else None


def pointer(body: Body, text: str, depth: int = 0) -> Slot | None:
    """The entry that an expression points to."""
    text = _bare(text)
    if depth > _DEPTH or not text:
        return None
    if text.startswith("&"):
        return target(body, text[1:], depth + 1)
    if text.startswith("*"):
        holder = _HOLDER.match(body.types.get(_bare(text[1:]), ""))
        return (holder[1], text) if holder is not None else None
    cut = _offset(text)
    if cut > 0:
        found = pointer(body, text[:cut], depth + 1)
        return None if found is None or _BEHIND.search(text[cut:]) else (found[0], f"({text})")
    cast = _CAST.match(text)
    if cast is not None:
        found = pointer(body, text[cast.end() :], depth + 1)
        entry = _ENTRY.match(f"{cast[1]}*")
        return found if found is not None or entry is None else (entry[1], text)
    if _CHAIN.match(text):
        return _named(body, text, depth)
    if text[-1] == "]" and _of_pointers(body, text):
        level = entry_level(body, text[: _opening(text)].strip())
        return (level, text) if level else None
    call = _CALL.match(text)
    if call is not None and closing(text, call.end() - 1) == len(text):
        walk = _WALK.match(call[1])
        if walk is not None or call[1] == "virt_to_kpte":
            return (walk[1] if walk else "pte"), text
        inner = pointer(body, text[call.end() : -1], depth + 1)
        return None if inner is None else (inner[0], text)
    return None


def _named(body: Body, name: str, depth: int) -> Slot | None:
    root = re.split(r"->|\.", name)[0]
    if root != name and _OWN.match(body.types.get(root, "")):
        return None  # the word of an entry, not a pointer to one
    level = entry_level(body, name)
    if level:
        return level, name
    kind = body.types.get(name, "")
    if not kind.endswith("*") or kind.endswith("**") or _OWN.match(kind):
        return None
    found = {pointer(body, one, depth + 1) for one in body.assigned.get(name, ())} - {None}
    return next(iter(found)) if len(found) == 1 else None


def _element(body: Body, text: str, depth: int) -> Slot | None:
    """What `p[i]` is; the first of a table is what its pointer points to."""
    start = _opening(text)
    if start <= 0:
        return None
    index = text[start + 1 : -1].strip()
    found = pointer(body, text[:start], depth + 1)
    if found is None or _BEHIND.search(index):
        return None
    return found if index == "0" else (found[0], f"{found[1]}[{index}]")


def _of_pointers(body: Body, text: str) -> bool:
    """Whether an array holds pointers (`pte_t *tables[2]`), not entries."""
    name = re.escape(text[: _opening(text)].strip())
    declared = rf"\b(?:pte|pmd|pud)_t\s*(?:\*[^;()]*)?\*\s*{name}\s*\["
    return any(re.search(declared, one) for one in (body.function.given, body.text))


def _opening(text: str) -> int:
    """Where the bracket that the text ends with begins."""
    depth = 0
    for position in range(len(text) - 1, -1, -1):
        if text[position] in ")]}":
            depth += 1
        elif text[position] in "([{":
            depth -= 1
            if depth == 0:
                return position
    return -1


def _offset(text: str) -> int:
    """Where a sum goes on behind its first part; 0 if it is none."""
    depth = 0
    for match in re.finditer(r"[(\[{]|[)\]}]|->|\+\+|--|[+\-]", text):
        if match[0] in "([{":
            depth += 1
        elif match[0] in ")]}":
            depth -= 1
        elif depth == 0 and match[0] in "+-" and match.start() > 0:
            return match.start()
    return 0


def _bare(text: str) -> str:
    """Without the parentheses around it, and without steps (`++`) before and after."""
    text = text.strip()
    while text:
        before = text
        if text[0] == "(" and closing(text, 0) == len(text):
            text = text[1:-1].strip()
        text = _STEPS.sub("", text).strip()
        if text == before:
            break
    return text
