# SPDX-License-Identifier: GPL-2.0-only
"""What a slot of hugetlb holds, as the tree itself reads it.

Some architectures keep a page of hugetlb in the form of the level that its size belongs to, while
hugetlb's helpers are given and return ptes: set_huge_pte_at() and huge_ptep_get() convert.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final
from weakref import WeakMethod

from ..evaluate.memory import Table
from ..evaluate.state import Event
from ..evaluate.values import Int, Opaque, PathEnds, Pointer, Value
from ..helpers.interface import Signature
from ..helpers.probes import CALL
from ..helpers.session import ADDRESS, MM, Entry, Session
from .outcome import Case

GETTER: Final = "huge_ptep_get"
_LEVEL: Final = "pte"
_SLOTS: Final = 8

Left = Callable[[Signature, Case], tuple[int, ...]]
"""What a helper leaves in the slot of a case and in those behind it; nothing where it does not
return."""


class HugeSlots:
    """Reads raw contents by the tree's getter, where its setter puts another form there.

    A getter may say more than the slot does (arm's calls all that is not empty valid): it is not
    asked where entries are kept as they are given. `left` is a method of whoever owns this, what
    a helper leaves in a slot: a cycle would keep the unit, which is large.
    """

    def __init__(self, session: Session, left: Left) -> None:
        self._session = session
        self._left = WeakMethod(left)
        self.setter: Signature | None = None  # set_huge_pte_at(), once it is known
        self._keeps: dict[int, tuple[Entry, ...]] = {}  # what it leaves, by what it is given
        self._plain: bool | None = None

    def kept(self, entry: Entry) -> Entry:
        """An entry as a slot of hugetlb keeps it: some architectures have another form there."""
        return self.filled(entry)[0]

    def filled(self, entry: Entry) -> tuple[Entry, ...]:
        """The slots that a page of hugetlb fills: some architectures have many of them for one,
        and its helpers store to all."""
        code = self._session.machine.code
        if self.setter is None or not code.has_function(CALL + self.setter.name):
            return (entry,)
        known = self._keeps.get(entry.raw)
        if known is None:
            known = (entry,)
            left, empty = self._left(), self._session.none(self.setter.level)
            if left is not None and isinstance(empty, Entry):
                raws = self._noted(left, self.setter, Case(empty, entry, 1))
                known = tuple(replace(entry, raw=raw) for raw in raws) or known
            self._keeps[entry.raw] = known
        return known

    def _noted(self, left: Left, setter: Signature, case: Case) -> tuple[int, ...]:
        entry = case.new
        assert entry is not None
        key = f"kept {case.old.raw} {entry.raw} {entry.pfn} {entry.name}"
        return self._session.noted(key, lambda: (left(setter, case), ""))[0]

    def pte(self, raw: int) -> int:
        """The pte that the contents of a slot stand for. Raises Unjudged, PathEnds."""
        session = self._session
        session.machine.questions.add(("function", GETTER, ""))
        node: Any = session.machine.code.function_node(GETTER, "")
        if node is None or node.decl.type.args is None:
            return raw
        if self._plain is None:
            entries = [session.huge(entry) for entry in session.classes(_LEVEL)]
            self._plain = all(self._same(entry.raw, self.kept(entry).raw) for entry in entries)
        if self._plain:
            return raw  # every entry that can be made is kept in the form it is given in
        declared = tuple(node.decl.type.args.params)

        def ask() -> Value:
            table = session.new_table(_LEVEL, _SLOTS, raw)
            machine = session.machine
            found = machine.call(GETTER, [self._argument(one, table) for one in declared])
            if isinstance(machine.memory.raw(found, table.width), Opaque):
                raise PathEnds("reads another place")  # a table beside: not about this slot
            return found

        def told() -> int:
            return session.told(
                ("huge", raw), lambda: session.raw(_LEVEL, session.agreed(GETTER, ask))
            )

        numbers, _ = session.noted(f"read {raw}", lambda: ((told(),), ""))
        return numbers[0]

    def asked_again(self, key: str) -> None:
        """Ask what was noted under a key once more; see `Entries.asked_again`."""
        word, first, *rest = key.split(" ")
        left = self._left()
        if word == "read":
            self.pte(int(first))
        elif word == "kept" and left is not None and self.setter is not None:
            entry = Entry(" ".join(rest[2:]), int(rest[1]), int(rest[0]))
            self._noted(left, self.setter, Case(Entry("none", 0, int(first)), entry, 1))
        else:
            self._session.asked_again(key)

    def _same(self, given: int, kept: int) -> bool:
        """Whether what a slot holds is a pte as the one that was given, but for details."""
        session = self._session
        return given == kept or (
            session.counted(_LEVEL, given) == session.counted(_LEVEL, kept)
            and session.test(_LEVEL, "present", given) == session.test(_LEVEL, "present", kept)
        )

    def _argument(self, declared: Any, table: Table) -> Value:
        inner = getattr(declared.type, "type", None)  # of a pointer
        named = getattr(getattr(inner, "type", None), "names", None)
        if named == [f"{_LEVEL}_t"]:
            middle = _SLOTS // 2 * table.width
            return Pointer(table, middle, self._session.machine.entry_type(_LEVEL))
        if getattr(getattr(inner, "type", None), "name", "") == "mm_struct":
            return MM
        bits = self._session.bits
        return Int(ADDRESS[bits], bits, False)

    def event(self, event: Event) -> Event:
        """A store to a slot of hugetlb, its contents as ptes. Raises Unjudged, PathEnds."""
        if event.kind != "store":
            return event
        return event._replace(old=self.pte(event.old), new=self.pte(event.new))
