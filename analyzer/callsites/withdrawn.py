# SPDX-License-Identifier: GPL-2.0-only
"""Tables that are taken out of a page table and given away with the entries that stand in them.

What such entries map has to be un-counted by page_table_check_pte_clear_range(), or one by one
before that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ..brackets import closing, split_arguments
from ..helpers.contracts import Old, contract_for
from .body import Body, Call
from .lvalues import entry_level
from .mapping import Evidence, Origins
from .model import Judgement
from .model import Mapping as Whose
from .setters import Setter
from .state import State

RULE: Final = "PTC112"
EMPTIED: Final = "emptied"
"""Said of the entry that points to a table of which page table check was told."""
_GIVEN_AWAY: Final = re.compile(r"^(?:pte_free(?!_kernel)\w*|pgtable_trans_huge_deposit)$")
_RANGE: Final = re.compile(r"\b_*page_table_check_pte_clear_range\s*\(")
_TABLES: Final = ("pmd_pgtable", "pmd_page", "pmd_ptdesc")
_TABLE: Final = re.compile(rf"^(?:{'|'.join(_TABLES)})\s*\(\s*(.*?)\s*\)$", re.S)
_GATHERS: Final = "struct mmu_gather*"
_CALL: Final = re.compile(r"^([A-Za-z_]\w*)\s*\(")
_TAKES_OUT: Final = re.compile(r"^ptep_(?:get_and_)?clear(?!\w*young)\w*$")
_LAST: Final = "pgd_free"


def given_away(body: Body) -> dict[int, Call]:
    """The calls that give a table away which was taken out of a page table, by their positions."""
    if not any(name in body.text for name in _TABLES):
        return {}
    return {
        call.start: call
        for call in body.calls
        if _GIVEN_AWAY.match(call.name) and call.name != body.function.name and _entry(body, call)
    }


def note(text: str, state: State) -> None:
    """Takes down that the entries of a table were un-counted."""
    for match in _RANGE.finditer(text):
        end = closing(text, match.end() - 1)
        given = split_arguments(text[match.end() : end - 1]) if end > 0 else ()
        if given:
            state.learn([(state.key(given[-1]), EMPTIED)])


def _entry(body: Body, call: Call) -> str:
    """The entry whose table a call gives away; '' if it is a table of another origin."""
    for argument in call.arguments:
        texts = [argument, *body.assigned.get(argument, ())]
        for text in texts:
            match = _TABLE.match(text)
            if match is not None:
                return match[1]
    return ""


class Withdrawn:
    """The judgement of such calls in one function."""

    def __init__(self, body: Body, setters: Mapping[str, Setter], origins: Origins) -> None:
        self.body = body
        self.setters = setters
        self.origins = origins

    def judge(self, call: Call, state: State, evidence: Evidence) -> tuple[Judgement, str]:
        """What becomes of the counts of the entries in the table, and why."""
        entry = _entry(self.body, call)
        known = state.about(state.key(entry))
        for argument in call.arguments:
            known |= state.about(argument)
        if EMPTIED in known:
            return Judgement.HOOKED, "page_table_check_pte_clear_range() un-counts its entries"
        if evidence.mapping is Whose.KERNEL:
            return Judgement.UNCOUNTED, f"a mapping of the kernel: {evidence.reason}"
        harmless = self._harmless(call) or self._one_by_one(entry)
        if harmless:
            return Judgement.UNCOUNTED, harmless
        maker = self._taken_by(entry)
        if not self._walks(entry) and maker and evidence.mapping is Whose.USER:
            return Judgement.FINDING, (
                f"{maker}() takes out a table that may have entries, and {call.name}() gives it"
                " away without page_table_check_pte_clear_range()"
            )
        if evidence.mapping is Whose.UNKNOWN:
            return Judgement.UNKNOWN, evidence.reason
        return Judgement.UNKNOWN, "whether entries are left in the table is not tested here"

    def _harmless(self, call: Call) -> str:
        gathers = any(_GATHERS in kind for kind in self.body.types.values())
        if call.name.endswith("_tlb") or gathers:
            return "tables are gathered after all that they map was unmapped"
        if self.body.function.name == _LAST:
            return "the table of a process that is gone maps nothing"
        return ""

    def _taken_by(self, entry: str) -> str:
        """The helper for tables with entries that took this one out."""
        for text in self.body.assigned.get(entry, ()):
            match = _CALL.match(text)
            contract = contract_for(match[1]) if match is not None else None
            if match is not None and contract is not None and contract.old is Old.TABLE:
                return match[1]
        return ""

    def _walked(self, entry: str) -> frozenset[str]:
        """The variables that point to the entries of the table, as long as it is known here."""
        slots = [entry]
        for text in self.body.assigned.get(entry, ()):
            match = _CALL.match(text)
            end = closing(text, match.end() - 1) if match is not None else -1
            given = split_arguments(text[match.end() : end - 1]) if match and end > 0 else ()
            slots += [one for one in given if entry_level(self.body, one) == "pmd"]
        one = "|".join(re.escape(slot.lstrip("&* ")) for slot in slots)
        walk = re.compile(rf"\bpte_offset\w*\s*\((?:[^;]*,)?\s*[&*]?\s*(?:{one})\s*,")
        return frozenset(
            name
            for name, texts in self.body.assigned.items()
            if any(walk.search(text) for text in texts)
        )

    def _walks(self, entry: str) -> bool:
        return bool(self._walked(entry))

    def _one_by_one(self, entry: str) -> str:
        """Where the entries of the table are taken out by a helper that is told whose they are."""
        names = self._walked(entry)
        for _ in range(2):  # a variable that steps through the table begins as another one
            names |= {
                name
                for name, texts in self.body.assigned.items()
                if any(
                    re.match(rf"{re.escape(other)}\b(?!->|\.)", t) for other in names for t in texts
                )
            }
        return self._clears(self.body, names, 0)

    def _clears(self, body: Body, names: frozenset[str], depth: int) -> str:
        for call in body.calls if names else ():
            setter = self.setters.get(call.name)
            if setter is not None:
                given = call.arguments[setter.slot] if setter.slot < len(call.arguments) else ""
                if given in names and _TAKES_OUT.match(call.name):
                    return f"{call.name}() takes the entries out of it one by one"
                continue
            maker = self.origins.maker(body, call.name) if depth < 2 else None
            if maker is None:
                continue
            inner = frozenset(
                parameter.name
                for parameter, text in zip(maker.function.parameters, call.arguments, strict=False)
                if text in names and parameter.name
            )
            inner |= {n for n, texts in maker.assigned.items() if any(t in inner for t in texts)}
            found = self._clears(maker, inner, depth + 1) if inner else ""
            if found:
                return f"{found}, in {maker.function.name}()"
        return ""
