# SPDX-License-Identifier: GPL-2.0-only
"""The forms that the hooks have had, and which one a tree can carry.

They are called after the release that first had them; what decides is what the tree declares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..errors import UsageError
from ..generate.api import PredicateShape

LEVELS: Final = ("pte", "pmd", "pud")
_NAMES: Final = {"pte": "an entry", "pmd": "an entry of the pmd level",
                 "pud": "an entry of the pud level"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Generation:
    """`address`: hooks are given the address; `many`: levels set with a count; `predicate`:
    what `pXX_user_accessible_page()` takes, 'entry', 'addr' (behind it) or 'mm' (before it)."""

    name: str
    address: bool
    many: frozenset[str]
    predicate: str

    @property
    def shape(self) -> PredicateShape:
        """The predicate's parameters, as the generator of architectures writes them."""
        return PredicateShape(self.predicate == "mm", self.predicate != "entry")


_ALL: Final = frozenset(LEVELS)
GENERATIONS: Final = (
    Generation("5.19", True, frozenset(), "entry"),
    Generation("6.6", False, frozenset({"pte"}), "entry"),
    Generation("6.16", False, _ALL, "entry"),
    Generation("7.0", True, _ALL, "addr"),
    Generation("7.1", True, _ALL, "mm"),
)


def choose(name: str | None, counts: bool) -> Generation:
    """The one of a name; else the newest, without counts where nothing sets several entries.

    Raises UsageError for a name that is not known.
    """
    if name is None:
        return GENERATIONS[-1] if counts else GENERATIONS[0]
    for one in GENERATIONS:
        if one.name == name:
            return one
    raise UsageError(f"no generation {name!r} of the hooks; there are: {', '.join(names())}")


def names() -> tuple[str, ...]:
    """The names of all generations, the oldest first."""
    return tuple(one.name for one in GENERATIONS)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a hook, with the words that document it."""

    type: str
    name: str
    about: str

    def __str__(self) -> str:
        return f"{self.type}{'' if self.type.endswith('*') else ' '}{self.name}"


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook without its prefix `page_table_check_`; `inner`: the function behind the key."""

    name: str
    inner: str
    level: str
    about: str
    when: str
    parameters: tuple[Parameter, ...]

    @property
    def arguments(self) -> list[str]:
        """The names of the parameters."""
        return [one.name for one in self.parameters]


_PAGE: Final = (
    Parameter("struct page *", "page", "the first page"),
    Parameter("unsigned int", "order", "of how many pages it is the first, as a power of two"),
)
_MM: Final = Parameter(
    "struct mm_struct *", "mm", "the address space; that of the kernel is left out"
)


def hooks(generation: Generation) -> tuple[Hook, ...]:
    """All hooks of a generation, in the order of the header."""
    found = [
        Hook("alloc", "zero", "", "pages leave the allocator", "Nothing may map them.", _PAGE),
        Hook("free", "zero", "", "pages go back to the allocator", "Nothing may map them.", _PAGE),
    ]
    found += [_clear(generation, level) for level in LEVELS]
    found += [_set(generation, level) for level in LEVELS]
    found.append(
        Hook(
            "pte_clear_range", "pte_clear_range", "pte", "a table of ptes is thrown away",
            "All that its entries map is un-counted; to be called before the table is freed.",
            (_MM, Parameter("unsigned long", "addr", "the first address that the table maps"),
             Parameter("pmd_t", "pmd", "the entry that pointed to the table")),
        )
    )  # fmt: skip
    return tuple(found)


def _clear(generation: Generation, level: str) -> Hook:
    middle = (_address(),) if generation.address else ()
    return Hook(
        f"{level}_clear", f"{level}_clear", level, f"{_NAMES[level]} was taken out",
        "To be called with the entry that stood there, after it is gone.",
        (_MM, *middle, Parameter(f"{level}_t", level, "the entry that was taken out")),
    )  # fmt: skip


def _set(generation: Generation, level: str) -> Hook:
    many = level in generation.many
    middle = (_address(many),) if generation.address else ()
    last = (Parameter("unsigned int", "nr", "how many entries are set"),) if many else ()
    name = f"{level}{'s' if many else ''}_set"
    one, many_of = _NAMES[level], _NAMES[level].replace("an entry", "entries")
    where, which = ("the first", "the first entry") if many else ("it", "the entry")
    return Hook(
        name, name, level, f"{many_of} are set" if many else f"{one} is set",
        "To be called before the store: what still stands there is un-counted.",
        (_MM, *middle,
         Parameter(f"{level}_t *", f"{level}p", f"where {where} is stored"),
         Parameter(f"{level}_t", level, f"{which} to be stored"), *last),
    )  # fmt: skip


def _address(many: bool = False) -> Parameter:
    which = "the first entry" if many else "the entry"
    return Parameter("unsigned long", "addr", f"the address that {which} maps")
