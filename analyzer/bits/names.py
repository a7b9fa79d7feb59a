# SPDX-License-Identifier: GPL-2.0-only
"""Which of a bit's roles a name means, where a bit has several roles or several names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from .roles import SHOWN, Roles, bits_of
from .source import Mentions

NO_ROLE: Final = "unknown"
_SWAP: Final = re.compile(r"swp|swap", re.I)
_CODE: Final = {
    "protnone": ("{level}_protnone", "{level}_present"),
    "global": ("PAGE_KERNEL", "PAGE_READONLY", "PAGE_SHARED", "{level}_global", "{level}_mkglobal"),
}
"""Generic names whose code speaks of a role; for roles that share a bit."""
_HINTS: Final = (
    ("software", re.compile(r"SOFT|(?:^|_)R?SW\d*(?:_|$)")),
    ("cache", re.compile(r"CACHE|ATTRIND")),
    ("global", re.compile(r"GLOBAL")),
    ("user", re.compile(r"USER")),
)
"""The last resort: words that a name has, in any architecture."""


class Namer:
    """Roles for names at one level."""

    def __init__(self, mentions: Mentions, roles: Roles, lower: Roles | None) -> None:
        self.level = roles.level
        self._mentions = mentions
        self._roles = roles
        self._lower = lower
        self._swap, self._plain = _sides(mentions, roles.level)
        self._speaks: dict[str, frozenset[str]] = {}

    def only_swap(self, name: str) -> bool:
        """Whether only code about swap entries mentions a name."""
        return name in self._swap and name not in self._plain

    def roles(self, mask: int, swap: bool) -> tuple[tuple[str, ...], str]:
        """The roles of the bits of a mask, those of most bits first, and how they were seen."""
        own = _common(self._roles, mask, swap)
        found = own
        if self._lower is not None:
            found = _common(_joined(self._roles, self._lower), mask, swap)
        if not found:
            return (), ""
        if found[0] in own or self._lower is None:
            return found, "behaviour"
        return found, f"level {self._lower.level}"

    def in_company(
        self, name: str, roles: tuple[str, ...], seen: str, same: list[str]
    ) -> tuple[tuple[str, ...], str]:
        """The roles of a name, knowing the other names of the same bits."""
        if same and name not in self._plain and name not in self._swap:
            hint = hinted(name, 0, ())
            if hint is not None:
                return (hint, *(r for r in roles if r != hint)), "name"
        disputed = [role for role in roles if role in _CODE]
        if len(disputed) < 2 or not same:
            return roles, seen
        mine = [role for role in disputed if name in self._code(role)]
        others = {
            role
            for other in same
            if len(spoken := [r for r in disputed if other in self._code(r)]) == 1
            for role in spoken
        }
        best = [role for role in mine if role not in others] or mine
        if not best:
            return roles, seen
        return (best[0], *(role for role in roles if role != best[0])), seen

    def _code(self, role: str) -> frozenset[str]:
        if role not in self._speaks:
            names = [name.format(level=self.level) for name in _CODE[role]]
            self._speaks[role] = self._mentions.closure(names)
        return self._speaks[role]


def _sides(mentions: Mentions, level: str) -> tuple[frozenset[str], frozenset[str]]:
    """What code about swap entries mentions, and what all other code does."""
    swap: list[str] = []
    plain: list[str] = []
    for name in mentions.functions():
        head = mentions.head(name)
        if re.search(r"\b(?:pte|pmd|pud|pgprot)(?:val)?_t\b|swp_entry_t", head):
            (swap if _SWAP.search(name) or "swp_entry_t" in head else plain).append(name)
    plain += mentions.protections()
    for name, macro in mentions.macros.items():
        if macro.params is not None:
            (swap if _SWAP.search(name) else plain).append(name)
    return mentions.closure(swap), mentions.closure(plain)


def _common(roles: Roles, mask: int, swap: bool) -> tuple[str, ...]:
    """The roles of the bits of a mask: by how many bits have it first, then by weight."""
    count: dict[str, int] = {}
    for bit in bits_of(mask):
        for place, role in enumerate(roles.of(bit, swap)):
            count[role] = count.get(role, 0) + (2 if place == 0 else 1)
    if not count:
        return ()
    first = [r for bit in bits_of(mask) for r in roles.of(bit, swap)[:1]]
    order = sorted(count, key=lambda r: (-first.count(r), -count[r]))
    return tuple(order)


def _joined(own: Roles, lower: Roles) -> Roles:
    """The roles at a level and those that the same bits were seen to have at the level below."""
    joined = Roles(own.level, own.width, {bit: dict(found) for bit, found in own.weights.items()})
    for bit, found in lower.weights.items():
        for role, weight in found.items():
            if role != "pfn" and weight >= SHOWN and not own.weight(bit, "pfn"):
                joined.add(role, 1 << bit, weight)
        if "global" in found and "protnone" in found:
            joined.add("global", 1 << bit, found["global"])
    return joined


def hinted(name: str, mask: int, composed: Iterable[tuple[str, int]]) -> str | None:
    """A role that the words of a name suggest, or those of a mask that the bits are part of."""
    for role, words in _HINTS:
        if words.search(name):
            return role
    for other, whole in composed:
        if mask and mask & ~whole == 0 and whole.bit_count() <= 8:
            for role, words in _HINTS:
                if role == "cache" and words.search(other):
                    return role
    return None


def only_user(names: Iterable[str]) -> bool:
    """Whether the names of a bit by which user and kernel differ speak of the user only."""
    hints = {role for name in names for role, words in _HINTS if words.search(name)}
    return "user" in hints and "global" not in hints
