# SPDX-License-Identifier: GPL-2.0-only
"""What a raw entry says: is it user accessible, which frame, writable, special."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Facts(NamedTuple):
    """What the framework asks about an entry.

    `protected`: write-protected for userfaultfd and writable at the same time, or a swap entry
    that is so; the combination that some trees warn about.
    """

    accessible: bool
    pfn: int
    write: bool
    special: bool
    protected: bool = False


class Decoder(Protocol):
    """Raw entries of one architecture and variant.

    Raises Unjudged where the tree's own functions cannot be followed.
    """

    def facts(self, level: str, raw: int) -> Facts:
        """All of it at once; the answers of the other methods."""

    def user_accessible(self, level: str, raw: int) -> bool:
        """`pXX_user_accessible_page()`."""

    def pfn(self, level: str, raw: int) -> int:
        """`pXX_pfn()`, the first page that a leaf maps."""

    def write(self, level: str, raw: int) -> bool:
        """`pXX_write()`."""

    def pages(self, level: str) -> int:
        """Base pages that a leaf of the level maps: 1 for a pte."""

    def span(self, level: str) -> int:
        """Bytes of addresses that an entry stands for (PAGE_SIZE for a pte)."""

    def entries(self, level: str) -> int:
        """Entries of a table (PTRS_PER_PTE)."""


class BaseDecoder:
    """The questions that `facts` answers; implementers provide it, `pages` and `entries`."""

    def facts(self, level: str, raw: int) -> Facts:
        """See Decoder."""
        raise NotImplementedError

    def user_accessible(self, level: str, raw: int) -> bool:
        """See Decoder."""
        return self.facts(level, raw).accessible

    def pfn(self, level: str, raw: int) -> int:
        """See Decoder."""
        return self.facts(level, raw).pfn

    def write(self, level: str, raw: int) -> bool:
        """See Decoder."""
        return self.facts(level, raw).write
