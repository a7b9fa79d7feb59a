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
from dataclasses import replace
from typing import Final

from ..helpers.contracts import Old, contract_for
from ..model import Location, Step
from .blocks import TooDeep
from .body import Body, Call
from .draft import PLAIN, Draft, argument
from .flow import Walk
from .harmless import Excuses
from .mapping import Evidence, Origins
from .model import CallSite, Judgement, Mapping
from .proof import shown
from .setters import Effect, Setter, may_be_found
from .state import UNCOUNTED, Facts, State, meet
from .stores import Change, stores
from .withdrawn import RULE as WITHDRAWN
from .withdrawn import Withdrawn, given_away, note

RAW: Final = "PTC110"
CONTRACT: Final = "PTC111"
_ADDRESS_OF: Final = re.compile(r"^&\s*([A-Za-z_]\w*)$")
_INVALIDATES: Final = re.compile(r"p_invalidate(?:_ad)?$")
_HOOK: Final = re.compile(r"\b_*page_table_check_(?:pte|pmd|pud)s?_(?:set|clear)\s*\(")
_ENTRY: Final = re.compile(r"^(pte|pmd|pud)_t$")
MAX_CALLERS_UP: Final = 4
MAX_STORES: Final = 500  # in one function; kernels have 40
_RANK: Final = {
    Judgement.UNCOUNTED: 0,
    Judgement.HOOKED: 1,
    Judgement.HELPER: 1,
    Judgement.INSIDE: 1,
    Judgement.UNKNOWN: 2,
    Judgement.FINDING: 3,
}


