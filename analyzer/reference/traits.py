# SPDX-License-Identifier: GPL-2.0-only
"""Where trees differ, asked of the tree's own mm/page_table_check.c in the evaluator.

The functions of the framework are run with the page, the counters and the entry answering as
each question wants; whether the counters are reached, and whether the kernel stops, is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ..evaluate.ctype import Node
from ..evaluate.harmless import BUILD_ERROR
from ..evaluate.values import Int, Opaque, PathEnds, Unjudged, Value
from ..helpers.session import ADDRESS, MM, ORDINARY, Session
from .values import LEVELS, Traits

_Override = Callable[[list[Value]], Value]
_PAGE: Final = Opaque("page", nonnull=True)
_EXT: Final = Opaque("page_ext", nonnull=True)
_COUNT: Final = "page_table_check_clear"
_EXT_GETTERS: Final = (
    "page_ext_get", "lookup_page_ext", "page_ext_lookup", "page_ext_iter_begin",
    "page_ext_from_phys",
)  # fmt: skip
_ATOMIC_READS: Final = ("atomic_read", "arch_atomic_read", "raw_atomic_read")
_ATOMIC_MOVES: Final = tuple(
    f"{prefix}atomic_{step}_return"
    for prefix in ("", "arch_", "raw_")
    for step in ("inc", "dec", "add", "sub")
)
_SLAB: Final = ("PageSlab", "folio_test_slab")
_STOPPED: Final = "BUG"


def read_traits(session: Session) -> Traits:
    """The traits of the tree that a session was made from.

    Raises Unjudged where the framework is not there or cannot be followed.
    """
    asked = _Framework(session)
    levels = [level for level in LEVELS if asked.hook(level, "clear") is not None]
    if not levels:
        raise Unjudged("no __page_table_check_*_clear() is defined in this configuration")
    return Traits(
        special_skipped=frozenset(level for level in levels if asked.skips_special(level)),
        huge_zero_skipped=frozenset(level for level in levels if asked.skips_huge_zero(level)),
        flags_checked=frozenset(level for level in levels if asked.checks_flags(level)),
        batched=frozenset(level for level in levels if asked.batched(level)),
        has_page_ext=asked.has_page_ext(),
        page_ext_required=asked.requires_page_ext(),
        slab_refused=asked.refuses_slab(),
        clear_checks_other=asked.clear_checks_other(),
        alloc_free_checked=asked.node("__page_table_check_zero") is not None,
    )


class _Framework:
    """Questions to the framework of one session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def node(self, name: str) -> Node | None:
        return self.session.machine.code.function_node(name, "")

    def hook(self, level: str, kind: str) -> str | None:
        """The name of a level's set or clear hook in this generation."""
        names = [f"__page_table_check_{level}_{kind}"]
        if kind == "set":
            names.insert(0, f"__page_table_check_{level}s_set")
        return next((name for name in names if self.node(name) is not None), None)

    # -- the questions

    def skips_special(self, level: str) -> bool:
        """Of an entry that the tree's own constructor makes; where it has none, pXX_special()
        answers yes."""
        for entry in self.session.classes(level):
            if self.session.test(level, "special", entry.raw) and self._accessible(
                level, entry.raw
            ):
                return not self._reaches_count(level, {}, entry.raw)
        special = f"{level}_special"
        if not self._has_accessible(level):
            return self._mentions(level, special)
        return not self._reaches_count(level, {special: _yes}) and self._reaches_count(
            level, {special: _no}
        )

    def skips_huge_zero(self, level: str) -> bool:
        zero: dict[str, _Override] = {
            f"is_huge_zero_{what}": _yes for what in ("page", "folio", level, "pfn")
        }
        if not self._has_accessible(level):
            return self._mentions(level, "huge_zero")
        return self._reaches_count(level, {}) and not self._reaches_count(level, zero)

    def checks_flags(self, level: str) -> bool:
        """Whether the set hook asks the entry for write protection of userfaultfd."""
        return self._mentions(level, "uffd_wp", "set")

    def batched(self, level: str) -> bool:
        name = self.hook(level, "set")
        return name is not None and any(one == "nr" for one, _ in self._parameters(name))

    def has_page_ext(self) -> bool:
        """Whether the counters are in page_ext, and not in struct page."""
        return bool(self._met({}) & set(_EXT_GETTERS))

    def requires_page_ext(self) -> bool:
        """Whether a page without counters is not simply passed over."""
        met = self._met(dict.fromkeys(_EXT_GETTERS, _no))
        return bool(met & set(_EXT_GETTERS)) and bool(met & {*_ATOMIC_MOVES, _STOPPED})

    def refuses_slab(self) -> bool:
        """Whether the page is asked; there is one reason to."""
        return bool(self._met({}) & set(_SLAB))

    def clear_checks_other(self) -> bool:
        """Whether a counter is looked at that is not moved."""
        return bool(self._met({}) & set(_ATOMIC_READS))

    # -- how they are asked

    def _mentioned(self, name: str, depth: int) -> frozenset[str]:
        """The names in a function and in those of the framework that it calls."""
        code = self.session.machine.code
        found = set(code.callees(name))
        for callee in list(found) if depth > 1 else ():
            if "page_table_check" in callee:
                found |= self._mentioned(callee, depth - 1)
        return frozenset(found)

    def _parameters(self, name: str) -> list[tuple[str, str]]:
        node = self.node(name)
        assert node is not None
        return [(one.name or "", repr(one.type)) for one in node.decl.type.args.params]

    def _mentions(self, level: str, part: str, kind: str = "clear") -> bool:
        name = self.hook(level, kind)
        return name is not None and any(part in word for word in self._mentioned(name, 2))

    def _has_accessible(self, level: str) -> bool:
        return any(self._accessible(level, entry.raw) for entry in self.session.classes(level))

    def _accessible(self, level: str, raw: int) -> bool:
        try:
            return self.session.predicate(level, raw)
        except (Unjudged, PathEnds):
            return False

    def _reaches_count(
        self, level: str, overrides: Mapping[str, _Override], raw: int | None = None
    ) -> bool:
        """Whether clearing an accessible entry (`raw`, or the first) gets to the counters."""
        session = self.session
        name = self.hook(level, "clear")
        if raw is None:
            raws = (entry.raw for entry in session.classes(level))
            raw = next((one for one in raws if self._accessible(level, one)), None)
        if name is None or raw is None:
            return False
        values: list[Value] = []
        for parameter, text in self._parameters(name):
            if parameter == "mm" or "mm_struct" in text:
                values.append(MM)
            elif f"{level}_t" in text:
                values.append(session.wrap(level, raw))
            else:
                values.append(Int(ADDRESS[session.bits], session.bits, False))
        moved: list[bool] = []

        def count(given: list[Value]) -> Value:
            moved.append(True)
            return Int(0)

        def ask() -> Value:
            moved.clear()
            session.machine.call(name, list(values))
            return Int(len(moved))

        pages = dict.fromkeys(("pfn_to_page", "_compound_head", "page_folio"), _a_page)
        usual = {key: call for key, call in ORDINARY.items() if "page_table_check" not in key}
        found = self._with({_COUNT: count, **usual, **pages, **overrides}, name, ask)
        return found is not None and found != 0

    def _met(self, overrides: Mapping[str, _Override]) -> frozenset[str]:
        """What un-counting one page calls of what is overridden; _STOPPED if every path ends.

        Whether BUG_ON() stops is not asked: it is inline assembly on some architectures.
        """
        if self.node(_COUNT) is None:
            raise Unjudged(f"{_COUNT}() is not defined in this configuration")
        values: list[Value] = []
        for parameter, text in self._parameters(_COUNT):
            if "mm_struct" in text:
                values.append(MM)
            elif "pfn" in parameter or "addr" in parameter:
                values.append(Int(0x1000, self.session.bits, False))
            else:
                values.append(Int(1, self.session.bits, False))
        met: set[str] = set()

        def noted(name: str, answer: _Override) -> _Override:
            def call(given: list[Value]) -> Value:
                met.add(name)
                return answer(given)

            return call

        usual: dict[str, _Override] = {
            "pfn_valid": _yes,
            "pfn_to_page": _a_page,
            "PageAnon": _no,
            **dict.fromkeys(_SLAB, _no),
            **dict.fromkeys(_EXT_GETTERS, _an_ext),
            "page_ext_next": _an_ext,
            "page_ext_iter_next": _no,
            **dict.fromkeys((*_ATOMIC_READS, *_ATOMIC_MOVES), _no),
        }

        def ask() -> Value:
            self.session.machine.call(_COUNT, list(values))
            return Int(0)

        watched = {name: noted(name, answer) for name, answer in {**usual, **overrides}.items()}
        if self._with(watched, _COUNT, ask) is None:
            met.add(_STOPPED)
        return frozenset(met)

    def _with(
        self, overrides: Mapping[str, _Override], name: str, ask: Callable[[], Value]
    ) -> int | None:
        """The answer under overrides; None where every path ends in BUG()."""
        machine = self.session.machine
        saved = machine.overrides
        asserts = [word for word in self._mentioned(name, 2) if word.startswith(BUILD_ERROR)]
        held = dict.fromkeys(asserts, _no)  # what seems to fail: the kernel builds
        machine.overrides = {**saved, **held, **overrides}
        machine.transparent = True
        try:
            number = machine.number(self.session.agreed(name, ask))
        except PathEnds:
            return None
        finally:
            machine.overrides = saved
            machine.transparent = False
        if isinstance(number, Opaque):
            raise Unjudged(f"{name} depends on {number.name}")
        return number.value


def _no(values: list[Value]) -> Value:
    return Int(0)


def _yes(values: list[Value]) -> Value:
    return Int(1)


def _a_page(values: list[Value]) -> Value:
    return _PAGE


def _an_ext(values: list[Value]) -> Value:
    return _EXT
