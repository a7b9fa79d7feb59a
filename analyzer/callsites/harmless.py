# SPDX-License-Identifier: GPL-2.0-only
"""Why a store around the hooks changes nothing that is counted: each reason with what shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ..brackets import closing, split_arguments
from .body import Body
from .draft import Draft, argument, bits_of, spelled
from .entries import MAKES, TAKES_OUT
from .flags import TABLE_UPDATE
from .mapping import Origins
from .model import Mapping as Whose
from .setters import Effect, Setter
from .state import UNCOUNTED
from .stores import Change
from .words import PROMISED, UPPER

_TABLE_ENTRY: Final = re.compile(r"_TABLE\b|\b_?KERNPG\w*|\binvalid_p\w\w_table\b|\b__pa\w*\s*\(")
_OF_TABLE: Final = re.compile(r"^p\w\w_pgtable\s*\(\s*([A-Za-z_]\w*)\s*\)$")
_SAME: Final = "the same entry with other flags"
_UPDATES: Final = re.compile(r"^update_mmu_cache(?:_range|_pmd)?$")
"""What generic code calls for an entry that it has put in, and that is present."""
_BITS: Final = re.compile(r"[~|]\s*\(?\s*_*[A-Z]")
_MEMBER: Final = re.compile(r"^(\w+)->(\w+)$")
_CALL: Final = re.compile(r"^([A-Za-z_]\w*)\s*\(")
_LOWER: Final[Mapping[str, str]] = {"pud": "pmd", "pmd": "pte"}
MAX_CALLERS_UP: Final = 3


class Excuses:
    """The reasons that one function gives."""

    def __init__(self, body: Body, setters: Mapping[str, Setter], origins: Origins) -> None:
        self.body = body
        self.setters = setters
        self.origins = origins

    def reason(self, draft: Draft, known: frozenset[str]) -> str:
        """Why nothing that is counted is lost or put in; '' where that is not shown."""
        level = next((k for n, k in self.body.types.items() if self._is_at(n, draft.slot)), "")
        if UPPER.match(level):
            return f"the slot is given as a {level}: no leaf is counted there"
        for function, slot, reason in PROMISED:
            if function.match(self.body.function.name) and slot.match(draft.slot):
                return reason
        held = draft.store is not None and self._held(draft.slot)
        if held:
            return f"{held} is an array of copies"
        if draft.effect is Effect.MODIFY:
            return self._bits(draft, known) or self._fresh(draft) if draft.store else _SAME
        if draft.effect is Effect.SET and not draft.populates:
            return self._new(draft, known) or self._fresh(draft)
        return self._taken_out(draft, known) or self._fresh(draft)

    def _held(self, slot: str) -> str:
        """The array, in a variable of every caller, that a pointer goes through."""
        texts = self.body.assigned.get(slot, ())
        for text in texts:
            member = _MEMBER.match(text)
            if member is None or not self.origins.is_array(member[2]):
                return ""
            if not self.origins.is_result(self.body, member[1]):
                return ""
        return texts[0] if texts else ""

    def _bits(self, draft: Draft, known: frozenset[str]) -> str:
        """Bits of an entry change by which nothing is counted."""
        level = draft.site.level
        bits = bits_of(self.body, draft)
        if self.origins.flags.free(bits):
            return f"only flags change: {', '.join(bits)}"
        there = self.origins.flags.presence(level)
        others = tuple(bit for bit in bits if bit != there)
        told = "present" in known or "leaf" in known or self._is_updated(draft)
        on = draft.store is not None and draft.store.change is Change.ON
        if there in bits and on and told and (not others or self.origins.flags.free(others)):
            return f"the entry is present already, and only flags change: {', '.join(bits)}"
        return ""

    def _is_updated(self, draft: Draft, depth: int = 0, body: Body | None = None) -> bool:
        """Whether generic code calls the function, or its callers, after it has put an entry in."""
        body = body or self.body
        if self.origins.flags.defines(TABLE_UPDATE):
            return False  # by that it is called where somebody else has put one in
        if _UPDATES.match(body.function.name):
            return any(one.name == draft.slot for one in body.function.parameters)
        position = body.position_of(draft.slot)
        uses = self.origins.uses(body) if position >= 0 else ()
        return bool(uses) and all(
            use.direct
            and depth < MAX_CALLERS_UP
            and argument(use.call, position) == draft.slot
            and self._is_updated(draft, depth + 1, use.body)
            for use in uses
        )

    @staticmethod
    def _is_at(name: str, slot: str) -> bool:
        return re.match(rf"^(?:\([^()]*\)\s*)*{re.escape(name)}\b(?!->|\.|\[)", slot) is not None

    def _taken_out(self, draft: Draft, known: frozenset[str]) -> str:
        """A table is put in, or nothing is left: what stood there was not counted."""
        if known & UNCOUNTED:
            return f"the entry is {_words(known & UNCOUNTED)} there"
        loaded = self._loaded(draft)
        if loaded:
            return loaded
        if draft.site.level != "pte":
            if "not a leaf" in known or "table" in known:
                return "a table stands there, not a leaf"
            if "leaf" not in known and self._used_as_table(draft):
                return "what stands there is used as a table"
            table = _OF_TABLE.match(draft.table)
            if table is not None and self._taken_from(self.body, table[1], draft.slot, 0):
                return "the table that was taken out of this slot is put back"
        return ""

    def _loaded(self, draft: Draft) -> str:
        """The entry that every caller loaded from the slot, and handed on beside it, says so."""
        body = self.body
        slot = body.position_of(draft.slot)
        if slot < 0 or not body.function.is_static:
            return ""
        for position, parameter in enumerate(body.function.parameters):
            said = draft.state.about(parameter.name) & UNCOUNTED
            uses = self.origins.uses(body) if said else ()
            if (
                parameter.type == f"{draft.site.level}_t"
                and uses
                and all(
                    use.direct
                    and _only_loads(
                        use.body, argument(use.call, position), argument(use.call, slot)
                    )
                    for use in uses
                )
            ):
                return f"{parameter.name} was loaded from there, and is {_words(said)}"
        return ""

    def _new(self, draft: Draft, known: frozenset[str]) -> str:
        """An entry is put in that counts no more and no less than what stood there."""
        words = spelled(self.body, draft.value)
        if TAKES_OUT.search(words):
            return ""
        slot = re.escape(draft.slot)
        copies = [n for n, held in draft.state.holds.items() if held == f"*{draft.slot}"]
        element = slot if draft.slot.endswith("]") else rf"{slot}\[\s*0\s*\]"
        loads = (
            rf"(?<!&){element}(?!\w)|\*\s*{slot}(?!\w)|{slot}->|\b\w*get\w*\s*\([^()]*{slot}\s*\)"
        )
        same = re.search(loads, words) is not None or any(
            re.search(rf"\b{re.escape(name)}\b", words) for name in copies
        )
        bits = _BITS.search(words) if same else None
        there = self.origins.flags.presence(draft.site.level) if bits else ""
        turned = there and re.search(rf"[~|][\s(]*(?:\w+\s*\|\s*)*{there}\b", words)
        if same and not turned and not MAKES.search(words):
            return _SAME
        free = known & UNCOUNTED or "table" in known or "not a leaf" in known
        if free and draft.site.level != "pte" and _TABLE_ENTRY.search(words):
            return "a table is put where no leaf stands"
        return ""

    def _fresh(self, draft: Draft) -> str:
        """Nothing maps the table that the slot is in, and what is put in is no user's."""
        fresh = self.origins.fresh(self.body, draft.slot)
        if not fresh or draft.effect is Effect.CLEAR:
            return fresh
        if draft.site.level != "pte" and _TABLE_ENTRY.search(spelled(self.body, draft.value)):
            return fresh
        given = (draft.value, *(one.name for one in self.body.function.parameters))
        value = self.origins.judge(self.body, [name for name in given if name])
        return f"{fresh}; {value.reason}" if value.mapping is Whose.KERNEL else ""

    def _used_as_table(self, draft: Draft) -> bool:
        """Whether the function, or each of its callers, uses what stands in the slot as a table;
        for the slot of an object, whether any function of the file does."""
        level = draft.site.level
        if level not in _LOWER:
            return False
        if _uses_as_table(self.body, level, draft.slot):
            return True
        if "->" in draft.slot:
            walks = _walks(level, re.escape(draft.slot))
            return re.search(walks, self.body.source.code) is not None
        position = self.body.position_of(draft.slot)
        if position < 0 or not self.body.function.is_static:
            return False
        uses = self.origins.uses(self.body)
        return bool(uses) and all(
            use.direct and _uses_as_table(use.body, level, argument(use.call, position))
            for use in uses
        )

    def _taken_from(self, body: Body, value: str, slot: str, depth: int) -> bool:
        """Whether a variable is what was cleared out of a slot, here or in every caller."""
        for text in body.assigned.get(value, ()):
            match = _CALL.match(text)
            setter = self.setters.get(match[1]) if match else None
            if match is None or setter is None or setter.effect is not Effect.CLEAR:
                continue
            end = closing(text, match.end() - 1)
            given = split_arguments(text[match.end() : end - 1]) if end > 0 else ()
            if 0 <= setter.slot < len(given) and given[setter.slot].lstrip("& ") == slot:
                return True
        first, second = body.position_of(value), body.position_of(slot)
        if first < 0 or second < 0 or depth >= MAX_CALLERS_UP:
            return False
        uses = self.origins.uses(body)
        return bool(uses) and all(
            use.direct
            and self._taken_from(
                use.body, argument(use.call, first), argument(use.call, second), depth + 1
            )
            for use in uses
        )


