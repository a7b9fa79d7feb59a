# SPDX-License-Identifier: GPL-2.0-only
"""C's integer rules: constants, promotions, binary and unary operators."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Final

from .values import Int, Unjudged

_NUMBER = re.compile(r"(?i)^(0x[0-9a-f]+|0b[01]+|\d+)([ul]*)$")
_ESCAPES: Final = {
    "n": 10, "t": 9, "r": 13, "0": 0, "a": 7, "b": 8, "f": 12, "v": 11, "e": 27,
    "\\": 92, "'": 39, '"': 34, "?": 63,
}  # fmt: skip


def constant(text: str, word: int) -> Int:
    """An integer or character constant with the type that C gives it (C11 6.4.4.1)."""
    if text[:1] == "'" or text[:2] in ("L'", "u'", "U'"):
        return Int(_character(text.lstrip("LuU")[1:-1]), 32, True)
    match = _NUMBER.match(text)
    if match is None:
        raise Unjudged(f"constant {text[:40]}")
    digits, suffix = match[1], match[2].lower()
    if len(digits) > 1 and digits[0] == "0" and digits[1] in "01234567":
        number = int(digits, 8)
        decimal = False
    else:
        decimal = digits[:1] != "0" or digits == "0"
        number = int(digits, 0)
    unsigned = "u" in suffix
    for width, longs in ((32, 0), (word, 1), (64, 2)):
        if longs < suffix.count("l"):
            continue
        if not unsigned and number < 1 << (width - 1):
            return Int(number, width, True)
        if (unsigned or not decimal) and number < 1 << width:
            return Int(number, width, False)
    return Int(number, 64, False)


def _character(body: str) -> int:
    if len(body) == 1:
        return ord(body)
    if body[:1] == "\\":
        if body[1:2] == "x":
            return int(body[2:] or "0", 16)
        if body[1:2].isdigit():
            return int(body[1:], 8)
        return _ESCAPES.get(body[1:2], 0)
    return 0


def common(left: Int, right: Int) -> tuple[int, bool]:
    """The usual arithmetic conversions: width and signedness of the result."""
    lbits, lsigned = (left.bits, left.signed) if left.bits >= 32 else (32, True)
    rbits, rsigned = (right.bits, right.signed) if right.bits >= 32 else (32, True)
    if lbits == rbits:
        return lbits, lsigned and rsigned
    return (lbits, lsigned) if lbits > rbits else (rbits, rsigned)


def _divide(left: int, right: int) -> int:
    if right == 0:
        raise Unjudged("division by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _modulo(left: int, right: int) -> int:
    return left - right * _divide(left, right)


_ARITHMETIC: Final[dict[str, Callable[[int, int], int]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "/": _divide,
    "%": _modulo,
}
_COMPARISON: Final[dict[str, Callable[[int, int], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
COMPARISONS: Final = frozenset(_COMPARISON)
TRUE: Final = Int(1)
FALSE: Final = Int(0)


def binary(op: str, left: Int, right: Int) -> Int:
    """`left op right` for every binary operator but `&&`, `||` and the comma."""
    if op in ("<<", ">>"):
        bits, signed = (left.bits, left.signed) if left.bits >= 32 else (32, True)
        count = right.value
        if not 0 <= count < 1024:
            raise Unjudged("shift by an impossible count")
        return Int(left.value << count if op == "<<" else left.value >> count, bits, signed)
    bits = left.bits
    if bits == right.bits and bits >= 32:
        signed = left.signed and right.signed
    else:
        bits, signed = common(left, right)
    a, b = left.value, right.value
    if not signed:
        mask = (1 << bits) - 1  # a signed operand that is converted; others are in range already
        a &= mask
        b &= mask
    compare = _COMPARISON.get(op)
    if compare is not None:
        return TRUE if compare(a, b) else FALSE
    arithmetic = _ARITHMETIC.get(op)
    if arithmetic is None:
        raise Unjudged(f"operator {op}")
    return Int(arithmetic(a, b), bits, signed)


def promote(value: Int) -> Int:
    """Integer promotion."""
    return value if value.bits >= 32 else Int(value.value, 32, True)
