# SPDX-License-Identifier: GPL-2.0-only
"""Regular expressions over preprocessed C that know strings, line markers and nesting.

Everything is possessive: no pattern here can backtrack, so each is linear in the text.
"""

from __future__ import annotations

import re
from typing import Final

# a string, a character constant, or a stray quote that closes nowhere
QUOTED: Final = r"""(?:"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'|["'])"""
HASH_LINE: Final = r"\#[^\n]*+"
_MAX_NESTING: Final = 24


def _nested(opening: str, closing: str, depth: int) -> str:
    """Return the pattern of a bracketed group with up to `depth` groups inside one another."""
    plain = rf"[^{opening}{closing}\"'\#]++"
    pattern = rf"{opening}(?:{plain}|{QUOTED}|{HASH_LINE})*+{closing}"
    for _ in range(depth):
        pattern = rf"{opening}(?:{plain}|{pattern}|{QUOTED}|{HASH_LINE})*+{closing}"
    return pattern


_DEEP_PARENTHESES: Final = _nested(r"\(", r"\)", _MAX_NESTING)
# of attributes and parameter lists; what is deeper takes a slower way
PARENTHESES: Final = _nested(r"\(", r"\)", 6)

ATTRIBUTE: Final = (
    r"(?:__attribute__|__attribute|__declspec|__typeof__|__typeof|typeof|typeof_unqual|"
    rf"__typeof_unqual__|_Alignas|__asm__|__asm|asm)\b\s*+{PARENTHESES}"
)

# blank space, stray semicolons and line markers between two declarations
BETWEEN: Final = re.compile(rf"(?:[\s;]++|{HASH_LINE})*+")
# up to the first semicolon or brace outside of parentheses
HEAD: Final = re.compile(
    rf"(?:[^;{{}}()\"'\#]++|{_DEEP_PARENTHESES}|{QUOTED}|{HASH_LINE})*+([;{{}}])"
)
BODY: Final = re.compile(_nested(r"\{", r"\}", _MAX_NESTING))
GROUP: Final = re.compile(PARENTHESES)
# specifiers and attributes, then the first name with a parameter list
NAME_WITH_PARAMETERS: Final = re.compile(
    rf"(?:\w++(?!\s*+\()|[^\w(\"'\#=\[{{,]++|{ATTRIBUTE}|{HASH_LINE})*+(\w++)\s*+(?=\((?!\s*+\*))"
)
PROTOTYPE: Final = re.compile(
    NAME_WITH_PARAMETERS.pattern + rf"{PARENTHESES}(?:\s++|{ATTRIBUTE}|{HASH_LINE})*+;"
)
BRACKET: Final = re.compile(r"[(){}\[\];]|" + QUOTED + "|" + HASH_LINE)
MARKER: Final = re.compile(r'\n# (\d++) "((?:[^"\\\n]|\\.)*+)"([ 0-9]*+)')
