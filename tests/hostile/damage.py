# SPDX-License-Identifier: GPL-2.0-only
"""Ways to damage a header: each takes its text and gives what is to stand there instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Change = Callable[[bytes], bytes | None]
_BODY = re.compile(rb"^[^\n#;={}]*\b\w+\([^;{}()]*\)\s*\{", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Damage:
    """`change` gives None for a file that is not there.

    `hidden`: what is damaged need not matter to a helper, so that the tree may still be judged.
    """

    name: str
    change: Change
    hidden: bool = False


def _missing(_: bytes) -> bytes | None:
    return None


def _binary(data: bytes) -> bytes:
    """An ELF file has got the name of the header."""
    return b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00" + bytes(range(256)) * (len(data) // 256 + 1)


def _zeros(data: bytes) -> bytes:
    """As after a crash of the file system: the size is right."""
    return b"\0" * len(data)


def _holes(data: bytes) -> bytes:
    """NUL bytes in the middle of a function."""
    at = _middle(data)
    return data[:at] + b"\0" * 64 + data[at:]


def _empty(_: bytes) -> bytes:
    return b""


def _truncated(data: bytes) -> bytes:
    """Ends in the body of a function in the middle of the file."""
    return data[: _middle(data)]


def _middle(data: bytes) -> int:
    """A place in the body of a function, near the middle; in a macro where there is none."""
    bodies = [match.end() for match in _BODY.finditer(data)]
    if not bodies:
        return len(data) // 2
    return min(bodies, key=lambda at: abs(at - len(data) // 2)) + 2


def _in_a_body(data: bytes, text: bytes) -> bytes:
    """`text` as the first statement of a function in the middle."""
    at = _middle(data) - 2
    return data[:at] + b"\n" + text + b"\n" + data[at:]


def _parentheses(data: bytes) -> bytes:
    deep = 10_000
    return _in_a_body(data, b"\tint ptc_x = " + b"(" * deep + b"1" + b")" * deep + b";")


def _braces(data: bytes) -> bytes:
    deep = 10_000
    return _in_a_body(data, b"{" * deep + b"}" * deep)


def _laughs(data: bytes) -> bytes:
    """A macro that doubles itself 60 times."""
    macros = [b"#define PTC_0 1 +", *(b"#define PTC_%d PTC_%d PTC_%d" % (n, n - 1, n - 1)
                                      for n in range(1, 61))]  # fmt: skip
    return _in_a_body(data, b"\n".join(macros) + b"\n\tint ptc_x = PTC_60 0;")


def _itself(data: bytes) -> bytes:
    """A header without a guard that includes itself, twice."""
    return b"#include __FILE__\n#include __FILE__\n" + data


def _long_line(data: bytes) -> bytes:
    return _in_a_body(data, b"\tint ptc_x = 0" + b" + 1" * (20 * 1024 * 1024 // 4) + b";")


def _long_comment(data: bytes) -> bytes:
    return data + b"/* " + b"x" * (20 * 1024 * 1024) + b" */\n"


def _unclosed(data: bytes) -> bytes:
    """A conditional and a comment that never end."""
    at = _middle(data) - 2
    return data[:at] + b"\n#if 1\n/* " + data[at:]


def _garbage(data: bytes) -> bytes:
    return _in_a_body(data, b"\t@@ <<<<<<< HEAD ` $ \\ ??? ) ] } ;")


def _conflict(data: bytes) -> bytes:
    """A merge that was never finished."""
    at = data.find(b"\n", _middle(data)) + 1
    return (
        data[:at] + b"<<<<<<< ours\n\treturn;\n=======\n\treturn 1;\n>>>>>>> theirs\n" + data[at:]
    )


DAMAGES = (
    Damage("missing", _missing),
    Damage("binary", _binary),
    Damage("zeros", _zeros),
    Damage("holes", _holes),
    Damage("empty", _empty),
    Damage("truncated", _truncated),
    Damage("parentheses", _parentheses, hidden=True),
    Damage("braces", _braces, hidden=True),
    Damage("laughs", _laughs),
    Damage("itself", _itself),
    Damage("long-line", _long_line, hidden=True),
    Damage("long-comment", _long_comment, hidden=True),
    Damage("unclosed", _unclosed),
    Damage("garbage", _garbage),
    Damage("conflict", _conflict),
)
