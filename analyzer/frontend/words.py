# SPDX-License-Identifier: GPL-2.0-only
"""Words of C that are no names."""

from __future__ import annotations

from typing import Final


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


TYPES: Final = words(
    "void int long unsigned signed char short float double _Bool __int128 __signed__ __signed auto"
)
"""Each of them makes a declaration typed; a typedef name cannot follow."""

SPECIFIERS: Final = TYPES | words(
    "const volatile restrict struct union enum inline static extern register typedef _Noreturn "
    "_Thread_local __thread _Atomic __inline__ __inline __const __const__ __volatile__ __volatile "
    "__restrict __restrict__ __extension__"
)
"""Everything that can stand before a declarator, except typedef names."""

NOT_NAMES: Final = SPECIFIERS | words(
    "if for while switch return sizeof do else _Alignas _Static_assert"
)
"""Words before a parenthesis that are no name of a function."""
