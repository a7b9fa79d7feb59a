# SPDX-License-Identifier: GPL-2.0-only
"""What each bit of an entry does, seen from the tree's own constructors, modifiers and tests.

A bit is *dirty* because mkdirty() and mkclean() change it and pte_dirty() asks for it, whatever it
is called. A bit can have several roles; each has a weight: how directly it was seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..evaluate.state import alternatives
from ..evaluate.values import Int, Opaque, PathEnds, Unjudged, Value
from ..helpers.probes import CLASS, TEST, EntryClass, entry_classes
from ..helpers.session import Entry, Session
from .probes import ASK, CHANGE, MAKE, USER_PROTECTIONS
from .roles import CERTAIN, DECISIVE, SEEN, SHOWN, SWAP_ROLES, Roles, bits_of

#: role, modifiers that set it, modifiers that take it away, the test
_PAIRS: Final = (
    ("write", ("mkwrite_novma", "mkwrite"), ("wrprotect",), "write"),
    ("dirty", ("mkdirty",), ("mkclean",), "dirty"),
    ("accessed", ("mkyoung",), ("mkold",), "young"),
    ("special", ("mkspecial",), (), "special"),
    ("devmap", ("mkdevmap",), (), "devmap"),
    ("soft-dirty", ("mksoft_dirty",), ("clear_soft_dirty",), "soft_dirty"),
    ("uffd-wp", ("mkuffd_wp",), ("clear_uffd_wp",), "uffd_wp"),
)
_SWAP_PAIRS: Final = (
    ("swap-exclusive", ("swp_mkexclusive",), ("swp_clear_exclusive",), "swp_exclusive"),
    ("swap-soft-dirty", ("swp_mksoft_dirty",), ("swp_clear_soft_dirty",), "swp_soft_dirty"),
    ("swap-uffd-wp", ("swp_mkuffd_wp",), ("swp_clear_uffd_wp",), "swp_uffd_wp"),
)
_READ, _WRITE, _EXEC, _SHARED = 1, 2, 4, 8
_MAX_FRAME_BITS: Final = 52
_MAX_OFFSET_BITS: Final = 56
MAX_STEPS: Final = 500_000
"""Of the evaluator for one level; the levels of real trees take less than a tenth."""
_MAX_WAYS: Final = 16
_TYPES: Final = 5  # bits of a swap type in the generic entry: MAX_SWAPFILES_SHIFT


def find_roles(session: Session, level: str, lower: Roles | None = None) -> Roles:
    """The roles of every bit at one level; Unjudged where the tree has no such entry.

    `lower`: the roles at the level below, whose bits mean no difference of user and kernel.
    """
    return _Finder(session, level, lower).find()


class _Finder:
    def __init__(self, session: Session, level: str, lower: Roles | None) -> None:
        self.session = session
        self.lower = lower
        self.level = level
        self.width = 8 * session.width(level)
        self.roles = Roles(level, self.width)
        self.frame = session.frames[0]
        self.samples: dict[str, int] = {}
        self.steps = 0

    def find(self) -> Roles:
        for entry in (self.session.none(self.level), self.session.table(self.level)):
            if isinstance(entry, Entry):
                self.samples[entry.name] = entry.raw
        for kind in entry_classes(self.level):
            raw = self._of_class(kind, self.frame)
            if raw is not None:
                self.samples[kind.name] = raw
        self._frames()
        self._pairs(_PAIRS, self._present_samples())
        self._presence()
        self._protections()
        self._leaf()
        self._user()
        self._swap()
        return self.roles

    # -- evaluation

    def change(self, name: str, raw: int) -> int | None:
        """An entry after one of the tree's modifiers; None where it has none or cannot say."""
        return self._entry(f"{CHANGE}{self.level}_{name}", self.session.wrap(self.level, raw))

    def make(self, name: str, *values: int) -> int | None:
        """An entry made by one of our constructors."""
        bits = self.session.bits
        return self._entry(
            f"{MAKE}{self.level}_{name}", *(Int(value, bits, False) for value in values)
        )

    def _of_class(self, kind: EntryClass, frame: int) -> int | None:
        """An entry of a class; what depends on the run time is as it is at first."""
        for index in range(len(kind.makers)):
            name = f"{CLASS}{self.level}_{kind.name.replace('-', '_')}_{index}"
            raw = self._entry(name, Int(frame, self.session.bits, False))
            if raw is not None:
                return raw
        return None

    def _entry(self, function: str, *values: Value) -> int | None:
        try:
            value, conditions = self.evaluate(function, *values)
            raw = self.session.raw(self.level, value)
        except (Unjudged, PathEnds, RecursionError):
            return None
        self.roles.conditions.update(conditions)
        return raw

    def _answer(self, function: str, raw: int) -> int | None:
        try:
            value, conditions = self.evaluate(function, self.session.wrap(self.level, raw))
            number = self.session.machine.number(value)
        except (Unjudged, PathEnds, RecursionError):
            return None
        if isinstance(number, Opaque):
            return None
        self.roles.conditions.update(conditions)
        return number.value

    def evaluate(self, function: str, *values: Value) -> tuple[Value, tuple[str, ...]]:
        """A call in which conditions that only the run time decides go their first way.

        That is: not taken; they are the second value. Ways that do not return are left out.
        Raises Unjudged, PathEnds.
        """
        machine = self.session.machine
        saved = machine.run
        todo: list[tuple[int, ...]] = [()]
        try:
            for _ in range(_MAX_WAYS):
                if self.steps > MAX_STEPS:
                    raise Unjudged(f"more than {MAX_STEPS} steps")
                run = self.session.fresh(todo.pop(0))
                try:
                    value = machine.call(function, list(values))
                except PathEnds:
                    todo = alternatives(run) + todo
                    if not todo:
                        raise
                    continue
                finally:
                    self.steps += run.steps
                return value, tuple(choice.key for choice in run.choices)
            raise PathEnds("no way returns")
        finally:
            machine.run = saved

    def ask(self, name: str, raw: int) -> bool | None:
        """The answer of one of the tree's tests; None where it has none or cannot say."""
        value = self._answer(f"{ASK}{self.level}_{name}", raw)
        return None if value is None else value != 0

    def decisive(self, name: str, raw: int, mask: int) -> int:
        """The bits of a mask each of which alone turns the answer of a test."""
        before = self.ask(name, raw)
        if before is None:
            return 0
        found = 0
        for bit in bits_of(mask):
            after = self.ask(name, raw ^ (1 << bit))
            if after is not None and after != before:
                found |= 1 << bit
        return found

    # -- samples

    def _present_samples(self) -> list[int]:
        kinds = entry_classes(self.level)
        names = {kind.name for kind in kinds if kind.present and kind.name != "protnone"}
        return [raw for name, raw in self.samples.items() if name in names]

    # -- the roles

    def _frames(self) -> None:
        """pfn: what differs between entries for frames that differ in one bit."""
        session = self.session
        kinds = [k for k in entry_classes(self.level) if k.accessible and k.name in self.samples]
        if not kinds:
            return
        kind, base = kinds[0], self.samples[kinds[0].name]
        try:
            first = (session.pages(self.level)).bit_length() - 1
        except Unjudged:
            first = 0
        for bit in range(first, min(_MAX_FRAME_BITS, session.bits)):
            frame = self.frame ^ (1 << bit)
            other = self._of_class(kind, frame)
            if other is not None and self._answer(f"{TEST}{self.level}_pfn", other) == frame:
                self.roles.add("pfn", base ^ other, CERTAIN)

    def _pairs(
        self,
        pairs: Iterable[tuple[str, tuple[str, ...], tuple[str, ...], str]],
        samples: list[int],
    ) -> None:
        """Roles that come with a modifier and a test."""
        for role, setters, clearers, test in pairs:
            every = 0
            least: int | None = None
            turned = 0
            for raw in samples:
                set_ = self._first(setters, raw)
                cleared = self._first(clearers, raw) if clearers else raw
                for one in (set_, cleared):
                    if one is None:
                        continue
                    change = one ^ raw
                    if clearers and set_ is not None and cleared is not None:
                        change = set_ ^ cleared
                    if not change:
                        continue
                    every |= change
                    if least is None or change.bit_count() < least.bit_count():
                        least = change
                    turned |= self.decisive(test, one, change)
            if least is None:
                continue
            self.roles.add(role, every, SEEN)
            self.roles.add(role, every & turned, DECISIVE)
            self.roles.add(role, least & turned, CERTAIN)
            if not turned:
                self.roles.add(role, least, DECISIVE)

    def _first(self, names: tuple[str, ...], raw: int) -> int | None:
        return next((v for v in (self.change(name, raw) for name in names) if v is not None), None)

    def _presence(self) -> None:
        """present and protnone: what pte_present() asks for."""
        everywhere = -1
        samples = self._present_samples()
        if "table" in self.samples:
            samples.append(self.samples["table"])
        for raw in samples:
            everywhere &= raw
        for raw in samples:
            found = self.decisive("present", raw, raw)
            self.roles.add("present", found & everywhere, CERTAIN)
            self.roles.add("present", found, SHOWN)
        hidden = self.samples.get("protnone")
        if hidden is None or hidden in samples:
            return
        known = self.roles.mask("present")
        mask = hidden & ~known & ~self.roles.mask("pfn")
        found = self.decisive("present", hidden, mask) or self.decisive("protnone", hidden, mask)
        self.roles.add("protnone", found, CERTAIN)

    def _user_protection(self, flags: int) -> int | None:
        for alternative in (0, 1):
            raw = self.make(f"user{flags}_{alternative}", self.frame)
            if raw is not None:
                return raw
        return None

    def _protections(self) -> None:
        """read, write, exec, cache: what differs between protections."""
        made = {flags: self._user_protection(flags) for flags in USER_PROTECTIONS}

        def differ(one: int | None, other: int | None) -> tuple[int, int]:
            if one is None or other is None:
                return 0, 0
            return one & ~other, other & ~one

        for plain, executable in ((1, 5), (9, 13), (11, 15)):
            only_plain, only_exec = differ(made[plain], made[executable])
            self.roles.add("noexec", only_plain, CERTAIN)
            self.roles.add("exec", only_exec, CERTAIN)
        for readonly, writable in ((1, 11), (9, 11), (5, 15)):
            lost, gained = differ(made[readonly], made[writable])
            self.roles.add("write", (lost | gained), SHOWN)
        gone, come = differ(made[4], made[5])
        self.roles.add("read", gone | come, SHOWN)
        kernel = self.make("kernel", self.frame)
        lost, gained = differ(self.make("kernel_ro", self.frame), kernel)
        certain = self.roles.mask("dirty", CERTAIN)  # a kernel mapping that is written is dirty
        self.roles.add("write", (lost | gained) & ~certain, DECISIVE)
        only_plain, only_exec = differ(kernel, self.make("kernel_exec", self.frame))
        self.roles.add("noexec", only_plain, SHOWN)
        self.roles.add("exec", only_exec, SHOWN)
        for name in ("noncached", "writecombine", "device", "dmacoherent"):
            lost, gained = differ(kernel, self.make(name, self.frame))
            self.roles.add("cache", lost | gained, SHOWN)

    def _leaf(self) -> None:
        """leaf: what pmd_leaf() asks for, beside presence; what pmd_mkhuge() changes."""
        if self.level == "pte":
            return
        present = self.roles.mask("present") | self.roles.mask("protnone")
        entire = (1 << self.width) - 1
        for name, raw in self.samples.items():
            if name in ("swap", "migration", "none"):
                continue
            mask = entire & ~present & ~self.roles.mask("pfn")
            self.roles.add("leaf", self.decisive("leaf", raw, mask), SHOWN)
            huge = self.change("mkhuge", raw)
            if huge is not None:
                self.roles.add("leaf", (huge ^ raw) & ~present, SHOWN)

    def _user(self) -> None:
        """user and global: how user and kernel entries differ."""
        kernel = self.samples.get("kernel")
        users = [
            raw for name, raw in self.samples.items() if name in ("user-readonly", "user-writable")
        ]
        if kernel is None or not users:
            return
        always, never = (1 << self.width) - 1, 0
        for raw in users:
            always &= raw
            never |= raw
        differ = ((always & ~kernel) | (kernel & ~never)) & ~self.roles.mask("pfn")
        for raw in users:
            found = self._counted(raw, differ) | self.decisive("user", raw, differ)
            if not found:
                found = self.decisive("access", raw, differ)
            self.roles.add("user", found & ~self._settled(self.roles), CERTAIN)
        rest = differ & ~self.roles.mask("user") & ~self._settled(self.roles)
        if self.lower is not None:
            rest &= ~self._settled(self.lower)
        self.roles.add("global", rest, SEEN)

    @staticmethod
    def _settled(roles: Roles) -> int:
        """Bits whose role in an entry that is present was seen directly."""
        return sum(
            1 << bit
            for bit, found in roles.weights.items()
            if any(
                weight >= SHOWN and role not in SWAP_ROLES and role not in ("protnone", "cache")
                for role, weight in found.items()
            )
        )

    def _counted(self, raw: int, mask: int) -> int:
        """The bits each of which alone turns the user accessible predicate."""
        session = self.session
        if not session.has_predicate(self.level):
            return 0
        try:
            before = session.predicate(self.level, raw)
        except (Unjudged, PathEnds):
            return 0
        found = 0
        for bit in bits_of(mask):
            try:
                if session.predicate(self.level, raw ^ (1 << bit)) != before:
                    found |= 1 << bit
            except (Unjudged, PathEnds):
                continue
        return found

    def _swap(self) -> None:
        """The layout of a swap entry: what type and offset decide, and the marks beside them."""
        base = self.make("swap", 1, 0x100)
        if base is None:
            return
        for bit in range(_TYPES):
            other = self.make("swap", 1 ^ (1 << bit), 0x100)
            if other is not None:
                self.roles.add("swap-type", base ^ other, CERTAIN)
        types = self.roles.mask("swap-type")
        for bit in range(min(_MAX_OFFSET_BITS, self.session.bits)):
            other = self.make("swap", 1, 0x100 ^ (1 << bit))
            if other is not None:
                change = base ^ other
                if change & types or change.bit_count() != 1:
                    break  # does not fit any more
                self.roles.add("swap-offset", change, CERTAIN)
        self._pairs(_SWAP_PAIRS, [base])
