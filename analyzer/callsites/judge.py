# SPDX-License-Identifier: GPL-2.0-only
"""The judgement of every call of a setter in one function.

A finding is a proof, never a suspicion: the mapping is a user's, and either the tests on the way
say that a leaf (or, at the lowest level, a present entry) stands in the slot, or the entry that
was cleared without a hook is then put back with one, or a new entry for a vma is stored without
one. Where the tests say the opposite nothing is counted; all the rest is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from ..helpers.contracts import Old, contract_for
from ..model import Location, Step
from .blocks import TooDeep
from .body import Body, Call
from .flow import State, Walk
from .mapping import Evidence, Origins
from .model import CallSite, Judgement, Mapping
from .setters import Effect, Setter
from .stores import stores

PLAIN: Final = "*"
RAW: Final = "PTC110"
CONTRACT: Final = "PTC111"
_ADDRESS_OF: Final = re.compile(r"^&\s*([A-Za-z_]\w*)$")
_EMPTY: Final = re.compile(
    r"^\(?_*(?:native_make_)?(?:pte|pmd|pud)\(\{?\s*0\w*\s*\}?\)\)?$|^\(p\w\w_t\)\s*\{.*0.*\}$|^0\w*$"
)
_TABLE_ENTRY: Final = re.compile(r"_TABLE\b|\b_?KERNPG\w*|\binvalid_p\w\w_table\b|\b__pa\w*\s*\(")
_FOR_USER: Final = re.compile(r"\bvm_page_prot\b|\bvm_get_page_prot\s*\(")
_MAKES: Final = re.compile(r"\b(?:mk_huge_p\w\w|mk_p\w\w|pfn_p\w\w|folio_mk_p\w\w)\s*\(")
_TAKES_OUT: Final = re.compile(
    r"\bp\w\w_mk(?:invalid|notpresent)\s*\(|\bp\w\w_to_swp|\bswp_entry_to"
)
_INVALIDATES: Final = re.compile(r"p_invalidate(?:_ad)?$")
_HOOK: Final = re.compile(r"\b_*page_table_check_(?:pte|pmd|pud)s?_(?:set|clear)\s*\(")
_MODIFIER: Final = re.compile(
    r"\b(?:huge_)?p\w\w_(?:mk(?:young|old|dirty|clean|write\w*|soft_dirty|uffd_wp)|wrprotect"
    r"|clear_\w+|modify|set_\w+)\s*\("
)


@dataclass(slots=True)
class _Draft:
    site: CallSite
    setter: Setter | None
    slot: str
    value: str
    state: State
    start: int
    later: str = ""
    put_back: Step | None = None
    steps: list[Step] = field(default_factory=list)


class FunctionJudge:
    """One function."""

    def __init__(
        self,
        body: Body,
        setters: dict[str, Setter],
        origins: Origins,
    ) -> None:
        self.body = body
        self.setters = setters
        self.origins = origins
        self.drafts: list[_Draft] = []
        self._stores = {store.start: store for store in stores(body)}
        self._calls: dict[int, Call] = {}
        if not body.words.isdisjoint(setters):
            self._calls = {
                call.start: call
                for call in body.calls
                if call.name in setters and not self._on_a_copy(call)
            }
        self._events = sorted({*self._stores, *self._calls})

    def _on_a_copy(self, call: Call) -> bool:
        """Whether the entry is a variable of the function (`pmd_populate(mm, &copy, table)`)."""
        match = _ADDRESS_OF.match(_argument(call, self.setters[call.name].slot))
        return match is not None and match[1] in self.body.types

    def may_be_raw(self) -> bool:
        """Whether anything here could be a finding at all."""
        return bool(self._stores) or any(
            not self.setters[call.name].hooked for call in self._calls.values()
        )

    def sites(self) -> Iterable[CallSite]:
        """Every call of a setter and every plain store. Raises TooDeep."""
        if not self._events:
            return ()
        if self._is_helper():
            return [self._inside(position) for position in self._events]
        try:
            Walk(self.body, self._visit).run()
        except RecursionError as error:
            raise TooDeep from error
        seen = {draft.start for draft in self.drafts}
        for position in self._events:
            if position not in seen:  # in a place that the walk does not see: nothing is known
                self._record(position, State())
        best: dict[int, CallSite] = {}
        for draft in self.drafts:
            site = self._judged(draft)
            known = best.get(draft.start)
            if known is None or _RANK[site.judgement] > _RANK[known.judgement]:
                best[draft.start] = site
        return [best[start] for start in sorted(best)]

    def _is_helper(self) -> bool:
        return self.body.function.name in self.setters

    # -- recording

    def _location(self, position: int) -> Location:
        return Location(self.body.source.path, self.body.source.line(position))

    def _blank(self, helper: str, level: str, position: int) -> CallSite:
        return CallSite(
            helper, level, self._location(position), self.body.function.name,
            Mapping.UNKNOWN, Judgement.UNKNOWN, "",
        )  # fmt: skip

    def _inside(self, position: int) -> CallSite:
        call, store = self._calls.get(position), self._stores.get(position)
        name = call.name if call else PLAIN
        level = self.setters[name].level if call else (store.level if store else "")
        own = self.setters[self.body.function.name]
        reason = f"in {own.name}(), " + (
            "a primitive: its callers are judged" if own.primitive else "which check judges"
        )
        site = self._blank(name, level, position)
        return replace(site, judgement=Judgement.INSIDE, reason=reason)

    def _visit(self, state: State, start: int, end: int) -> None:
        for position in self._events:
            if start <= position < end:
                self._record(position, state)

    def _record(self, position: int, state: State) -> None:
        call, store = self._calls.get(position), self._stores.get(position)
        if call is not None:
            setter = self.setters[call.name]
            slot = _argument(call, setter.slot).lstrip("& ").strip()
            value = _argument(call, setter.value)
            site = self._blank(call.name, setter.level, position)
            effect = setter.effect
            if setter.hooked and value:
                self._put_back(call, value, state)
        else:
            assert store is not None
            setter, slot, value, effect = None, store.slot, store.value, Effect.SET
            site = self._blank(PLAIN, store.level, position)
        if effect is Effect.SET and _EMPTY.match(value):
            effect = Effect.CLEAR
        if store is not None and self.origins.is_result(self.body, slot):
            return
        self.drafts.append(_Draft(site, setter, slot, value, state.copy(), position))
        raw = setter is None or not setter.hooked
        left = frozenset({"none"} if effect is Effect.CLEAR else ())
        if setter is not None and _INVALIDATES.search(setter.name):
            left = frozenset({"invalidated"})
        copies = state.stored(f"*{slot}", left)
        if raw and effect is Effect.CLEAR:
            for name in copies:
                state.taken[name] = len(self.drafts) - 1

    def _put_back(self, call: Call, value: str, state: State) -> None:
        """An entry that a raw store took out is given to a hooked setter."""
        match = re.match(r"^(?:p\w\w_\w+\s*\(\s*)*([A-Za-z_]\w*)\s*[),]*", value)
        index = state.taken.get(match[1]) if match else None
        if index is None or match is None:
            return
        known = state.about(match[1])
        draft = self.drafts[index]
        if known & _UNCOUNTED or "not a leaf" in known or draft.put_back is not None:
            return
        if draft.site.level != "pte" and "table" in known:
            return
        draft.put_back = Step(
            "hook", self._location(call.start), self.body.function.name,
            f"{call.name}(..., {value}): counts it once more",
        )  # fmt: skip

    # -- judging

    def _evidence(self, draft: _Draft, call: Call | None) -> Evidence:
        expressions = []
        if call is not None and draft.setter is not None:
            setter = draft.setter
            expressions = [_argument(call, i) for i in (setter.mm, setter.vma) if i >= 0]
        expressions.append(draft.slot)
        if call is not None:
            expressions += [a for a in call.arguments if "addr" in a or a in ("va", "start")]
        return self.origins.judge(self.body, [e for e in expressions if e], draft.value)

    def _judged(self, draft: _Draft) -> CallSite:
        call = self._calls.get(draft.start)
        setter = draft.setter
        evidence = self._evidence(draft, call)
        site = replace(draft.site, mapping=evidence.mapping)
        if setter is not None and setter.hooked:
            return replace(site, judgement=Judgement.HOOKED, reason=evidence.reason)
        contract = contract_for(setter.name) if setter is not None else None
        promised = contract is not None and contract.old is Old.UNCOUNTED
        if setter is not None and not setter.primitive and not promised:
            reason = f"{setter.name}() is told whose table it is: check judges it"
            return replace(site, judgement=Judgement.HELPER, reason=reason)
        if evidence.mapping is Mapping.KERNEL:
            reason = f"a mapping of the kernel: {evidence.reason}"
            return replace(site, judgement=Judgement.UNCOUNTED, reason=reason)
        return self._raw(draft, site, evidence, promised)

    def _raw(self, draft: _Draft, site: CallSite, evidence: Evidence, promised: bool) -> CallSite:
        slot = f"*{draft.slot}"
        known = draft.state.about(slot)
        harmless = self._harmless(draft, known)
        if draft.put_back is None and harmless:
            return replace(site, judgement=Judgement.UNCOUNTED, reason=harmless)
        if _HOOK.search(self.body.text):
            reason = f"{self.body.function.name}() calls a hook itself"
            return replace(site, judgement=Judgement.HOOKED, reason=reason)
        shown, change = self._shown(draft, known)
        if shown and evidence.mapping is Mapping.USER:
            return replace(
                site, judgement=Judgement.FINDING, rule=CONTRACT if promised else RAW,
                reason=shown, path=tuple(self._steps(draft, evidence)), change=change,
                conditions=self.body.source.conditions(draft.start),
            )  # fmt: skip
        if shown:
            return replace(site, reason=f"{shown}, but {evidence.reason}")
        what = "what stands in the slot is not tested here"
        if evidence.mapping is Mapping.UNKNOWN:
            what = evidence.reason
        return replace(site, reason=what)

    def _harmless(self, draft: _Draft, known: frozenset[str]) -> str:
        """Why nothing that is counted is lost or put in; '' where that is not shown."""
        effect = draft.setter.effect if draft.setter is not None else Effect.SET
        populates = draft.setter is not None and "populate" in draft.setter.name
        if effect is Effect.SET and not _EMPTY.match(draft.value) and not populates:
            return self._harmless_new(draft, known)
        if effect is Effect.MODIFY:
            return "the same entry with other flags"
        if known & _UNCOUNTED:
            return f"the entry is {_words(known & _UNCOUNTED)} there"
        if draft.site.level != "pte" and ("not a leaf" in known or "table" in known):
            return "a table stands there, not a leaf"
        if "leaf" not in known and self._used_as_table(draft):
            return "what stands there is used as a table"
        return ""

    def _harmless_new(self, draft: _Draft, known: frozenset[str]) -> str:
        spelled = self._spelled(draft.value)
        if _TAKES_OUT.search(spelled):
            return ""
        slot = re.escape(draft.slot)
        copies = [n for n, held in draft.state.holds.items() if held == f"*{draft.slot}"]
        loads = rf"\*\s*{slot}(?!\w)|\b\w*get\w*\s*\([^()]*{slot}\s*\)|{slot}->"
        same = re.search(loads, spelled) is not None or any(
            re.search(rf"\b{re.escape(name)}\b", spelled) for name in copies
        )
        if same and not _MAKES.search(spelled):
            return "the same entry with other flags"
        free = known & _UNCOUNTED or "table" in known or "not a leaf" in known
        if free and draft.site.level != "pte" and _TABLE_ENTRY.search(spelled):
            return "a table is put where no leaf stands"
        return ""

    def _shown(self, draft: _Draft, known: frozenset[str]) -> tuple[str, int]:
        """What proves that something counted is lost (-1) or put in (+1); '' where nothing does."""
        level = draft.site.level
        name = f"{draft.site.helper}()" if draft.site.helper != PLAIN else "a plain store"
        if draft.put_back is not None:
            return (
                f"{name} takes out a {level} entry and calls no hook, and the same entry is then"
                " put back by a setter that counts it"
            ), -1
        bad = {"bad", "special"} & known
        if not bad and ("leaf" in known or ("present" in known and level == "pte")):
            effect = draft.setter.effect if draft.setter is not None else Effect.SET
            if effect is Effect.CLEAR or _EMPTY.match(draft.value):
                what = "leaf" if "leaf" in known else "present"
                return (
                    f"{name} takes out a {level} entry that is {what} there, and calls no hook",
                    -1,
                )
        if draft.setter is None or draft.setter.effect is Effect.SET:
            spelled = self._spelled(draft.value)
            if (
                _FOR_USER.search(spelled)
                and _MAKES.search(spelled)
                and not _TAKES_OUT.search(spelled)
            ):
                return f"{name} puts in an entry with the protection of a vma, and calls no hook", 1
        return "", 0

    def _used_as_table(self, draft: _Draft) -> bool:
        """Whether the function walks down from the slot, or hands what it holds on as a table."""
        slot = re.escape(draft.slot)
        loads = rf"(?:\*\s*{slot}|[\w]*get\w*\(\s*{slot}\s*\)|READ_ONCE\(\s*\*\s*{slot}\s*\)"
        names = [
            name
            for name, texts in self.body.assigned.items()
            if any(re.fullmatch(rf"\*\s*{slot}|\w+\(\s*\*?\s*{slot}\s*\)", t) for t in texts)
        ]
        copies = "".join(rf"|\b{re.escape(name)}\b" for name in names)
        value = rf"{loads}{copies})"
        lower = {"pud": "pmd", "pmd": "pte"}.get(draft.site.level)
        if lower is None:
            return False
        return (
            re.search(
                rf"\b{lower}_offset\w*\s*\((?:[^,()]*,\s*)?{slot}\s*,"
                rf"|\b{draft.site.level}_(?:pgtable|page_vaddr|pgtable_page)\s*\(\s*{value}"
                rf"|\b{lower}_free\w*\s*\([^;]*{value}",
                self.body.text,
            )
            is not None
        )

    def _spelled(self, value: str, depth: int = 0) -> str:
        words = [value]
        if depth < 3:
            for name in re.findall(r"(?<![\w.>])([A-Za-z_]\w*)(?!\s*\()", value):
                texts = self.body.assigned.get(name, ())[:6]
                words.extend(self._spelled(text, depth + 1) for text in texts)
        return " ".join(words)[:4000]

    def _steps(self, draft: _Draft, evidence: Evidence) -> Iterable[Step]:
        function = self.body.function.name
        yield from self.origins.path_to(self.body)
        yield Step(
            "call", self._location(self.body.function.start), function,
            f"{function}() works on a user's table: {evidence.reason}",
        )  # fmt: skip
        for position, words in draft.state.guards:
            yield Step("branch", self._location(position), function, words[:200])
        yield Step("store", draft.site.location, function, f"{draft.site.helper} on {draft.slot}")
        if draft.put_back is not None:
            yield draft.put_back


_UNCOUNTED: Final = frozenset({"none", "absent", "special", "bad", "invalidated"})
_RANK: Final = {
    Judgement.UNCOUNTED: 0,
    Judgement.HOOKED: 1,
    Judgement.HELPER: 1,
    Judgement.INSIDE: 1,
    Judgement.UNKNOWN: 2,
    Judgement.FINDING: 3,
}


def _argument(call: Call, position: int) -> str:
    return call.arguments[position] if 0 <= position < len(call.arguments) else ""


def _words(known: frozenset[str]) -> str:
    names = {"none": "empty", "absent": "not present", "bad": "damaged"}
    return " and ".join(sorted(names.get(word, word) for word in known))
