# SPDX-License-Identifier: GPL-2.0-only
"""Stores to entries that no setter makes: assignments of every form, exchanges, operations on
bits, and what fills or copies memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ..brackets import closing, split_arguments
from .body import Body, expression_at
from .lvalues import Slot, entry_level, pointer, target

__all__ = ["Change", "Store", "entry_level", "stores"]

_ASSIGNED: Final = re.compile(
    r"(?:[)\]]|(?:->|\.|\*|\+\+|--|\))\s*+\w+|\w\s*+(?:\+\+|--))\s*+(<<|>>|[|&^+\-*/%])?=(?!=)"
)
"""What an assignment to anything but a plain variable ends with."""
_CALLED: Final = re.compile(
    r"\b(?:(WRITE_ONCE\w*|smp_store_mb)|(set_64bit|smp_store_release|\w*xchg\w*)"
    r"|((?:raw_|arch_)?atomic\w*_(?:and|or|xor|andnot|add|sub|inc|dec|set)\w*)"
    r"|((?:arch_|_)*(?:test_and_)?(?:set|clear|change)_bit\w*)"
    r"|((?:__)?(?:memset|memcpy|memmove)\w*|memzero_explicit|clear_page\w*|copy_page\w*)|(swap))\s*\("
)
_ASSEMBLER: Final = re.compile(
    r"\b(?:asm|__asm__)\s*(?:(?:volatile|__volatile__|inline|goto)\s*)*\("
)
_OPERAND: Final = re.compile(r"\((\s*(?:[^()]|\([^()]*\))*)\)")
_HELPER: Final = re.compile(r"^_*(?:\w+_)?p(?:te|md|ud)p_")
_CONTROL: Final = re.compile(r"\b(?:if|while|for|switch|\w*for_each\w*)\s*$")
_DECLARED: Final = re.compile(r"^\w+(?:\s+\w+)*\s*\*+\s*(?:const\s+)?\w+$")
_IS_DECLARATION: Final = re.compile(
    r"(?:^|[;{}])\s*[A-Za-z_]\w*(?:\s+|\s*\*+\s*)[A-Za-z_*][^;{}]*,\Z"
)
_SKIPPED: Final = re.compile(r"^(?:else|do|return)\b\s*")
_ENTRY_OR_NUMBER: Final = re.compile(r"^(?:pte|pmd|pud)(?:val)?_t$|^(?:unsigned|u?long|int|u\d+)\b")
_LEFT: Final = 200  # characters that an expression to the left of `=` may have


class Change(Enum):
    """What a store does to what stood there."""

    REPLACE = "replace"  # by `value`
    ON = "on"  # sets the bits of `value`
    OFF = "off"  # leaves the bits of `value` only
    FLIP = "flip"  # changes bits of which it is not known to what
    FILL = "fill"  # a number of entries, all with `value`
    COPY = "copy"  # a number of entries, from the table `value`


@dataclass(frozen=True, slots=True)
class Store:
    """A store through a pointer to an entry; `start` is its position in the file."""

    level: str
    slot: str
    value: str
    start: int
    change: Change = Change.REPLACE
    by: str = "a plain store"


def stores(body: Body) -> tuple[Store, ...]:
    """Every store of a function, but for those that setters make."""
    if body.stores is None:
        body.stores = tuple(_stores(body))
    return body.stores


def _stores(body: Body) -> Iterator[Store]:
    base = body.function.start
    text = body.text
    for match in _ASSIGNED.finditer(text):
        left = _left_of(text, match.start(1) if match[1] else match.end() - 1)
        if left is None:
            continue
        slot = target(body, left[1])
        if slot is None:
            continue
        value = expression_at(text, match.end())
        if not _is_array_of_others(body, left[1], value):
            yield _assigned(slot, match[1] or "", value, base + left[0])
    for match in _CALLED.finditer(text):
        end = closing(text, match.end() - 1)
        given = split_arguments(text[match.end() : end - 1]) if end > 0 else ()
        name = text[match.start() : match.end() - 1].strip()
        if given:
            yield from _called(body, name, match.lastindex or 0, given, base + match.start())

    if "asm" in text:
        for match in _ASSEMBLER.finditer(text):
            end = closing(text, match.end() - 1)
            outputs = text[match.end() : end - 1].split(":")[1:2] if end > 0 else []
            for operand in _OPERAND.findall(" ".join(outputs)):
                slot = target(body, operand)
                if slot is not None:
                    yield Store(*slot, "", base + match.start(), Change.FLIP, "assembler")


def _assigned(slot: Slot, operator: str, value: str, start: int) -> Store:
    kinds = {"": Change.REPLACE, "|": Change.ON, "&": Change.OFF}
    change = kinds.get(operator, Change.FLIP)
    by = f"{operator}=" if operator else "a plain store"
    return Store(*slot, value, start, change, by)


def _called(
    body: Body, name: str, kind: int, given: tuple[str, ...], start: int
) -> Iterator[Store]:
    """What a call of a function stores that is no setter, by its group in `_CALLED`."""
    by = f"{name}()"
    first, last = given[0], given[-1]
    if kind == 6:
        for one, other in ((first, last), (last, first)):
            slot = target(body, one)
            if slot is not None and len(given) == 2:
                yield Store(*slot, other, start, by=by)
        return
    if kind == 5:
        slot = pointer(body, first)
        if slot is not None:
            fills = "set" in name or "zero" in name or "clear" in name
            value = given[1] if len(given) > 1 else "0"
            if fills:
                yield Store(*slot, value, start, Change.FILL, by)
            else:
                yield Store(*slot, f"*({value})", start, Change.COPY, by)
        return
    if kind == 1:
        slot = target(body, first)
    elif kind == 2:
        slot = None if _HELPER.match(name) else pointer(body, first)
    else:  # of an atomic operation and one on a bit the slot comes last, or first
        slot = pointer(body, last) or (pointer(body, first) if kind == 3 else None)
    if slot is None or (kind == 2 and len(given) < 2):
        return
    if kind <= 2:
        yield Store(*slot, last, start, by=by)
        return
    yield Store(*slot, _operand(name, given, kind), start, _change(name, kind), by)


def _operand(name: str, given: tuple[str, ...], kind: int) -> str:
    if "_set" in name and kind == 3:
        return given[-1]
    off = (kind == 4 and "clear" in name) or "andnot" in name
    return f"~({given[0]})" if off else given[0]


def _change(name: str, kind: int) -> Change:
    if kind == 3 and "_set" in name:
        return Change.REPLACE
    if "_or" in name if kind == 3 else "set_bit" in name:
        return Change.ON
    if "_and" in name if kind == 3 else "clear_bit" in name:
        return Change.OFF
    return Change.FLIP


def _left_of(text: str, end: int) -> tuple[int, str] | None:
    """The expression before an assignment's operator, and where it begins."""
    position = end
    least = max(0, end - _LEFT)
    while position > least:
        char = text[position - 1]
        if char in ")]":
            start = _opened(text, position, least)
            if start < 0:
                return None
            if char == ")" and _CONTROL.search(text, max(0, start - 40), start):
                break
            position = start
        elif char == "," and _IS_DECLARATION.search(text, max(0, position - _LEFT), position):
            return None
        elif char in ";{}(,?:=|":
            break
        else:
            position -= 1
    left = text[position:end]
    position += len(left) - len(left.lstrip())
    left = _SKIPPED.sub("", " ".join(left.split()))
    return None if not left or _DECLARED.match(left) else (position, left)


def _opened(text: str, end: int, least: int) -> int:
    depth = 0
    for position in range(end - 1, least - 1, -1):
        if text[position] in ")]}":
            depth += 1
        elif text[position] in "([{":
            depth -= 1
            if depth == 0:
                return position
    return -1


def _is_array_of_others(body: Body, left: str, value: str) -> bool:
    """An array in a structure that only has the name of an entry (`batch->pte[i] = record`)."""
    kind = body.types.get(value, "")
    return "->" in left and left.endswith("]") and bool(kind) and not _ENTRY_OR_NUMBER.match(kind)
