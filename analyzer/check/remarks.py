# SPDX-License-Identifier: GPL-2.0-only
"""Whether two contents of a file differ in what nobody asks for.

Files of C are searched by their bytes for what they define. A comment that stands on lines of its
own between statements, and has nothing in it that looks like code, changes none of that; nor does
a file that does not speak of entries, where no unit includes it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from ..frontend.layout import is_odd, without_comments
from ..helpers.bodies import header_is_alike
from ..helpers.defined import Defined

_COMMENT: Final = re.compile(
    r"(?P<own>/\*.*?(?:\*/|\Z)|//[^\n]*)"
    r"|\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"?|'[^'\\\n]*(?:\\.[^'\\\n]*)*'?",
    re.S,
)
_LIKE_CODE: Final = re.compile(r"[{};=#\"]|^//.*\(", re.S)
_ENDS: Final = ("", ";", "{", "}")
_HOOKS: Final = (b"page_table_check_", b"_user_accessible_page")
_INTERESTING: Final = (b"pte", b"pmd", b"pud", b"pgprot")


def only_remarks(old: bytes, new: bytes) -> bool:
    """Whether nothing differs but that; False also where a comment might be more than that."""
    was, now = old.decode("latin-1"), new.decode("latin-1")
    if is_odd(was) or is_odd(now) or _lines(was) != _lines(now):
        return False
    if any((word in old) != (word in new) for word in _INTERESTING):
        return False
    before, after = _comments(was), _comments(now)
    return all(
        alone and not _LIKE_CODE.search(text)
        for text, alone in ((before - after) + (after - before)).elements()
    )


def never_asked(path: str, old: bytes, new: bytes) -> bool:
    """Whether two contents of a file that is part of no unit are the same to all who search files
    by their bytes."""
    if any(word in data for word in (*_INTERESTING, *_HOOKS) for data in (old, new)):
        return False
    if path.endswith(".c"):
        return b"\0" not in new and "/boot/" not in path and Defined.by(old) == Defined.by(new)
    return path.endswith(".h") and header_is_alike(old, new)


def _lines(text: str) -> list[str]:
    """The lines that are not blank, without comments."""
    lines = (line.rstrip() for line in without_comments(text).split("\n"))
    return [line for line in lines if line]


def _comments(text: str) -> Counter[tuple[str, bool]]:
    """The comments, and whether each stands on lines of its own between statements."""
    plain = without_comments(text)
    found: Counter[tuple[str, bool]] = Counter()
    for match in _COMMENT.finditer(text):
        if match["own"] is None:
            continue
        head = plain[: match.start()]
        line = head.rstrip().rpartition("\n")[2].lstrip()
        end = text.find("\n", match.end())
        alone = (
            not head.rpartition("\n")[2].strip()
            and not plain[match.end() : end if end >= 0 else len(text)].strip()
            and (head.rstrip()[-1:] in _ENDS or (line.startswith("#") and line[-1] != "\\"))
        )
        found[match["own"], alone] += 1
    return found


__all__ = ["never_asked", "only_remarks"]