_BACK: Final = re.compile(r"^(?:p\w\w_\w+\s*\(\s*)*([A-Za-z_]\w*)\s*[),]*")


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
        self.drafts: list[Draft] = []
        self._stores = {store.start: store for store in stores(body)}
        self._calls: dict[int, Call] = {}
        self._taken: set[str] = set()  # variables with entries that raw calls ever took out
        self._pairs: set[tuple[int, int]] = set()
        self._handled: set[tuple[str, frozenset[str]]] = set()  # those of all setters, and given
        if not body.words.isdisjoint(setters):
            self._calls = {
                call.start: call
                for call in body.calls
                if call.name in setters and not self._on_a_copy(call)
            }
        given = given_away(body)
        self._tables = given if given and origins.has_hooks() else {}
        self.events = sorted({*self._stores, *self._calls, *self._tables})
        self._wanted = -1  # a position whose state is asked for
        self._met: State | None = None

    def _on_a_copy(self, call: Call) -> bool:
        """Whether the entry is a variable of the function (`pmd_populate(mm, &copy, table)`)."""
        match = _ADDRESS_OF.match(argument(call, self.setters[call.name].slot))
        return match is not None and match[1] in self.body.types

    def may_be_raw(self) -> bool:
        """Whether anything here could be a finding at all."""
        return bool(self._stores or self._tables) or any(
            not self.setters[call.name].hooked for call in self._calls.values()
        )

    @property
    def sensitive(self) -> frozenset[str]:
        """The setters of which it matters to findings in this function whether they are hooked:
        they take out, or put back, what a call that could be a finding has taken out.
        To be asked after `sites`.
        """
        return frozenset(name for name, held in self._handled if not held.isdisjoint(self._taken))

    def put_back(self) -> frozenset[tuple[int, int]]:
        """Which calls may put back what which calls or stores, that could be findings, took out;
        as far as the function alone tells. Raises TooDeep."""
        self._walk({})
        return frozenset(self._pairs)

    def sites(self) -> Iterable[CallSite]:
        """Every call of a setter and every plain store. Raises TooDeep."""
        if not self.events:
            return ()
        if len(self.events) > MAX_STORES:
            raise TooDeep(f"more than {MAX_STORES} stores to entries in one function")
        whole = self._part_of_helper(self.body, 0) or self._in_a_table_of_functions()
        if whole:
            return [self._inside(position, whole) for position in self.events]
        found = self._walked({})
        if any(site.judgement is Judgement.UNKNOWN for site in found):
            known = self.entering(0)  # what every caller has seen to
            if known:
                found = self._walked(known)
        return found

    def _walked(self, known: Facts) -> list[CallSite]:
        self.drafts = []
        self._walk(known)
        seen = {draft.start for draft in self.drafts}
        for position in self.events:
            if position not in seen:  # in a place that the walk does not see: nothing is known
                self._record(position, State())
        best: dict[int, CallSite] = {}
        for draft in self.drafts:
            site = self._judged(draft)
            other = best.get(draft.start)
            if other is None or _RANK[site.judgement] > _RANK[other.judgement]:
                best[draft.start] = site
        return [best[start] for start in sorted(best)]

    def _walk(self, known: Facts) -> None:
        try:
            Walk(self.body, self._visit, known).run()
        except RecursionError as error:
            raise TooDeep from error

    # -- helpers, and what callers know

    def _part_of_helper(self, body: Body, depth: int) -> str:
        """Why a function is judged with a helper; '' if it is not."""
        own = self.setters.get(body.function.name)
        if own is not None:
            return f"in {own.name}(), " + (
                "a primitive: its callers are judged" if own.primitive else "which check judges"
            )
        if not body.function.is_static or depth >= MAX_CALLERS_UP:
            return ""
        uses = self.origins.uses(body)
        if uses and all(u.direct and self._part_of_helper(u.body, depth + 1) for u in uses):
            return f"only helpers call {body.function.name}(), which are judged as a whole"
        return ""

    def _in_a_table_of_functions(self) -> str:
        """A primitive by its shape that nobody calls by name: it is called as `set_pmd()` is."""
        kinds = [one.type for one in self.body.function.parameters]
        shape = len(kinds) == 2 and kinds[0].replace(" ", "") == f"{kinds[1].strip()}*"
        if shape and _ENTRY.match(kinds[1].strip()) and not self.origins.uses(self.body):
            name = self.body.function.name
            return f"{name}() is called through a pointer, as a primitive: its callers are judged"
        return ""

    def entering(self, depth: int) -> Facts:
        """What is known of entries where the function begins: what all of its callers know."""
        uses = self.origins.uses(self.body) if self.body.function.is_static else ()
        if not uses or depth >= MAX_CALLERS_UP or not all(use.direct for use in uses):
            return {}
        met: State | None = None
        for use in uses:
            judge = FunctionJudge(use.body, self.setters, self.origins)
            said = judge.state_before(use.call, depth + 1)
            met = meet(met, State(self._as_given(said, use.call)))
        return {key: words for key, words in met.facts.items() if words} if met else {}

    def state_before(self, call: Call, depth: int) -> State:
        """What is known where a call stands. Raises TooDeep."""
        self._wanted, self._met = call.start, None
        self._walk(self.entering(depth))
        return self._met or State()

    def _as_given(self, state: State, call: Call) -> Facts:
        """What a caller knows, in the names of the parameters."""
        found: Facts = {}
        for parameter, text in zip(self.body.function.parameters, call.arguments, strict=False):
            key = state.key(text)
            if state.about(key):
                found[parameter.name] = state.about(key)
            given = re.escape(text.strip())
            start = re.compile(rf"^(\*?){given}(?=->|\.|\[|$)")
            for known, words in state.facts.items():
                match = start.match(known)
                if match is not None and known != text.strip():
                    found[f"{match[1]}{parameter.name}{known[match.end() :]}"] = words
        return found

    # -- recording

    def _location(self, position: int) -> Location:
        return Location(self.body.source.path, self.body.source.line(position))

    def _blank(self, helper: str, level: str, position: int) -> CallSite:
        return CallSite(
            helper, level, self._location(position), self.body.function.name,
            Mapping.UNKNOWN, Judgement.UNKNOWN, "",
        )  # fmt: skip

    def _inside(self, position: int, reason: str) -> CallSite:
        call, store = self._calls.get(position), self._stores.get(position)
        table = self._tables.get(position)
        name = call.name if call else (table.name if table else PLAIN)
        level = self.setters[name].level if call else (store.level if store else "pte")
        site = self._blank(name, level, position)
        return replace(site, judgement=Judgement.INSIDE, reason=reason)

    def _visit(self, state: State, start: int, end: int) -> None:
        if start <= self._wanted < end:
            self._met = meet(self._met, state.copy())
        if self._tables:
            note(self.body.source.code[start:end], state)
        for position in self.events:
            if start <= position < end:
                self._record(position, state)

    def _record(self, position: int, state: State) -> None:
        call, store = self._calls.get(position), self._stores.get(position)
        if position in self._tables:
            self._give_away(self._tables[position], state)
            return
        if call is not None:
            setter = self.setters[call.name]
            slot = argument(call, setter.slot).lstrip("& ").strip()
            value = argument(call, setter.value)
            site = self._blank(call.name, setter.level, position)
            back = _BACK.match(value)
            if back is not None:
                self._handled.add((setter.name, frozenset({back[1]})))
                if setter.hooked:
                    self._put_back(call, value, back[1], state)
        else:
            assert store is not None
            setter, slot, value = None, store.slot, store.value
            site = self._blank(PLAIN, store.level, position)
        if store is not None and self.origins.is_result(self.body, slot):
            return
        draft = Draft(site, setter, slot, value, state.copy(), position, store=store)
        if call is not None and draft.populates and call.arguments:
            draft.table = call.arguments[-1]
        self.drafts.append(draft)
        raw = setter is None or not setter.hooked
        left = frozenset({"none"} if draft.effect is Effect.CLEAR else ())
        if setter is not None and _INVALIDATES.search(setter.name):
            left = frozenset({"invalidated"})
        if store is not None and (slot.endswith("]") or store.change in (Change.FILL, Change.COPY)):
            state.touched(re.split(r"\W", slot.lstrip("(&* "))[0])  # its neighbours, as well
        copies = state.stored(f"*{slot}", left)
        if draft.effect is Effect.CLEAR and setter is not None:
            self._handled.add((setter.name, frozenset(copies)))
        if raw and draft.effect is Effect.CLEAR and (setter is None or may_be_found(setter)):
            self._taken.update(copies)
        if raw and draft.effect is Effect.CLEAR:
            for name in copies:
                state.taken[name] = len(self.drafts) - 1

    def _give_away(self, call: Call, state: State) -> None:
        """A table is given away that was taken out of a page table."""
        evidence = self.origins.judge(self.body, call.arguments)
        judge = Withdrawn(self.body, self.setters, self.origins)
        judgement, reason = judge.judge(call, state, evidence)
        site = replace(
            self._blank(call.name, "pte", call.start), mapping=evidence.mapping,
            judgement=judgement, reason=reason,
            conditions=self.body.source.conditions(call.start),
        )  # fmt: skip
        draft = Draft(site, None, call.name, "", state.copy(), call.start, settled=True)
        if judgement is Judgement.FINDING:
            steps = tuple(self._steps(draft, evidence))
            draft.site = replace(site, rule=WITHDRAWN, change=-1, path=steps)
        self.drafts.append(draft)

    def _put_back(self, call: Call, value: str, name: str, state: State) -> None:
        """An entry that a raw store took out is given to a hooked setter."""
        index = state.taken.get(name)
        if index is None:
            return
        known = state.about(name)
        draft = self.drafts[index]
        if draft.setter is None or may_be_found(draft.setter):
            self._pairs.add((draft.start, call.start))
        if known & UNCOUNTED or "not a leaf" in known or draft.put_back is not None:
            return
        if draft.site.level != "pte" and "table" in known:
            return
        draft.put_back = Step(
            "hook", self._location(call.start), self.body.function.name,
            f"{call.name}(..., {value}): counts it once more",
        )  # fmt: skip

    # -- judging

    def _evidence(self, draft: Draft, call: Call | None) -> Evidence:
        expressions, addresses = [], []
        if call is not None and draft.setter is not None:
            setter = draft.setter
            expressions = [argument(call, i) for i in (setter.mm, setter.vma) if i >= 0]
            addresses = [a for a in call.arguments if "addr" in a or a in ("va", "start")]
        given = [e for e in (*expressions, draft.slot, *addresses) if e]
        evidence = self.origins.judge(self.body, given, draft.value, addresses)
        if draft.store is not None and draft.store.change is Change.COPY:
            source = self.origins.judge(self.body, (draft.value,))
            if source.mapping is Mapping.KERNEL:
                reason = f"the entries are copies of the kernel's own ({source.reason})"
                return Evidence(Mapping.KERNEL, reason)
        if evidence.mapping is Mapping.UNKNOWN and draft.value.isidentifier():
            for other in self._calls.values():
                setter = self.setters[other.name]
                if other is call or argument(other, setter.value) != draft.value:
                    continue
                slot = argument(other, setter.slot)
                if self.origins.judge(self.body, (slot,)).mapping is Mapping.KERNEL:
                    reason = "the same entry is put into the kernel's own table"
                    return Evidence(Mapping.KERNEL, reason)
        return evidence

    def _judged(self, draft: Draft) -> CallSite:
        call = self._calls.get(draft.start)
        setter = draft.setter
        if draft.settled:
            return draft.site
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

    def _raw(self, draft: Draft, site: CallSite, evidence: Evidence, promised: bool) -> CallSite:
        slot = f"*{draft.slot}"
        known = draft.state.about(slot)
        harmless = Excuses(self.body, self.setters, self.origins).reason(draft, known)
        if draft.put_back is None and harmless:
            return replace(site, judgement=Judgement.UNCOUNTED, reason=harmless)
        if _HOOK.search(self.body.text):
            reason = f"{self.body.function.name}() calls a hook itself"
            return replace(site, judgement=Judgement.HOOKED, reason=reason)
        proof, change = shown(self.body, self.origins.flags, draft, known)
        if proof and evidence.mapping is Mapping.USER:
            return replace(
                site, judgement=Judgement.FINDING, rule=CONTRACT if promised else RAW,
                reason=proof, path=tuple(self._steps(draft, evidence)), change=change,
                conditions=self.body.source.conditions(draft.start),
            )  # fmt: skip
        site = replace(site, conditions=self.body.source.conditions(draft.start))
        if proof:
            return replace(site, reason=f"{proof}, but {evidence.reason}")
        what = "what stands in the slot is not tested here"
        if evidence.mapping is Mapping.UNKNOWN:
            what = evidence.reason
        return replace(site, reason=what)

    def _steps(self, draft: Draft, evidence: Evidence) -> Iterable[Step]:
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
