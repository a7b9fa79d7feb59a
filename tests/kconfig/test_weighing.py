# SPDX-License-Identifier: GPL-2.0-only
"""What lines of headers have to do with the choice of configurations."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.kconfig.headers import lines_now
from analyzer.kconfig.weighing import Scales, Weighing

PATH = "arch/demo/include/asm/pgtable.h"
TEXT = b"int a;\n#ifdef CONFIG_A\nint b;\n#else\nint c;\n#endif\n"
Shown = dict[tuple[str, int], int]


def test_lines_of_parts() -> None:
    assert lines_now(PATH, "demo", TEXT, TEXT) == {(PATH, 0): 1, (PATH, 1): 1, (PATH, 2): 1}
    more = TEXT.replace(b"int c;", b"int c;\n\n/* no line\n */\nint d;")
    assert lines_now(PATH, "demo", TEXT, more) == {(PATH, 0): 1, (PATH, 1): 1, (PATH, 2): 2}
    assert lines_now(PATH, "demo", TEXT, TEXT.replace(b"CONFIG_A", b"CONFIG_B")) is None
    assert lines_now(PATH, "demo", TEXT, TEXT.replace(b"#else\nint c;\n", b"")) is None
    assert lines_now(PATH, "demo", TEXT, TEXT + b"#include <asm/page.h>\n") is None


def test_headers_that_nobody_weighs() -> None:
    other = TEXT.replace(b"#else\nint c;\n", b"")
    assert lines_now("include/linux/mm.h", "demo", TEXT, other) == {}
    assert lines_now("include/linux/mm.h", "demo", TEXT, b"") is None  # a symbol less
    assert lines_now("arch/demo/include/asm/mmu.h", "demo", TEXT, b"") == {}
    assert lines_now("arch/other/include/asm/pgtable.h", "demo", TEXT, b"") == {}


def _chosen(
    near: Shown, trials: list[tuple[int, Shown, int]], lines: dict[int, int]
) -> tuple[list[int], Weighing]:
    """A plan as they are made: the nearest, and then what shows most."""

    def now(shown: Shown) -> Shown:
        return {part: lines.get(part[1], number) for part, number in shown.items()}

    scales = Scales(6)
    found = [scales.nearest(now(near), [((a,), now(shown), b) for a, shown, b in trials])]
    covered = set(near)
    rest = list(enumerate(trials))
    while rest:
        weighed = [((one[0], one[2]), now(one[1])) for _, one in rest]
        chosen = scales.best(weighed, covered)
        if chosen < 0:
            break
        number, one = rest.pop(chosen)
        covered |= set(one[1])
        found.append(number)
    return found, scales.weighing()


shown = st.sets(st.integers(0, 7)).map(lambda parts: {(PATH, n): 3 + 5 * n for n in parts})
trials = st.lists(st.tuples(st.integers(0, 2), shown, st.integers(0, 3)), min_size=1, max_size=7)
lines = st.dictionaries(st.integers(0, 7), st.integers(1, 50), max_size=3)


@settings(max_examples=400, deadline=None)
@given(near=shown, trials=trials, lines=lines)
def test_what_stands_is_chosen_again(
    near: Shown, trials: list[tuple[int, Shown, int]], lines: dict[int, int]
) -> None:
    before, weighing = _chosen(near, trials, {})
    after, _ = _chosen(near, trials, lines)
    assert weighing.stands({})
    if weighing.stands({(PATH, number): count for number, count in lines.items()}):
        assert after == before


def test_what_does_not_stand() -> None:
    trials = [(0, {(PATH, 0): 10}, 0), (0, {(PATH, 1): 20}, 0)]
    before, weighing = _chosen({}, trials, {})
    after, _ = _chosen({}, trials, {0: 40})
    assert before != after
    assert not weighing.stands({(PATH, 0): 40})
    assert weighing.stands({(PATH, 0): 11})
