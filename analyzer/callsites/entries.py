# SPDX-License-Identifier: GPL-2.0-only
"""How code spells an entry: none, one that is made, one that is taken out of use."""

from __future__ import annotations

import re
from typing import Final

EMPTY: Final = re.compile(
    r"^\(?_*(?:native_make_)?(?:pte|pmd|pud)\(\{?\s*0\w*\s*\}?\)\)?$|^\(p\w\w_t\)\s*\{.*0.*\}$|^0\w*$"
    r"|^__(?:pte|pmd|pud)\(\s*_[A-Z0-9_]+(?:\s*\|\s*_[A-Z0-9_]+)*\s*\)$"
)
"""No entry: 0, or what an architecture has for it; bits alone, with no frame, map nothing."""
MAKES: Final = re.compile(r"\b(?:mk_huge_p\w\w|mk_p\w\w|pfn_p\w\w|folio_mk_p\w\w)\s*\(")
TAKES_OUT: Final = re.compile(
    r"\bp\w\w_mk(?:invalid|notpresent)\s*\(|\bp\w\w_to_swp|\bswp_entry_to"
)
