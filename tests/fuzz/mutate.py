# SPDX-License-Identifier: GPL-2.0-only
"""Inputs that are nearly right: seeds with some edits."""

from __future__ import annotations

from random import Random

MAX_BYTES = 1 << 16
MAX_EDITS = 10
COMMON = (
    b"", b"\n", b" ", b"\0", b"\xff", b"\\\n", b"\r\n", b'"', b"'", b"/*", b"*/", b"//", b"#",
    b"%:", b"(", b")", b"{", b"}", b"[", b"]", b"<", b">", b",", b";", b"=", b"-", b"~", b"0", b"1",
    b"-1", b"18446744073709551616", b"0x8000000000000000", b"99999999999999999999999", b"1e999",
    b"..", b"../" * 20, b"(" * 300, b"{" * 300, b"[" * 300, b"\\" * 50, b"A" * 300, b"\xc3\x28",
)  # fmt: skip


def mutated(random: Random, seeds: tuple[bytes, ...], words: tuple[bytes, ...]) -> bytes:
    """A seed with up to MAX_EDITS edits: replaced, taken out, copied, swapped, from another."""
    data = random.choice(seeds)
    for _ in range(random.randint(1, MAX_EDITS)):
        data = _edited(random, data, seeds, words)[:MAX_BYTES]
    return data


def _edited(
    random: Random, data: bytes, seeds: tuple[bytes, ...], words: tuple[bytes, ...]
) -> bytes:
    begin = random.randint(0, len(data))
    end = min(len(data), begin + random.choice((0, 1, 2, 4, 12, 60, 400)))
    kind = random.randrange(8)
    if kind < 3:
        return data[:begin] + random.choice(words or COMMON) + data[end:]
    if kind == 3:
        return data[:begin] + random.choice(COMMON) + data[end:]
    if kind == 4:
        return data[:begin] + data[end:]
    if kind == 5:
        to = random.randint(0, len(data))
        return data[:to] + data[begin:end] * random.choice((1, 1, 2, 30)) + data[to:]
    if kind == 6:
        other = random.choice(seeds)
        start = random.randint(0, len(other))
        return data[:begin] + other[start : start + random.randint(0, 300)] + data[end:]
    return data[:begin] + random.randbytes(random.randint(1, 8)) + data[end:]
