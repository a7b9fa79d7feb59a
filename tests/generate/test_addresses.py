# SPDX-License-Identifier: GPL-2.0-only
"""Predicates of architectures whose entries do not say whose they are."""

from __future__ import annotations

import pytest

from analyzer.generate.api import PredicateShape
from analyzer.generate.judge import Bench
from analyzer.generate.predicate_text import function_text
from analyzer.generate.predicates import synthesise
from tests.generate.conftest import Demo, edited
from tests.generate.test_shapes import HEADER

BITS = "arch/demo/include/asm/pgtable-bits.h"
KERNEL = "#define _PAGE_KERNEL_BASE (_PAGE_PRESENT"
CONSTANT = "#define TASK_SIZE (1UL << 47)\n"
OF_A_TASK = (
    "int demo_is_narrow(void);\n#define TASK_SIZE (demo_is_narrow() ? 1UL << 32 : 1UL << 47)\n"
)
GIVEN = PredicateShape(mm=True, address=True)


@pytest.mark.parametrize(
    ("size", "shape", "test"),
    [
        (CONSTANT, GIVEN, "addr < TASK_SIZE"),
        (CONSTANT, PredicateShape(mm=False, address=False), ""),
        (OF_A_TASK, GIVEN, ""),
    ],
    ids=["constant", "no address", "of the task"],
)
def test_without_a_user_bit_the_address_decides(
    demo: Demo, size: str, shape: PredicateShape, test: str
) -> None:
    bits = demo.stripped.read(BITS).decode()
    header = demo.stripped.read(HEADER).decode()
    tree = edited(
        demo.stripped,
        {
            BITS: bits.replace(KERNEL, f"{KERNEL} | _PAGE_USER"),
            HEADER: header.replace("#define PMD_SHIFT", f"{size}#define PMD_SHIFT"),
        },
    )
    with Bench(tree, "demo") as bench:
        found = synthesise(bench, None, bench.judge({}), shape)
    assert not found.missing
    pte = found.predicates[0]
    assert (pte.user_bit, pte.address) == (False, test)
    text = function_text(pte, shape)
    assert ("addr < TASK_SIZE;" in text) is bool(test)


def test_a_user_bit_is_enough(demo: Demo) -> None:
    with Bench(demo.stripped, "demo") as bench:
        found = synthesise(bench, None, bench.judge({}), GIVEN)
    assert not any(one.address for one in found.predicates)
