# SPDX-License-Identifier: GPL-2.0-only
"""What masks tell of values that are not known: bits that are clear, bits that are set."""

from __future__ import annotations

import pytest

from analyzer.evaluate.values import Int, Opaque, Partly
from tests.evaluate.lab import number, only, paths, unknown, value

HASH = "unsigned long hash(void);\n"


@pytest.mark.parametrize(
    ("mask", "bit", "clear"),
    [
        ("0xa0610", "0x1", True),
        ("0xa0610", "0x10", False),
        ("~0xfUL", "0x8", True),
        ("~0xfUL", "0x10", False),
        ("0xf0 & ~0x10", "0x10", True),
        ("~0xf", "0x100000000", False),  # an int that is widened with its sign
        ("~0xfU", "0x100000000", True),
    ],
)
def test_a_bit_that_a_mask_took_away(mask: str, bit: str, clear: bool) -> None:
    text = f"{HASH}int f(int x) {{ return ((hash() & {mask}) & {bit}) ? 1 : 2; }}"
    if clear:
        assert number(text, Int(0)) == 2
    else:
        with pytest.raises(AssertionError):
            number(text, Int(0))  # both ways


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("(hash() & 0xf0) | 3", (0xF3, 3)),
        ("((hash() & 0xf0) | 0xf) & ~1UL", (0xFE, 0xE)),
        ("(hash() & 0xf0) | (hash2() & 0xf)", (0xFF, 0)),
        ("(hash() & 0xf0) + 3", None),  # carries go anywhere
        ("(hash() & 0xf0) << 4", None),
        ("~(hash() & 0xf0)", None),
        ("(unsigned char)(hash() & 0xff0)", None),
        ("(unsigned char)(hash() & 0xf0)", (0xF0, 0)),
        ("(signed char)(hash() & 0xf0)", None),
        ("(long)(int)((hash() & 0xf0000000) | 1)", None),
    ],
)
def test_what_is_known(text: str, known: tuple[int, int] | None) -> None:
    found = value(f"{HASH}unsigned long hash2(void);\nunsigned long f(int x) {{ return {text}; }}")
    assert isinstance(found, Opaque)
    assert ((found.may, found.must) if isinstance(found, Partly) else None) == known


def store(text: str) -> str:
    return f"{HASH}void f(pte_t *p) {{ p->pte = {text}; }}"


def test_few_bits_that_are_not_known_are_stored_clear_and_set() -> None:
    found = paths(store("0x1000 | (hash() & 0x30)"))
    assert sorted(path.slot for path in found) == [0x1000, 0x1030]
    found = paths(store("(0x1000 | (hash() & 0x30)) & ~0x1000UL"))
    assert sorted(path.slot for path in found) == [0, 0x30]


def test_the_same_bits_are_the_same_wherever_they_are_stored() -> None:
    body = "unsigned long n = 1 | (hash() & 6); p->pte = n; p[1].pte = n;"
    text = f"{HASH}void f(pte_t *p) {{ {body} }}"
    assert sorted(path.entries[2:4] for path in paths(text)) == [(1, 1), (7, 7)]


def test_many_bits_are_unknown() -> None:
    assert "unknown value" in unknown(paths(store("1 | (hash() & 0xfffff000)")))
    assert "unknown value" in unknown(paths(store("1 | hash()")))


def test_all_that_is_left_is_known() -> None:
    assert only(paths(store("(hash() & 0xf0) & 0xf"))).slot == 0
