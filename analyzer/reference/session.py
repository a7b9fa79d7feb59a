# SPDX-License-Identifier: GPL-2.0-only
"""Raw entries of a tree, decoded by its own functions in the evaluator."""

from __future__ import annotations

from statistics import mode
from typing import Final

from ..evaluate.values import Int, Opaque, PathEnds, Unjudged, Value
from ..helpers.session import Session
from .decode import BaseDecoder, Facts
from .values import LEVELS

_SAMPLES: Final = (0, 0x5555_5555_5555_5555, 0xAAAA_AAAA_AAAA_AAAA, (1 << 64) - 1)
_LEAF_OF: Final = {"pte": ("pte_to_swp_entry", "softleaf_from_pte"),
                   "pmd": ("pmd_to_swp_entry", "softleaf_from_pmd")}  # fmt: skip
_WRITABLE: Final = ("swap_cached_writable", "softleaf_cached_writable")


class SessionDecoder(BaseDecoder):
    """Decodes by `pXX_user_accessible_page`, `pXX_pfn`, `pXX_write` and `pte_special`.

    What an entry says besides its frame is evaluated once for all frames, where the tree's
    functions give the same answers, and a frame number that only shifts, for four very different
    frames; where they do not, every raw value is evaluated on its own.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._known: dict[tuple[str, int], Facts] = {}
        self._flags: dict[tuple[str, int], Facts | None] = {}
        self._fields: dict[str, tuple[int, int]] = {}

    def pages(self, level: str) -> int:
        """Base pages of a leaf, by the tree's sizes; 1 at a level that is not there."""
        try:
            return self.session.pages(level)
        except Unjudged:
            return 1

    def span(self, level: str) -> int:
        """PAGE_SIZE, PMD_SIZE, PUD_SIZE. Raises Unjudged."""
        found = self.session.constant("PAGE_SIZE" if level == "pte" else f"{level.upper()}_SIZE")
        if not found:
            raise Unjudged(f"the size of what a {level} maps is not known")
        return found

    def entries(self, level: str) -> int:
        """PTRS_PER_PTE and its like. Raises Unjudged."""
        found = self.session.constant(f"PTRS_PER_{level.upper()}")
        if not found:
            raise Unjudged(f"PTRS_PER_{level.upper()} is not known")
        return found

    def facts(self, level: str, raw: int) -> Facts:
        """See Decoder."""
        mask, shift = self.field(level)
        key = (level, raw & ~mask)
        if key not in self._flags:
            self._flags[key] = self._common(level, raw, mask, shift)
        common = self._flags[key]
        if common is not None:
            if not common.accessible:
                return common
            accessible, pfn, write, special, protected = common
            return Facts(accessible, pfn + ((raw & mask) >> shift), write, special, protected)
        exact = (level, raw)
        if exact not in self._known:
            self._known[exact] = self._evaluated(level, raw)
        return self._known[exact]

    def _common(self, level: str, raw: int, mask: int, shift: int) -> Facts | None:
        """The facts of all entries with these bits beside the frame, for frame 0; None: differ."""
        if not mask:
            return None
        flags = raw & ~mask
        first = self._evaluated(level, flags)
        for sample in (*_SAMPLES[1:], raw):
            found = self._evaluated(level, flags | (sample & mask))
            frame = (sample & mask) >> shift
            same = found._replace(pfn=0) == first._replace(pfn=0)
            if not same or (first.accessible and found.pfn != first.pfn + frame):
                return None
        return first

    def field(self, level: str) -> tuple[int, int]:
        """The bits that hold the frame number, and how far up; (0, 0) where they are scattered."""
        if level not in self._fields:
            self._fields[level] = self._find_field(level)
        return self._fields[level]

    def _find_field(self, level: str) -> tuple[int, int]:
        raws = (entry.raw for entry in self.session.classes(level))
        base = next((raw for raw in raws if self._accessible(level, raw)), None)
        if base is None:
            return 0, 0
        start = self.session.test(level, "pfn", base)
        if start is None:
            return 0, 0
        shifts: dict[int, int] = {}  # by bit
        for bit in range(8 * self.session.width(level)):
            if not self._accessible(level, base ^ (1 << bit)):
                continue
            moved = self.session.test(level, "pfn", base ^ (1 << bit))
            if moved is None or moved == start:
                continue
            step = moved ^ start
            if not step & (step - 1):
                shifts[bit] = bit - (step.bit_length() - 1)
        if not shifts:
            return 0, 0
        usual = mode(shifts.values())  # riscv's NAPOT bit changes the frame number too
        mask = sum(1 << bit for bit, shift in shifts.items() if shift == usual)
        return (mask, usual) if usual >= 0 else (0, 0)

    def _accessible(self, level: str, raw: int) -> bool:
        try:
            return self.session.predicate(level, raw)
        except (Unjudged, PathEnds):
            return False

    def _evaluated(self, level: str, raw: int) -> Facts:
        session = self.session
        try:
            accessible = session.predicate(level, raw)
        except PathEnds:
            accessible = False
        protected = self._protected(level, raw)
        if not accessible:
            return Facts(False, 0, False, False, protected)
        pfn = session.test(level, "pfn", raw)
        write = session.test(level, "write", raw)
        if pfn is None:
            raise Unjudged(f"{level}_pfn() of {raw:#x} cannot be evaluated")
        if write is None:
            raise Unjudged(f"{level}_write() of {raw:#x} cannot be evaluated")
        return Facts(True, pfn, bool(write), bool(session.test(level, "special", raw)), protected)

    def _protected(self, level: str, raw: int) -> bool:
        """Write-protected for userfaultfd and writable, as present or as swap entry."""
        session = self.session
        if session.test(level, "present", raw):
            return bool(session.test(level, "uffd_wp", raw) and session.test(level, "write", raw))
        if level not in _LEAF_OF or session.test(level, "none", raw):
            return False
        if not self._ask(f"{level}_swp_uffd_wp", session.wrap(level, raw)):
            return False
        for name in _LEAF_OF[level]:
            entry = self._call(name, session.wrap(level, raw))
            if entry is not None:
                return any(self._ask(writable, entry) for writable in _WRITABLE)
        return False

    def _call(self, name: str, value: Value) -> Value | None:
        if not self.session.machine.code.has_function(name):
            return None
        try:
            return self.session.evaluate(name, value)
        except (Unjudged, PathEnds):
            return None

    def _ask(self, name: str, value: Value) -> bool:
        found = self._call(name, value)
        if found is None:
            return False
        number = self.session.machine.number(found)
        return isinstance(number, Int) and number.value != 0 and not isinstance(number, Opaque)


__all__ = ["LEVELS", "SessionDecoder"]
