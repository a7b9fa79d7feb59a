# SPDX-License-Identifier: GPL-2.0-only
"""A predicate has to hold on the machines whose boot code does not set a variable, too."""

from __future__ import annotations

import pytest

from analyzer.generate.judge import Bench
from analyzer.generate.predicate_text import function_text
from analyzer.generate.predicates import synthesise
from tests.generate.conftest import Demo, edited
from tests.generate.test_addresses import GIVEN
from tests.generate.test_shapes import HEADER

START = "arch/demo/boot/start.c"
BOOT = "void start(void)\n{\n\tif (has_it())\n\t\tallowed = VALUE;\n}\n"
PRESENT = "#define pte_present(pte)"
ACCESSOR = (
    "extern unsigned long allowed;\n"
    "#define pte_user(pte) (!!(pte_val(pte) & _PAGE_USER & (allowed | OTHERWISE)))\n"
)


@pytest.mark.parametrize(
    ("otherwise", "accessor"), [("0UL", False), ("~0UL", True)], ids=["one state", "both"]
)
def test_an_accessor_has_to_answer_in_both_states(
    demo: Demo, otherwise: str, accessor: bool
) -> None:
    header = demo.stripped.read(HEADER).decode()
    asked = ACCESSOR.replace("OTHERWISE", otherwise)
    tree = edited(
        demo.stripped,
        {
            HEADER: header.replace(PRESENT, asked + PRESENT),
            START: BOOT.replace("VALUE", "-1"),
        },
    )
    with Bench(tree, "demo") as bench:
        found = synthesise(bench, None, bench.judge({}), GIVEN)
    assert not found.missing
    assert ("pte_user(pte)" in function_text(found.predicates[0], GIVEN)) is accessor
