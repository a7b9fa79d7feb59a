# SPDX-License-Identifier: GPL-2.0-only
"""How the hooks and predicates of a tree are spelled, from its page_table_check.h."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import UsageError
from ..model import HookApi, HookPrototype


@dataclass(frozen=True, slots=True)
class Spelling:
    """One hook: its name and what each of its arguments is ('mm', 'addr', 'slot', ...)."""

    name: str
    roles: tuple[str, ...]

    @property
    def takes_address(self) -> bool:
        """Whether the hook wants the address of the entry."""
        return "addr" in self.roles

    def arguments(self, known: dict[str, str]) -> list[str] | None:
        """The arguments in order from expressions by role; None where one is lacking."""
        if any(not known.get(role) for role in self.roles):
            return None
        return [known[role] for role in self.roles]


def _role(parameter: str, level: str) -> str:
    name = re.search(r"(\w+)$", parameter)
    word = name[1] if name else ""
    if re.search(r"\bmm_struct\b", parameter) or word == "mm":
        return "mm"
    if re.search(rf"\b{level}_t\s*\*", parameter) or word in (f"{level}p", "ptep", "pmdp", "pudp"):
        return "slot"
    if re.search(rf"\b{level}_t\b", parameter) or word in (level, "entry"):
        return "value"
    if word in ("addr", "address"):
        return "addr"
    return "nr" if word in ("nr", "n", "count") else ""


class Hooks:
    """The hooks of one tree. Raises UsageError where the tree has none that can be called."""

    def __init__(self, api: HookApi) -> None:
        self._known = {prototype.name: prototype for prototype in api.prototypes}
        if not api.present:
            raise UsageError(
                "the tree has no page table check (no include/linux/page_table_check.h with hooks);"
                " generate --framework writes it first"
            )
        for level in ("pte", "pmd", "pud"):
            self.set(level)
            self.clear(level)

    def set(self, level: str) -> Spelling:
        """The hook for a store of a given entry."""
        return self._find(level, f"page_table_check_{level}_set", f"page_table_check_{level}s_set")

    def clear(self, level: str) -> Spelling:
        """The hook for an entry that was taken out."""
        return self._find(level, f"page_table_check_{level}_clear")

    def _find(self, level: str, *names: str) -> Spelling:
        for name in names:
            prototype = self._known.get(name)
            if prototype is None:
                continue
            roles = tuple(_role(one, level) for one in prototype.parameters)
            if "" in roles:
                unknown = prototype.parameters[roles.index("")]
                place = prototype.location
                raise UsageError(f"{place}: {name}() has a parameter of no known use: {unknown}")
            return Spelling(name, roles)
        raise UsageError(
            f"include/linux/page_table_check.h declares neither of: {', '.join(names)};"
            " this interface is not known"
        )


@dataclass(frozen=True, slots=True)
class PredicateShape:
    """The parameters that `pXX_user_accessible_page()` takes in a tree."""

    mm: bool
    address: bool

    def parameters(self, level: str) -> str:
        """The parameter list as C."""
        if self.mm:
            return f"struct mm_struct *mm, unsigned long addr, {level}_t {level}"
        if self.address:
            return f"{level}_t {level}, unsigned long addr"
        return f"{level}_t {level}"


def predicate_shape(declared: str | None, framework: str) -> PredicateShape | None:
    """From an architecture's predicate, else from the call in the framework's text."""
    if declared is not None:
        inner = declared.partition("(")[2]
    else:
        match = re.search(r"\bpte_user_accessible_page\s*\(([^()]*)\)", framework)
        if match is None:
            return None
        inner = match[1]
    parts = [part for part in inner.rstrip(")").split(",") if part.strip()]
    mm = any(re.search(r"\bmm\b|mm_struct", part) for part in parts)
    address = any(re.search(r"\baddr\w*\b", part) for part in parts)
    return PredicateShape(mm, address)


def names_of(prototypes: tuple[HookPrototype, ...]) -> frozenset[str]:
    """The names of the hooks."""
    return frozenset(prototype.name for prototype in prototypes)