def _only_loads(body: Body, value: str, slot: str) -> bool:
    """Whether a variable never is anything but an entry of the table that a slot is in."""
    texts = body.assigned.get(value, ())
    load = re.compile(rf"^(?:\w+\s*\(\s*|\*\s*){re.escape(slot)}\b[^,()]*\)?$") if slot else None
    return bool(texts) and load is not None and all(load.match(text) for text in texts)


def _walks(level: str, slot: str) -> str:
    """Walking down from a slot (a pattern), or making a table for it."""
    lower = _LOWER[level]
    return (
        rf"\b{lower}_offset\w*\s*\((?:[^,()]*,\s*)?{slot}\s*,"
        rf"|\b{lower}_alloc\w*\s*\(\s*[^,()]*,\s*{slot}\s*[,)]"
    )


def _uses_as_table(body: Body, level: str, slot: str) -> bool:
    """Whether a function walks down from a slot, hands what it holds on as a table, or
    un-accounts a table."""
    if not slot:
        return False
    lower = _LOWER[level]
    given = re.escape(slot)
    loads = rf"(?:\*\s*{given}|[\w]*get\w*\(\s*{given}\s*\)|READ_ONCE\(\s*\*\s*{given}\s*\)"
    names = [
        name
        for name, texts in body.assigned.items()
        if any(re.fullmatch(rf"\*\s*{given}|\w+\(\s*\*?\s*{given}\s*\)", t) for t in texts)
    ]
    copies = "".join(rf"|\b{re.escape(name)}\b" for name in names)
    value = rf"{loads}{copies})"
    within = (
        rf"{_walks(level, given)}|\b{level}_(?:pgtable|page_vaddr|pgtable_page)\s*\(\s*{value}"
        rf"|\b{lower}_free\w*\s*\([^;]*{value}|\bmm_dec_nr_{lower}s\s*\("
    )
    return re.search(within, body.text) is not None


def _words(known: frozenset[str]) -> str:
    names = {"none": "empty", "absent": "not present", "bad": "damaged", "uncounted": "uncounted"}
    plain = known - {"uncounted"} or known
    return " and ".join(sorted(names.get(word, word) for word in plain))
