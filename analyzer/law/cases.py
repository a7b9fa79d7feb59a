# SPDX-License-Identifier: GPL-2.0-only
"""The pairs of old and new entries that a helper is run over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from ..helpers.contracts import Contract, New, Old
from ..helpers.interface import Signature, parameter_names
from ..helpers.session import Entry, Session
from .arguments import is_old, is_value, takes_count
from .bounds import BATCH, PAIR
from .hugetlb import is_hugetlb
from .outcome import Case
from .slots import HugeSlots


class Cases:
    """Makes the cases of helpers from the entries of a session."""

    def __init__(self, session: Session, slots: HugeSlots) -> None:
        self.session = session
        self._slots = slots

    def of(self, signature: Signature, contract: Contract) -> Iterator[Case]:
        """The (old, new) pairs that the contract allows."""
        level = signature.level
        takes_value = self._takes_value(signature)
        batch = takes_count(signature)
        entries = self.session.classes(level)
        if is_hugetlb(signature.name):
            entries = tuple(self.session.huge(entry) for entry in entries)
        olds = [entry for entry in entries if allowed(self.session, level, entry, contract.old)]
        for old in olds:
            kept = old
            behind: tuple[Entry, ...] = ()
            if is_hugetlb(signature.name):
                kept, *others = self._slots.filled(old)
                behind = tuple(others)
                read = replace(kept, raw=self._slots.pte(kept.raw))
                if kept != old and not allowed(self.session, level, read, contract.old):
                    continue  # a form that cannot tell it from what is allowed
            if not takes_value:
                cases = self._without_value(level, old, contract, batch)
            else:
                cases = self.with_value(level, old, entries, contract, batch)
            for case in cases:
                yield replace(case, old=kept, neighbours=case.neighbours or behind)

    def also(self, signature: Signature, contract: Contract, entry: Entry) -> Iterator[Case]:
        """The cases of one more entry: it comes where nothing was, and it goes."""
        level = signature.level
        none = self.session.none(level)
        if not isinstance(none, Entry):
            return
        gone = allowed(self.session, level, entry, contract.old)
        if not self._takes_value(signature):
            if gone:
                yield Case(entry, None, 1)
            return
        comes = contract.new in (New.ANY, New.NO_TABLE)
        if comes and allowed(self.session, level, none, contract.old):
            yield Case(none, entry, 1)
        if gone:
            yield from islice(self.with_value(level, entry, (none,), contract, False), 1)

    def batch(self, signature: Signature, contract: Contract, length: int) -> Iterator[Case]:
        """The case of one batch of some length."""
        level = signature.level
        usual = {entry.name: entry for entry in self.session.classes(level)}
        entry, none = usual.get("user-writable"), usual.get("none")
        if entry is None or none is None:
            return
        if not self._takes_value(signature):
            if allowed(self.session, level, entry, contract.old):
                yield Case(entry, None, length, self._followers(level, entry, length))
        elif contract.new is New.ANY and allowed(self.session, level, none, contract.old):
            yield Case(none, entry, length)

    @staticmethod
    def _takes_value(signature: Signature) -> bool:
        names = parameter_names(signature.parameters)
        pairs = zip(signature.parameters, names, strict=True)
        return any(is_value(declared) and not is_old(name) for declared, name in pairs)

    def _without_value(
        self, level: str, old: Entry, contract: Contract, batch: bool
    ) -> Iterator[Case]:
        yield Case(old, None, 1)
        if batch and (contract.old is not Old.ANY or (old.kind is not None and old.kind.present)):
            yield Case(old, None, BATCH, self._followers(level, old))

    def with_value(
        self, level: str, old: Entry, entries: tuple[Entry, ...], contract: Contract, batch: bool
    ) -> Iterator[Case]:
        """The cases of a helper that is given a new entry, over one old entry."""
        session = self.session
        if contract.new is New.SAME:
            raw = session.apply(level, "flags", old.raw)
            name = f"{old.name}, young and dirty" if raw is not None else old.name
            yield Case(old, Entry(name, old.pfn, old.raw if raw is None else raw, old.kind), 1)
            return
        if contract.new is New.PROTECTED:
            yield Case(old, old, 1)
            for change in ("readonly", "none"):
                raw = session.apply(level, change, old.raw)
                if raw is not None:
                    yield Case(old, Entry(f"{old.name}, made {change}", old.pfn, raw, old.kind), 1)
            return
        pivots = self.pivots(level, entries)
        for entry in entries:
            if contract.new is New.NO_TABLE and entry.name == "table":
                continue
            if old.name in pivots or entry.name in pivots:
                yield Case(old, entry, 1)
            if entry.kind is not None and entry.kind.present and old.name in pivots:
                other = self._moved(entry, level, session.frames[1])
                if other.raw != entry.raw and old.name not in ("none", "swap"):
                    yield Case(old, other, 1)
            if batch and old.name == "none" and entry.kind is not None and entry.kind.present:
                yield Case(old, entry, PAIR if self.session.machine.refilled else BATCH)

    def pivots(self, level: str, entries: tuple[Entry, ...]) -> frozenset[str]:
        """Every old entry meets these as new, every new one meets them as old: nothing, one that
        is counted, one that is not present. Two entries that both are none of them differ from a
        pivot in no bit that a helper can decide on together. Where a table of functions holds
        others than at first, they are given a slot and a value: one pivot is enough."""
        counted = [e.name for e in entries if self.session.counted(level, e.raw) is not None]
        best = "user-writable" if "user-writable" in counted else next(iter(counted), "none")
        return frozenset({best} if self.session.machine.refilled else {"none", "swap", best})

    def _followers(self, level: str, old: Entry, length: int = BATCH) -> tuple[Entry, ...]:
        step = self.session.pages(level)
        return tuple(
            self.session.with_frame(level, old, old.pfn + i * step) for i in range(1, length)
        )

    def _moved(self, entry: Entry, level: str, pfn: int) -> Entry:
        """The same class of entry for another frame, made by hugetlb where `entry` is."""
        session = self.session
        plain = session.with_frame(level, entry, entry.pfn)
        other = session.with_frame(level, entry, pfn)
        return other if entry.raw == plain.raw else session.huge(other)


def allowed(session: Session, level: str, entry: Entry, old: Old) -> bool:
    """Whether a helper may find an entry, taken for one of `level`."""
    if old is Old.ANY:
        return True
    if old is Old.PRESENT:
        return entry.kind is not None and entry.kind.present and not entry.kind.kernel
    if old is Old.TABLE:
        return entry.name in ("none", "table")
    return entry.kind is None or session.counted(level, entry.raw) is None
