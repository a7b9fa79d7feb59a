# SPDX-License-Identifier: GPL-2.0-only
"""One variant, ready to be judged: its entries, and what each of them counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from ..evaluate.values import Int, Opaque, Unjudged, Value
from ..frontend import Unit
from ..kconfig import Variant
from .asking import MM
from .entries import ADDRESS, LOWER_TABLE, VMA, Entries, Entry
from .interface import LEVELS
from .noted import Said
from .probes import entry_classes
from .surrogate import Surrogate, counts, derive

_COUNTER = "page_table_check_clear"


def _no(values: list[Value]) -> Value:
    return Int(0)


def _yes(values: list[Value]) -> Value:
    return Int(1)


ORDINARY: Final = {
    **{f"is_huge_zero_{what}": _no for what in ("pmd", "pud", "page", "folio", "pfn")},
    "page_table_check_huge_zero_pmd": _no,  # the framework's own test, since 6.12
    "pfn_valid": _yes,
}
"""The entries that are judged map ordinary memory: valid frames, not the huge zero page."""


LEAVES: Final = ("TRANSPARENT_HUGEPAGE", "HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD")
_LEAF_OPTIONS: Final = {"pmd": LEAVES[:1], "pud": LEAVES}
"""The options without any of which generic code (mm/huge_memory.c) makes no leaf of a level."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What an entry contributes to the counters: first frame and number of base pages."""

    pfn: int
    pages: int


NOTHING: Final = Counted(0, 0)
"""What an entry contributes that is not counted."""


