# SPDX-License-Identifier: GPL-2.0-only
"""The part of a unit that names lead to answers as the whole unit does, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analyzer.frontend.core import (
    Assigned,
    Core,
    CoreUnit,
    LeftOut,
    Searched,
    core_of,
    slices_of_core,
    together_of,
)
from analyzer.frontend.declared import Remembered
from analyzer.frontend.unit import Unit

NOTHING = Searched((), (), ())
TEXT = """
# 1 "include/a.h"
typedef unsigned long word;
struct far { struct far *next; };
struct near { word value; };
enum kind { ONE, TWO };
static inline word shared(struct near *one)
{
\treturn one->value;
}
# 20 "arch/demo/include/asm/pgtable.h"
static inline word used(struct near *one)
{
\treturn shared(one) + TWO;
}
# 40 "include/b.h"
extern int apart;
static inline int nobody(struct far *one)
{
\treturn apart;
}
"""


def _core(text: str = TEXT, names: tuple[str, ...] = ("used",)) -> tuple[Unit, Core]:
    unit = Unit(text)
    return unit, core_of("x", unit, names, lambda _: False, NOTHING, list(unit.in_headers()))


def _unit(core: Core) -> CoreUnit:
    slices = slices_of_core(core)
    assert slices is not None
    return CoreUnit(core.text, None, slices, core, Remembered())


def test_everything_that_is_named_is_there_at_its_place() -> None:
    whole, core = _core()
    part = _unit(core)
    for name in ("used", "shared"):
        one, other = whole.function(name), part.function(name)
        assert one is not None
        assert other is not None
        assert whole.source(one) == part.source(other)
        assert whole.location(one) == part.location(other)
        assert part.ast(other) is not None
    assert part.struct("near") is not None
    assert part.typedef("word") is not None
    assert part.enum_constant("TWO") is not None
    assert "nobody" not in core.text
    assert "far" not in core.text


def test_what_is_left_out_is_no_answer() -> None:
    part = _unit(_core()[1])
    for table in (part.functions, part.variables, part.structs, part.typedefs):
        for name in ("nobody", "apart", "far"):
            with pytest.raises(LeftOut):
                table.get(name)
            with pytest.raises(LeftOut):
                _ = name in table
            with pytest.raises(LeftOut):
                _ = table[name]
    assert part.function("never_heard_of") is None
    with pytest.raises(KeyError):
        _ = part.functions["never_heard_of"]


def test_lines_are_those_of_the_whole_text() -> None:
    whole, core = _core()
    slices = slices_of_core(core)
    assert slices is not None
    assert slices.lines is not None
    for span, line in zip(slices.functions, slices.lines, strict=True):
        chunk = whole.function(span.name)
        assert chunk is not None
        assert whole.text.count("\n", 0, chunk.start) == line


def test_a_header_that_is_read_twice_is_there_twice() -> None:
    """With names that macros make: an edit of it must find both."""
    twice = TEXT + '# 20 "arch/demo/include/asm/pgtable.h"\nstatic inline int again(void)\n{\n}\n'
    _, core = _core(twice)
    assert "again" in core.names.split("\n")


@pytest.mark.parametrize("lines", ["", "1", "1 x", "1 2 3"])
def test_a_part_that_does_not_fit_together_is_none(lines: str) -> None:
    _, core = _core()
    broken = Core(
        core.stamp, core.text, core.functions, core.names, core.declarations, lines,
        core.left_out, core.unread, core.searched,
    )  # fmt: skip
    assert slices_of_core(broken) is None


def test_what_states_find_out_goes_together_unless_it_differs() -> None:
    one = Searched((Assigned("a", ("f",), ("f",), ""),), ("b",), ())
    other = Searched((Assigned("b", ("g",), ("g",), ""),), ("a",), ())
    both = together_of([one, other])
    assert both is not None
    assert {entry.variable for entry in both.assigned} == {"a", "b"}
    assert both.others == ()
    assert together_of([one, Searched((Assigned("a", (), (), ""),), (), ())]) is None


names = st.sampled_from([f"f{n}" for n in range(8)])


@given(calls=st.dictionaries(names, st.lists(names, max_size=3), min_size=1), start=names)
def test_whatever_a_function_of_the_part_names_is_in_it(
    calls: dict[str, list[str]], start: str
) -> None:
    assume(start in calls)
    text = '\n# 1 "include/x.h"\n' + "".join(
        f"static int {name}(void)\n{{\n{''.join(f'{one}();' for one in called)}\n}}\n"
        for name, called in calls.items()
    )
    whole, core = _core(text, (start,))
    part = _unit(core)
    seen, todo = set(), [start]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += calls.get(name, [])
    for name in seen:
        one, other = whole.function(name), part.function(name)
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert whole.source(one) == part.source(other)
    for name in calls.keys() - seen:
        with pytest.raises(LeftOut):
            part.function(name)
