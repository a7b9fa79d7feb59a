# SPDX-License-Identifier: GPL-2.0-only
"""Which answers about entries are kept for another revision."""

from __future__ import annotations

import pytest

from analyzer.evaluate.values import PathEnds, Unjudged
from analyzer.helpers.noted import Answer, Noted, answered, raised
from analyzer.law.kept import record_of
from tests.helpers.bench import PREDICATE, session

QUESTION = ("function", "pte_pfn", "")


def _unjudged(place: str) -> Answer:
    problem = Unjudged("depends on x")
    problem.place = place
    return raised(problem)


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (answered(((1, 2), "")), True),
        (answered(((), "no constructor")), True),
        (raised(PathEnds("BUG")), True),
        (_unjudged(""), True),
        (_unjudged("pte_pfn (arch/demo/include/asm/pgtable.h:12)"), False),
        (answered(((), "pte_pfn (arch/demo/x.h:12 does not parse: y)")), False),
    ],
)
def test_an_answer_that_names_a_line_is_not_kept(answer: Answer, kept: bool) -> None:
    """Lines move, and the answer would stay; what it was asked for is what all share then."""
    made = session(PREDICATE)
    made.notes = {"test pte 1 pfn": Noted(answer, frozenset({QUESTION}))}
    record = record_of(made, (), (), (), True)
    assert [one.key for one in record.entries.answers] == (["test pte 1 pfn"] if kept else [])
    direct = {record.questions[index].question for index in record.entries.direct}
    assert (QUESTION in direct) == (not kept)


def test_an_answer_comes_back_as_it_was() -> None:
    assert answered(((7,), "")).result() == ((7,), "")
    with pytest.raises(PathEnds, match="BUG"):
        raised(PathEnds("BUG")).result()
    with pytest.raises(Unjudged, match="depends on x") as caught:
        _unjudged("there").result()
    assert caught.value.place == "there"