class Session(Entries):
    """What an entry counts, by the framework and the predicates of the tree."""

    def __init__(
        self, unit: Unit, variant: Variant, world: Mapping[str, int] | None = None
    ) -> None:
        super().__init__(unit, variant, world)
        self._counted: dict[tuple[str, int], Counted | None] = {}
        self._surrogates: dict[str, Surrogate | None] = {}
        for level in LEVELS:
            if not self.has_predicate(level):
                call = partial(self._surrogate_call, level)
                self.machine.overrides[f"{level}_user_accessible_page"] = call

    def has_counted(self, level: str) -> bool:
        """Whether any entry of the level is counted; without one nothing can be proved."""
        return any(self.counted(level, entry.raw) is not None for entry in self.classes(level))

    def leafless(self, level: str) -> bool:
        """Whether no entry of a level maps a user's memory: none can be made, and either the
        configuration has no transparent huge pages of that size (hugetlb's are handled through
        huge_pte helpers), or the tree's own constructors refuse (BUG) in this state of the
        processor. Where not even a pte can be made the headers were not understood: never."""
        if level == "pte" or self._makes(level) or not self._makes("pte"):
            return False
        kinds = [kind for kind in entry_classes(level) if kind.accessible]
        if not all(self.variant.config.on(option) for option in _LEAF_OPTIONS[level]):
            return not self.unit.unread  # else what makes one may be what is missing
        return all((level, kind.name) in self.refused for kind in kinds)

    def _makes(self, level: str) -> bool:
        kinds = [kind for kind in entry_classes(level) if kind.accessible]
        return any(isinstance(self.entry(level, kind, self.frames[0]), Entry) for kind in kinds)

    def has_predicate(self, level: str) -> bool:
        """Whether the variant defines the level's user accessible predicate."""
        return self.machine.code.function_node(f"{level}_user_accessible_page", "") is not None

    def surrogate(self, level: str, raw: int) -> bool:
        """The answer of a predicate derived from the tree's entries, where it has none."""
        if level not in self._surrogates:
            empty = self.none(level)
            self._surrogates[level] = derive(
                level, lambda name, pfn: self._raws_of(level, name, pfn), self.frames,
                empty.raw if isinstance(empty, Entry) else None,
            )  # fmt: skip
        found = self._surrogates[level]
        if found is None:
            raise Unjudged(f"no accessible {level} entry can be made in this configuration")
        return counts(found, raw, lambda name: self.test(level, name, raw), level)

    def _raws_of(self, level: str, name: str, pfn: int) -> tuple[int, ...]:
        for kind in entry_classes(level):
            if kind.name == name:
                entry = self.entry(level, kind, pfn)
                if not isinstance(entry, Entry):
                    return ()
                huge = self.huge(entry) if level == "pte" else entry
                return (entry.raw,) if huge.raw == entry.raw else (entry.raw, huge.raw)
        return ()

    def _surrogate_call(self, level: str, values: list[Value]) -> Value:
        self.own += 1
        raw = self.raw(level, values[-1] if len(values) != 2 else values[0])
        self.depth += 1  # a function is being evaluated
        try:
            return Int(int(self.surrogate(level, raw)), 1, False)
        finally:
            self.depth -= 1

    def predicate(self, level: str, raw: int) -> bool:
        """`pXX_user_accessible_page(x)`; Unjudged when it cannot be evaluated."""
        numbers, _ = self.noted(
            f"predicate {level} {raw}", lambda: ((int(self._predicate(level, raw)),), "")
        )
        return bool(numbers[0])

    def _predicate(self, level: str, raw: int) -> bool:
        name = f"{level}_user_accessible_page"
        node = self.machine.code.function_node(name, "")
        if node is None:
            self.own += 1
            return self.surrogate(level, raw)
        values: list[Value] = []
        for parameter in node.decl.type.args.params:
            text = repr(parameter.type)
            if "mm_struct" in text:
                values.append(MM)
            elif f"{level}_t" in text:
                values.append(self.wrap(level, raw))
            else:
                values.append(Int(ADDRESS[self.bits], self.bits, False))
        result = self.machine.number(self.evaluate(name, *values))
        if isinstance(result, Opaque):
            raise Unjudged(f"{name} depends on {result.name}")
        return result.value != 0

    def counted(self, level: str, raw: int) -> Counted | None:
        """What an entry contributes to the counters, as the framework of the tree sees it."""
        key = (level, raw)
        if key not in self._counted:
            (pfn, pages), _ = self.noted(f"counted {level} {raw}", partial(self._told, level, raw))
            self._counted[key] = Counted(pfn, pages) if pages else None
        return self._counted[key]

    def asked_again(self, key: str) -> None:
        """Ask what was noted under a key once more."""
        word, level, *rest = key.split(" ")
        if word == "counted":
            self.counted(level, int(rest[0]))
        elif word == "predicate":
            self.predicate(level, int(rest[0]))
        else:
            super().asked_again(key)

    def _told(self, level: str, raw: int) -> Said:
        told = self.told(("counted", level, raw), lambda: self._count(level, raw) or NOTHING)
        return (told.pfn, told.pages), ""

    def _count(self, level: str, raw: int) -> Counted | None:
        name = f"__page_table_check_{level}_clear"
        asked = self.machine.questions
        asked.update((("function", name, ""), ("function", _COUNTER, "")))
        asked.update((("constant", f"{level.upper()}_SIZE", ""), ("constant", "PAGE_SIZE", "")))
        if self.machine.code.function_node(name, "") is not None:
            return self._framework_count(name, level, raw)
        if not self.predicate(level, raw):
            return None
        if level == "pte" and self.test("pte", "special", raw):
            return None
        pfn = self.test(level, "pfn", raw)
        if pfn is None:
            raise Unjudged(f"{level}_pfn cannot be evaluated")
        return Counted(pfn, self.pages(level))

    def pages(self, level: str) -> int:
        """Base pages that a leaf of the level maps."""
        if level == "pte":
            return 1
        size, page = self.constant(f"{level.upper()}_SIZE"), self.constant("PAGE_SIZE")
        if not size or not page:
            raise Unjudged(f"{level.upper()}_SIZE is not known")
        return size // page

    def _framework_count(self, name: str, level: str, raw: int) -> Counted | None:
        """Runs the tree's own clear hook down to the call that moves the counters."""
        moved: list[list[Value]] = []
        kept: list[list[Value]] = []

        def record(values: list[Value]) -> Value:
            moved.append(values)
            return Int(0)

        machine = self.machine
        node = machine.code.function_node(name, "")
        assert node is not None
        values: list[Value] = []
        for parameter in node.decl.type.args.params:
            declared = parameter.name or ""
            if declared == "mm":
                values.append(MM)
            elif declared in ("addr", "address"):
                values.append(Int(ADDRESS[self.bits], self.bits, False))
            else:
                values.append(self.wrap(level, raw))

        def ask() -> Value:
            moved.clear()
            machine.call(name, list(values))
            kept[:] = moved
            return Opaque(repr([self._frame_arguments(one) for one in moved]))

        saved_overrides = machine.overrides
        machine.overrides = {**saved_overrides, _COUNTER: record, **ORDINARY}
        machine.transparent = True
        try:
            self.agreed(name, ask)
        finally:
            machine.overrides = saved_overrides
            machine.transparent = False
        if not kept:
            return None
        if len(kept) > 1:
            raise Unjudged(f"{name} counts an entry in {len(kept)} parts")
        numbers = [machine.number(value) for value in self._frame_arguments(kept[0])]
        pfn, pages = numbers[0], numbers[1]
        if isinstance(pfn, Opaque) or isinstance(pages, Opaque):
            raise Unjudged(f"{name} counts a frame that is not known: {numbers[0]!r}")
        return Counted(pfn.value, pages.value)

    def _frame_arguments(self, values: list[Value]) -> list[Value]:
        """(pfn, number of pages) among the arguments of the counting function, by their names."""
        node = self.machine.code.function_node(_COUNTER, "")
        if node is None:
            return values[:2]
        names = [parameter.name or "" for parameter in node.decl.type.args.params]
        by_name = dict(zip(names, values, strict=False))
        pfn = next((by_name[n] for n in names if "pfn" in n), values[0])
        pages = next(
            (by_name[n] for n in names if "cnt" in n or n in ("nr", "pages", "nr_pages")),
            values[-1],
        )
        return [pfn, pages]


__all__ = [
    "ADDRESS",
    "LOWER_TABLE",
    "MM",
    "VMA",
    "Counted",
    "Entry",
    "Session",
]
