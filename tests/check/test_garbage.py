# SPDX-License-Identifier: GPL-2.0-only
"""What was judged goes when its last user does: nothing waits for the search for garbage.

That search is expensive, a tenth of the time when it was needed, and so it is nearly off (see
`check.arch`). A cycle through a unit would keep its text and trees until memory is short.
"""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from analyzer.check import check_tree
from analyzer.evaluate.values import Unjudged
from analyzer.frontend.cparse import parse_declaration
from analyzer.frontend.errors import ChunkError
from analyzer.helpers.noted import raised
from analyzer.law.reuse import Reuse
from analyzer.law.runs import Runner
from tests.check.trees import demo_tree
from tests.helpers.bench import ENTRIES, PREDICATE, session


@contextmanager
def _garbage() -> Iterator[Counter[str]]:
    """What is left in cycles by a block, by type; filled when it ends."""
    found: Counter[str] = Counter()
    gc.collect()
    threshold = gc.get_threshold()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found.update(type(one).__name__ for one in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.set_threshold(*threshold)
        gc.enable()


@pytest.mark.parametrize("text", ["int f(int x) { return x + 1; }", "int f(", "int x = @;"])
def test_tokens_go_with_the_parser(text: str) -> None:
    with _garbage() as found, suppress(ChunkError):
        parse_declaration(text, "a/b.h", 7, ())
    assert not found["Token"]
    assert not found["GnuLexer"]


def test_an_answer_that_was_refused_before_keeps_no_unit() -> None:
    reuse = Reuse()
    text = f"{PREDICATE}static int asked_(int x) {{ return nobody_declares_this; }}\n"
    units = []
    with _garbage() as found:
        for _ in range(2):
            one = session(text, entries=ENTRIES)
            one.sharing = reuse.sharing(Runner(one).answers)
            with suppress(Unjudged):  # pytest.raises() would keep it
                one.evaluate("asked_", one.wrap("pte", 3))
                pytest.fail("nobody declares it")
            units.append(weakref.ref(one.unit))
            one.release()
            del one
        assert [unit() for unit in units] == [None, None]
    assert not found["Unit"]


def test_a_refusal_that_was_noted_is_in_no_cycle() -> None:
    before = Unjudged("nobody knows")
    before.place = "here"
    answer = raised(before)
    with _garbage() as found, suppress(Unjudged):
        answer.result()
    assert not found["Unjudged"]
    with pytest.raises(Unjudged, match="nobody knows") as again:
        answer.result()
    assert again.value.place == "here"


def test_a_whole_tree() -> None:
    tree = demo_tree("one")
    with _garbage() as found:
        assert check_tree(tree, ("one",)).helpers
    assert not found["Unit"], found
    assert not found["Session"], found
    assert not found["Token"], found
