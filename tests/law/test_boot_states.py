# SPDX-License-Identifier: GPL-2.0-only
"""Variables that the boot folder sets on some machines: both states are judged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from analyzer.check.results import VariantResult
from analyzer.model import Verdict
from analyzer.tree import OverlayTree
from tests.law.demo import Bench, arch, bench, found, verdict

START = "arch/demo/boot/start.c"
BOOT = "void start(void)\n{\n\tif (has_it())\n\t\tallowed = VALUE;\n}\n"
STORE = arch(
    "\nstatic inline void set_pte(pte_t *ptep, pte_t pte)\n{\n\tWRITE_ONCE(*ptep, pte);\n}\n",
    "\nextern unsigned long allowed;\n"
    "static inline void set_pte(pte_t *ptep, pte_t pte)\n{\n"
    "\tWRITE_ONCE(ptep->pte, pte.pte & MASK);\n}\n",
)


@pytest.fixture(scope="module")
def on_boot() -> Iterator[Bench]:
    with bench() as it:
        yield it


def judged(on_boot: Bench, mask: str, value: str = "-1") -> VariantResult:
    tree = OverlayTree(on_boot.tree, {START: BOOT.replace("VALUE", value).encode()})
    edit = arch(STORE.before, STORE.after.replace("MASK", mask))
    return Bench(tree, on_boot.variant, on_boot.cache, on_boot.reuse).judge(edit)


def test_the_state_in_which_the_line_is_not_run_is_judged(on_boot: Bench) -> None:
    result = judged(on_boot, "allowed")
    assert verdict(result, "set_ptes").verdict is Verdict.FINDING


def test_the_state_in_which_it_is_run_is_judged(on_boot: Bench) -> None:
    result = judged(on_boot, "~allowed")
    assert verdict(result, "set_ptes").verdict is Verdict.FINDING


def test_what_holds_in_both_is_balanced(on_boot: Bench) -> None:
    assert found(judged(on_boot, "(allowed | ~0UL)")) == set()
    assert found(judged(on_boot, "-1UL")) == set()
