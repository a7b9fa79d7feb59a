# SPDX-License-Identifier: GPL-2.0-only
"""Addresses of global variables: the same in every variant, whatever was asked before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.evaluate.globals import GLOBALS, global_address, in_any_order
from analyzer.evaluate.values import Unjudged
from tests.evaluate.lab import machine

NAMES = st.lists(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), unique=True, max_size=40)


def addresses(names: list[str], bits: int) -> dict[str, int]:
    taken: dict[str, int] = {}
    for name in names:
        taken[name] = global_address(name, bits, taken.values())
    return taken


@given(NAMES, st.sampled_from([32, 64]))
def test_no_two_have_one(names: list[str], bits: int) -> None:
    taken = addresses(names, bits)
    assert len(set(taken.values())) == len(names)
    assert all(address % 0x1_0000 == 0 for address in taken.values())


@given(NAMES, st.randoms())
def test_the_order_is_no_matter_unless_one_has_the_place_of_another(names, random) -> None:  # type: ignore[no-untyped-def]
    other = list(names)
    random.shuffle(other)
    one, two = addresses(names, 32), addresses(other, 32)
    assert in_any_order(one, 32) == in_any_order(two, 32)
    if in_any_order(one, 32):
        assert one == two


def test_two_that_fall_on_one_place() -> None:
    first = next(f"v{n}" for n in range(100_000)
                 if global_address(f"v{n}", 32) == global_address("w", 32))  # fmt: skip
    assert not in_any_order(addresses(["w", first], 32), 32)
    assert in_any_order(addresses(["w", "v"], 32), 32)


def test_there_is_an_end() -> None:
    with pytest.raises(Unjudged, match="global variables"):
        global_address("x", 32, range(GLOBALS[32]))


def test_a_variable_has_its_address_whoever_is_asked_first() -> None:
    text = "int a[2]; int b[2];\n"
    text += "unsigned long f(void) { return (unsigned long)&a; }\n"
    text += "unsigned long g(void) { return (unsigned long)&b; }"
    one, two = machine(text), machine(text)
    assert [repr(one.call(name, [])) for name in "fg"] == [
        repr(two.call(name, [])) for name in "gf"
    ][::-1]
