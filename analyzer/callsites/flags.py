# SPDX-License-Identifier: GPL-2.0-only
"""Which bits of an entry nothing is counted by: read from the tests and modifiers of the tree.

Young, dirty, writable and the marks of soft-dirty and userfaultfd are what generic code changes in
place, without a hook. A bit by which an architecture keeps one of these, and by which none of its
tests of what stands in an entry answers, changes no count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Final

from .definitions import Defined, Definitions
from .sensitive import Looked
from .text import Source

_LEVEL: Final = r"(?:pte|pmd|pud)"
_FREE: Final = re.compile(
    rf"^{_LEVEL}_(?:(?:mk|clear_)?(?:young|old|dirty|clean|soft_dirty|uffd_wp)"
    r"|write|wrprotect|mkwrite(?:_novma)?)$"
    rf"|^{_LEVEL}p_(?:test_and_clear_young|set_wrprotect)$"
)
_TOLD_BY: Final = re.compile(
    rf"^{_LEVEL}_(?:user\w*|valid\w*|present\w*|none|leaf|large|huge|trans_huge|special|devmap"
    r"|pfn|page|protnone|same|to_swp_entry|pgtable|page_vaddr)$"
)
"""What an entry is: there, a leaf, a user's, none, and what it maps."""
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_CONSTANT: Final = re.compile(r"\b_*[A-Z][A-Z0-9_]*\b")
_BITS: Final = re.compile(r"^[\s()|]*_*[A-Z][A-Z0-9_]*(?:[\s()|]+_*[A-Z][A-Z0-9_]*)*[\s()]*$")
_CAST: Final = re.compile(r"\(\s*(?:unsigned\s+)?(?:long|int|u\d+|p\w\wval_t)(?:\s+long)*\s*\)")
TABLE_UPDATE: Final = "update_mmu_tlb"
MAX_NAMES: Final = 400  # that one of the tests reaches


class Flags:
    """The bits of one architecture; generic code knows none.

    `own` are the definitions of the architecture, `more` reads headers that have nothing but bits.
    """

    def __init__(
        self, own: Definitions | None = None, more: Callable[[], Iterable[Source]] = tuple
    ) -> None:
        self._own = own or Definitions()
        self._more = more
        self._asked = False
        self._tests: set[str] = set()

    def free(self, bits: Iterable[str]) -> bool:
        """Whether nothing is counted by any of these constants."""
        self._asked = True
        found = frozenset(bits)
        if not found <= self._free or not found.isdisjoint(self._told_by):
            return False
        return bool(found) and len(self._told_by) < MAX_NAMES and all(map(self._known, found))

    def presence(self, level: str) -> str:
        """The one bit that makes an entry present; '' if that is not so simple."""
        name = f"{level}_present"
        self._tests.add(name)
        tests = self._of(name)
        bits = {frozenset(_CONSTANT.findall(one.body)) for one in tests}
        names = {word for one in tests for word in one.called if not word.endswith("_val")}
        if names or len(bits) != 1:
            return ""
        (found,) = bits
        return next(iter(found)) if len(found) == 1 else ""

    def defines(self, name: str) -> bool:
        """Whether the architecture has a function or macro of a name."""
        self._asked = True
        return self._known(name)

    @property
    def looked(self) -> Looked:
        """All that an answer depended on."""
        names = frozenset(self._tests)
        if self._asked:
            names |= self._free | self._told_by | {TABLE_UPDATE}
        bodies = {(one.path, name) for name in names for one in self._of(name)}
        return Looked(names, frozenset(bodies))

    @cached_property
    def _others(self) -> Definitions:
        found = Definitions()
        for source in self._more():
            found.add(source)
        return found

    def _of(self, name: str) -> list[Defined]:
        return [*self._own.of(name), *self._others.of(name)]

    def _known(self, name: str) -> bool:
        return name in self._own or name in self._others

    def _roots(self, pattern: re.Pattern[str]) -> frozenset[str]:
        every = [*self._own.every(), *self._others.every()]
        return frozenset(name for name, _ in every if pattern.match(name))

    @cached_property
    def _free(self) -> frozenset[str]:
        """The flags' own functions, and the constants in them."""
        names = self._roots(_FREE)
        return names.union(*(_CONSTANT.findall(o.body) for name in names for o in self._of(name)))

    @cached_property
    def _told_by(self) -> frozenset[str]:
        """Every function and constant that the tests reach."""
        todo = sorted(self._roots(_TOLD_BY))
        seen = set(todo)
        while todo and len(seen) < MAX_NAMES:
            for defined in self._of(todo.pop()):
                words = set(_WORD.findall(defined.body)) - seen
                new = {word for word in words if _CONSTANT.fullmatch(word) or self._known(word)}
                seen |= new
                todo += sorted(new)
        return frozenset(seen)


def is_about_flags(name: str) -> bool:
    """Whether what is said of bits depends on the function or macro of a name."""
    return _FREE.match(name) is not None or _TOLD_BY.match(name) is not None


def constants(text: str) -> tuple[str, ...]:
    """The constants of which an expression is made by `|`; none if it is made of anything else."""
    plain = _CAST.sub("", text)
    return tuple(_CONSTANT.findall(plain)) if _BITS.match(plain) else ()


def cleared(text: str) -> tuple[str, ...]:
    """The constants that an operand of `&=` takes out; none if it is no complement."""
    plain = _CAST.sub("", text).strip()
    while plain.startswith("(") and plain.endswith(")") and plain[1:].lstrip().startswith("~"):
        plain = plain[1:-1].strip()
    return constants(plain[1:]) if plain.startswith("~") else ()
