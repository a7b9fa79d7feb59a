# SPDX-License-Identifier: GPL-2.0-only
"""The comparison of predicates, on the demonstration tree: it agrees, and it can disagree."""

from __future__ import annotations

import re

import pytest

from tests.generate.conftest import Demo, applied, edited
from tests.generate.equivalence import compare, report

HEADER = "arch/demo/include/asm/pgtable.h"


@pytest.mark.slow
def test_generated_predicates_answer_as_those_that_were_taken_out(demo: Demo) -> None:
    found = compare(demo.whole, applied(demo.stripped, demo.plan), "demo")
    assert found.variants
    assert {level for level, _ in found.asked} >= {"pte", "pmd"}
    for level, made in found.asked:
        assert 0 < found.counted[level, made] < found.asked[level, made]
        assert found.asked[level, made] > (10 if made else 100)
    assert found.made == ()
    present, protnone = 1 << 0, 1 << 10  # nothing makes a user's entry that is without access
    assert {d.entry.raw & (present | protnone) for d in found.differences} <= {protnone}
    assert not any(d.entry.made for d in found.differences)


@pytest.mark.slow
def test_a_predicate_that_forgets_something_is_told(demo: Demo) -> None:
    text = demo.whole.read(HEADER).decode()
    body = re.search(r"bool pmd_user_accessible_page\(pmd_t pmd\)\n{\n\treturn (.*?);\n}", text,
                     re.S)  # fmt: skip
    assert body is not None
    without = f"{text[: body.start(1)]}pmd_leaf(pmd){text[body.end(1) :]}"
    assert without != text
    found = compare(demo.whole, edited(demo.whole, {HEADER: without}), "demo")
    assert {d.entry.level for d in found.differences} == {"pmd"}
    lines = list(report(found))
    assert any(re.search(r"^pmd: .* [1-9]\d* answered otherwise$", line) for line in lines)
    assert any(" false / true" in line for line in lines)
